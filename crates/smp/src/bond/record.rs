//! The record of a bond, in which hosts keep it.

mod parts;

use bindrune_wire::{
    Address, Level,
    zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned},
};

use super::{
    Bond, BondError,
    layout::{Ltk, Named, seal, unseal},
};
use crate::{
    crypto,
    keys::{Key, LongTermKey},
    method::{self, Method},
    pairing::{Keys, Outcome},
};

/// A bond in the layout in which it is stored, so that a host reads and changes it in place.
///
/// Only [`Self::read`] checks what it reads: a record that zerocopy makes of other octets may hold anything. Hosts use
/// zerocopy for room of zeros, which are free records.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Record {
    version: u8,
    flags: u8,
    key_size: u8,
    method: u8,
    peer: Named,
    local: Named,
    local_ltk: Ltk,
    peer_ltk: Ltk,
    peer_irk: Key,
    peer_identity: Named,
    local_csrk: Key,
    peer_csrk: Key,
    local_sign: [u8; 4],
    peer_sign: [u8; 4],
    gatt: [u8; Bond::GATT],
    /// Version 1 does not have it.
    service_changed: [u8; 2],
    /// The checksum. Zeros in memory; only [`Self::write`] makes it, in the octets for the store.
    sum: [u8; 16],
}

/// Lengths without the checksum: of this version, and of version 1.
const BODY: usize = Bond::SIZE - 16;
const BODY_1: usize = BODY - 2;
const _: () = assert!(size_of::<Record>() == Bond::SIZE);

/// Bits of the flags.
const SECURE: u8 = 0x01;
const AUTHENTICATED: u8 = 0x02;
const LOCAL_LTK: u8 = 0x04;
const PEER_LTK: u8 = 0x08;
const PEER_IRK: u8 = 0x10;
const PEER_IDENTITY: u8 = 0x20;
const LOCAL_CSRK: u8 = 0x40;
const PEER_CSRK: u8 = 0x80;

/// Label at the start of a bond's checksum.
pub(super) const LABEL: &[u8; 16] = b"bindrune.bond.v1";

impl Record {
    /// A record of zeros, which is no bond.
    pub const FREE: Self = Self {
        version: 0,
        flags: 0,
        key_size: 0,
        method: 0,
        peer: Named::NONE,
        local: Named::NONE,
        local_ltk: Ltk::NONE,
        peer_ltk: Ltk::NONE,
        peer_irk: Key::new([0; 16]),
        peer_identity: Named::NONE,
        local_csrk: Key::new([0; 16]),
        peer_csrk: Key::new([0; 16]),
        local_sign: [0; 4],
        peer_sign: [0; 4],
        gatt: [0; Bond::GATT],
        service_changed: [0; 2],
        sum: [0; 16],
    };

    /// Becomes the bond of a pairing of this device, with the identity address `local`, and the peer that used
    /// `address` on the air. Whether both sides keep the keys is not considered.
    ///
    /// If the peer paired with a public or static address, that address names the bond, whatever identity the peer
    /// distributes. If it paired with a private address, the distributed identity names the bond, and the Identity
    /// Resolving Key is kept only if it resolves that address.
    #[inline(never)]
    pub fn set_outcome(&mut self, outcome: &Outcome, local: Address, address: Address) {
        *self = Self::FREE;
        self.method = method_octet(outcome.method);
        self.key_size = outcome.key_size;
        self.set(SECURE, outcome.secure);
        self.set(AUTHENTICATED, outcome.authenticated);
        self.local.set(local);
        self.peer.set(address);
        self.set_keys(&outcome.keys);
        if address.is_identity() {
            self.drop_identity();
            return;
        }
        if self.has(PEER_IDENTITY) {
            self.peer = self.peer_identity.clone();
        }
        if !crypto::resolves(&self.peer_irk, address) {
            self.set(PEER_IRK, false);
            self.peer_irk.clear();
        }
    }

