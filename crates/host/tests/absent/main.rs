//! What a peer gets to see of a host that was built without a capability: the answers that the specification has for that.
//! Each file is of one feature, and empty where the host has it.
#![cfg(feature = "std")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "what these tests are for")]

mod peer;
mod security;
