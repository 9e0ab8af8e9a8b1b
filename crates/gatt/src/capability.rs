//! Capabilities that this crate was built with.

use crate::server::{LongRead, WRITER};

/// The server.
pub(crate) const SERVER: bool = cfg!(feature = "server");
/// Prepared writes, Read Multiple, and long reads that return one consistent value.
pub(crate) const LONG: bool = cfg!(feature = "long");
/// Writes that are kept separately, each with its writer.
pub(crate) const CAPTURE: bool = cfg!(feature = "capture");
/// The Database Hash and robust caching.
pub(crate) const CACHING: bool = cfg!(feature = "caching");
/// Whether a peer may know a table other than the present one: an earlier one of this run, or the one that its bond
/// remembers.
pub(crate) const CHANGES: bool = CACHING || cfg!(feature = "bonds");

/// Octets that distinguish tables.
pub(crate) type Hash = [u8; if CHANGES { 16 } else { 0 }];

/// The values that a peer reads in parts; empty if they are not tracked.
pub(crate) type LongReads = [LongRead; if LONG { 1 } else { 0 }];

/// Length of the buffer for captured writes; empty without the capability.
pub(crate) type CaptureRoom = [u16; if CAPTURE { 1 } else { 0 }];

/// The host's name of a peer's link, for captured writes.
pub(crate) type Writer = [[u8; WRITER]; if CAPTURE { 1 } else { 0 }];

#[cfg(feature = "caching")]
pub(crate) use crate::cmac::Digest;
#[cfg(not(feature = "caching"))]
pub(crate) use crate::fingerprint::Digest;
