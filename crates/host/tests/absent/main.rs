//! What a peer sees of a host that was built without a capability: the answers of the specification for that case. Each
//! file tests one feature, and is empty if the host has it.
#![cfg(feature = "std")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what these tests are for"
)]

mod caching;
mod channels;
mod client;
mod commands;
mod long;
mod mtu;
mod pairing;
mod peer;
mod recovery;
mod secrets;
mod security;
mod server;
mod tuning;
