use bindrune_wire::{Address, NoRoom, Writer};
use zeroize::Zeroizing;

use super::{BondError, read_address, read_key, seal, unseal, write_address, write_key};
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
        let mut record = Zeroizing::new([0; Self::SIZE]);
        let mut body = Writer::new(record.as_mut_slice());
        body.u8(Self::VERSION)?;
        body.u8(self.address.is_some().into())?;
        write_address(&mut body, self.address)?;
        write_key(&mut body, Some(&self.irk))?;
        seal(LABEL, &mut body)?;
        w.bytes(body.written())
    }

    /// Reads a record.
    ///
    /// # Errors
    ///
    /// [`BondError`] if the record is damaged, of an unknown version, or holds keys that no device generates.
    pub fn read(octets: &[u8]) -> Result<Self, BondError> {
        let (_, mut r) = unseal(LABEL, octets, Self::VERSION)?;
        let made = r.u8().map_err(|_| BondError::Damaged)? != 0;
        let address = read_address(&mut r).ok_or(BondError::Damaged)?;
        let irk = read_key(&mut r).ok_or(BondError::Damaged)?;
        if !r.is_empty() {
            return Err(BondError::Damaged);
        }
        if made && !address.is_static() {
            return Err(BondError::Unsound);
        }
        Ok(Self { irk, address: made.then_some(address) })
    }
}
