//! Parts of the stored records. Absent keys and addresses are zeros.

use bindrune_wire::{
    Address, AddressKind,
    zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned},
};

use super::BondError;
use crate::{
    crypto::{aes_cmac, same},
    keys::{Key, LongTermKey},
};

/// Record of this device, without its checksum.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct LocalRecord {
    pub(super) version: u8,
    /// Whether the host generated the address.
    pub(super) made: u8,
    pub(super) address: Named,
    pub(super) irk: [u8; 16],
}

/// Kind and octets of an address.
#[derive(Clone, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct Named {
    kind: u8,
    octets: [u8; 6],
}

/// A Long Term Key, and its name.
#[derive(Clone, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct Ltk {
    pub(super) key: Key,
    ediv: [u8; 2],
    rand: [u8; 8],
}

impl Named {
    pub(super) const NONE: Self = Self { kind: 0, octets: [0; 6] };

    /// Returns the address if it is valid.
    pub(super) fn checked(&self) -> Option<Address> {
        Address::from_hci(self.kind, self.octets)
    }

    /// Returns the address, which was checked before.
    pub(super) const fn get(&self) -> Address {
        let kind = if self.kind & 1 == 0 { AddressKind::Public } else { AddressKind::Random };
        Address::new(kind, self.octets)
    }

    pub(super) const fn set(&mut self, address: Address) {
        (self.kind, self.octets) = (address.hci_kind(), address.octets());
    }
}

impl Ltk {
    pub(super) const NONE: Self = Self { key: Key::new([0; 16]), ediv: [0; 2], rand: [0; 8] };

    pub(super) fn get(&self) -> LongTermKey {
        let ediv = u16::from_le_bytes(self.ediv);
        LongTermKey { key: self.key.clone(), ediv, rand: self.rand }
    }

    pub(super) const fn has_name(&self, ediv: u16, rand: u64) -> bool {
        u16::from_le_bytes(self.ediv) == ediv && u64::from_le_bytes(self.rand) == rand
    }

    pub(super) const fn set(&mut self, ltk: &LongTermKey) {
        (self.ediv, self.rand) = (ltk.ediv.to_le_bytes(), ltk.rand);
        self.key.set(&ltk.key);
    }
}

/// Writes the checksum of a record into its last 16 octets. It detects damage, but does not protect against an attacker
/// that can write to the store.
pub(super) fn seal(label: &[u8; 16], record: &mut [u8]) {
    if let Some((body, sum)) = record.split_last_chunk_mut() {
        *sum = aes_cmac(label, &[body]);
    }
}

/// Returns the record without its checksum, if that is valid and the version is 1 to `newest`.
pub(super) fn unseal<'a>(
    label: &[u8; 16],
    octets: &'a [u8],
    newest: u8,
) -> Result<&'a [u8], BondError> {
    let version = *octets.first().ok_or(BondError::Damaged)?;
    if version == 0 || version > newest {
        return Err(BondError::Version(version));
    }
    let (body, sum) = octets.split_last_chunk().ok_or(BondError::Damaged)?;
    if same(&aes_cmac(label, &[body]), sum) { Ok(body) } else { Err(BondError::Damaged) }
}
