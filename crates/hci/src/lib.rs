//! HCI over H4, without I/O: framing, typed commands and events, flow control, capture. [Vol 4]
//!
//! - [`h4`] cuts a byte stream into packets and tells where the next octets should land; [`acl`] is the ACL header.
//! - [`cmd`] has every command as a typed structure, with its return parameters; [`event`] likewise every event. Each
//!   is parser and emitter in one, so that a host and a virtual controller share them.
//! - [`lane`] keeps one command in flight and notices a controller that does not answer.
//! - [`credits`] counts ACL buffers, the controller's and the host's.
//! - [`snoop`] writes and reads btsnoop captures.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![forbid(unsafe_code)]
#![allow(unnameable_types, reason = "zerocopy's derives make such types")]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation))]

#[cfg(any(test, feature = "std"))]
extern crate std;

pub mod acl;
pub mod clock;
pub mod cmd;
pub mod credits;
pub mod event;
mod field;
#[doc(hidden)]
pub mod fuzz;
pub mod h4;
pub mod lane;
mod secret;
pub mod snoop;
mod status;

pub use cmd::{Command, Opcode};
pub use event::Event;
pub use field::{
    AddressType, AdvertisingEventType, AdvertisingType, DataOperation, DeviceAddress, FilterPolicy,
    LinkType, OwnAddressType, Phy, PhyMask, PrivacyMode, RawHandle, Role, ScanFilterPolicy,
};
pub use secret::{SecretKey, SharedKey};
pub use status::Status;

/// The example of the crate's page compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
