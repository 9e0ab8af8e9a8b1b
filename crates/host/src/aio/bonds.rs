//! The bonds of a host, as applications list and remove them.

use core::task::Poll;

use bindrune_wire::Address;

use crate::{
    BondInfo, Error, Host,
    waiters::{HostKey, Key},
};

/// Iterates over the bonds of a host.
#[derive(Debug)]
pub struct Bonds<'h> {
    host: &'h Host,
    next: u8,
}

impl Host {
    /// Returns the bonds that this host keeps. They are complete once the store was loaded: [`Bonds::loaded`] waits for
    /// that.
    #[must_use]
    pub const fn bonds(&self) -> Bonds<'_> {
        Bonds { host: self, next: 0 }
    }
}

impl Bonds<'_> {
    /// Waits until the store was loaded. Every [`Host::run`] begins with that.
    ///
    /// # Errors
    ///
    /// [`Error::BondStore`] if the store could not be loaded. Until a later [`run`](crate::Host::run) loads it there
    /// are no bonds, and none can be created.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn loaded(&self) -> Result<(), Error> {
        self.host.wait(Key::Host(HostKey::Bonds), |core, _| core.stack.poll_bonds()).await
    }

    /// Removes the bond with this identity from memory and from the store. A link with the peer keeps its state until
    /// it ends.
    ///
    /// # Errors
    ///
    /// [`Error::NotBonded`] if there is no such bond, [`Error::BondStore`] if the store failed; the bond is then kept.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the removal.
    pub async fn remove(&self, identity: &Address) -> Result<(), Error> {
        let place = self.host.with(|core| core.stack.remove_bond(*identity))?;
        self.host.wait(Key::Host(HostKey::Bonds), |core, _| core.stack.poll_removed(place)).await
    }

    /// Removes all bonds.
    ///
    /// # Errors
    ///
    /// [`Error::BondStore`] if the store failed; some bonds may be left.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, some bonds may be left.
    pub async fn clear(&self) -> Result<(), Error> {
        if let Poll::Ready(Err(error)) = self.host.with(|core| core.stack.poll_bonds()) {
            return Err(error);
        }
        for bond in self.host.bonds() {
            match self.remove(&bond.identity).await {
                Ok(()) | Err(Error::NotBonded) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Iterator for Bonds<'_> {
    type Item = BondInfo;

    fn next(&mut self) -> Option<BondInfo> {
        let (at, bond) = self.host.with(|core| core.stack.bond_from(self.next))?;
        self.next = at.saturating_add(1);
        Some(bond)
    }
}
