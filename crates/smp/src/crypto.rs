//! The cryptographic functions of the specification. [Vol 3] Part H, 2.2
//!
//! Arguments and results are in the order of the wire, least significant octet first.

pub mod advertising;
#[cfg(test)]
mod tests;

use aes::{Aes128, cipher::BlockCipherEncrypt};
use bindrune_wire::Address;
use cmac::{Cmac, KeyInit, Mac};
use p256::{AffinePoint, NonZeroScalar, ProjectivePoint, elliptic_curve::point::AffineCoordinates};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{
    keys::{DhKey, Key, LocalKey, PrivateKey, PublicKey},
    pdu::Features,
};

/// The public half of the debug key pair of LE Secure Connections. [Vol 3] Part H, 2.3.5.6.1
pub const DEBUG_KEY_X: [u8; 32] = [
    0xe6, 0x9d, 0x35, 0x0e, 0x48, 0x01, 0x03, 0xcc, 0xdb, 0xfd, 0xf4, 0xac, 0x11, 0x91, 0xf4, 0xef,
    0xb9, 0xa5, 0xf9, 0xe9, 0xa7, 0x83, 0x2c, 0x5e, 0x2c, 0xbe, 0x97, 0xf2, 0xd2, 0x03, 0xb0, 0x20,
];

/// Encrypts one block with AES-128. [Vol 3] Part H, 2.2.1
#[must_use]
pub fn e(key: &Key, plain: [u8; 16]) -> [u8; 16] {
    let mut block = reversed(&plain).into();
    Aes128::new((&*most_first(key)).into()).encrypt_block(&mut block);
    reversed(&block.into())
}

/// Computes AES-CMAC of `parts` in sequence; key, message and result most significant octet first. RFC 4493
#[must_use]
pub fn aes_cmac(key: &[u8; 16], parts: &[&[u8]]) -> [u8; 16] {
    mac(key, parts, false)
}

/// Computes AES-CMAC of `parts` in sequence; key, each part and result in the order of the wire.
fn wire_cmac(key: &[u8; 16], parts: &[&[u8]]) -> [u8; 16] {
    reversed(&mac(&Zeroizing::new(reversed(key)), parts, true))
}

/// Computes AES-CMAC in one place for both orders of octets.
#[inline(never)]
fn mac(key: &[u8; 16], parts: &[&[u8]], reverse: bool) -> [u8; 16] {
    let mut mac = Cmac::<Aes128>::new(key.into());
    for part in parts {
        let mut rest = part.iter();
        while let Some(octet) = if reverse { rest.next_back() } else { rest.next() } {
            mac.update(&[*octet]);
        }
    }
    mac.finalize().into_bytes().into()
}

/// Computes the confirm value of LE Secure Connections. [Vol 3] Part H, 2.2.6
#[must_use]
pub fn f4(u: &[u8; 32], v: &[u8; 32], x: &[u8; 16], z: u8) -> [u8; 16] {
    wire_cmac(x, &[u, v, &[z]])
}

/// Computes MacKey and LTK of LE Secure Connections. [Vol 3] Part H, 2.2.7
#[must_use]
pub fn f5(w: &DhKey, n1: &[u8; 16], n2: &[u8; 16], a1: Address, a2: Address) -> (Key, Key) {
    /// In the order of the wire.
    const SALT: [u8; 16] = [
        0xbe, 0x83, 0x60, 0x5a, 0xdb, 0x0b, 0x37, 0x60, 0x38, 0xa5, 0xf5, 0xaa, 0x91, 0x83, 0x88,
        0x6c,
    ];
    let t = Zeroizing::new(wire_cmac(&SALT, &[w.octets()]));
    let (a1, a2) = (address(a1), address(a2));
    let part = |n: u8| Key::new(wire_cmac(&t, &[&[n], b"eltb", n1, n2, &a1, &a2, &[0, 1]]));
    (part(0), part(1))
}

/// Computes the DHKey check of LE Secure Connections. [Vol 3] Part H, 2.2.8
#[must_use]
pub fn f6(
    w: &Key,
    [n1, n2, r]: [&[u8; 16]; 3],
    io_cap: [u8; 3],
    a1: Address,
    a2: Address,
) -> [u8; 16] {
    wire_cmac(w.octets(), &[n1, n2, r, &io_cap, &address(a1), &address(a2)])
}

/// Computes the six digits of Numeric Comparison. [Vol 3] Part H, 2.2.9
#[must_use]
pub fn g2(u: &[u8; 32], v: &[u8; 32], x: &[u8; 16], y: &[u8; 16]) -> u32 {
    let [a, b, c, d, ..] = wire_cmac(x, &[u, v, y]);
    u32::from_le_bytes([a, b, c, d]) % 1_000_000
}

/// Converts keys of one transport to another; the identifier is in written order. [Vol 3] Part H, 2.2.10
#[must_use]
pub fn h6(w: &Key, id: &[u8; 4]) -> Key {
    Key::new(wire_cmac(w.octets(), &[&reversed(id)]))
}

/// Converts keys of one transport to another; the salt is in written order. [Vol 3] Part H, 2.2.11
#[must_use]
pub fn h7(salt: &[u8; 16], w: &Key) -> Key {
    Key::new(wire_cmac(&reversed(salt), &[w.octets()]))
}

