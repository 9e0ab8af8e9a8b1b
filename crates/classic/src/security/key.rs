//! Link keys: secrets that are never logged, and the strength of each kind. [Vol 2] Part H, 3.1

use core::fmt;

use bindrune_wire::Level;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// A secret of 128 bits: a link key, or a value of out-of-band data. `Debug` hides it, comparison takes constant time,
/// and it is wiped on drop.
#[derive(Clone)]
pub struct Secret([u8; 16]);

impl Secret {
    /// Creates it from octets in the order of the wire.
    #[must_use]
    pub const fn new(octets: [u8; 16]) -> Self {
        Self(octets)
    }

    /// Returns the octets in the order of the wire. They are secret: do not log them.
    #[must_use]
    pub const fn octets(&self) -> &[u8; 16] {
        &self.0
    }

    /// Returns whether every octet is zero. No pairing makes such a key.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0.ct_eq(&[0; 16]).into()
    }
}

/// Takes a value with a [`Secret`], and wipes the place where it was: a move would leave its octets there.
pub fn take_secret<T: Clone>(place: &mut Option<T>) -> Option<T> {
    let taken = place.clone();
    *place = None;
    taken
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Secret {}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Secret {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "secret");
    }
}

/// Kind of a link key that this host keeps. [Vol 4] Part E, 7.7.24
///
/// Debug keys and unit keys are missing: this host refuses them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum KeyKind {
    /// Combination key of a legacy pairing with a PIN.
    Combination = 0x00,
    /// Unauthenticated key, from P-192.
    Unauthenticated192 = 0x04,
    /// Authenticated key, from P-192.
    Authenticated192 = 0x05,
    /// Unauthenticated key, from P-256.
    Unauthenticated256 = 0x07,
    /// Authenticated key, from P-256.
    Authenticated256 = 0x08,
}

impl KeyKind {
    /// Creates it from the number on the wire; `None` for a kind that this host refuses.
    #[must_use]
    pub const fn from_wire(value: u8) -> Option<Self> {
        Some(match value {
            0x00 => Self::Combination,
            0x04 => Self::Unauthenticated192,
            0x05 => Self::Authenticated192,
            0x07 => Self::Unauthenticated256,
            0x08 => Self::Authenticated256,
            _ => return None,
        })
    }

    /// Returns the number on the wire.
    #[must_use]
    pub const fn to_wire(self) -> u8 {
        match self {
            Self::Combination => 0x00,
            Self::Unauthenticated192 => 0x04,
            Self::Authenticated192 => 0x05,
            Self::Unauthenticated256 => 0x07,
            Self::Authenticated256 => 0x08,
        }
    }

    /// Returns whether the controller protected the pairing against a man in the middle.
    #[must_use]
    pub const fn is_authenticated(self) -> bool {
        matches!(self, Self::Authenticated192 | Self::Authenticated256)
    }

    /// Returns whether it is a key of Secure Connections.
    #[must_use]
    pub const fn is_secure(self) -> bool {
        matches!(self, Self::Unauthenticated256 | Self::Authenticated256)
    }

    /// Returns whether it is a key of a legacy pairing.
    #[must_use]
    pub const fn is_legacy(self) -> bool {
        matches!(self, Self::Combination)
    }
}

/// The cipher of an encrypted link. [Vol 4] Part E, 7.7.8
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Cipher {
    /// E0, without Secure Connections.
    E0 = 1,
    /// AES-CCM, with Secure Connections.
    AesCcm,
}

/// Strength of a link key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Strength {
    pub(super) kind: KeyKind,
    /// Whether the method protected against a man in the middle, and the controller says so too.
    pub(super) authenticated: bool,
}

impl Strength {
    /// Returns the level of a link that this key encrypts. [Vol 3] Part C, 5.2.2.8
    pub(super) const fn level(self, cipher: Cipher, key_size: u8) -> Level {
        match (self.authenticated, cipher) {
            (true, Cipher::AesCcm) if self.kind.is_secure() && key_size >= 16 => {
                Level::SecureConnections
            }
            (true, _) => Level::Authenticated,
            (false, _) => Level::Encrypted,
        }
    }

    /// Returns the highest level that this key can give a link.
    pub(super) const fn best(self) -> Level {
        let cipher = if self.kind.is_secure() { Cipher::AesCcm } else { Cipher::E0 };
        self.level(cipher, 16)
    }

    /// Returns whether it is at least as strong as `old` in each respect.
    pub(super) const fn may_replace(self, old: Self) -> bool {
        (self.authenticated || !old.authenticated)
            && (self.kind.is_secure() || !old.kind.is_secure())
            && (!self.kind.is_legacy() || old.kind.is_legacy())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [KeyKind; 5] = [
        KeyKind::Combination,
        KeyKind::Unauthenticated192,
        KeyKind::Authenticated192,
        KeyKind::Unauthenticated256,
        KeyKind::Authenticated256,
    ];

    fn full(kind: KeyKind) -> Strength {
        Strength { kind, authenticated: kind.is_authenticated() }
    }

    #[test]
    fn only_known_kinds_are_kept() {
        for value in 0..=u8::MAX {
            let kind = KeyKind::from_wire(value);
            assert_eq!(kind.is_some(), [0, 4, 5, 7, 8].contains(&value), "{value}");
            assert!(kind.is_none_or(|kind| kind.to_wire() == value));
        }
    }

    #[test]
    fn the_level_needs_the_kind_the_cipher_and_the_size() {
        let best = ALL.map(|kind| full(kind).best());
        let expected = [
            Level::Encrypted,
            Level::Encrypted,
            Level::Authenticated,
            Level::Encrypted,
            Level::SecureConnections,
        ];
        assert_eq!(best, expected);
        let key = full(KeyKind::Authenticated256);
        assert_eq!(key.level(Cipher::AesCcm, 15), Level::Authenticated);
        assert_eq!(key.level(Cipher::E0, 16), Level::Authenticated);
        assert_eq!(full(KeyKind::Authenticated192).level(Cipher::AesCcm, 16), Level::Authenticated);
        let claimed = Strength { kind: KeyKind::Authenticated256, authenticated: false };
        assert_eq!(claimed.best(), Level::Encrypted);
    }

    #[test]
    fn a_weaker_key_replaces_none() {
        // Rows: new; columns: old; in the order of ALL.
        let table = ["10000", "11000", "11100", "11010", "11111"];
        for (row, new) in table.into_iter().zip(ALL) {
            for (cell, old) in row.chars().zip(ALL) {
                assert_eq!(full(new).may_replace(full(old)), cell == '1', "{new:?} {old:?}");
            }
        }
    }

    #[test]
    fn debug_shows_no_octet() {
        let text = std::format!("{:?}", Secret::new([0xa5; 16]));
        assert!(!text.contains("a5") && !text.contains("165"), "{text}");
        assert!(Secret::new([0; 16]).is_zero() && !Secret::new([1; 16]).is_zero());
    }
}
