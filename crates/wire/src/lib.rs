//! Octets, identities and packet buffers: the types that all layers of bindrune share.
//!
//! - [`Reader`] and [`Writer`] read and write octets without indexing; [`Malformed`] and [`NoRoom`] are their
//!   errors.
//! - [`open_enum!`] declares a newtype for a field with possibly unknown values.
//! - [`Address`], [`Uuid`], [`Handle`] and [`Level`] are the identities that cross layers.
//! - [`Interest`] is how a machine reports whether it has octets to transmit.
//! - [`Present`] makes the bits of an unused state zero.
//! - [`Counter`] counts if the feature `statistics` is on; [`counters!`] declares a report of several counters.
//! - [`move_down`] and [`first_behind`] move elements within a slice, in little code.
//! - [`Packet`], [`Pool`] and [`Queue`] are owned packet buffers in safe Rust.
//! - [`time::Instant`] is the time of the machines.
//! - [`Ring`] and [`Datagrams`] are rings of bytes, and of datagrams, over memory of the caller.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation))]

#[cfg(any(test, feature = "std"))]
extern crate std;

mod address;
#[cfg(feature = "assigned")]
pub mod assigned;
mod capability;
mod counter;
mod handle;
mod interest;
mod level;
mod moves;
mod open_enum;
mod packet;
mod pool;
mod present;
mod reader;
mod ring;
pub mod time;
mod uuid;
mod writer;

pub use address::{Address, AddressKind, ParseAddressError};
pub use counter::Counter;
pub use handle::Handle;
pub use interest::Interest;
pub use level::Level;
pub use moves::{first_behind, move_down};
pub use packet::{HEADROOM, Packet};
pub use pool::{Pool, Queue, Slot};
pub use present::Present;
pub use reader::{Malformed, Reader};
pub use ring::{Datagrams, Mark, Ring};
pub use uuid::{ParseUuidError, Uuid};
pub use writer::{NoRoom, Writer};

pub use zerocopy;

/// Compiles and runs the example of the crate's README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
