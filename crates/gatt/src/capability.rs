//! What this crate was built with.

use crate::server::LongRead;

/// The server.
pub(crate) const SERVER: bool = cfg!(feature = "server");
/// Prepared writes, Read Multiple, and reads of long values that see one value.
pub(crate) const LONG: bool = cfg!(feature = "long");
/// The Database Hash and robust caching.
pub(crate) const CACHING: bool = cfg!(feature = "caching");
/// A peer may know another table than the present one: an earlier one of this run, or the one that its bond remembers.
pub(crate) const CHANGES: bool = CACHING || cfg!(feature = "bonds");

/// Octets that tell tables apart.
pub(crate) type Hash = [u8; if CHANGES { 16 } else { 0 }];

/// The values that a peer reads in parts; nothing where they are not followed.
pub(crate) type LongReads = [LongRead; if LONG { 1 } else { 0 }];

#[cfg(feature = "caching")]
pub(crate) use crate::cmac::Digest;
#[cfg(not(feature = "caching"))]
pub(crate) use crate::fingerprint::Digest;
