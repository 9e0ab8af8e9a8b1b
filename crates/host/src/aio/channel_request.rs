//! Requests of peers for channels, each decided by the application. [Vol 3] Part A, 4.22

use bindrune_l2cap::{ChannelConfig, ConnectionResult, Psm};
use bindrune_wire::Level;

use crate::{
    Channel, Connection, Error, Host,
    stack::ChannelRef,
    waiters::{HostKey, Key},
};

/// Receives the requests of peers for channels on one PSM. Dropping it stops listening: requests that were not taken
/// are refused (PSM not supported, 0x0002), accepted channels stay open.
#[derive(Debug)]
#[must_use = "dropping it stops listening"]
pub struct ChannelRequests<'h> {
    host: &'h Host,
    index: u8,
    psm: Psm,
}

impl Host {
    /// Listens on `psm`, and lets the application decide each request for a channel. Requests of peers whose link is
    /// below the security `level` are refused at once, as by [`Self::listen_at`], and not returned here.
    ///
    /// A request reserves a channel slot and the packets of its window until it is refused. So a peer can have at most
    /// as many open requests as there are free slots. Its second request never takes the slot and packets that another
    /// link needs for its first. Each request must be decided within 20 s, whether it was taken or not; otherwise it is
    /// refused (No resources, 0x0004).
    ///
    /// ```
    /// use bindrune::{ChannelConfig, ConnectionResult, Error, Host, Level, Psm};
    ///
    /// /// Serves one channel at a time.
    /// async fn serve(host: &Host) -> Result<(), Error> {
    ///     let mut requests =
    ///         host.listen_for_requests(Psm(0x81), ChannelConfig::default(), Level::Open)?;
    ///     loop {
    ///         let request = requests.next().await;
    ///         if request.peer_mtu() < 512 {
    ///             request.refuse(ConnectionResult::UNACCEPTABLE_PARAMETERS);
    ///             continue;
    ///         }
    ///         let (_link, mut channel) = request.accept()?;
    ///         channel.send(b"welcome").await?;
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameters`] if the PSM is not 0x01 to 0xFF or the configuration is not allowed, [`Error::Busy`]
    /// if the PSM already has a listener, [`Error::NoListener`] if all listener slots are in use; [`Error::NoChannel`]
    /// or [`Error::NoPackets`] as for [`Host::listen`].
    pub fn listen_for_requests(
        &self,
        psm: Psm,
        config: ChannelConfig,
        level: Level,
    ) -> Result<ChannelRequests<'_>, Error> {
        let index = self.with(|core| core.stack.listen(psm, config, level, true))?;
        Ok(ChannelRequests { host: self, index, psm })
    }
}

impl<'h> ChannelRequests<'h> {
    /// Waits for the next request of a peer, in the order of arrival. Several requests may be undecided at a time.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the request waits for the next call.
    pub async fn next(&mut self) -> ChannelRequest<'h> {
        let (host, psm) = (self.host, self.psm);
        let key = Key::Host(HostKey::Accept);
        let channel = host.wait(key, |core, _| core.stack.poll_requested(psm)).await;
        ChannelRequest { link: Connection::adopted(host, channel.link), channel }
    }

    /// Returns the PSM.
    #[must_use]
    pub const fn psm(&self) -> Psm {
        self.psm
    }
}

impl Drop for ChannelRequests<'_> {
    fn drop(&mut self) {
        self.host.with(|core| core.stack.stop_deciding(self.index, self.psm));
    }
}

/// A peer's request for a channel. If it is dropped without a decision, it is refused: No resources (0x0004).
#[derive(Debug)]
#[must_use = "dropping it refuses the channel"]
pub struct ChannelRequest<'h> {
    link: Connection<'h>,
    channel: ChannelRef,
}

impl<'h> ChannelRequest<'h> {
    /// Returns the link of the peer.
    pub const fn link(&self) -> &Connection<'h> {
        &self.link
    }

    /// Returns the longest SDU that the peer takes, in bytes; 0 if the request is over.
    #[must_use]
    pub fn peer_mtu(&self) -> u16 {
        let channel = self.channel;
        self.link
            .host()
            .with(|core| core.stack.channel(channel).map_or(0, bindrune_l2cap::Channel::peer_mtu))
    }

    /// Accepts the request: opens the channel and sends the response.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] if the request was not decided in time and was refused; [`Error::Closed`] if the link has
    /// ended.
    pub fn accept(self) -> Result<(Connection<'h>, Channel<'h>), Error> {
        let (host, channel) = (self.link.host(), self.channel);
        host.with(|core| core.stack.accept_request(channel))?;
        Ok((self.link.clone(), Channel::new(host, channel)))
    }

    /// Refuses with a result of [Vol 3] Part A, 4.23, such as [`ConnectionResult::INSUFFICIENT_AUTHORIZATION`]. Success
    /// is replaced by No resources (0x0004).
    pub fn refuse(self, result: ConnectionResult) {
        let success = result == ConnectionResult::SUCCESS;
        let result = if success { ConnectionResult::NO_RESOURCES } else { result };
        let channel = self.channel;
        self.link.host().with(|core| core.stack.refuse_request(channel, result));
    }
}

impl Drop for ChannelRequest<'_> {
    fn drop(&mut self) {
        let channel = self.channel;
        self.link.host().with(|core| core.stack.release_channel(channel));
    }
}
