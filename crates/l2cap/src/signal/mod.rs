//! The LE signalling channel. [Vol 3] Part A, 4
//!
//! - [`pdu`]: the commands, each declared once for parsing and writing.
//! - `machine`: [`Signalling`], what one link owes and waits for.
//! - `request`, `response`: what each command of the peer does.
//! - `transmit`: what is written when it is pulled.
//! - `answers`: the answers that are owed to the peer.
//! - `report`: what the owner is told.

mod answers;
mod machine;
pub mod pdu;
mod report;
mod request;
mod response;
mod transmit;

pub use machine::{Context, Signalling};
pub use pdu::{ConnectionResult, Parameters};
pub use report::{RequestError, Role, Signal, SignalDrops, Timer, UpdateOutcome};

#[cfg(test)]
mod tests;
