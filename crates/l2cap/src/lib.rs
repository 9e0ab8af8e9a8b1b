//! L2CAP for LE links, sans-IO: bytes and the time come in, octets to send are pulled out.
//!
//! - [`Reassembly`] says where the next octets of a link land, and gives whole PDUs; [`Fragments`] cuts a PDU.
//! - [`Signalling`] is the signalling channel of one link: what it owes is written when it is pulled.
//! - [`Channels`] holds the credit-based channels of all links; a [`Channel`] is one slot of it.
//!
//! [`Signalling`] and [`Channels`] work together: a command that concerns a channel changes its slot, and what a channel
//! owes to its peer (a request, an answer, credits) is written by [`Signalling::poll_transmit`] of its link.
//! The order for each PDU on the signalling channel: [`Signalling::handle_pdu`], act on the [`Signal`], then
//! [`Signalling::poll_transmit`] while [`Signalling::interest`] says so.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![forbid(unsafe_code)]
// What only absent capabilities call is not unused: with all of them, everything is called.
#![cfg_attr(not(feature = "channels"), allow(dead_code, unused_imports))]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation))]

#[cfg(any(test, feature = "std"))]
extern crate std;

mod capability;
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
pub use reassembly::{Drops, Reassembly};
pub use signal::{
    ConnectionResult, Context, Parameters, RequestError, Role, Signal, SignalDrops, Signalling,
    Timer, UpdateOutcome,
};

/// The example of the crate's page compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
