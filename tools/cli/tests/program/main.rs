//! The program as its users run it: with its output and its exit codes.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod air;
mod classic;
mod pairing;
mod run;
mod sim;
#[cfg(unix)]
mod terminal;
