//! L2CAP for LE links without I/O: bytes and the time are inputs, and the caller pulls the octets to send.
//!
//! - [`Reassembly`] selects where the next octets of a link are stored, and returns whole PDUs; [`Fragments`] splits a
//!   PDU.
//! - [`Signalling`] is the signalling channel of one link: it writes pending commands when the caller polls it.
//! - [`Channels`] holds the credit-based channels of all links; a [`Channel`] is one slot of it.
//!
//! [`Signalling`] and [`Channels`] work together: a command about a channel changes its slot, and
//! [`Signalling::poll_transmit`] of the link writes the channel's pending commands (a request, a response, credits).
//! The order for each PDU on the signalling channel: [`Signalling::handle_pdu`], act on the [`Signal`], then
//! [`Signalling::poll_transmit`] while [`Signalling::interest`] asks for it.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![forbid(unsafe_code)]
// Code that only absent capabilities call is not dead: with all capabilities, everything is called.
#![cfg_attr(not(feature = "channels"), allow(dead_code, unused_imports))]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation))]

#[cfg(any(test, feature = "std"))]
extern crate std;

mod capability;
#[cfg(feature = "classic")]
pub mod classic;
mod coc;
mod fragment;
#[cfg(any(test, feature = "std"))]
#[doc(hidden)]
pub mod fuzz;
mod header;
mod reassembly;
pub mod signal;
#[cfg(test)]
mod testing;

pub use coc::{
    Channel, ChannelConfig, ChannelDrops, Channels, Chunk, CloseReason, LinkId, Listener,
    OpenError, Pools, Readable, ReceiveError, Received, Security, SendError, State, Violation,
};
pub use fragment::Fragments;
pub use header::{Cid, Header, Psm};
pub use reassembly::Reassembly;
pub use signal::{
    ConnectionResult, Context, Parameters, RequestError, Role, Signal, Signalling, Timer,
    UpdateOutcome,
};

/// Compiles and runs the example of the crate's README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
