//! Configuration of writes in parts.

use crate::Config;

impl Config {
    /// Sets the bytes of the arena for the prepared writes of each link.
    ///
    /// The unused part keeps a copy of a value that the peer reads in parts, as it was at the first part. If the
    /// longest value that the host holds does not fit, and a long value changes during such a read, the read fails with
    /// Unlikely Error and the peer begins again.
    #[must_use]
    pub const fn prepare_bytes(mut self, bytes: usize) -> Self {
        self.prepare_bytes = bytes;
        self
    }
}
