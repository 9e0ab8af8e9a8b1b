//! HCI over H4, without I/O: framing, typed commands and events, flow control, capture. [Vol 4]
//!
//! - [`h4`] splits a byte stream into packets and selects where the next octets are stored; [`acl`] is the ACL
//!   header.
//! - [`cmd`] has every command as a typed structure with its return parameters; [`event`] has every event. Each
//!   structure parses and writes, so that a host and a virtual controller share it.
//! - [`lane`] keeps one command in flight and detects a controller that does not answer.
//! - [`credits`] counts the ACL buffers of the controller and of the host.
//! - [`snoop`] writes and reads btsnoop captures.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![forbid(unsafe_code)]
#![allow(unnameable_types, reason = "zerocopy's derives generate such types")]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation))]

#[cfg(any(test, feature = "std"))]
extern crate std;

pub mod acl;
mod capability;
mod classic;
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

pub use classic::{
    BdAddress, ClassOfDevice, Lap, LmpFeatures, LmpFeatures1, LmpFeatures2, PacketTypes,
    ScanRepetition, ServiceClasses,
};
pub use cmd::{Command, Opcode};
pub use event::Event;
pub use field::{
    AddressType, AdvertisingEventType, AdvertisingType, DataOperation, DeviceAddress, FilterPolicy,
    LinkType, OwnAddressType, Phy, PhyMask, PrivacyMode, RawHandle, Role, ScanFilterPolicy,
};
pub use secret::{Passkey, PinCode, SecretKey, SharedKey};
pub use status::Status;

/// Compiles and runs the example of the crate's README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
