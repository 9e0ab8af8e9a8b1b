//! Accepting channels that peers open.

use bindrune_l2cap::{ChannelConfig, Psm};
use bindrune_wire::Level;

use crate::{
    Channel, Connection, Error, Host,
    stack::{ChannelRef, LinkRef},
    waiters::{HostKey, Key},
};

/// Accepts channels on one PSM. Dropping it stops listening; accepted channels stay open.
///
/// ```
/// use bindrune::{ChannelConfig, Error, Host, Psm};
///
/// /// Sends back what comes, on one channel after another.
/// async fn echo(host: &Host) -> Result<(), Error> {
///     let mut listener = host.listen(Psm(0x80), ChannelConfig::DEFAULT)?;
///     let mut sdu = [0; 512];
///     loop {
///         let (_link, mut channel) = listener.accept().await?;
///         while let Ok(len) = channel.recv(&mut sdu).await {
///             channel.send(&sdu[..len]).await?;
///         }
///     }
/// }
/// ```
#[derive(Debug)]
#[must_use = "dropping a listener stops it"]
pub struct Listener<'h> {
    host: &'h Host,
    index: u8,
    psm: Psm,
}

impl Host {
    /// Listens for channels on `psm`, from any peer.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameters`] if the PSM or the configuration is not allowed, [`Error::Busy`] if the PSM already
    /// has a listener, [`Error::NoListener`] if all listener slots are in use; [`Error::NoChannel`] or
    /// [`Error::NoPackets`] if [`crate::Resources`] has no channels, or fewer packets for windows than this one needs.
    pub fn listen(&self, psm: Psm, config: ChannelConfig) -> Result<Listener<'_>, Error> {
        self.listen_at(psm, config, Level::Open)
    }

    /// Listens for channels on `psm`, from peers whose link has at least the security `level`.
    ///
    /// # Errors
    ///
    /// As for [`Self::listen`].
    pub fn listen_at(
        &self,
        psm: Psm,
        config: ChannelConfig,
        level: Level,
    ) -> Result<Listener<'_>, Error> {
        let index = self.with(|core| core.stack.listen(psm, config, level, false))?;
        Ok(Listener { host: self, index, psm })
    }
}

impl<'h> Listener<'h> {
    /// Waits for the next channel that a peer opens, and returns it with its connection.
    ///
    /// # Errors
    ///
    /// None today. The listener survives the loss of links and of the controller.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the channel waits for the next call.
    pub async fn accept(&mut self) -> Result<(Connection<'h>, Channel<'h>), Error> {
        let psm = self.psm;
        let accept =
            self.host.wait(Key::Host(HostKey::Accept), |core, _| core.stack.poll_accept(psm));
        let (link, channel): (LinkRef, ChannelRef) = accept.await?;
        Ok((Connection::adopted(self.host, link), Channel::new(self.host, channel)))
    }

    /// Returns the PSM.
    #[must_use]
    pub const fn psm(&self) -> Psm {
        self.psm
    }
}

impl Drop for Listener<'_> {
    fn drop(&mut self) {
        self.host.with(|core| core.stack.stop_listening(self.index));
    }
}
