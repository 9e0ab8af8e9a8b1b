//! BR/EDR links, as applications use them. [Vol 3] Part C, 7

use bindrune_classic::security::LinkSecurity;
use bindrune_hci::Status;
use bindrune_l2cap::classic::Psm;
use bindrune_wire::{Address, Level};

use super::{Classic, ClassicChannel};
use crate::{
    ClassicChannelConfig, Error, Host,
    stack::{Awaited, ClassicLinkRef},
};

/// A BR/EDR link to a device. The link stays up as long as a handle or a channel of it, and 2 s longer.
///
/// ```
/// use bindrune::{Address, Classic, Error, Level};
///
/// /// Pairs with a device, if that has not happened before.
/// async fn bond(classic: Classic<'_>, device: Address) -> Result<(), Error> {
///     let link = classic.connect(device).await?;
///     link.secure(Level::Encrypted).await?;
///     Ok(())
/// }
/// ```
#[derive(Debug)]
#[must_use = "dropping the last handle of a link ends it"]
pub struct ClassicConnection<'h> {
    host: &'h Host,
    link: ClassicLinkRef,
}

impl Drop for ClassicConnection<'_> {
    fn drop(&mut self) {
        self.host.with(|core| core.stack.release_classic_link(self.link));
    }
}

impl<'h> ClassicConnection<'h> {
    /// The caller was made a user of the link.
    pub(super) const fn new(host: &'h Host, link: ClassicLinkRef) -> Self {
        Self { host, link }
    }

    pub(super) const fn host(&self) -> &'h Host {
        self.host
    }

    pub(super) const fn classic(&self) -> Classic<'h> {
        self.host.classic()
    }

    pub(super) const fn reference(&self) -> ClassicLinkRef {
        self.link
    }

    /// Returns the address of the peer.
    #[must_use]
    pub fn peer(&self) -> Address {
        self.host.with(|core| core.stack.classic_peer(self.link))
    }

    /// Opens a channel to a service of the peer. Secures the link first, as the configuration says. [Vol 3] Part C, 7.2
    ///
    /// # Errors
    ///
    /// [`Error::ClassicClosed`] says why the channel did not open; [`Error::ClassicSecurity`] why the link is not
    /// secure enough; [`Error::NoClassicChannel`] if all channel slots are in use; [`Error::InvalidParameters`] if the
    /// PSM is invalid or the MTU does not fit into the memory of a channel; [`Error::Disconnected`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future abandons the channel.
    pub async fn open_channel(
        &self,
        psm: Psm,
        config: ClassicChannelConfig,
    ) -> Result<ClassicChannel<'h>, Error> {
        if psm != Psm::SDP {
            self.secure(config.level).await?;
        }
        self.host.classic().dated().await?;
        let link = self.link;
        let channel = self.host.with(|core| core.stack.classic_open(link, psm, config.channel))?;
        let channel = ClassicChannel::new(self.host, channel);
        channel.opened().await?;
        Ok(channel)
    }

    /// Raises the link to a security level: encrypts it with the key of the bond if that suffices, otherwise pairs.
    /// [Vol 3] Part C, 5.2.2
    ///
    /// # Errors
    ///
    /// [`Error::ClassicSecurity`] says why that failed. If the peer no longer has the key of the bond, the bond stays:
    /// [`Self::pair`] replaces it. [`Error::Disconnected`] if the link has ended.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop it.
    pub async fn secure(&self, level: Level) -> Result<LinkSecurity, Error> {
        self.raise(level, false).await
    }

    /// Pairs with the peer anew. [Vol 3] Part C, 6.5
    ///
    /// # Errors
    ///
    /// As for [`Self::secure`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the pairing.
    pub async fn pair(&self, level: Level) -> Result<LinkSecurity, Error> {
        self.raise(level, true).await
    }

    async fn raise(&self, level: Level, pair: bool) -> Result<LinkSecurity, Error> {
        let (link, classic) = (self.link, self.host.classic());
        classic.wait(Awaited::Security, |stack| stack.poll_classic_bonds(link)).await?;
        classic.dated().await?;
        let begun = self.host.with(|core| core.stack.require_classic(link, level, pair))?;
        match begun {
            None => self.security(),
            Some(outcomes) => {
                classic
                    .wait(Awaited::Security, |stack| {
                        stack.poll_classic_secured(link, outcomes, level)
                    })
                    .await
            }
        }
    }

    /// Returns the security of the link. [Vol 3] Part C, 5.2.2.8
    ///
    /// # Errors
    ///
    /// [`Error::Disconnected`] if the link has ended.
    pub fn security(&self) -> Result<LinkSecurity, Error> {
        self.host.with(|core| core.stack.classic_security(self.link))
    }

    /// Disconnects the link, with all its channels, once everything that was sent has left, at the latest after 10 s.
    /// [Vol 4] Part E, 7.1.6
    ///
    /// # Errors
    ///
    /// [`Error::Disconnected`] if the link had already ended.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop it.
    pub async fn disconnect(self) -> Result<(), Error> {
        let link = self.link;
        self.host.with(|core| core.stack.classic_disconnect(link))?;
        self.disconnected().await;
        Ok(())
    }

    /// Waits for the end of the link, and returns the reason. [Vol 4] Part E, 7.7.5
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn disconnected(&self) -> Status {
        let link = self.link;
        let classic = self.host.classic();
        let ended = classic.wait(Awaited::Link, |stack| stack.poll_classic_ended(link)).await;
        ended.unwrap_or(Status::UNKNOWN_CONNECTION)
    }
}
