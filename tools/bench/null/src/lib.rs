//! A controller without a radio between two hosts in one thread, and the work of both sides of a comparison.
//!
//! Each host receives at once what the other one sends. So all cost is in the hosts and in a harness that is the same
//! for both.
#![forbid(unsafe_code)]

mod classic;
mod controller;
mod port;
mod work;

pub use controller::{Controller, Shared};
pub use port::{Receiver, Sender, next, split, write};
pub use work::{MPS, Task, VALUE, WINDOW, Work, settle};
