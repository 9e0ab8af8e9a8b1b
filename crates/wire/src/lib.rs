//! Octets, identities and packet buffers: the vocabulary that every layer of bindrune shares.
//!
//! - [`Reader`] and [`Writer`] walk octets without indexing; [`Malformed`] and [`NoRoom`] say what failed.
//! - [`open_enum!`] makes a newtype for a field whose value may be unknown.
//! - [`Address`], [`Uuid`], [`Handle`] and [`Level`] are the identities that cross layers.
//! - [`Interest`] is what every machine answers when it is asked whether it owes octets.
//! - [`Present`] makes free state zero.
//! - [`Counter`] counts, where the feature `statistics` has it; [`counters!`] declares what is reported of several.
//! - [`Packet`], [`Pool`] and [`Queue`] are owned packet buffers in safe Rust.
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
mod open_enum;
mod packet;
mod pool;
mod present;
mod reader;
mod uuid;
mod writer;

pub use address::{Address, AddressKind, ParseAddressError};
pub use counter::Counter;
pub use handle::Handle;
pub use interest::Interest;
pub use level::Level;
pub use packet::{HEADROOM, Packet};
pub use pool::{Pool, Queue, Slot};
pub use present::Present;
pub use reader::{Malformed, Reader};
pub use uuid::{ParseUuidError, Uuid};
pub use writer::{NoRoom, Writer};

pub use zerocopy;

/// The example of the crate's page compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
