//! Counters, as applications read them.

use crate::{Host, Stats};

impl Host {
    /// Returns the counters.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.with(|core| core.stack.stats())
    }
}
