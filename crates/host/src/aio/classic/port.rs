//! Settings and line status of an emulated serial port.

use bindrune_rfcomm::{LineStatus, PortSettings};

use super::Rfcomm;
use crate::{
    Error,
    stack::{PortCommand, Stack},
    waiters::ChannelKey,
};

impl Rfcomm<'_> {
    /// Returns the settings of the port that both ends agreed on: at first 9,600 bit/s, 8 data bits, 1 stop bit, no
    /// parity. [TS 07.10] 5.4.6.3.9
    ///
    /// They do not change how fast data travels over the air; a peer with a real port uses them there.
    #[must_use]
    pub fn port_settings(&self) -> PortSettings {
        self.host.with(|core| core.stack.rfcomm_settings(self.stream))
    }

    /// Requests new settings of the port, and returns those that both ends have after the peer's answer. What the peer
    /// did not accept keeps its value. [TS 07.10] 5.4.6.3.9
    ///
    /// ```
    /// use bindrune::{BitRate, Error, Parity, PortSettings, Rfcomm};
    ///
    /// /// Sets up the port behind an adapter as the machine there needs it.
    /// async fn set_up(port: &Rfcomm<'_>) -> Result<bool, Error> {
    ///     let settings = PortSettings::default().with_rate(BitRate::B115200).with_parity(Parity::Even);
    ///     Ok(port.set_port_settings(settings).await? == settings)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] if the peer does not answer in 20 s; [`Error::Rfcomm`] if the connection has ended.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the request.
    pub async fn set_port_settings(&self, settings: PortSettings) -> Result<PortSettings, Error> {
        self.command(PortCommand::Settings(Some(settings))).await
    }

    /// Asks the peer for the settings of the port, and returns them. [TS 07.10] 5.4.6.3.9
    ///
    /// # Errors
    ///
    /// As for [`Self::set_port_settings`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the request.
    pub async fn peer_port_settings(&self) -> Result<PortSettings, Error> {
        self.command(PortCommand::Settings(None)).await
    }

    /// Waits until the settings of the port are not `known`, and returns them. Either end can change them.
    /// [TS 07.10] 5.4.6.3.9
    ///
    /// # Errors
    ///
    /// [`Error::Rfcomm`] if the connection ends.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing, but only the last settings are stored.
    pub async fn port_settings_changed(&self, known: PortSettings) -> Result<PortSettings, Error> {
        let stream = self.stream;
        self.wait(ChannelKey::State, |stack| stack.poll_rfcomm_settings(stream, known)).await
    }

    /// Reports errors of our physical port to the peer, and waits for its answer. [TS 07.10] 5.4.6.3.10
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] if the peer does not answer in 20 s; [`Error::Rfcomm`] if the connection has ended.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the report.
    pub async fn report_line(&self, status: LineStatus) -> Result<(), Error> {
        self.command(PortCommand::Line(status)).await.map(|_| ())
    }

    /// Waits for a report of errors of the peer's physical port. A report that follows another one replaces it.
    /// [TS 07.10] 5.4.6.3.10
    ///
    /// # Errors
    ///
    /// [`Error::Rfcomm`] if the connection ends.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn next_line_status(&self) -> Result<LineStatus, Error> {
        let stream = self.stream;
        self.wait(ChannelKey::State, |stack| stack.poll_rfcomm_line(stream)).await
    }

    /// Sends a command about the port after those of other callers.
    async fn command(&self, command: PortCommand) -> Result<PortSettings, Error> {
        let stream = self.stream;
        let mut turn = PortTurn { port: self, begun: false };
        self.host.classic().dated().await?;
        let poll = |stack: &mut Stack| stack.poll_rfcomm_port(stream, command, &mut turn.begun);
        self.wait(ChannelKey::State, poll).await
    }
}

/// The turn of a command about the port, until it is dropped.
struct PortTurn<'r, 'h> {
    port: &'r Rfcomm<'h>,
    begun: bool,
}

impl Drop for PortTurn<'_, '_> {
    fn drop(&mut self) {
        if self.begun {
            self.port.host.with(|core| core.stack.end_rfcomm_port(self.port.stream));
        }
    }
}
