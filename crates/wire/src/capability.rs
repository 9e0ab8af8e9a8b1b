//! Capabilities that this crate was built with.

/// Whether counters count.
pub(crate) const STATISTICS: bool = cfg!(feature = "statistics");
