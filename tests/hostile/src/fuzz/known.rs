//! Faults that are known and being mended: true leaves out what would show them. Each goes with its fault.

/// `advertise` waits for ever where the end of the set is reported before the link.
pub(crate) const SET_ENDS_FIRST: bool = true;
