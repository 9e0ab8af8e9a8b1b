use bindrune_wire::{Address, NoRoom, Writer, zerocopy::FromBytes};
use zeroize::Zeroizing;

use super::{
    BondError,
    layout::{LocalRecord, seal, unseal},
};
use crate::keys::Key;

/// The stored data of this device itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    /// The Identity Resolving Key that bonded peers hold. It must stay the same so that they recognize this
    /// device.
    pub irk: Key,
    /// The random static address that the host generated, if it did.
    pub address: Option<Address>,
}

const LABEL: &[u8; 16] = b"bindrune.self.v1";

impl Local {
    /// Length of a record in octets.
    pub const SIZE: usize = 41;
    /// The version that is written.
    pub const VERSION: u8 = 1;

    /// Writes the record.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small; then nothing is written.
    pub fn write(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        let mut octets = Zeroizing::new([0; Self::SIZE]);
        let (record, _) =
            LocalRecord::mut_from_prefix(octets.as_mut_slice()).map_err(|_| NoRoom)?;
        record.version = Self::VERSION;
        if let Some(address) = self.address {
            record.made = 1;
            record.address.set(address);
        }
        record.irk = *self.irk.octets();
        seal(LABEL, octets.as_mut_slice());
        w.bytes(octets.as_slice())
    }

    /// Reads a record.
    ///
    /// # Errors
    ///
    /// [`BondError`] if the record is damaged, of an unknown version, or holds keys that no device generates.
    pub fn read(octets: &[u8]) -> Result<Self, BondError> {
        let body = unseal(LABEL, octets, Self::VERSION)?;
        let record = LocalRecord::ref_from_bytes(body).map_err(|_| BondError::Damaged)?;
        let address = record.address.checked().ok_or(BondError::Damaged)?;
        let made = record.made != 0;
        if made && !address.is_static() {
            return Err(BondError::Unsound);
        }
        Ok(Self { irk: Key::new(record.irk), address: made.then_some(address) })
    }
}
