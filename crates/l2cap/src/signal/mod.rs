//! The LE signalling channel. [Vol 3] Part A, 4
//!
//! - [`pdu`]: the commands, each declared once for parsing and writing.
//! - `machine`: [`Signalling`], the pending commands of one link and its open requests.
//! - `request`, `response`: the effect of each command of the peer.
//! - `transmit`: writes the pending commands.
//! - `answers`: the pending responses to the peer.
//! - `report`: results for the owner.

mod answers;
mod machine;
pub mod pdu;
mod report;
mod request;
mod response;
mod transmit;

pub use machine::{Context, Signalling};
pub use pdu::{ConnectionResult, Parameters};
pub use report::{RequestError, Role, Signal, Timer, UpdateOutcome};

#[cfg(test)]
mod tests;
