//! AES-CMAC, for the Database Hash. [Vol 3] Part G, 7.3.1

use aes::Aes128;
use cmac::{Cmac, KeyInit, Mac};

/// AES-CMAC with a key of zeros.
pub(crate) struct Digest(Cmac<Aes128>);

impl Digest {
    pub(crate) fn new() -> Self {
        Self(Cmac::new(&[0; 16].into()))
    }

    pub(crate) fn update(&mut self, octets: &[u8]) {
        self.0.update(octets);
    }

    /// Returns the result, least significant octet first.
    pub(crate) fn finish(self) -> [u8; 16] {
        let mut hash: [u8; 16] = self.0.finalize().into_bytes().into();
        hash.reverse();
        hash
    }
}
