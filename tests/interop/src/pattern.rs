//! Bytes that both ends of a transfer can generate.

use sha2::{Digest, Sha256};

/// The seeded byte stream of `peers/common.py`: a 32-bit linear congruential generator, of which
/// each step yields its top byte.
#[derive(Clone, Debug)]
pub struct Pattern(u32);

impl Pattern {
    /// Returns the stream of `seed`.
    #[must_use]
    pub const fn new(seed: u32) -> Self {
        Self(seed)
    }

    /// Returns the next byte.
    pub const fn octet(&mut self) -> u8 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0.to_be_bytes()[0]
    }

    /// Fills `out` with the next bytes.
    pub fn fill(&mut self, out: &mut [u8]) {
        out.fill_with(|| self.octet());
    }

    /// Returns the next `length` bytes.
    #[must_use]
    pub fn take(&mut self, length: usize) -> Vec<u8> {
        let mut out = vec![0; length];
        self.fill(&mut out);
        out
    }
}

/// Returns the value of the `number`-th notification, indication or command of `length` bytes (at least
/// 4): its number, little-endian, then the pattern of that seed.
#[must_use]
pub fn numbered(number: u32, length: usize) -> Vec<u8> {
    let mut value = number.to_le_bytes().to_vec();
    value.append(&mut Pattern::new(number).take(length.saturating_sub(4)));
    value
}

/// Returns the SHA-256 of the first `count` [`numbered`] values of `length` bytes, one after the other.
#[must_use]
pub fn numbered_sha256(count: u32, length: usize) -> String {
    sha256(&(0..count).flat_map(|number| numbered(number, length)).collect::<Vec<_>>())
}

/// Returns a SHA-256 as lower-case hexadecimal digits, as the peers report it.
#[must_use]
pub fn sha256(octets: &[u8]) -> String {
    Sha256::digest(octets).iter().map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pattern_is_the_one_of_the_peers() {
        // python3 -c 'from common import Pattern; print(Pattern(1).take(8).hex())'
        assert_eq!(Pattern::new(1).take(8), [0x3c, 0x5e, 0x81, 0xb4, 0x0c, 0x5e, 0xc6, 0x8e]);
        assert_eq!(
            sha256(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
