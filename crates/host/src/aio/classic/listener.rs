//! Accepting channels that peers open over BR/EDR.

use bindrune_l2cap::classic::Psm;

use super::{Classic, ClassicChannel};
use crate::{ClassicChannelConfig, Error, Host, stack::Awaited};

/// Accepts channels on one PSM. Dropping it stops listening; accepted channels stay open.
///
/// ```
/// use bindrune::{Classic, ClassicChannelConfig, ClassicPsm, Error};
///
/// /// Sends back what comes, on one channel after another.
/// async fn echo(classic: Classic<'_>) -> Result<(), Error> {
///     let mut listener = classic.listen(ClassicPsm(0x1001), ClassicChannelConfig::BASIC)?;
///     let mut datagram = [0; 672];
///     loop {
///         let channel = listener.accept().await?;
///         while let Ok(len) = channel.recv(&mut datagram).await {
///             channel.send(&datagram[..len]).await?;
///         }
///     }
/// }
/// ```
#[derive(Debug)]
#[must_use = "dropping a listener stops it"]
pub struct ClassicListener<'h> {
    host: &'h Host,
    place: u8,
    psm: Psm,
}

impl<'h> Classic<'h> {
    /// Listens for channels on `psm`, 0x1001 or above, from any peer. While something listens, this device is
    /// connectable. The link gets the level of `config` before a channel opens. [Vol 3] Part A, 4.2;
    /// [Vol 3] Part C, 5.2.2
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameters`] if the PSM is not one for applications, or the MTU does not fit into the memory of
    /// a channel; [`Error::Busy`] if the PSM has a listener; [`Error::NoListener`] if all 8 listeners are in use;
    /// [`Error::Unsupported`] without BR/EDR.
    pub fn listen(
        &self,
        psm: Psm,
        config: ClassicChannelConfig,
    ) -> Result<ClassicListener<'h>, Error> {
        let place = self.host.with(|core| core.stack.classic_listen(psm, config))?;
        Ok(ClassicListener { host: self.host, place, psm })
    }
}

impl<'h> ClassicListener<'h> {
    /// Waits for the next channel that a peer opens. [Vol 3] Part A, 4.2 and 4.3
    ///
    /// # Errors
    ///
    /// None today. The listener survives the loss of links and of the controller.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the channel waits for the next call.
    pub async fn accept(&mut self) -> Result<ClassicChannel<'h>, Error> {
        let place = self.place;
        let classic = self.host.classic();
        let accepted =
            classic.wait(Awaited::Accept, |stack| stack.poll_classic_accept(place)).await?;
        Ok(ClassicChannel::new(self.host, accepted))
    }

    /// Returns the PSM.
    #[must_use]
    pub const fn psm(&self) -> Psm {
        self.psm
    }
}

impl Drop for ClassicListener<'_> {
    fn drop(&mut self) {
        self.host.with(|core| core.stack.classic_stop_listening(self.place));
    }
}
