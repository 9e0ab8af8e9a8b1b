//! Virtual Bluetooth LE controllers on one simulated air: test a BLE application without a radio.
//!
//! A test that needs two Bluetooth dongles is a test that nobody runs. This crate is the dongles, the air between
//! them and the clock: hosts talk H4 to it as to a real controller, links keep the timing of real ones (connection
//! events at their interval, 1M and 2M PHY, packets of 27 to 251 octets, acknowledgement and loss), and all of it is
//! reproducible: the same seed gives the same trace, octet for octet.
//!
//! Two ways in:
//!
//! - [`World`] has asynchronous ports and a virtual clock: give each host one [`Port`], run everything with
//!   [`World::block_on`], and an hour of advertising takes a moment. [`World::spawn_real_time`] turns it into a
//!   simulation in real time.
//! - [`Air`] is the same without ports and clock: octets and instants in, octets and instants out.
//!
//! ```
//! use bindrune_controller::{ControllerConfig, Violations, World};
//! use embedded_io_async::{Read, Write};
//!
//! let world = World::new(1);
//! let port = world.add(ControllerConfig::new());
//! let id = port.id();
//! let (mut from_controller, mut to_controller) = port.split();
//! world.block_on(async {
//!     to_controller.write_all(&[0x01, 0x03, 0x0c, 0x00]).await.unwrap(); // HCI_Reset
//!     let mut event = [0; 7];
//!     from_controller.read_exact(&mut event).await.unwrap();
//!     assert_eq!(event, [0x04, 0x0e, 0x04, 0x01, 0x03, 0x0c, 0x00]);
//! });
//! assert_eq!(world.violations(id), Violations::default());
//! ```
//!
//! # Strict towards hosts
//!
//! A controller answers what the specification says, and counts what a host must not do in [`Violations`]: commands
//! and ACL packets beyond what it may have outstanding, ACL packets that are too long or on a closed handle, malformed
//! commands, wrong credits. Commands that the state forbids get 0x0C, bad parameters 0x12, unknown handles 0x02, unknown
//! commands 0x01. Assert that the violations are empty at the end of each test.
//!
//! # Faults
//!
//! [`World::set_loss`] loses packets by chance (seeded), [`World::set_reachable`] puts devices out of range,
//! [`World::unplug`] pulls a controller from its host and [`World::plug`] puts it back,
//! [`ControllerConfig::refuse`] and [`ControllerConfig::ignore`] make a controller that does not keep its word.
//!
//! # What is simplified
//!
//! - Links do not compete for air time: a controller may be in several connection events at once.
//! - Advertising is heard or lost as a whole; CONNECT_IND that is lost leaves no half-open link.
//! - Encryption is checked by comparing keys, nothing is enciphered: a wrong key shows as a MIC failure (0x3D). Data waits
//!   while encryption starts or is paused. There is no Coded PHY.
//! - Connection updates never miss their instant.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation))]

mod advertise;
mod air;
mod clock;
mod config;
mod controller;
mod crypto;
#[doc(hidden)]
pub mod fuzz;
mod initiate;
mod link;
mod port;
mod privacy;
mod realtime;
mod rng;
mod scan;
mod task;
mod violations;
mod world;

pub use air::{Air, ControllerId};
pub use clock::VirtualClock;
pub use config::ControllerConfig;
pub use port::{Port, PortReader, PortWriter, Unplugged};
pub use realtime::RealTime;
pub use violations::Violations;
pub use world::{Stuck, World};

/// The example of the crate's page compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
