//! GAP: what the controller is, and how devices advertise, find each other, connect and keep a link. [Vol 3] Part C
//!
//! - [`adv_data`] reads and writes advertising data; [`Advertisement`] says what to advertise.
//! - [`Gap`] owns what a controller has once: its set-up ([`ControllerInfo`]), advertising sets, one scanner, one
//!   initiator, the accept list, our private address, the resolving list. It owns the requests of a caller too, compares them
//!   with what the controller does, and gives the commands that are missing.
//! - [`LinkControl`] does the same for one link: parameters, data length, PHY, RSSI, features, disconnect.
//!
//! Both are pulled: `poll_command` writes the one command that is owed, and exactly one of `handle_complete` and
//! `handle_status` must follow before the next is pulled. Nothing here reads a clock, waits or allocates.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![forbid(unsafe_code)]
// What only absent capabilities call is not unused: with all of them, everything is called.
#![cfg_attr(
    not(all(
        feature = "central",
        feature = "extended",
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
    Advertisement, AdvertisementKind, Channels, Discoverable, ExtendedPdus, LIMITED_TIMEOUT,
    WhenFull,
};
pub use connect::{Connect, ConnectEnd, Connecting};
pub use gap::{Gap, GapEvent, GapTimer, LinkUp};
pub use info::{AddressChoice, Config, ControllerInfo, InitError, static_address};
pub use link::{
    Asked, DataLengths, InvalidReason, LinkControl, LinkEvent, LinkTimer, ParameterRequests, Phys,
    RemoteVersion, link_of,
};
pub use parameters::{ConnectionParameters, CurrentParameters, InvalidParameters};
pub use resolving_list::{RESOLVING_LIST_MAX, Resolve};
pub use scan::{Report, ReportFlags, Scan, ScanEnd};

/// The example of the crate's page compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
