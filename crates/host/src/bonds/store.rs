//! What a store of bonds is.

use core::{convert::Infallible, future::Future};

#[cfg(any(feature = "std", feature = "flash"))]
use bindrune_smp::BondError;
use bindrune_smp::{Bond, Local};
use bindrune_wire::Address;

/// Octets of the longest record.
pub(super) const RECORD_MAX: usize = 256;

/// Octets of a [`RecordId`] as the stores write it.
#[cfg(any(feature = "std", feature = "flash"))]
pub(super) const ID_OCTETS: usize = 8;

const _: () = assert!(Bond::SIZE <= RECORD_MAX && Local::SIZE <= RECORD_MAX);

/// Which record it is. A store has at most one of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum RecordId {
    /// This device: its Identity Resolving Key, and its static address where the host made one.
    Local,
    /// The bond with the device of this identity address.
    Peer(Address),
}

#[cfg(any(feature = "std", feature = "flash"))]
impl RecordId {
    /// As the stores write it.
    pub(super) fn octets(self) -> [u8; ID_OCTETS] {
        match self {
            Self::Local => [0; 8],
            Self::Peer(address) => {
                let [a, b, c, d, e, f] = address.octets();
                [1, address.hci_kind(), a, b, c, d, e, f]
            }
        }
    }

    pub(super) fn from_octets([kind, address_kind, octets @ ..]: [u8; ID_OCTETS]) -> Option<Self> {
        match kind {
            0 => Some(Self::Local),
            1 => Address::from_hci(address_kind, octets).map(Self::Peer),
            _ => None,
        }
    }

    /// Whether a newer version wrote its record, which this one must not write over.
    pub(super) fn is_newer(self, record: &[u8]) -> bool {
        let error = match self {
            Self::Local => Local::read(record).err(),
            Self::Peer(_) => Bond::read(record).err(),
        };
        match error {
            Some(BondError::Version(version)) => version > Bond::VERSION,
            Some(BondError::Damaged | BondError::Unsound) | None => false,
        }
    }
}

/// What [`BondStore::load`] found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Loaded {
    /// Records that were given to the caller.
    pub records: usize,
    /// Records that were damaged and of which no good copy was left: their bonds are lost.
    pub damaged: usize,
    /// Records that were damaged, and of which a good copy was taken.
    pub restored: usize,
    /// Records that were dropped since another one has the same [`RecordId`].
    pub duplicates: usize,
    /// The store was found in an older state than it was left in, and the newer state was taken where it was still there.
    pub rolled_back: bool,
}

/// Keeps the host's bonds where they outlive it: in a file, in flash memory, or what the application makes of it.
///
/// A record is octets that the host alone understands, at most [`Self::MAX`] of them. It contains keys: whoever
/// reads it can listen to, and pose as, either device. A store shows it to nobody.
///
/// The host calls one method at a time, and awaits it beside everything else that it does; a method that blocks stops
/// the host for that long.
pub trait BondStore {
    /// What can go wrong. The host reports it to the application and goes on without the store's help.
    type Error: core::fmt::Debug;

    /// Octets of the longest record that a store must take.
    const MAX: usize = RECORD_MAX;

    /// Gives each record to `each` once. A damaged record is left out, and counted in the result.
    ///
    /// After an error the host goes on without bonds, and forgets the records that it was given: [`crate::Host::bonds`] is empty, a
    /// pairing that would bond is refused with [`crate::Error::BondStore`] before it starts, and nothing is stored or deleted,
    /// until the next `run` loads the store. A stronger bond may lie there, which nobody could compare a new one with.
    ///
    /// # Cancel safety
    ///
    /// `each` may have had any of the records; loading may begin again.
    fn load(
        &mut self,
        each: impl FnMut(RecordId, &[u8]),
    ) -> impl Future<Output = Result<Loaded, Self::Error>>;

    /// Keeps `record` in the place of the one with the same id. Once it returns `Ok`, the record is there after any loss of power; after
    /// an error, or while it is under way, either the old record or the new one is.
    ///
    /// A store that has no room says so, and never gives up another record for it.
    ///
    /// # Cancel safety
    ///
    /// The old record or the new one is there.
    fn store(
        &mut self,
        id: RecordId,
        record: &[u8],
    ) -> impl Future<Output = Result<(), Self::Error>>;

    /// Removes a record. One that is not there is no error. Once it returns `Ok`, the record does not come back.
    ///
    /// # Cancel safety
    ///
    /// The record is there or is not.
    fn delete(&mut self, id: RecordId) -> impl Future<Output = Result<(), Self::Error>>;
}

/// Keeps nothing: bonds live as long as the host does.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoStore;

impl BondStore for NoStore {
    type Error = Infallible;

    async fn load(&mut self, _each: impl FnMut(RecordId, &[u8])) -> Result<Loaded, Infallible> {
        Ok(Loaded::default())
    }

    async fn store(&mut self, _id: RecordId, _record: &[u8]) -> Result<(), Infallible> {
        Ok(())
    }

    async fn delete(&mut self, _id: RecordId) -> Result<(), Infallible> {
        Ok(())
    }
}
