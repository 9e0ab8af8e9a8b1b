//! The stored result of a pairing over BR/EDR.

use core::fmt;

use bindrune_wire::{Address, AddressKind, Level, NoRoom, Present, Reader, Writer};
use zeroize::Zeroizing;

use super::key::{KeyKind, Secret, Strength};

/// The stored result of a pairing over BR/EDR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bond {
    /// Address of the peer. It is public: BR/EDR has no other.
    pub peer: Address,
    /// Address of this device. Under another address the key must not be used.
    pub local: Address,
    /// The link key.
    pub key: Secret,
    /// Its kind.
    pub kind: KeyKind,
    /// Whether the key is protected against a man in the middle: the method provided it, and the kind of the key says
    /// so; or it is of a legacy pairing with a PIN of 16 digits, if the configuration counts that.
    pub authenticated: bool,
    pub(super) present: Present,
}

/// The octets are not a valid record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum BondError {
    /// The record is of a version that this host does not know.
    Version(u8),
    /// The record was truncated or changed.
    Damaged,
    /// The record is complete, but this host keeps no key of its kind.
    Unsound,
}

impl fmt::Display for BondError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => write!(f, "a newer bindrune wrote it, as version {version}"),
            Self::Damaged => f.write_str("the record is damaged"),
            Self::Unsound => f.write_str("this host keeps no such key"),
        }
    }
}

impl core::error::Error for BondError {}

impl Bond {
    /// Length of a record in octets.
    pub const SIZE: usize = 35;
    /// The version that is written. It is the first octet of a record, and never 0.
    pub const VERSION: u8 = 1;

    /// Creates a bond.
    #[must_use]
    pub const fn new(
        peer: Address,
        local: Address,
        key: Secret,
        kind: KeyKind,
        authenticated: bool,
    ) -> Self {
        Self { peer, local, key, kind, authenticated, present: Present::Here }
    }

    /// Returns the highest security level of a link that the bond's key encrypts.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.strength().best()
    }

    /// Returns whether the bond is at least as strong as `old`, and so may replace it. [Vol 3] Part C, 14.1
    #[must_use]
    pub const fn may_replace(&self, old: &Self) -> bool {
        self.strength().may_replace(old.strength())
    }

    pub(super) const fn strength(&self) -> Strength {
        Strength { kind: self.kind, authenticated: self.authenticated }
    }

    /// Writes the record.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small; then nothing is written.
    pub fn write(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        let mut record = Zeroizing::new([0; Self::SIZE]);
        let mut body = Writer::new(record.as_mut_slice());
        body.u8(Self::VERSION)?;
        body.u8(self.kind.to_wire())?;
        body.u8(self.authenticated.into())?;
        body.bytes(&self.peer.octets())?;
        body.bytes(&self.local.octets())?;
        body.bytes(self.key.octets())?;
        let sum = checksum(body.written());
        body.u32(sum)?;
        w.bytes(body.written())
    }

    /// Reads a record. If it claims authentication that its kind of key cannot have, the claim is ignored.
    ///
    /// # Errors
    ///
    /// [`BondError`] if the record is damaged, of an unknown version, or holds a key that this host does not keep.
    pub fn read(octets: &[u8]) -> Result<Self, BondError> {
        let (&version, _) = octets.split_first().ok_or(BondError::Damaged)?;
        if version != Self::VERSION {
            return Err(BondError::Version(version));
        }
        let (body, sum) = octets.split_last_chunk::<4>().ok_or(BondError::Damaged)?;
        if octets.len() != Self::SIZE || checksum(body) != u32::from_le_bytes(*sum) {
            return Err(BondError::Damaged);
        }
        Self::read_body(body).ok_or(BondError::Unsound)
    }

    fn read_body(body: &[u8]) -> Option<Self> {
        let mut r = Reader::new(body);
        let _version = r.u8().ok()?;
        let kind = KeyKind::from_wire(r.u8().ok()?)?;
        let authenticated = match r.u8().ok()? {
            0 => false,
            1 => kind.is_authenticated() || kind.is_legacy(),
            _ => return None,
        };
        let peer = Address::new(AddressKind::Public, r.array().ok()?);
        let local = Address::new(AddressKind::Public, r.array().ok()?);
        let key = Secret::new(r.array().ok()?);
        Some(Self::new(peer, local, key, kind, authenticated))
    }
}

/// Returns the CRC-32 of the octets. It detects damage, but does not protect against an attacker that can write to the
/// store.
fn checksum(octets: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ 0xedb8_8320 };
    let octet = |crc: u32, octet: &u8| (0..8).fold(crc ^ u32::from(*octet), step);
    !octets.iter().fold(u32::MAX, octet)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bond(kind: KeyKind, authenticated: bool) -> Bond {
        let (peer, local) = (Address::public([1; 6]), Address::public([2; 6]));
        Bond::new(peer, local, Secret::new([7; 16]), kind, authenticated)
    }

    fn record(bond: &Bond) -> [u8; Bond::SIZE] {
        let mut record = [0; Bond::SIZE];
        bond.write(&mut Writer::new(&mut record)).unwrap();
        record
    }

    fn sealed(change: impl FnOnce(&mut [u8])) -> [u8; Bond::SIZE] {
        let mut octets = record(&bond(KeyKind::Authenticated256, true));
        change(&mut octets);
        let sum = checksum(&octets[..Bond::SIZE - 4]);
        octets[Bond::SIZE - 4..].copy_from_slice(&sum.to_le_bytes());
        octets
    }

    #[test]
    fn the_checksum_is_crc_32() {
        assert_eq!(checksum(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn a_record_is_read_as_it_was_written_or_not_at_all() {
        let bond = bond(KeyKind::Authenticated256, true);
        let octets = record(&bond);
        assert_eq!(Bond::read(&octets), Ok(bond));
        for at in 0..octets.len() {
            for bit in 0..8 {
                let mut changed = octets;
                changed[at] ^= 1 << bit;
                assert!(Bond::read(&changed).is_err(), "{at} {bit}");
            }
            assert!(Bond::read(&octets[..at]).is_err(), "{at}");
        }
        assert_eq!(Bond::read(&[0; Bond::SIZE]), Err(BondError::Version(0)));
        assert_eq!(Bond::read(&[9; Bond::SIZE]), Err(BondError::Version(9)));
    }

    #[test]
    fn a_key_of_a_kind_that_is_refused_is_not_read() {
        for kind in [1, 2, 3, 6, 9] {
            assert_eq!(Bond::read(&sealed(|o| o[1] = kind)), Err(BondError::Unsound), "{kind}");
        }
        assert_eq!(Bond::read(&sealed(|o| o[2] = 2)), Err(BondError::Unsound));
    }

    #[test]
    fn a_claim_that_the_kind_cannot_have_is_ignored() {
        let read = Bond::read(&sealed(|o| o[1] = KeyKind::Unauthenticated256.to_wire())).unwrap();
        assert!(!read.authenticated);
        assert_eq!(read.level(), Level::Encrypted);
    }

    #[test]
    fn without_room_nothing_is_written() {
        let mut short = [0; Bond::SIZE - 1];
        let mut w = Writer::new(&mut short);
        assert!(bond(KeyKind::Combination, false).write(&mut w).is_err());
        assert!(w.is_empty());
    }

    #[test]
    fn a_weaker_bond_replaces_no_bond() {
        let strong = bond(KeyKind::Authenticated256, true);
        assert!(strong.may_replace(&strong));
        assert!(!bond(KeyKind::Authenticated192, true).may_replace(&strong));
        assert!(!bond(KeyKind::Unauthenticated256, false).may_replace(&strong));
    }
}
