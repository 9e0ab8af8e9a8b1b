//! Out-of-band data of BR/EDR pairing, in both directions.

use bindrune_wire::Address;

use crate::{
    Classic, ClassicOob, Error,
    stack::{Awaited, Stack},
};

impl Classic<'_> {
    /// Creates out-of-band data of this device. Bring it to the peer, with the address of this device; one successful
    /// pairing can use it. [Vol 4] Part E, 7.3.60 and 7.3.95
    ///
    /// The peer gets values for P-256, for P-192 or for both, as the controller and [`crate::ClassicConfig`] allow. New
    /// data invalidates earlier data, and so does a reset of the controller. For LE there is [`crate::Host::oob`].
    ///
    /// ```
    /// use bindrune::{Address, Classic, ClassicOob, Error, Level};
    ///
    /// /// Pairs with a device whose data came over NFC, and that got ours in the same way.
    /// async fn touch(
    ///     classic: Classic<'_>,
    ///     exchange: impl AsyncFnOnce(ClassicOob) -> (Address, ClassicOob),
    /// ) -> Result<(), Error> {
    ///     let (device, data) = exchange(classic.oob().await?).await;
    ///     classic.set_peer_oob(device, Some(data))?;
    ///     classic.connect(device).await?.pair(Level::Authenticated).await?;
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] without BR/EDR, and on a controller without Secure Simple Pairing; [`Error::Controller`]
    /// if the controller refuses; [`Error::ControllerLost`] if it is reset; [`Error::NoAnswer`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the data is created anyway; call this again for other data.
    pub async fn oob(&self) -> Result<ClassicOob, Error> {
        self.ready().await?;
        self.host.with(|core| core.stack.make_classic_oob())?;
        let _wait = Wait(*self);
        self.wait(Awaited::Setting, Stack::poll_classic_oob).await
    }

    /// Sets the out-of-band data that came from a device, or with `None` forgets it. The next pairing with that device
    /// uses it, without a question to the user, whichever side begins; the pairing is authenticated if the data is
    /// right. It is used once: after an attempt, also one that failed, the device must give other data.
    ///
    /// From then on the device pairs by its data or not at all, until a pairing succeeds or `None` is set: if the data
    /// was used by an attempt that failed, or has no values for the kind of key that both sides use, the pairing fails
    /// with [`crate::ClassicFailure::NoOob`]. If it is wrong, with Authentication Failure (0x05). So no other device
    /// can pair in the device's name after failing on purpose. A bond that is strong enough is used as always.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] without BR/EDR; [`Error::InvalidParameters`] if the address is not public or the data has
    /// no values; [`Error::Busy`] if four other devices have set data
    /// and have not paired.
    pub fn set_peer_oob(&self, device: Address, data: Option<ClassicOob>) -> Result<(), Error> {
        self.host.with(|core| core.stack.set_peer_oob(device, data))
    }
}

/// The wait of a caller for data, until it is dropped.
struct Wait<'h>(Classic<'h>);

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        self.0.host.with(|core| core.stack.end_classic_oob());
    }
}
