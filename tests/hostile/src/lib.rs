//! A scripted controller and a bench for hostile tests: a whole host on one side, octets of the test's choice on the other.
//!
//! The controller answers what a host must ask to be set up, and does nothing by itself afterwards but give credits
//! back. Whatever else arrives at the host, the test writes. Time is virtual, and each task is polled only when it was
//! woken, so that a wake that is missing shows. A [`Peer`] pairs for the test, up to where the test goes on in its place.

#![forbid(unsafe_code)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "this is test code"
)]

mod bench;
mod clock;
mod controller;
pub mod fuzz;
mod outcome;
mod peer;
mod store;
mod user;
mod wire;

pub use bench::Bench;
pub use clock::TestClock;
pub use controller::{Controller, Opcodes};
pub use outcome::Outcome;
pub use peer::{Peer, SMP, Until};
pub use store::{Failed, Stall, Store};
pub use user::{OobData, User};
pub use wire::{Acl, Sent, acl, l2cap};
