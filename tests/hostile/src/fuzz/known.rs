//! Faults that are known and being mended: true leaves out what would show them. Each goes with its fault.

/// A second `run` ends the first.
pub(crate) const SECOND_RUN: bool = false;
/// `advertise` waits for ever where the end of the set is reported before the link.
pub(crate) const SET_ENDS_FIRST: bool = true;
/// Tasks that wait for ever: `pair` and `encrypt` of a peripheral whose central does nothing.
pub(crate) const ENDLESS: &[&str] = &["pair", "encrypt", "secure"];
/// Tasks that wait with them, where a refused operation makes the link safer.
pub(crate) const ENDLESS_RETRY: &[&str] =
    &["read", "read multiple", "write", "write reliably", "exchange MTU", "unsubscribe"];
/// Nothing is sent for ever where the controller allows no command and only GAP has one to send.
pub(crate) const NO_CREDITS: bool = false;