/// Computes the hash of a resolvable private address. [Vol 3] Part H, 2.2.2
#[must_use]
pub fn ah(irk: &Key, [a, b, c]: [u8; 3]) -> [u8; 3] {
    let [x, y, z, ..] = e(irk, [a, b, c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    [x, y, z]
}

/// Returns whether a resolvable private address was generated with `irk`. [Vol 6] Part B, 1.3.2.3
///
/// A key of zeros resolves no address: its owner does not use privacy.
#[must_use]
pub fn resolves(irk: &Key, address: Address) -> bool {
    let [x, y, z, a, b, c] = address.octets();
    address.is_resolvable() && !irk.is_zero() && bool::from(ah(irk, [a, b, c]).ct_eq(&[x, y, z]))
}

/// Computes a resolvable private address from three random octets. [Vol 6] Part B, 1.3.2.2
#[must_use]
pub fn resolvable(irk: &Key, [a, b, c]: [u8; 3]) -> Address {
    let prand = [a, b, c & 0x3f | 0x40];
    let [x, y, z] = ah(irk, prand);
    let [a, b, c] = prand;
    Address::new(bindrune_wire::AddressKind::Random, [x, y, z, a, b, c])
}

/// Computes the confirm value of LE legacy pairing. [Vol 3] Part H, 2.2.3
#[must_use]
pub fn c1(
    tk: &Key,
    rand: &[u8; 16],
    [request, response]: [&Features; 2],
    [initiator, responder]: [Address; 2],
) -> [u8; 16] {
    let mut p1 = [0; 16];
    let head = [initiator.hci_kind(), responder.hci_kind(), 1];
    let octets = head.into_iter().chain(features(request)).chain([2]).chain(features(response));
    p1.iter_mut().zip(octets).for_each(|(to, from)| *to = from);
    let mut p2 = [0; 16];
    let octets = responder.octets().into_iter().chain(initiator.octets());
    p2.iter_mut().zip(octets).for_each(|(to, from)| *to = from);
    e(tk, xor(e(tk, xor(*rand, p1)), p2))
}

/// Computes the Short Term Key of LE legacy pairing. [Vol 3] Part H, 2.2.4
#[must_use]
pub fn s1(tk: &Key, responder: &[u8; 16], initiator: &[u8; 16]) -> Key {
    let mut r = [0; 16];
    let octets = initiator.iter().take(8).chain(responder.iter().take(8));
    r.iter_mut().zip(octets).for_each(|(to, from)| *to = *from);
    Key::new(e(tk, r))
}

/// Computes the signature of `message` with its counter: the last 12 octets of a signed PDU. [Vol 3] Part H, 2.4.5
#[must_use]
pub fn sign(csrk: &Key, message: &[u8], counter: u32) -> [u8; 12] {
    let [c0, c1, c2, c3] = counter.to_le_bytes();
    let mut mac = Cmac::<Aes128>::new((&*most_first(csrk)).into());
    [c3, c2, c1, c0].iter().chain(message.iter().rev()).for_each(|octet| mac.update(&[*octet]));
    let tag: [u8; 16] = mac.finalize().into_bytes().into();
    let [a, b, c, d, e, f, g, h, ..] = tag;
    [c0, c1, c2, c3, h, g, f, e, d, c, b, a]
}

/// Creates our key pair from 32 random octets; `None` if they are not a valid private key, which is rarer than any
/// failure.
#[must_use]
pub fn key_pair(private: PrivateKey) -> Option<LocalKey> {
    let point = product(&private, AffinePoint::GENERATOR)?;
    let public = PublicKey { x: reversed(&point.x().into()), y: reversed(&point.y().into()) };
    Some(LocalKey { public, private: Some(private) })
}

/// Returns the Diffie-Hellman key, if the peer's key is a point of the curve. [Vol 3] Part H, 2.3.5.6.1
#[must_use]
pub fn dh_key(private: &PrivateKey, peer: &PublicKey) -> Option<DhKey> {
    let shared = Zeroizing::new(product(private, point(peer)?)?);
    let x = Zeroizing::new(shared.x());
    Some(DhKey::new(reversed((*x).as_ref())))
}

/// Returns whether both coordinates are in range and satisfy the curve's equation. [Vol 3] Part H, 2.3.5.6.1
#[must_use]
pub fn is_valid(key: &PublicKey) -> bool {
    point(key).is_some()
}

/// Compares two values that an attacker might guess, in constant time.
#[must_use]
pub fn same<const N: usize>(a: &[u8; N], b: &[u8; N]) -> bool {
    a.ct_eq(b).into()
}

/// Multiplies a point by a private key, in constant time; `None` if the key is not valid.
fn product(private: &PrivateKey, point: AffinePoint) -> Option<AffinePoint> {
    let octets = Zeroizing::new(reversed(private.octets()));
    let scalar: Option<NonZeroScalar> = NonZeroScalar::from_repr((*octets).into()).into();
    let scalar = Zeroizing::new(scalar?);
    Some(ProjectivePoint::from(point).mul(&scalar).to_affine())
}

fn point(key: &PublicKey) -> Option<AffinePoint> {
    let (x, y) = (reversed(&key.x), reversed(&key.y));
    AffinePoint::from_coordinates((&x).into(), (&y).into()).into()
}

/// Returns address and kind in the order of the wire.
#[inline(never)]
fn address(address: Address) -> [u8; 7] {
    let [a, b, c, d, e, f] = address.octets();
    [a, b, c, d, e, f, address.hci_kind()]
}

fn features(features: &Features) -> [u8; 6] {
    bindrune_wire::zerocopy::transmute!(*features)
}

/// Returns the octets of a key, most significant first; they are wiped on drop.
fn most_first(key: &Key) -> Zeroizing<[u8; 16]> {
    Zeroizing::new(reversed(key.octets()))
}

fn reversed<const N: usize>(octets: &[u8; N]) -> [u8; N] {
    let mut reversed = *octets;
    reversed.reverse();
    reversed
}

fn xor(mut a: [u8; 16], b: [u8; 16]) -> [u8; 16] {
    a.iter_mut().zip(b).for_each(|(a, b)| *a ^= b);
    a
}
