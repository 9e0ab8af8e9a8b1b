//! AES-128, private addresses and P-256 of controllers. All octets are least significant first, as in HCI.

use aes::{
    Aes128,
    cipher::{BlockCipherEncrypt, KeyInit},
};
use bindrune_wire::{Address, AddressKind};
use p256::{Sec1Point, SecretKey};

/// Encrypts one block with AES-128. [Vol 4] Part E, 7.8.22
pub(crate) fn encrypt(key: [u8; 16], block: [u8; 16]) -> [u8; 16] {
    let mut block = reversed(block).into();
    Aes128::new(&reversed(key).into()).encrypt_block(&mut block);
    reversed(block.into())
}

/// Returns the hash of a resolvable private address. [Vol 3] Part H, 2.2.2
fn hash(irk: [u8; 16], [a, b, c]: [u8; 3]) -> [u8; 3] {
    let [x, y, z, ..] = encrypt(irk, [a, b, c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    [x, y, z]
}

/// Returns a resolvable private address. [Vol 6] Part B, 1.3.2.2
pub(crate) fn private_address(irk: [u8; 16], [a, b, c]: [u8; 3]) -> Address {
    let prand = [a, b, c & 0x3f | 0x40];
    let ([x, y, z], [a, b, c]) = (hash(irk, prand), prand);
    Address::new(AddressKind::Random, [x, y, z, a, b, c])
}

/// Returns whether the address was generated with this key; a key of zeros generates none. [Vol 6] Part B, 1.3.2.3
pub(crate) fn resolves(irk: [u8; 16], address: Address) -> bool {
    let [x, y, z, a, b, c] = address.octets();
    address.is_resolvable() && irk != [0; 16] && hash(irk, [a, b, c]) == [x, y, z]
}

/// A private key of P-256.
#[derive(Clone)]
pub(crate) struct PrivateKey(SecretKey);

impl core::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}

impl PrivateKey {
    /// Creates the key from these octets, unless they are zero or beyond the order of the curve.
    pub(crate) fn new(octets: [u8; 32]) -> Option<Self> {
        SecretKey::from_slice(&reversed(octets)).ok().map(Self)
    }

    /// Returns X, then Y.
    pub(crate) fn public_key(&self) -> [u8; 64] {
        let point = Sec1Point::from(self.0.public_key());
        let half = |octets: Option<&[u8]>| {
            octets.and_then(|octets| <[u8; 32]>::try_from(octets).ok()).map_or([0; 32], reversed)
        };
        let (x, y) = (half(point.x().map(AsRef::as_ref)), half(point.y().map(AsRef::as_ref)));
        let mut key = [0; 64];
        key.iter_mut().zip(x.into_iter().chain(y)).for_each(|(to, from)| *to = from);
        key
    }

    /// Returns the shared key, if the peer's key is a point of the curve. [Vol 3] Part H, 2.3.5.6.1
    pub(crate) fn shared_key(&self, peer: &[u8; 64]) -> Option<[u8; 32]> {
        let mut sec1 = [4; 65];
        let (x, y) = peer.split_at_checked(32)?;
        let octets = x.iter().rev().chain(y.iter().rev());
        sec1.iter_mut().skip(1).zip(octets).for_each(|(to, from)| *to = *from);
        let peer = p256::PublicKey::from_sec1_bytes(&sec1).ok()?;
        let shared = self.0.diffie_hellman(&peer);
        <[u8; 32]>::try_from(shared.raw_secret_bytes().as_slice()).ok().map(reversed)
    }
}

fn reversed<const N: usize>(mut octets: [u8; N]) -> [u8; N] {
    octets.reverse();
    octets
}

/// The private key of the debug key pair. [Vol 3] Part H, 2.3.5.6.1
pub(crate) const DEBUG_KEY: [u8; 32] = [
    0xbd, 0x1a, 0x3c, 0xcd, 0xa6, 0xb8, 0x99, 0x58, 0x99, 0xb7, 0x40, 0xeb, 0x7b, 0x60, 0xff, 0x4a,
    0x50, 0x3f, 0x10, 0xd2, 0xe3, 0xb3, 0xc9, 0x74, 0x38, 0x5f, 0xc5, 0xa3, 0xd4, 0xf6, 0x49, 0x3f,
];

#[cfg(test)]
mod tests {
    use hex_literal::hex;

    use super::*;

    /// FIPS 197, appendix C.1
    #[test]
    fn one_block() {
        let key = reversed(hex!("000102030405060708090a0b0c0d0e0f"));
        let plain = reversed(hex!("00112233445566778899aabbccddeeff"));
        let cipher = reversed(hex!("69c4e0d86a7b0430d8cdb78070b4c55a"));
        assert_eq!(encrypt(key, plain), cipher);
    }

    /// [Vol 3] Part H, D.7
    #[test]
    fn private_addresses() {
        let irk = reversed(hex!("ec0234a357c8ad05341010a60a397d9b"));
        let address = private_address(irk, reversed(hex!("708194")));
        assert_eq!(address.octets(), reversed(hex!("7081940dfbaa")));
        assert!(resolves(irk, address) && !resolves([1; 16], address));
        let zero = private_address([0; 16], [1, 2, 3]);
        assert!(!resolves([0; 16], zero), "a key of zeros resolves nothing");
    }

    /// [Vol 2] Part G, 7.1.2.1, and the debug key of [Vol 3] Part H, 2.3.5.6.1
    #[test]
    fn shared_keys() {
        let private = |octets| PrivateKey::new(reversed(octets)).unwrap();
        let a = private(hex!("3f49f6d4a3c55f3874c9b3e3d2103f504aff607beb40b7995899b8a6cd3c1abd"));
        let b = private(hex!("55188b3d32f6bb9a900afcfbeed4e72a59cb9ac2f19d7cfb6b4fdd49f47fc5fd"));
        let public = a.public_key();
        let x = reversed(hex!("20b003d2f297be2c5e2c83a7e9f9a5b9eff49111acf4fddbcc0301480e359de6"));
        assert_eq!(public[..32], x);
        assert_eq!(a.0, PrivateKey::new(DEBUG_KEY).unwrap().0);
        let shared =
            reversed(hex!("ec0234a357c8ad05341010a60a397d9b99796b13b4f866f1868d34f373bfa698"));
        assert_eq!(a.shared_key(&b.public_key()), Some(shared));
        assert_eq!(b.shared_key(&public), Some(shared));
        let mut bad = public;
        bad[40] ^= 1;
        assert_eq!(b.shared_key(&bad), None, "the point is not on the curve");
        assert!(PrivateKey::new([0; 32]).is_none() && PrivateKey::new([0xff; 32]).is_none());
    }
}
