//! Procedures of a link: connection parameters, PHY, data length, signal strength.

use bindrune_gap::{
    Asked, ConnectionParameters, DataLengths, LinkControl, ParameterRequests, Phys,
};
use bindrune_hci::{PhyMask, Status};

use crate::{Config, Connection, Error, waiters::LinkKey};

impl Config {
    /// Sets how requests of peers for other connection parameters are answered on new links; accepted by default. A
    /// central can change the parameters of its link without a request; there is nothing to answer then.
    ///
    /// ```
    /// use bindrune::{Config, ConnectionParameters, ParameterRequests};
    ///
    /// // Intervals of 15 ms to 50 ms, in units of 1.25 ms, and no latency.
    /// let limits =
    ///     ConnectionParameters { interval_min: 12, interval_max: 40, latency: 0, timeout: 600 };
    /// let config = Config::new("Hub").parameter_requests(ParameterRequests::Within(limits));
    /// ```
    #[must_use]
    pub const fn parameter_requests(mut self, policy: ParameterRequests) -> Self {
        self.parameter_requests = [policy];
        self
    }
}

impl Connection<'_> {
    /// Sets how requests of this peer for other connection parameters are answered from now on. New links begin with
    /// [`Config::parameter_requests`]. [Vol 3] Part A, 4.20
    ///
    /// # Errors
    ///
    /// [`Error::Disconnected`] if the link has ended.
    pub fn answer_parameter_requests(&self, policy: ParameterRequests) -> Result<(), Error> {
        let link = self.link();
        self.host().with(|core| {
            core.stack.link_mut(link).map(|slot| slot.control.set_parameter_requests(policy))
        })
    }

    /// Returns the PHYs in use.
    ///
    /// # Errors
    ///
    /// [`Error::Disconnected`] if the link has ended.
    pub fn phy(&self) -> Result<Phys, Error> {
        self.get(|link| link.control.phys())
    }

    /// Returns the current data lengths.
    ///
    /// # Errors
    ///
    /// [`Error::Disconnected`] if the link has ended.
    pub fn data_length(&self) -> Result<DataLengths, Error> {
        self.get(|link| link.control.data_lengths())
    }

    /// Measures the received signal strength, in dBm.
    ///
    /// # Errors
    ///
    /// [`Error::Controller`] if the controller refused, [`Error::Disconnected`] if the link ended.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn rssi(&self) -> Result<i8, Error> {
        self.ask(|control| Ok(control.read_rssi()), LinkControl::rssi).await
    }

    /// Changes the connection parameters, and waits until they are in force. A peripheral sends the request to its
    /// central, on the link layer if both sides support that, otherwise over L2CAP, and waits for the central's answer.
    ///
    /// If several tasks request a change before it begins, the last request replaces the others, and all get its
    /// result.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameters`] if they break a rule of [`ConnectionParameters::validate`]; [`Error::Controller`]
    /// if the controller or the peer refused, or the peer did not answer; [`Error::Disconnected`] if the link ended.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the update.
    pub async fn update_parameters(&self, parameters: ConnectionParameters) -> Result<(), Error> {
        let update = |control: &mut LinkControl| {
            control.update_parameters(parameters).map_err(|_| Error::InvalidParameters)
        };
        self.ask(update, LinkControl::updated).await
    }

    /// Requests PHYs to send and to receive with. An empty mask leaves the choice to the controller. Of several
    /// requests, the last one counts, as for [`Self::update_parameters`].
    ///
    /// # Errors
    ///
    /// [`Error::Controller`] if the controller or the peer refused, [`Error::Disconnected`] if the link ended.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the change.
    pub async fn set_phy(&self, send: PhyMask, receive: PhyMask) -> Result<(), Error> {
        self.ask(|control| Ok(control.set_phy(send, receive)), LinkControl::phy_set).await
    }

    /// Requests the longest data packets to send: 27 to 251 bytes, 328 to 17,040 microseconds. A number out of range is
    /// replaced by the nearest one in range. Of several requests, the last one counts, as for
    /// [`Self::update_parameters`].
    ///
    /// # Errors
    ///
    /// [`Error::Controller`] if the controller refused, [`Error::Disconnected`] if the link ended.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the change.
    pub async fn set_data_length(&self, octets: u16, microseconds: u16) -> Result<(), Error> {
        self.ask(
            |control| Ok(control.set_data_length(octets, microseconds)),
            LinkControl::data_length_set,
        )
        .await
    }

    async fn ask<T>(
        &self,
        ask: impl FnOnce(&mut LinkControl) -> Result<Asked, Error>,
        answer: impl Fn(&LinkControl, Asked) -> Option<Result<T, Status>>,
    ) -> Result<T, Error> {
        let link = self.link();
        let asked = self.host().with(|core| core.stack.ask_link(link, ask))?;
        self.wait(LinkKey::Control, |stack| {
            stack.poll_asked(link, |control| answer(control, asked))
        })
        .await
    }
}
