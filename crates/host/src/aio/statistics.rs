//! What was counted, as an application reads it.

use crate::{Host, Stats};

impl Host {
    /// Returns what was counted.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.with(|core| core.stack.stats())
    }
}
