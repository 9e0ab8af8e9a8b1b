//! The interface of a bond store.

use core::{convert::Infallible, future::Future};

#[cfg(any(feature = "std", feature = "flash"))]
use bindrune_smp::BondError;
use bindrune_smp::{Bond, Local};
use bindrune_wire::Address;

/// Length of the longest record in bytes.
pub(super) const RECORD_MAX: usize = 256;

/// Length of a [`RecordId`] in a store, in bytes.
#[cfg(any(feature = "std", feature = "flash"))]
pub(super) const ID_OCTETS: usize = 8;

const _: () = assert!(Bond::SIZE <= RECORD_MAX && Local::SIZE <= RECORD_MAX);

/// Identifies a record. A store has at most one of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum RecordId {
    /// This device: its Identity Resolving Key, and its static address if the host created one.
    Local,
    /// The bond with the device of this identity address.
    Peer(Address),
    /// The bond with the BR/EDR device of this address.
    Classic(Address),
}

#[cfg(any(feature = "std", feature = "flash"))]
impl RecordId {
    /// Returns the form in which stores write it.
    pub(super) fn octets(self) -> [u8; ID_OCTETS] {
        match self {
            Self::Local => [0; 8],
            Self::Peer(address) => {
                let [a, b, c, d, e, f] = address.octets();
                [1, address.hci_kind(), a, b, c, d, e, f]
            }
            Self::Classic(address) => {
                let [a, b, c, d, e, f] = address.octets();
                [2, address.hci_kind(), a, b, c, d, e, f]
            }
        }
    }

    pub(super) fn from_octets([kind, address_kind, octets @ ..]: [u8; ID_OCTETS]) -> Option<Self> {
        match kind {
            0 => Some(Self::Local),
            1 => Address::from_hci(address_kind, octets).map(Self::Peer),
            2 => Address::from_hci(address_kind, octets).map(Self::Classic),
            _ => None,
        }
    }

    /// Whether a newer version wrote its record, which this version must not overwrite.
    pub(super) fn is_newer(self, record: &[u8]) -> bool {
        let error = match self {
            Self::Local => Local::read(record).err(),
            Self::Peer(_) => Bond::read(record).err(),
            Self::Classic(_) => return false,
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
    /// Records that were passed to the caller.
    pub records: usize,
    /// Damaged records without a good copy: their bonds are lost.
    pub damaged: usize,
    /// Damaged records that were replaced by a good copy.
    pub restored: usize,
    /// Records that were dropped because another one has the same [`RecordId`].
    pub duplicates: usize,
    /// The store was in an older state than it was left in. The newer state was used if it was still there.
    pub rolled_back: bool,
}

/// Keeps the host's bonds beyond its life: in a file, in flash memory, or in the application's own storage.
///
/// A record is opaque to the store, and at most [`Self::MAX`] bytes long. It contains keys: a reader of these can
/// eavesdrop on both devices and impersonate them. A store must keep it secret.
///
/// The host calls one method at a time, concurrently with everything else that it does. A method that blocks stops the
/// host for that long.
pub trait BondStore {
    /// The error type. The host reports an error to the application and continues without the store.
    type Error: core::fmt::Debug;

    /// Length of the longest record that a store must take, in bytes.
    const MAX: usize = RECORD_MAX;

    /// Passes each record to `each` once. A damaged record is left out, and counted in the result.
    ///
    /// After an error the host continues without bonds, and drops the records that it was given: [`crate::Host::bonds`]
    /// is empty, a pairing that would bond is refused with [`crate::Error::BondStore`] before it starts, and nothing is
    /// stored or deleted until the next [`run`](crate::Host::run) loads the store. The store may hold a stronger bond,
    /// which could not be compared with a new one.
    ///
    /// # Cancel safety
    ///
    /// `each` may have been called with any of the records; loading can begin again.
    fn load(
        &mut self,
        each: impl FnMut(RecordId, &[u8]),
    ) -> impl Future<Output = Result<Loaded, Self::Error>>;

    /// Replaces the record with the same id by `record`. Once it returns `Ok`, the record survives any loss of power.
    /// After an error, or while it is in progress, the store holds either the old record or the new one.
    ///
    /// A store without room returns an error, and never removes another record.
    ///
    /// # Cancel safety
    ///
    /// The store holds the old record or the new one.
    fn store(
        &mut self,
        id: RecordId,
        record: &[u8],
    ) -> impl Future<Output = Result<(), Self::Error>>;

    /// Removes a record. A missing record is no error. Once it returns `Ok`, the record does not come back.
    ///
    /// # Cancel safety
    ///
    /// The store may or may not hold the record.
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
