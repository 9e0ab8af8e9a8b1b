//! Secrets and public keys. Secrets print nothing in `Debug`, compare in constant time, and are wiped on drop.

use core::fmt;

use bindrune_wire::zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

macro_rules! secret {
    ($(#[$meta:meta])* $name:ident, $len:literal) => {
        $(#[$meta])*
        #[derive(Clone)]
        #[repr(transparent)]
        pub struct $name([u8; $len]);

        impl $name {
            /// Creates it from octets, least significant first.
            #[must_use]
            pub const fn new(octets: [u8; $len]) -> Self {
                Self(octets)
            }

            /// Returns the octets, least significant first. They are secret: do not log them.
            #[must_use]
            pub const fn octets(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.ct_eq(&other.0).into()
            }
        }

        impl Eq for $name {}

        impl Drop for $name {
            fn drop(&mut self) {
                self.0.zeroize();
            }
        }

        #[cfg(feature = "defmt")]
        impl defmt::Format for $name {
            fn format(&self, f: defmt::Formatter<'_>) {
                defmt::write!(f, "secret");
            }
        }
    };
}

secret!(
    /// A key of 128 bits: LTK, IRK, CSRK, temporary key or OOB random. Any octets are a key.
    #[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
    #[zerocopy(crate = "bindrune_wire::zerocopy")]
    Key,
    16
);
secret!(
    /// A P-256 private key.
    PrivateKey,
    32
);
secret!(
    /// The X coordinate of a Diffie-Hellman result. [Vol 3] Part H, 2.3.5.6.1
    DhKey,
    32
);

impl Key {
    /// Becomes a copy of another key.
    pub(crate) const fn set(&mut self, key: &Self) {
        self.0 = key.0;
    }

    /// Becomes zeros.
    pub(crate) fn clear(&mut self) {
        self.0.zeroize();
    }

    /// Returns whether every octet is zero. For an IRK this means that its owner does not use privacy.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0.ct_eq(&[0; 16]).into()
    }

    /// Clears all but the `size` least significant octets of the key. [Vol 3] Part H, 2.3.4
    #[must_use]
    pub fn shortened(mut self, size: u8) -> Self {
        self.0.iter_mut().skip(usize::from(size)).for_each(|octet| *octet = 0);
        self
    }
}

/// A P-256 public key in the layout of the PDU. [Vol 3] Part H, 3.5.6
#[derive(Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[zerocopy(crate = "bindrune_wire::zerocopy")]
#[repr(C)]
pub struct PublicKey {
    /// X coordinate, least significant octet first.
    pub x: [u8; 32],
    /// Y coordinate, least significant octet first.
    pub y: [u8; 32],
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey(")?;
        self.x.iter().rev().take(4).try_for_each(|octet| write!(f, "{octet:02x}"))?;
        f.write_str("..)")
    }
}

/// Our P-256 key pair; the private half may stay inside the controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalKey {
    /// The public key, which the peer gets.
    pub public: PublicKey,
    /// The private key; `None` if the controller keeps it.
    pub private: Option<PrivateKey>,
}

/// A Long Term Key and its name in an encryption request. [Vol 3] Part H, 2.4.1
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LongTermKey {
    /// The key.
    pub key: Key,
    /// Encrypted Diversifier; 0 for LE Secure Connections.
    pub ediv: u16,
    /// Random Number, least significant octet first; 0 for LE Secure Connections.
    pub rand: [u8; 8],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_octet() {
        let key = LongTermKey { key: Key::new([0xa5; 16]), ediv: 0, rand: [0; 8] };
        let text =
            std::format!("{key:?} {:?} {:?}", DhKey::new([0xa5; 32]), PrivateKey::new([0xa5; 32]));
        let text = std::format!("{text} {:?}", crate::JobDone::Random([0xa5; 16]));
        assert!(!text.contains("a5") && !text.contains("165"), "{text}");
    }

    #[test]
    fn a_short_key_keeps_its_low_octets() {
        let key = Key::new([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]).shortened(7);
        assert_eq!(key.octets(), &[1, 2, 3, 4, 5, 6, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert!(Key::new([0; 16]).is_zero() && !key.is_zero());
    }
}
