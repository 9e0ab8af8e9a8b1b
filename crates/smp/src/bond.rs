//! The stored records, of a bond and of this device. Each has a version and a checksum. [Vol 3] Part C, 9.4.4

mod local;
#[cfg(test)]
mod tests;

use core::fmt;

use bindrune_wire::{Address, Level, NoRoom, Reader, Writer};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

pub use local::Local;

use crate::{
    crypto::{self, aes_cmac},
    keys::{Key, LongTermKey},
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
        outcome.bonded.then(|| {
            let mut keys = outcome.keys.clone();
            if address.is_identity() {
                keys.peer_identity = None;
            } else {
                keys.peer_irk = keys.peer_irk.filter(|irk| crypto::resolves(irk, address));
            }
            Self {
                peer: keys.peer_identity.unwrap_or(address),
                local,
                method: outcome.method,
                secure: outcome.secure,
                authenticated: outcome.authenticated,
                key_size: outcome.key_size,
                keys,
                local_sign: 0,
                peer_sign: 0,
                gatt: [0; Self::GATT],
                service_changed: 0,
            }
        })
    }

    /// Names the bond by another address than the distributed identity, because another bond has that identity.
    #[must_use]
    pub fn named(mut self, address: Address) -> Self {
        self.peer = address;
        self.keys.peer_identity = None;
        self
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
        let mut record = Zeroizing::new([0; Self::SIZE]);
        let mut body = Writer::new(record.as_mut_slice());
        self.write_body(&mut body)?;
        seal(LABEL, &mut body)?;
        w.bytes(body.written())
    }

    /// Reads a record. If it claims more than its method can provide, such as authentication by a legacy passkey, the
    /// claim is ignored.
    ///
    /// # Errors
    ///
    /// [`BondError`] if the record is damaged, of an unknown version, or holds a key that no pairing produces.
    pub fn read(octets: &[u8]) -> Result<Self, BondError> {
        let (version, mut r) = unseal(LABEL, octets, Self::VERSION)?;
        let bond =
            Self::read_body(version, &mut r).filter(|_| r.is_empty()).ok_or(BondError::Damaged)?;
        if bond.is_sound() { Ok(bond) } else { Err(BondError::Unsound) }
    }

    /// Returns whether a pairing can have produced it.
    fn is_sound(&self) -> bool {
        let mut ltks = [&self.keys.local, &self.keys.peer].into_iter().flatten();
        (7..=16).contains(&self.key_size)
            && !ltks.any(|ltk| ltk.key.is_zero())
            && self.keys.peer_identity.is_none_or(|identity| identity == self.peer)
    }

    fn write_body(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        let keys = &self.keys;
        let present = [
            self.secure,
            self.authenticated,
            keys.local.is_some(),
            keys.peer.is_some(),
            keys.peer_irk.is_some(),
            keys.peer_identity.is_some(),
            keys.local_csrk.is_some(),
            keys.peer_csrk.is_some(),
        ];
        let flags = present.into_iter().rev().fold(0u8, |flags, bit| flags << 1 | u8::from(bit));
        w.u8(Self::VERSION)?;
        w.u8(flags)?;
        w.u8(self.key_size)?;
        w.u8(method_octet(self.method))?;
        write_address(w, Some(self.peer))?;
        write_address(w, Some(self.local))?;
        write_ltk(w, keys.local.as_ref())?;
        write_ltk(w, keys.peer.as_ref())?;
        write_key(w, keys.peer_irk.as_ref())?;
        write_address(w, keys.peer_identity)?;
        write_key(w, keys.local_csrk.as_ref())?;
        write_key(w, keys.peer_csrk.as_ref())?;
        w.u32(self.local_sign)?;
        w.u32(self.peer_sign)?;
        w.bytes(&self.gatt)?;
        w.u16(self.service_changed)
    }

    fn read_body(version: u8, r: &mut Reader<'_>) -> Option<Self> {
        let flags = r.u8().ok()?;
        let has = |bit: u8| flags & bit != 0;
        let key_size = r.u8().ok()?;
        let method = method_of(r.u8().ok()?)?;
        let peer = read_address(r)?;
        let local = read_address(r)?;
        let keys = Keys {
            local: Some(read_ltk(r)?).filter(|_| has(0x04)),
            peer: Some(read_ltk(r)?).filter(|_| has(0x08)),
            peer_irk: Some(read_key(r)?).filter(|_| has(0x10)),
            peer_identity: Some(read_address(r)?).filter(|_| has(0x20)),
            local_csrk: Some(read_key(r)?).filter(|_| has(0x40)),
            peer_csrk: Some(read_key(r)?).filter(|_| has(0x80)),
        };
        let secure = has(0x01);
        let authenticated = has(0x02) && method.is_authenticated(secure);
        Some(Self {
            peer,
            local,
            method,
            secure,
            authenticated,
            key_size,
            keys,
            local_sign: r.u32().ok()?,
            peer_sign: r.u32().ok()?,
            gatt: r.array().ok()?,
            service_changed: if version < 2 { 0 } else { r.u16().ok()? },
        })
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

fn write_address(w: &mut Writer<'_>, address: Option<Address>) -> Result<(), NoRoom> {
    w.u8(address.map_or(0, Address::hci_kind))?;
    w.bytes(&address.map_or([0; 6], Address::octets))
}

fn write_ltk(w: &mut Writer<'_>, ltk: Option<&LongTermKey>) -> Result<(), NoRoom> {
    write_key(w, ltk.map(|ltk| &ltk.key))?;
    w.u16(ltk.map_or(0, |ltk| ltk.ediv))?;
    w.bytes(&ltk.map_or([0; 8], |ltk| ltk.rand))
}

fn write_key(w: &mut Writer<'_>, key: Option<&Key>) -> Result<(), NoRoom> {
    let octets: &[u8; 16] = key.map_or(&[0; 16], Key::octets);
    w.bytes(octets)
}

fn read_address(r: &mut Reader<'_>) -> Option<Address> {
    let (kind, octets) = (r.u8().ok()?, r.array().ok()?);
    Address::from_hci(kind, octets)
}

fn read_ltk(r: &mut Reader<'_>) -> Option<LongTermKey> {
    Some(LongTermKey { key: read_key(r)?, ediv: r.u16().ok()?, rand: r.array().ok()? })
}

fn read_key(r: &mut Reader<'_>) -> Option<Key> {
    r.array().ok().map(Key::new)
}

/// Label at the start of a bond's checksum.
const LABEL: &[u8; 16] = b"bindrune.bond.v1";

/// Appends a checksum. It detects damage, but does not protect against an attacker that can write to the store.
fn seal(label: &[u8; 16], body: &mut Writer<'_>) -> Result<(), NoRoom> {
    let sum = aes_cmac(label, &[body.written()]);
    body.bytes(&sum)
}

/// Returns the version, 1 to `newest`, and the octets between it and the checksum, if both are valid.
fn unseal<'a>(
    label: &[u8; 16],
    octets: &'a [u8],
    newest: u8,
) -> Result<(u8, Reader<'a>), BondError> {
    let Some((&version, _)) = octets.split_first() else { return Err(BondError::Damaged) };
    if version == 0 || version > newest {
        return Err(BondError::Version(version));
    }
    let (body, sum) = octets.split_last_chunk::<16>().ok_or(BondError::Damaged)?;
    if !bool::from(aes_cmac(label, &[body]).ct_eq(sum)) {
        return Err(BondError::Damaged);
    }
    Ok((version, Reader::new(body.split_first().ok_or(BondError::Damaged)?.1)))
}
