//! A scripted controller and a bench for hostile tests: a whole host on one side, octets of the test on the other.
//!
//! The controller answers the commands of the set-up, and does nothing by itself afterwards except return credits. The
//! test writes everything else that arrives at the host. Time is virtual, and each task is polled only when it was
//! woken, so that a missing wake is noticed. A [`Peer`] pairs for the test, up to the point at which the test continues
//! instead.

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
mod dual;
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
