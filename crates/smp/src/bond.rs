//! The record of a bond, as it is stored: versioned and checked. [Vol 3] Part C, 9.4.4

use bindrune_wire::{Address, Level, NoRoom, Reader, Writer};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{
    crypto::aes_cmac,
    keys::{Key, LongTermKey},
    method::{self, Method},
    pairing::{Keys, Outcome},
};

/// What is kept of a pairing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bond {
    /// Who the peer is: its identity address, or the address that it paired with where it gave none.
    pub peer: Address,
    /// How it paired.
    pub method: Method,
    /// LE Secure Connections.
    pub secure: bool,
    /// Protected against a man in the middle.
    pub authenticated: bool,
    /// Octets of the key, 7 to 16.
    pub key_size: u8,
    /// The keys.
    pub keys: Keys,
}

/// Octets that are not a whole record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum BondError {
    /// The record is of a version that this host does not know.
    Version(u8),
    /// The record was cut off or changed.
    Damaged,
}

impl Bond {
    /// Octets of a record, of whatever keys.
    pub const SIZE: usize = 134;
    /// The version that is written.
    pub const VERSION: u8 = 1;

    /// The bond of a pairing with the device that used `address`; `None` where a side keeps no keys.
    #[must_use]
    pub fn new(outcome: &Outcome, address: Address) -> Option<Self> {
        outcome.bonded.then(|| Self {
            peer: outcome.keys.peer_identity.unwrap_or(address),
            method: outcome.method,
            secure: outcome.secure,
            authenticated: outcome.authenticated,
            key_size: outcome.key_size,
            keys: outcome.keys.clone(),
        })
    }

    /// What a link that is encrypted with it is worth.
    #[must_use]
    pub const fn level(&self) -> Level {
        method::level(self.secure, self.authenticated, self.key_size)
    }

    /// Whether it is at least as strong as `old`, and so may take its place. [Vol 3] Part C, 14.1
    #[must_use]
    pub fn may_replace(&self, old: &Self) -> bool {
        self.authenticated >= old.authenticated
            && self.key_size >= old.key_size
            && self.secure >= old.secure
    }

    /// Writes the record.
    pub fn write(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        let mut record = Zeroizing::new([0; Self::SIZE]);
        let mut body = Writer::new(record.as_mut_slice());
        self.write_body(&mut body)?;
        let sum = checksum(body.written());
        body.bytes(&sum)?;
        w.bytes(body.written())
    }

    /// Reads a record. One that claims more than its method can give, such as authentication by a legacy passkey, is
    /// taken for what the method gives.
    pub fn read(octets: &[u8]) -> Result<Self, BondError> {
        let Some((&version, _)) = octets.split_first() else { return Err(BondError::Damaged) };
        if version != Self::VERSION {
            return Err(BondError::Version(version));
        }
        let (body, sum) = octets.split_last_chunk::<16>().ok_or(BondError::Damaged)?;
        if !bool::from(checksum(body).ct_eq(sum)) {
            return Err(BondError::Damaged);
        }
        let mut r = Reader::new(body);
        Self::read_body(&mut r).filter(|_| r.is_empty()).ok_or(BondError::Damaged)
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
        write_ltk(w, keys.local.as_ref())?;
        write_ltk(w, keys.peer.as_ref())?;
        write_key(w, keys.peer_irk.as_ref())?;
        write_address(w, keys.peer_identity)?;
        write_key(w, keys.local_csrk.as_ref())?;
        write_key(w, keys.peer_csrk.as_ref())
    }

    fn read_body(r: &mut Reader<'_>) -> Option<Self> {
        let _version = r.u8().ok()?;
        let flags = r.u8().ok()?;
        let has = |bit: u8| flags & bit != 0;
        let key_size = r.u8().ok().filter(|size| (7..=16).contains(size))?;
        let method = method_of(r.u8().ok()?)?;
        let peer = read_address(r)?;
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
        Some(Self { peer, method, secure, authenticated, key_size, keys })
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
    w.u64(ltk.map_or(0, |ltk| ltk.rand))
}

fn write_key(w: &mut Writer<'_>, key: Option<&Key>) -> Result<(), NoRoom> {
    w.bytes(&key.map_or([0; 16], |key| *key.octets()))
}

fn read_address(r: &mut Reader<'_>) -> Option<Address> {
    let (kind, octets) = (r.u8().ok()?, r.array().ok()?);
    Address::from_hci(kind, octets)
}

fn read_ltk(r: &mut Reader<'_>) -> Option<LongTermKey> {
    Some(LongTermKey { key: read_key(r)?, ediv: r.u16().ok()?, rand: r.u64().ok()? })
}

fn read_key(r: &mut Reader<'_>) -> Option<Key> {
    r.array().ok().map(Key::new)
}

/// It finds damage; it is no protection against someone who can write to the store.
fn checksum(body: &[u8]) -> [u8; 16] {
    aes_cmac(b"bindrune.bond.v1", &[body])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bond() -> Bond {
        let peer = Address::random([0xc0, 1, 2, 3, 4, 5]);
        let ltk = LongTermKey { key: Key::new([7; 16]), ediv: 0x1234, rand: 0x5678 };
        let keys = Keys {
            local: Some(ltk),
            peer_irk: Some(Key::new([9; 16])),
            peer_identity: Some(peer),
            ..Keys::default()
        };
        let method = Method::Passkey { initiator_inputs: true, responder_inputs: false };
        Bond { peer, method, secure: true, authenticated: true, key_size: 16, keys }
    }

    fn written(bond: &Bond) -> [u8; Bond::SIZE] {
        let mut record = [0; Bond::SIZE];
        let mut w = Writer::new(&mut record);
        bond.write(&mut w).unwrap();
        assert_eq!(w.room(), 0);
        record
    }

    #[test]
    fn a_record_is_read_as_it_was_written_or_not_at_all() {
        let bond = bond();
        let record = written(&bond);
        assert_eq!(Bond::read(&record), Ok(bond));
        for at in 0..record.len() {
            assert!(Bond::read(&record[..at]).is_err());
            let mut damaged = record;
            damaged[at] ^= 0x10;
            assert!(Bond::read(&damaged).is_err(), "octet {at}");
        }
        let mut newer = record;
        newer[0] = 2;
        assert_eq!(Bond::read(&newer), Err(BondError::Version(2)));
    }

    #[test]
    fn a_legacy_passkey_is_read_as_unauthenticated() {
        let old = Bond { secure: false, ..bond() };
        assert_eq!(old.level(), Level::Authenticated);
        assert_eq!(Bond::read(&written(&old)).unwrap().level(), Level::Encrypted);
    }

    #[test]
    fn a_weaker_bond_replaces_none() {
        let strong = bond();
        for weak in [
            Bond { secure: false, ..bond() },
            Bond { authenticated: false, ..bond() },
            Bond { key_size: 15, ..bond() },
        ] {
            assert!(!weak.may_replace(&strong) && strong.may_replace(&weak));
        }
        assert!(strong.may_replace(&strong));
    }

    proptest! {
        #[test]
        fn any_octets_are_survived(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Bond::read(&octets);
        }
    }
}
