//! The kind of address on the air.

use crate::{
    AddressMode, Error, Host,
    stack::Stack,
    waiters::{HostKey, Key},
};

impl Host {
    /// Changes the kind of address that advertising, scanning and connecting use, and waits until it is on the air.
    /// Until the first call, [`crate::Config::address`] and [`crate::Config::privacy`] decide. Requests go on: nothing
    /// is on the air for a moment, because controllers accept an address only then, and afterwards the same requests
    /// use the new address. Links keep the address and the identity that they were made with, also for a pairing in
    /// progress. The mode survives a lost controller, and [`Self::shutdown`] and the next [`Self::run`].
    /// [`Self::reset`] restores the configuration. [Vol 4] Part E, 7.8.4
    ///
    /// - Private addresses change at the interval of [`crate::Config::privacy`], 15 minutes by default. To get a new
    ///   one now, set the same mode again.
    /// - [`AddressMode::Resolvable`] needs a key. The host makes it once and keeps it in the store of bonds. Pairing
    ///   sends it to the peer in this mode only, so peers that bonded in another mode do not recognize these addresses,
    ///   and must pair again.
    /// - A change between [`AddressMode::Public`] and [`AddressMode::Static`] changes the identity of the device. A
    ///   bond belongs to one identity: under the other one its use fails with [`Error::OtherAddress`].
    /// - [`AddressMode::NonResolvable`] is for beacons and scanners. Connectable advertising and connecting fail with
    ///   [`Error::NonResolvable`], because devices with privacy use resolvable addresses for them. [Vol 3] Part C,
    ///   10.7.1 and 10.7.2
    ///
    /// A call waits until initialization is complete, the store was loaded and earlier calls are over, and while the
    /// controller refuses to stop advertising or scanning. [`Self::within`] limits the wait.
    ///
    /// ```
    /// use bindrune::{AddressMode, Advertisement, Duration, Error, Host};
    ///
    /// /// Broadcasts a value for a minute. No receiver can recognize this device later.
    /// async fn beacon(host: &Host, value: &[u8]) -> Result<(), Error> {
    ///     host.set_address_mode(AddressMode::NonResolvable).await?;
    ///     let _on = host.broadcast(&Advertisement::non_connectable().manufacturer(0xffff, value))?;
    ///     host.sleep(Duration::from_secs(60)).await;
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// The mode stays as it was after [`Error::NoPublicAddress`] (the controller has no public address),
    /// [`Error::Busy`] ([`AddressMode::NonResolvable`] while a request for connectable advertising or connecting is
    /// held that has not ended) and [`Error::Controller`] (the controller refused the address; Unsupported Feature
    /// (0x11) if there were no random numbers for one).
    ///
    /// [`Error::NoAnswer`] if the controller is silent or [`Self::run`] ended, [`Error::Unsupported`] if initialization
    /// failed. A change that had begun goes on when the controller works again.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future before the change begins changes nothing. Dropping it later does not stop the change.
    pub async fn set_address_mode(&self, mode: AddressMode) -> Result<(), Error> {
        let key = Key::Host(HostKey::Controller);
        self.wait(key, |core, _| core.stack.poll_change_mode(mode)).await?;
        self.wait_or_abandon(key, Stack::poll_mode_changed, Stack::abandon_change).await
    }

    /// Returns the kind of address in use, or `None` for an identity address until initialization is complete.
    #[must_use]
    pub fn address_mode(&self) -> Option<AddressMode> {
        self.with(|core| core.stack.address_mode())
    }
}
