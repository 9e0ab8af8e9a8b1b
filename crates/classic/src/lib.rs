//! GAP of BR/EDR, without I/O: set-up, inquiry, names, discoverable and connectable, links, security. [Vol 3] Part C
//!
//! [`Gap`] owns what a controller has once, and the table of its links. It also owns the caller's requests, compares
//! them with the state of the controller, and sends the missing commands: `poll_command` writes the one pending
//! command, and exactly one of `handle_complete` and `handle_status` must follow before the next poll. Nothing here
//! reads a clock, waits or allocates.
//!
//! [`security::Security`] pairs, authenticates and encrypts these links.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation))]

#[cfg(any(test, feature = "std"))]
extern crate std;

mod command;
mod config;
mod connect;
mod eir;
mod found;
#[cfg(any(test, feature = "std"))]
#[doc(hidden)]
pub mod fuzz;
mod gap;
mod incoming;
mod inquiry;
mod links;
mod local;
mod name;
mod refuse;
pub mod security;
mod setup;
#[cfg(test)]
mod testing;

pub use config::{Config, ScanTiming};
pub use connect::{Connect, ConnectError};
pub use eir::{InquiryData, SERVICES_MAX};
pub use found::{Found, FoundSlot};
pub use gap::{Gap, GapEvent, GapTimer};
pub use incoming::{INCOMING_MAX, Incoming};
pub use inquiry::{Inquiry, InquiryEnd};
pub use links::{InvalidReason, Link, LinkMode, LinkSlot, LinkUp, Sniff};
pub use local::{Discoverable, LIMITED_TIME};
pub use setup::{ControllerInfo, EVENTS};

/// Compiles and runs the example of the crate's README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
