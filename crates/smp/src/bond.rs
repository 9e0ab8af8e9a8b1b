//! The stored records, of a bond and of this device. Each has a version and a checksum. [Vol 3] Part C, 9.4.4

mod layout;
mod local;
mod record;
#[cfg(test)]
mod tests;

use core::fmt;

use bindrune_wire::{Address, Level, NoRoom, Writer};
use zeroize::Zeroizing;

pub use local::Local;
pub use record::Record;

use crate::{
    method::{self, Method},
    pairing::Keys,
};

/// The stored result of a pairing, in parts; [`Record`] is its stored form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bond {
    /// Address of the peer: the public or static address with which it paired; if it paired with a private address, the
    /// identity address that it distributed, or that private address if it distributed none.
    pub peer: Address,
    /// Identity address of this device for this peer. With another identity address the keys are useless and must not
    /// be used.
    pub local: Address,
    /// Association model.
    pub method: Method,
    /// Whether it was LE Secure Connections.
    pub secure: bool,
    /// Whether the key is protected against a man in the middle.
    pub authenticated: bool,
    /// Length of the key in octets, 7 to 16.
    pub key_size: u8,
    /// The keys.
    pub keys: Keys,
    /// Next counter for signing by this device. [Vol 3] Part H, 2.4.5
    pub local_sign: u32,
    /// Lowest counter that is accepted in the peer's signatures.
    pub peer_sign: u32,
    /// State of the peer in the GATT server, encoded by the server; zeros for none.
    pub gatt: [u8; Self::GATT],
    /// The handle of the peer's Service Changed value, if the GATT client has subscribed to it; otherwise 0.
    pub service_changed: u16,
}

/// The octets are not a valid record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum BondError {
    /// The record is of a version that this host does not know.
    Version(u8),
    /// The record was truncated or changed.
    Damaged,
    /// The record is complete, but no pairing produces such keys: an LTK of zeros, or a key size outside 7 to 16.
    Unsound,
}

impl fmt::Display for BondError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => write!(f, "a newer bindrune wrote it, as version {version}"),
            Self::Damaged => f.write_str("the record is damaged"),
            Self::Unsound => f.write_str("no pairing produces the key in the record"),
        }
    }
}

impl core::error::Error for BondError {}

impl Bond {
    /// Length of a record in octets, whatever keys it holds.
    pub const SIZE: usize = 185;
    /// Length of [`Self::gatt`] in octets.
    pub const GATT: usize = 34;
    /// The version that is written. Version 1 can be read too; it has no [`Self::service_changed`].
    pub const VERSION: u8 = 2;

    /// Returns the security level of a link encrypted with the bond's key.
    #[must_use]
    pub const fn level(&self) -> Level {
        method::level(self.secure, self.authenticated, self.key_size)
    }

    /// Writes the record.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small; then nothing is written.
    pub fn write(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        let mut octets = Zeroizing::new([0; Self::SIZE]);
        Record::from(self).write(&mut octets);
        w.bytes(octets.as_slice())
    }

    /// Reads a record; see [`Record::read`].
    ///
    /// # Errors
    ///
    /// [`BondError`] if the record is damaged, of an unknown version, or holds a key that no pairing produces.
    pub fn read(octets: &[u8]) -> Result<Self, BondError> {
        Record::read(octets).map(|record| Self::from(&record))
    }
}
