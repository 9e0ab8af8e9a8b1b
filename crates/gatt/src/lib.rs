//! The Generic Attribute Profile: a server over a table of statics, and a client. [Vol 3] Part G
//!
//! - [`table`]: services, characteristics and descriptors as `static` items built by `const fn`s, laid out as a
//!   [`Table`] of handles that has no storage of its own.
//! - [`server`]: the [`Server`] without I/O, shared by all links, and a [`Peer`] for each link.
//! - [`value`]: the arena of values that the host holds.
//! - [`cccd`]: the subscriptions of a client.
//! - [`hash`]: the Database Hash.
//! - [`client`]: client procedures without I/O.
//! - [`standard`]: services and values that the Bluetooth SIG defines.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![forbid(unsafe_code)]
// Code that only absent capabilities call is not dead: with all capabilities, everything is called.
#![cfg_attr(
    not(all(
        feature = "bonds",
        feature = "caching",
        feature = "capture",
        feature = "long",
        feature = "server"
    )),
    allow(dead_code, unused_imports)
)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation))]

#[cfg(any(test, feature = "std"))]
extern crate std;

#[cfg(not(feature = "server"))]
mod absent;
mod capability;
#[cfg(feature = "capture")]
mod capture;
pub mod cccd;
pub mod client;
#[cfg(feature = "caching")]
mod cmac;
#[cfg(any(test, not(feature = "caching")))]
mod fingerprint;
pub mod hash;
pub mod server;
pub mod standard;
pub mod table;
pub mod value;

#[cfg(not(feature = "server"))]
pub use absent::{Peer, Server};
pub use cccd::Cccd;
pub use server::{Answer, Ask, AskKind, GapConfig, Security, Verdict};
#[cfg(feature = "server")]
pub use server::{Peer, Server};
pub use table::{
    Attribute, Characteristic, Descriptor, Entry, ExtendedProperties, Permission, Properties,
    Service, Table, TableError, Target,
};
pub use value::ValueError;

#[cfg(any(test, feature = "std"))]
#[doc(hidden)]
pub mod fuzz;

/// Compiles and runs the example of the crate's README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
