//! Layout of the stored records, without version 2's last field and the checksum. Absent keys and addresses are zeros.

use bindrune_wire::{
    Address,
    zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned},
};

use super::{Bond, BondError};
use crate::{
    crypto::{aes_cmac, same},
    keys::{Key, LongTermKey},
};

/// Record of a bond.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct Record {
    pub(super) version: u8,
    pub(super) flags: u8,
    pub(super) key_size: u8,
    pub(super) method: u8,
    pub(super) peer: Named,
    pub(super) local: Named,
    pub(super) local_ltk: Ltk,
    pub(super) peer_ltk: Ltk,
    pub(super) peer_irk: [u8; 16],
    pub(super) peer_identity: Named,
    pub(super) local_csrk: [u8; 16],
    pub(super) peer_csrk: [u8; 16],
    pub(super) local_sign: [u8; 4],
    pub(super) peer_sign: [u8; 4],
    pub(super) gatt: [u8; Bond::GATT],
}

/// Record of this device.
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
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct Named {
    kind: u8,
    octets: [u8; 6],
}

/// A Long Term Key, and its name.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct Ltk {
    key: [u8; 16],
    ediv: [u8; 2],
    rand: [u8; 8],
}

impl Named {
    pub(super) fn get(&self) -> Option<Address> {
        Address::from_hci(self.kind, self.octets)
    }

    pub(super) const fn set(&mut self, address: Address) {
        (self.kind, self.octets) = (address.hci_kind(), address.octets());
    }
}

impl Ltk {
    #[inline(never)]
    pub(super) fn get(&self, is_present: bool) -> Option<LongTermKey> {
        let key = key(&self.key, is_present)?;
        Some(LongTermKey { key, ediv: u16::from_le_bytes(self.ediv), rand: self.rand })
    }

    pub(super) fn is_zero(&self) -> bool {
        same(&self.key, &[0; 16])
    }

    pub(super) fn set(&mut self, ltk: Option<&LongTermKey>) {
        let Some(ltk) = ltk else { return };
        set_key(&mut self.key, Some(&ltk.key));
        (self.ediv, self.rand) = (ltk.ediv.to_le_bytes(), ltk.rand);
    }
}

#[inline(never)]
pub(super) fn key(octets: &[u8; 16], is_present: bool) -> Option<Key> {
    is_present.then(|| Key::new(*octets))
}

pub(super) const fn set_key(octets: &mut [u8; 16], key: Option<&Key>) {
    if let Some(key) = key {
        *octets = *key.octets();
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