    /// Reads a record of a store. If it claims more than its method can provide, such as authentication by a legacy
    /// passkey, the claim is ignored.
    ///
    /// # Errors
    ///
    /// [`BondError`] if the record is damaged, of an unknown version, or holds a key that no pairing produces.
    pub fn read(octets: &[u8]) -> Result<Self, BondError> {
        let body = unseal(LABEL, octets, Bond::VERSION)?;
        let mut record = Self::FREE;
        let length = if body.first() == Some(&1) { BODY_1 } else { BODY };
        match record.as_mut_bytes().get_mut(..length) {
            Some(room) if room.len() == body.len() => room.copy_from_slice(body),
            Some(_) | None => return Err(BondError::Damaged),
        }
        record.version = Bond::VERSION;
        record.check()?;
        Ok(record)
    }

    /// Checks a record that was read, and ignores what its method cannot provide.
    fn check(&mut self) -> Result<(), BondError> {
        let parts = (
            method_of(self.method),
            self.peer.checked(),
            self.local.checked(),
            self.peer_identity.checked(),
        );
        let (Some(method), Some(peer), Some(_), Some(identity)) = parts else {
            return Err(BondError::Damaged);
        };
        let unsound = !(7..=16).contains(&self.key_size)
            || self.has(LOCAL_LTK) && self.local_ltk.key.is_zero()
            || self.has(PEER_LTK) && self.peer_ltk.key.is_zero()
            || self.has(PEER_IDENTITY) && identity != peer;
        if unsound {
            return Err(BondError::Unsound);
        }
        if !method.is_authenticated(self.is_secure()) {
            self.set(AUTHENTICATED, false);
        }
        Ok(())
    }

    /// Writes the record as it is stored.
    pub fn write(&self, octets: &mut [u8; Bond::SIZE]) {
        octets.copy_from_slice(self.as_bytes());
        seal(LABEL, octets);
    }

    /// Returns whether this is no bond.
    #[must_use]
    pub const fn is_free(&self) -> bool {
        self.version == 0
    }

    /// Address of the peer; see [`Bond::peer`].
    #[must_use]
    pub const fn peer(&self) -> Address {
        self.peer.get()
    }

    /// Identity address of this device for this peer; see [`Bond::local`].
    #[must_use]
    pub const fn local(&self) -> Address {
        self.local.get()
    }

    /// Association model.
    #[must_use]
    pub fn method(&self) -> Method {
        method_of(self.method).unwrap_or(Method::JustWorks)
    }

