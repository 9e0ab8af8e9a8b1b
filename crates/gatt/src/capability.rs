//! What this crate was built with.

use crate::server::{LongRead, WRITER};

/// The server.
pub(crate) const SERVER: bool = cfg!(feature = "server");
/// Prepared writes, Read Multiple, and reads of long values that see one value.
pub(crate) const LONG: bool = cfg!(feature = "long");
/// Writes that are kept apart, with who wrote them.
pub(crate) const CAPTURE: bool = cfg!(feature = "capture");
/// The Database Hash and robust caching.
pub(crate) const CACHING: bool = cfg!(feature = "caching");
/// A peer may know another table than the present one: an earlier one of this run, or the one that its bond remembers.
pub(crate) const CHANGES: bool = CACHING || cfg!(feature = "bonds");

/// Octets that tell tables apart.
pub(crate) type Hash = [u8; if CHANGES { 16 } else { 0 }];

/// The values that a peer reads in parts; nothing if they are not followed.
pub(crate) type LongReads = [LongRead; if LONG { 1 } else { 0 }];

/// Octets of the buffer for captured writes; nothing if there are none.
pub(crate) type CaptureRoom = [u16; if CAPTURE { 1 } else { 0 }];

/// What the host calls the link of a peer, for the writes that are captured.
pub(crate) type Writer = [[u8; WRITER]; if CAPTURE { 1 } else { 0 }];

#[cfg(feature = "caching")]
pub(crate) use crate::cmac::Digest;
#[cfg(not(feature = "caching"))]
pub(crate) use crate::fingerprint::Digest;
