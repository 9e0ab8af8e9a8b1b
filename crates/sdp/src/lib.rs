//! The Service Discovery Protocol of BR/EDR. [Vol 3] Part B
//!
//! - [`Element`] parses a data element, [`Value`] writes one.
//! - [`Service`] is a service record made of constants, and [`Service::encode`] writes it. A [`Registry`] holds
//!   encoded records in fixed memory.
//! - [`handle_request`] is the server: it answers one request from a [`Database`], and keeps no state.
//! - [`Client`] is the client of one channel, with one transaction at a time. [`Records`] and [`Record`] read its
//!   results.
//! - [`protocol`], [`class`] and [`AttributeId`] are the assigned numbers.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation))]

#[cfg(any(test, feature = "std"))]
extern crate std;

mod assigned;
mod client;
mod database;
mod element;
#[doc(hidden)]
pub mod fuzz;
mod pdu;
mod record;
mod registry;
mod server;
mod value;
mod view;

pub use assigned::{AttributeId, class, protocol};
pub use client::{
    Answer, AttributeRange, Client, Failure, Handles, MAX_RANGES, MAX_ROUNDS, RESPONSE_TIMEOUT,
    RequestError, SEARCH_TIMEOUT,
};
pub use database::Database;
pub use element::{Element, Elements, MAX_DEPTH};
pub use pdu::{ErrorCode, MAX_PATTERN, PduId};
pub use record::{Port, Profile, Protocol, Service};
pub use registry::{FIRST_HANDLE, Registry};
pub use server::handle_request;
pub use value::Value;
pub use view::{Attributes, Descriptor, Record, Records, Text};

/// The L2CAP PSM of SDP. [Assigned Numbers, 2.2]
pub const PSM: u16 = 0x0001;

/// Compiles and runs the example of the crate's README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
