//! Whole bindrune hosts over the virtual controllers, as embassy's traits show them.
//!
//! [`Pair`] is two hosts and what they do with each other; [`Direct`] is a controller with typed methods and faults.
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
