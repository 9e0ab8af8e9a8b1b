//! A controller without a radio between two hosts in one thread, and the work that both sides of a comparison do.
//!
//! What one host sends is received by the other at once, so all that costs is the hosts and a harness that is the same for both.
#![forbid(unsafe_code)]

mod controller;
mod port;
mod work;

pub use controller::{Controller, Shared};
pub use port::{Receiver, Sender, next, split, write};
pub use work::{MPS, Task, VALUE, WINDOW, Work, settle};
