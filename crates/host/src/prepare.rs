//! What the user decides about writes in parts.

use crate::Config;

impl Config {
    /// Octets of the arena for each link: the writes that its peer prepared.
    ///
    /// What they leave free keeps a value that the peer reads in parts as it was at the first part. Where the longest value that the host
    /// holds does not fit, such a read fails with Unlikely Error if a long value changes meanwhile, and the peer begins anew.
    #[must_use]
    pub const fn prepare_octets(mut self, octets: usize) -> Self {
        self.prepare_octets = octets;
        self
    }
}
