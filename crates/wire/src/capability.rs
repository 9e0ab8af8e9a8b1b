//! What this crate was built with.

/// Whether anything is counted.
pub(crate) const STATISTICS: bool = cfg!(feature = "statistics");
