//! The Attribute Protocol: its PDUs and the bearer that carries them. [Vol 3] Part F
//!
//! - [`pdu`] holds every PDU, sorted by sender and expected answer: [`Request`], [`Response`], [`Push`] (PDUs that a
//!   server sends on its own initiative) and [`Command`].
//! - [`Bearer`] handles one link's transactions, in both roles at once: it matches responses with requests and
//!   confirmations with indications, exchanges the MTU, and refuses unknown PDUs.
//! - [`Opcode`] and [`ErrorCode`] are the assigned numbers.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![forbid(unsafe_code)]
// Code that only a client calls is not dead: with one, everything is called.
#![cfg_attr(not(feature = "client"), allow(dead_code))]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation))]

#[cfg(any(test, feature = "std"))]
extern crate std;

#[cfg(not(feature = "client"))]
mod absent;
mod bearer;
mod capability;
#[cfg(feature = "client")]
mod client;
mod error;
#[doc(hidden)]
pub mod fuzz;
mod opcode;
pub mod pdu;

pub use bearer::{Bearer, Incoming, TRANSACTION_TIMEOUT, Timer};
pub use error::ErrorCode;
pub use opcode::Opcode;
pub use pdu::{Command, ErrorResponse, Push, Request, Response};

/// The ATT MTU of an LE link before any exchange, and the minimum. [Vol 3] Part G, 5.2.1
pub const MIN_MTU: u16 = 23;

/// The longest attribute value, in octets. [Vol 3] Part F, 3.2.9
pub const MAX_VALUE: usize = 512;

/// Compiles and runs the example of the crate's README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
