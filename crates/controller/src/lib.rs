//! Virtual Bluetooth controllers on a simulated air: test an application of Bluetooth LE or BR/EDR without a radio.
//!
//! A test that needs two Bluetooth dongles is rarely run. This crate provides the dongles, the air between them and the
//! clock. Hosts use it over H4 like a real controller. Links have the timing of real ones: connection events at their
//! interval, 1M and 2M PHY, packets of 27 to 251 octets, acknowledgement and loss. Everything is reproducible: the same
//! seed gives the same trace, octet for octet.
//!
//! There are two interfaces:
//!
//! - [`World`] has asynchronous ports and a virtual clock: give each host one [`Port`], and run everything with
//!   [`World::block_on`]. An hour of advertising then takes a moment. [`World::spawn_real_time`] turns it into a
//!   simulation in real time.
//! - [`Air`] is the same without ports and clock: its inputs and outputs are octets and instants.
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
//! # BR/EDR
//!
//! [`ControllerConfig::classic`] adds BR/EDR to a controller, with its own ACL buffers: inquiry, paging, remote names,
//! roles, ACL data in slots of 625 µs with packets of 1, 3 and 5 slots and Enhanced Data Rate, flush timeouts, Secure
//! Simple Pairing and Secure Connections with all association models, PIN codes, encryption. Without it a controller is
//! LE only.
//!
//! ```
//! use bindrune_controller::{ClassicConfig, ControllerConfig, World};
//!
//! let world = World::new(1);
//! let short_keys = ClassicConfig::new().encryption_key_size(7);
//! let a = world.add(ControllerConfig::new().classic(ClassicConfig::new()));
//! let b = world.add(ControllerConfig::new().classic(short_keys));
//! # let _ = (a, b);
//! ```
//!
//! # Strict towards hosts
//!
//! A controller answers as the specification requires, and counts the errors of a host in [`Violations`]: commands and
//! ACL packets beyond the number that may be outstanding, ACL packets that are too long or on a closed handle,
//! malformed commands, wrong credits. A command that the state forbids gets 0x0C, bad parameters get 0x12, unknown
//! handles 0x02, unknown commands 0x01. Assert that the violations are empty at the end of each test.
//!
//! # Faults
//!
//! [`World::set_loss`] loses packets by chance (seeded), [`World::set_reachable`] puts devices out of reach,
//! [`World::unplug`] disconnects a controller from its host and [`World::plug`] connects it again,
//! [`ControllerConfig::refuse`] and [`ControllerConfig::ignore`] make a controller that does not do what it claims.
//!
//! # Simplifications
//!
//! - Links do not compete for air time: a controller may be in several connection events at once.
//! - Advertising is received or lost as a whole; a lost CONNECT_IND leaves no half-open link.
//! - Encryption is checked by comparing keys, and no data is enciphered: a wrong key shows as a MIC failure (0x3D).
//!   Data waits while encryption starts or is paused. There is no Coded PHY.
//! - Connection updates never miss their instant.
//!
//! And of BR/EDR:
//!
//! - Clocks, hops, and power are absent. The clock offset is always 0. Sniff mode is reported, but polls do not change.
//! - A central polls without a pause while there is data and for 16 polls after it, then every 25 ms. A packet that a
//!   full receiver refuses is repeated.
//! - Messages of the Link Manager take one slot each, and fewer are sent than in reality. An inquiry, a page or a
//!   remote name is received or lost as a whole, once in each scan interval of the peer. A link comes up 10 ms after
//!   its host accepted it.
//! - No key is computed and no data is enciphered. Numbers and new link keys come from the random numbers of the air,
//!   the same for both ends; passkeys, PIN codes, out-of-band data and stored link keys are compared. Keys take no
//!   time.
//! - AES-CCM encrypts if both hosts have Secure Connections on, and E0 otherwise. Packets carry as many octets as in
//!   the clear. The least key size that a host accepts is 1 until the host sets it.
//! - The flush timeout counts from the time at which the host sent the start of a PDU.
//! - Interlaced scans are as long as others. There are no synchronous links, no broadcast, no hold and park, no
//!   periodic inquiry, no event filters.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation))]

mod advertise;
mod air;
mod classic;
mod clock;
mod config;
mod controller;
mod crypto;
#[doc(hidden)]
pub mod fuzz;
mod initiate;
mod line;
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
pub use classic::ClassicConfig;
pub use clock::VirtualClock;
pub use config::ControllerConfig;
pub use line::{LineReader, LineWriter};
pub use port::{Port, PortReader, PortWriter, Unplugged};
pub use realtime::RealTime;
pub use violations::Violations;
pub use world::{Stuck, World};

/// Compiles and runs the example of the crate's README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
