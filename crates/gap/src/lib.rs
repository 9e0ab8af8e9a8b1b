//! GAP: the capabilities of the controller; how devices advertise, discover each other, connect and maintain a link.
//! [Vol 3] Part C
//!
//! - [`adv_data`] parses and writes advertising data; [`Advertisement`] describes an advertisement.
//! - [`Gap`] owns what a controller has once: its set-up ([`ControllerInfo`]), advertising sets, one scanner, one
//!   initiator, the accept list, our private address, the resolving list. It also owns the caller's requests, compares
//!   them with the state of the controller, and sends the missing commands.
//! - [`LinkControl`] does the same for one link: parameters, data length, PHY, RSSI, features, disconnect.
//!
//! Both are polled: `poll_command` writes the one pending command, and exactly one of `handle_complete` and
//! `handle_status` must follow before the next poll. Nothing here reads a clock, waits or allocates.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![forbid(unsafe_code)]
// Code that only absent capabilities call is not dead: with all capabilities, everything is called.
#![cfg_attr(
    not(all(
        feature = "central",
        feature = "extended",
        feature = "host-flow-control",
        feature = "observer",
        feature = "privacy",
        feature = "recovery",
        feature = "tuning"
    )),
    allow(dead_code, unused_imports)
)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation))]

#[cfg(any(test, feature = "std"))]
extern crate std;

#[cfg(not(all(
    feature = "central",
    feature = "observer",
    feature = "privacy",
    feature = "recovery",
    feature = "tuning"
)))]
mod absent;
mod accept_list;
pub mod adv_data;
mod advertise;
mod advertisement;
mod capability;
mod command;
mod connect;
#[cfg(feature = "extended")]
mod extended;
#[cfg(any(test, feature = "std"))]
#[doc(hidden)]
pub mod fuzz;
mod gap;
mod info;
mod init;
mod link;
mod parameters;
mod privacy;
mod refuse;
mod resolving_list;
mod scan;
#[cfg(test)]
mod testing;

pub use accept_list::{ACCEPT_LIST_MAX, TooManyPeers};
pub use adv_data::{AdData, AdType, AdWriter, Flags, TooLong, lay_out};
pub use advertise::{Advertising, AdvertisingEnd, AdvertisingSet, SetId};
pub use advertisement::{
    Advertisement, AdvertisementKind, Channels, Device, Discoverable, ExtendedPdus,
    LIMITED_TIMEOUT, WhenFull,
};
pub use connect::{Connect, ConnectEnd, Connecting};
pub use gap::{Gap, GapEvent, GapTimer, LinkUp};
pub use info::{
    AddressChoice, Config, ControllerInfo, InitError, non_resolvable_address, static_address,
};
pub use init::EVENTS;
pub use link::{
    Asked, DataLengths, InvalidReason, LinkControl, LinkEvent, LinkTimer, ParameterRequests, Phys,
    RemoteVersion, link_of,
};
pub use parameters::{ConnectionParameters, CurrentParameters, InvalidParameters};
pub use resolving_list::{RESOLVING_LIST_MAX, Resolve};
pub use scan::{Report, ReportFlags, Scan, ScanEnd};

/// Compiles and runs the example of the crate's README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
