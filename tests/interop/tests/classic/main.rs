//! BR/EDR. Two Bumble hosts test the harness, and that a peer can do what the tests of our own host (`own_`) require.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "JSON answers of the peers are indexed by key; a test fails by panicking"
)]

mod channels;
mod discovery;
mod own_channels;
mod own_discovery;
mod own_security;
mod own_serial;
mod own_services;
mod own_share;
mod own_world;
mod security;
mod services;
