//! Counts received values, like the peers.

use crate::numbered;
use sha2::{Digest, Sha256};

/// Received values: their number, bytes and hash.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    count: u32,
    octets: usize,
    in_order: u32,
    hash: Sha256,
}

impl Tally {
    /// Counts one value, or one SDU.
    pub fn add(&mut self, value: &[u8]) {
        let due = value.len() >= 4 && value == numbered(self.count, value.len());
        self.in_order = self.in_order.saturating_add(due.into());
        self.count = self.count.saturating_add(1);
        self.octets = self.octets.saturating_add(value.len());
        self.hash.update(value);
    }

    /// Adds bytes to the last SDU, or starts the first one.
    pub fn add_part(&mut self, part: &[u8], last: bool) {
        self.count = self.count.saturating_add(last.into());
        self.octets = self.octets.saturating_add(part.len());
        self.hash.update(part);
    }

    /// Returns the number of values.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// Returns the number of bytes.
    #[must_use]
    pub const fn octets(&self) -> usize {
        self.octets
    }

    /// Returns how many equaled the [`numbered`](crate::numbered) value of their turn.
    #[must_use]
    pub const fn in_order(&self) -> u32 {
        self.in_order
    }

    /// Returns the SHA-256 of all bytes, as the peers report it.
    #[must_use]
    pub fn sha256(&self) -> String {
        self.hash.clone().finalize().iter().map(|octet| format!("{octet:02x}")).collect()
    }
}
