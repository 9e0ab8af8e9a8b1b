//! Whole bindrune hosts on the virtual controllers, through embassy's traits.
//!
//! [`Pair`] is two hosts and their operations; [`Direct`] is a controller with typed methods and faults.
#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a harness fails by panicking"
)]

mod direct;
mod pair;

pub use direct::{Direct, Fault, Faulty};
pub use pair::{Pair, host, platform};
