//! Procedures of a link: connection parameters, PHY, data length, signal strength.

use bindrune_gap::{Asked, ConnectionParameters, LinkControl};
use bindrune_hci::{PhyMask, Status};
use bindrune_wire::Uuid;

use crate::{Connection, Error, waiters::LinkKey};

const GATT_SERVICE: Uuid = Uuid::new_16(0x1801);
const SERVICE_CHANGED: Uuid = Uuid::new_16(0x2a05);

impl Connection<'_> {
    /// Measures the signal's strength at this end, in dBm.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn rssi(&self) -> Result<i8, Error> {
        self.ask(|control| Ok(control.read_rssi()), LinkControl::rssi).await
    }

    /// Changes the connection parameters, and waits until they are in force. A peripheral asks its central, by the link layer
    /// where both sides can, else by L2CAP; then it waits for the central's answer.
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

    /// Asks for PHYs to send and to receive with; an empty mask leaves the choice to the controller.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the change.
    pub async fn set_phy(&self, send: PhyMask, receive: PhyMask) -> Result<(), Error> {
        self.ask(|control| Ok(control.set_phy(send, receive)), LinkControl::phy_set).await
    }

    /// Asks for the longest link packets to send: 27 to 251 octets, 328 to 17,040 microseconds.
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

    /// Asks the peer to tell when its attribute table changes, which then comes as [`crate::Event::ServiceChanged`].
    /// [`Error::NotFound`] for a peer whose table never changes. [Vol 3] Part G, 7.1
    ///
    /// The watch is kept with the bond: on later links with the peer it is in force as soon as they are encrypted.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future abandons it.
    pub async fn watch_services(&self) -> Result<(), Error> {
        let changed = self.service(GATT_SERVICE).await?.characteristic(SERVICE_CHANGED).await?;
        let subscription = self.subscribe_to_indications(&changed).await?;
        let (link, place) = (self.link(), subscription.place());
        self.host().with(|core| core.stack.watch_service_changed(link, place))
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