    /// Returns whether it was LE Secure Connections.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.has(SECURE)
    }

    /// Returns whether the key is protected against a man in the middle.
    #[must_use]
    pub const fn is_authenticated(&self) -> bool {
        self.has(AUTHENTICATED)
    }

    /// Length of the key in octets, 7 to 16.
    #[must_use]
    pub const fn key_size(&self) -> u8 {
        self.key_size
    }

    /// Returns the security level of a link encrypted with the bond's key.
    #[must_use]
    pub const fn level(&self) -> Level {
        method::level(self.is_secure(), self.is_authenticated(), self.key_size)
    }

    /// Returns whether the bond has a key for links where this device is the central, or is the peripheral.
    #[must_use]
    pub const fn has_ltk(&self, central: bool) -> bool {
        self.has(if central { PEER_LTK } else { LOCAL_LTK })
    }

    /// Returns the key for links where this device is the peripheral, if the central names it so. [Vol 3] Part H, 2.4.4
    #[must_use]
    pub fn local_key(&self, ediv: u16, rand: u64) -> Option<&Key> {
        let is_named = self.has(LOCAL_LTK) && self.local_ltk.has_name(ediv, rand);
        is_named.then_some(&self.local_ltk.key)
    }

    /// Returns the key for links where the peer is the peripheral.
    #[must_use]
    pub fn peer_ltk(&self) -> Option<LongTermKey> {
        self.has(PEER_LTK).then(|| self.peer_ltk.get())
    }

    /// Returns the key that resolves the peer's private addresses; zeros if it uses none.
    #[must_use]
    pub fn peer_irk(&self) -> Option<&Key> {
        self.has(PEER_IRK).then_some(&self.peer_irk)
    }

    /// State of the peer in the GATT server; see [`Bond::gatt`].
    #[must_use]
    pub const fn gatt(&self) -> &[u8; Bond::GATT] {
        &self.gatt
    }

    /// The handle of the peer's Service Changed value; see [`Bond::service_changed`].
    #[must_use]
    pub const fn service_changed(&self) -> u16 {
        u16::from_le_bytes(self.service_changed)
    }

    /// Changes the state of GATT. Returns whether it was another one.
    pub fn set_gatt(&mut self, gatt: &[u8; Bond::GATT], service_changed: u16) -> bool {
        let differs = self.gatt != *gatt || self.service_changed() != service_changed;
        (self.gatt, self.service_changed) = (*gatt, service_changed.to_le_bytes());
        differs
    }

    /// Names the bond by another address than the distributed identity, because another bond has that identity.
    pub const fn rename(&mut self, address: Address) {
        self.peer.set(address);
        self.drop_identity();
    }

    /// Returns whether the peer paired with a private address that its Identity Resolving Key resolves. Otherwise the
    /// key may belong to another device.
    #[must_use]
    pub fn has_shown_key(&self) -> bool {
        let private = self.has(PEER_IDENTITY) || !self.peer().is_identity();
        private && self.peer_irk().is_some_and(|irk| !irk.is_zero())
    }

    /// Returns whether the peer paired with the address that names the bond. Otherwise it has only claimed to be that
    /// device.
    #[must_use]
    pub const fn has_shown_identity(&self) -> bool {
        !self.has(PEER_IDENTITY)
    }

    /// Returns whether the bond is at least as strong as `old`, and so may replace it. [Vol 3] Part C, 14.1
    #[must_use]
    pub const fn may_replace(&self, old: &Self) -> bool {
        let missing = old.flags & !self.flags & (SECURE | AUTHENTICATED);
        missing == 0 && self.key_size >= old.key_size
    }

    const fn drop_identity(&mut self) {
        self.set(PEER_IDENTITY, false);
        self.peer_identity = Named::NONE;
    }

    const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    const fn set(&mut self, flag: u8, on: bool) {
        self.flags = if on { self.flags | flag } else { self.flags & !flag };
    }

    /// Fills in the keys of a record of zeros, and makes it a bond.
    fn set_keys(&mut self, keys: &Keys) {
        self.version = Bond::VERSION;
        self.flags |= set_ltk(&mut self.local_ltk, keys.local.as_ref(), LOCAL_LTK)
            | set_ltk(&mut self.peer_ltk, keys.peer.as_ref(), PEER_LTK)
            | set_key(&mut self.peer_irk, keys.peer_irk.as_ref(), PEER_IRK)
            | set_key(&mut self.local_csrk, keys.local_csrk.as_ref(), LOCAL_CSRK)
            | set_key(&mut self.peer_csrk, keys.peer_csrk.as_ref(), PEER_CSRK);
        if let Some(identity) = keys.peer_identity {
            self.set(PEER_IDENTITY, true);
            self.peer_identity.set(identity);
        }
    }
}

/// Copies a key if there is one, and returns its flag. All keys are copied in one place, because there are many.
#[inline(never)]
const fn set_key(to: &mut Key, from: Option<&Key>, flag: u8) -> u8 {
    let Some(key) = from else { return 0 };
    to.set(key);
    flag
}

#[inline(never)]
const fn set_ltk(to: &mut Ltk, from: Option<&LongTermKey>, flag: u8) -> u8 {
    let Some(ltk) = from else { return 0 };
    to.set(ltk);
    flag
}

impl Clone for Record {
    fn clone(&self) -> Self {
        let mut copy = Self::FREE;
        copy.clone_from(self);
        copy
    }

    fn clone_from(&mut self, other: &Self) {
        self.as_mut_bytes().copy_from_slice(other.as_bytes());
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
