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
mod bench;
#[cfg(unix)]
mod blocked;
#[cfg(unix)]
mod bonds;
mod btp;
#[cfg(unix)]
mod cases;
mod classic;
mod database;
#[cfg(unix)]
mod desk;
#[cfg(unix)]
mod doctor;
mod json;
mod pairing;
#[cfg(unix)]
mod prompt;
mod run;
#[cfg(unix)]
mod serial;
mod shell;
mod sim;
#[cfg(unix)]
mod snapshot;
#[cfg(unix)]
mod terminal;
mod trace;
#[cfg(unix)]
mod width;
