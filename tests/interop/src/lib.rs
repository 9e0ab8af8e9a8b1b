//! A world for interoperability tests: a third-party controller (rootcanal) and a third-party host
//! (Bumble) on one simulated air, driven from Rust.
//!
//! ```no_run
//! use bindrune_interop::{Air, Central, Peripheral, Scratch};
//! use serde_json::json;
//!
//! # fn main() -> anyhow::Result<()> {
//! let scratch = Scratch::new("example")?;
//! let air = Air::start(&scratch)?;
//! let peripheral = Peripheral::start(&air, "thermometer")?;
//! let central = Central::start(&air, "phone")?;
//! peripheral.call("advertise", json!({ "services": ["180f"] }))?;
//! central.call("connect", json!({ "address": peripheral.address(), "mtu": 517 }))?;
//! assert_eq!(central.call("discover", json!({}))?["services"], peripheral.database()?);
//! # Ok(())
//! # }
//! ```
//!
//! Processes that a test starts end, by process id, when their value is dropped. Their output (logs,
//! captures) stays in the test's [`Scratch`] folder.

#![forbid(unsafe_code)]

mod agree;
mod air;
pub mod classic;
mod controllers;
mod deadline;
mod firmware;
mod node;
pub mod own;
mod pattern;
mod peer;
mod peers;
mod process;
mod scratch;
mod serial;
pub mod services;
pub mod soak;
mod tally;
pub mod transfer;
mod tshark;
mod venv;

pub use agree::check_agreement;
pub use air::Air;
pub use classic::{ClassicPeers, ClassicVolume};
pub use controllers::Controllers;
pub use deadline::{Deadline, Stopwatch};
pub use firmware::{Firmware, Report};
pub use node::{Node, block_on, block_on_for, soon};
pub use pattern::{Pattern, numbered, numbered_sha256, sha256};
pub use peer::{Central, Classic, Peer, Pending, Peripheral};
pub use peers::Peers;
pub use scratch::Scratch;
pub use serial::Pty;
pub use tally::Tally;
pub use tshark::{Capture, check_capture, check_sent};
