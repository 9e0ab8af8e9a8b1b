//! The Security Manager Protocol without I/O: pairing in both roles. [Vol 3] Part H
//!
//! - [`pdu`]: every PDU of the fixed channel 0x0006.
//! - [`method`]: the association model that two devices use, and its security level.
//! - [`crypto`]: the functions of the specification, and P-256.
//! - [`keys`]: keys that are never logged and are wiped on drop.
//! - [`pairing`]: the machine of one link.
//! - [`backoff`]: how long a peer must wait after a failed pairing.
//! - [`bond`]: the record that outlives the link.
//!
//! The order for each link: [`Pairing::handle_pdu`], then until nothing is pending [`Pairing::poll_job`],
//! [`Pairing::poll_request`], [`Pairing::poll_event`], and [`Pairing::poll_transmit`] while [`Pairing::interest`]
//! asks for it.
//!
//! Octets of keys, random numbers and public keys are in the order of the wire, least significant first.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![forbid(unsafe_code)]
// Code that only absent capabilities call is not dead: with all capabilities, everything is called.
#![cfg_attr(
    not(all(feature = "central", feature = "legacy", feature = "oob")),
    allow(dead_code, unused_imports)
)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation))]

#[cfg(any(test, feature = "std"))]
extern crate std;

pub mod backoff;
pub mod bond;
mod capability;
pub mod crypto;
#[cfg(any(test, feature = "std"))]
#[doc(hidden)]
pub mod fuzz;
pub mod keys;
pub mod method;
pub mod pairing;
pub mod pdu;
#[cfg(test)]
mod testing;

pub use backoff::Backoff;
pub use bond::{Bond, BondError, Local, Record};
pub use keys::{DhKey, Key, LocalKey, LongTermKey, PrivateKey, PublicKey};
pub use method::{IoCapability, Method, Role};
pub use pairing::{
    Answer, Config, Event, Failure, Identity, Idle, IdleEvent, Job, JobDone, Keys, LocalOob,
    Outcome, Pairing, PairingRequest, StartError, Terms, Ticket, Timer,
};
pub use pdu::{AuthReq, KeyDistribution, Keypress, Reason};

/// Compiles and runs the example of the crate's README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
