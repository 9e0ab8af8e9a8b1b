//! A hash that distinguishes tables in builds in which no peer can read the Database Hash: 64-bit FNV-1a. It is not
//! cryptographic, because all tables are this device's own.

/// FNV-1a.
pub(crate) struct Digest(u64);

const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

impl Digest {
    pub(crate) const fn new() -> Self {
        Self(OFFSET_BASIS)
    }

    pub(crate) fn update(&mut self, octets: &[u8]) {
        for &octet in octets {
            self.0 = (self.0 ^ u64::from(octet)).wrapping_mul(PRIME);
        }
    }

    pub(crate) fn finish(self) -> [u8; 16] {
        u128::from(self.0).to_le_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_vectors() {
        for (text, hash) in [
            (&b""[..], 0xcbf2_9ce4_8422_2325_u64),
            (b"a", 0xaf63_dc4c_8601_ec8c),
            (b"foobar", 0x8594_4171_f739_67e8),
        ] {
            let mut digest = Digest::new();
            digest.update(text);
            assert_eq!(digest.finish()[..8], hash.to_le_bytes());
        }
    }
}
