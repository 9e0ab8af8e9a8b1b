//! The stored records, of a bond and of this device. Each has a version and a checksum. [Vol 3] Part C, 9.4.4

mod local;
mod record;
#[cfg(test)]
mod tests;

use core::fmt;

use bindrune_wire::{Address, Level, NoRoom, Writer, zerocopy::FromBytes};
use zeroize::Zeroizing;

pub use local::Local;

use self::record::{Record, key, seal, set_key, unseal};
use crate::{
    crypto,
    method::{self, Method},
    pairing::{Keys, Outcome},
};

/// The stored result of a pairing.
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

    /// Creates the bond of a pairing of this device, with the identity address `local`, and the peer that used
    /// `address` on the air; `None` if a side keeps no keys.
    ///
    /// If the peer paired with a public or static address, that address names the bond, whatever identity the peer
    /// distributes. If it paired with a private address, the distributed identity names the bond, and the Identity
    /// Resolving Key is kept only if it resolves that address.
    #[must_use]
    pub fn new(outcome: &Outcome, local: Address, address: Address) -> Option<Self> {
        if !outcome.bonded {
            return None;
        }
        let mut bond = Self {
            peer: address,
            local,
            method: outcome.method,
            secure: outcome.secure,
            authenticated: outcome.authenticated,
            key_size: outcome.key_size,
            keys: outcome.keys.clone(),
            local_sign: 0,
            peer_sign: 0,
            gatt: [0; Self::GATT],
            service_changed: 0,
        };
        let keys = &mut bond.keys;
        if address.is_identity() {
            keys.peer_identity = None;
        } else {
            bond.peer = keys.peer_identity.unwrap_or(address);
            keys.peer_irk.take_if(|irk| !crypto::resolves(irk, address));
        }
        Some(bond)
    }

    /// Names the bond by another address than the distributed identity, because another bond has that identity.
    pub const fn rename(&mut self, address: Address) {
        self.peer = address;
        self.keys.peer_identity = None;
    }

    /// Returns whether the peer paired with a private address that its Identity Resolving Key resolves. Otherwise the
    /// key may belong to another device.
    #[must_use]
    pub fn has_shown_key(&self) -> bool {
        let private = self.keys.peer_identity.is_some() || !self.peer.is_identity();
        private && self.keys.peer_irk.as_ref().is_some_and(|irk| !irk.is_zero())
    }

    /// Returns whether the peer paired with the address that names the bond. Otherwise it has only claimed to be that
    /// device.
    #[must_use]
    pub const fn has_shown_identity(&self) -> bool {
        self.keys.peer_identity.is_none()
    }

    /// Returns the security level of a link encrypted with the bond's key.
    #[must_use]
    pub const fn level(&self) -> Level {
        method::level(self.secure, self.authenticated, self.key_size)
    }

    /// Returns whether the bond is at least as strong as `old`, and so may replace it. [Vol 3] Part C, 14.1
    #[must_use]
    pub fn may_replace(&self, old: &Self) -> bool {
        self.authenticated >= old.authenticated
            && self.key_size >= old.key_size
            && self.secure >= old.secure
    }

    /// Writes the record.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small; then nothing is written.
    pub fn write(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        let mut octets = Zeroizing::new([0; Self::SIZE]);
        let (record, rest) = Record::mut_from_prefix(octets.as_mut_slice()).map_err(|_| NoRoom)?;
        self.fill(record);
        if let Some(last) = rest.first_chunk_mut() {
            *last = self.service_changed.to_le_bytes();
        }
        seal(LABEL, octets.as_mut_slice());
        w.bytes(octets.as_slice())
    }

    /// Reads a record. If it claims more than its method can provide, such as authentication by a legacy passkey, the
    /// claim is ignored.
    ///
    /// # Errors
    ///
    /// [`BondError`] if the record is damaged, of an unknown version, or holds a key that no pairing produces.
    pub fn read(octets: &[u8]) -> Result<Self, BondError> {
        let body = unseal(LABEL, octets, Self::VERSION)?;
        let (record, rest) = Record::ref_from_prefix(body).map_err(|_| BondError::Damaged)?;
        let service_changed = match (record.version, rest) {
            (1, []) => 0,
            (2.., &[low, high]) => u16::from_le_bytes([low, high]),
            _ => return Err(BondError::Damaged),
        };
        let parts = (
            method_of(record.method),
            record.peer.get(),
            record.local.get(),
            record.peer_identity.get(),
        );
        let (Some(method), Some(peer), Some(local), Some(identity)) = parts else {
            return Err(BondError::Damaged);
        };
        let has = |bit: u8| record.flags & bit != 0;
        let unsound = !(7..=16).contains(&record.key_size)
            || has(0x04) && record.local_ltk.is_zero()
            || has(0x08) && record.peer_ltk.is_zero()
            || has(0x20) && identity != peer;
        if unsound {
            return Err(BondError::Unsound);
        }
        let secure = has(0x01);
        Ok(Self {
            peer,
            local,
            method,
            secure,
            authenticated: has(0x02) && method.is_authenticated(secure),
            key_size: record.key_size,
            keys: Keys {
                local: record.local_ltk.get(has(0x04)),
                peer: record.peer_ltk.get(has(0x08)),
                peer_irk: key(&record.peer_irk, has(0x10)),
                peer_identity: has(0x20).then_some(identity),
                local_csrk: key(&record.local_csrk, has(0x40)),
                peer_csrk: key(&record.peer_csrk, has(0x80)),
            },
            local_sign: u32::from_le_bytes(record.local_sign),
            peer_sign: u32::from_le_bytes(record.peer_sign),
            gatt: record.gatt,
            service_changed,
        })
    }

    /// Fills in a record of zeros.
    fn fill(&self, record: &mut Record) {
        let keys = &self.keys;
        let flag = |is_set: bool, bit: u8| if is_set { bit } else { 0 };
        record.version = Self::VERSION;
        record.flags = flag(self.secure, 0x01)
            | flag(self.authenticated, 0x02)
            | flag(keys.local.is_some(), 0x04)
            | flag(keys.peer.is_some(), 0x08)
            | flag(keys.peer_irk.is_some(), 0x10)
            | flag(keys.peer_identity.is_some(), 0x20)
            | flag(keys.local_csrk.is_some(), 0x40)
            | flag(keys.peer_csrk.is_some(), 0x80);
        record.key_size = self.key_size;
        record.method = method_octet(self.method);
        record.peer.set(self.peer);
        record.local.set(self.local);
        record.local_ltk.set(keys.local.as_ref());
        record.peer_ltk.set(keys.peer.as_ref());
        set_key(&mut record.peer_irk, keys.peer_irk.as_ref());
        if let Some(identity) = keys.peer_identity {
            record.peer_identity.set(identity);
        }
        set_key(&mut record.local_csrk, keys.local_csrk.as_ref());
        set_key(&mut record.peer_csrk, keys.peer_csrk.as_ref());
        record.local_sign = self.local_sign.to_le_bytes();
        record.peer_sign = self.peer_sign.to_le_bytes();
        record.gatt = self.gatt;
    }
}

const fn method_octet(method: Method) -> u8 {
    match method {
        Method::JustWorks => 0,
        Method::NumericComparison => 1,
        Method::OutOfBand => 2,
        Method::Passkey { initiator_inputs, responder_inputs } => {
            4 | (initiator_inputs as u8) | (responder_inputs as u8) << 1
        }
    }
}

const fn method_of(octet: u8) -> Option<Method> {
    Some(match octet {
        0 => Method::JustWorks,
        1 => Method::NumericComparison,
        2 => Method::OutOfBand,
        5..=7 => {
            Method::Passkey { initiator_inputs: octet & 1 != 0, responder_inputs: octet & 2 != 0 }
        }
        _ => return None,
    })
}

/// Label at the start of a bond's checksum.
const LABEL: &[u8; 16] = b"bindrune.bond.v1";
