//! Two Bumble hosts on BR/EDR: tests the harness, and that a peer can do what later tests require.

#![allow(clippy::indexing_slicing, reason = "JSON answers of the peers are indexed by key")]

mod channels;
mod discovery;
mod security;
mod services;
