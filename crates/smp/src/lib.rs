//! The Security Manager Protocol, sans-IO: pairing in both roles. [Vol 3] Part H
//!
//! - [`pdu`]: every PDU of the fixed channel 0x0006.
//! - [`method`]: which association model two devices end up with, and what it is worth.
//! - [`crypto`]: the functions of the specification, and P-256.
//! - [`keys`]: keys that hide from logs and vanish when dropped.
//! - [`pairing`]: the machine of one link.
//! - [`backoff`]: how long a peer that failed must wait.
//! - [`bond`]: the record that outlives the link.
//!
//! The order for each link: [`Pairing::handle_pdu`], then until nothing is left [`Pairing::poll_job`],
//! [`Pairing::poll_request`], [`Pairing::poll_event`], and [`Pairing::poll_transmit`] while [`Pairing::interest`]
//! says so.
//!
//! Octets of keys, random numbers and public keys are kept as on the wire, least significant first.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![forbid(unsafe_code)]
// What only absent capabilities call is not unused: with all of them, everything is called.
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
pub use bond::{Bond, BondError, Local};
pub use keys::{DhKey, Key, LocalKey, LongTermKey, PrivateKey, PublicKey};
pub use method::{IoCapability, Method, Role};
pub use pairing::{
    Answer, Config, Event, Failure, Identity, Idle, IdleEvent, Job, JobDone, Keys, LocalOob,
    Outcome, Pairing, PairingRequest, StartError, Terms, Ticket, Timer,
};
pub use pdu::{AuthReq, KeyDistribution, Keypress, Reason};

/// The example of the crate's page compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
