//! RFCOMM without I/O: frames and the time are inputs, and the caller pulls the frames to send. [RFCOMM 1.2], [TS
//! 07.10]
//!
//! - [`Session`] is the multiplexer of one L2CAP channel with PSM 0x0003. It opens and closes DLCs, and writes their
//!   frames.
//! - [`Dlcs`] holds the DLCs (emulated serial ports) of all sessions. Applications read from and write to its slots; a
//!   [`Dlc`] is one slot.
//! - [`Frame`] and [`Message`] are the frames, and the commands on DLCI 0.
//!
//! The order for each L2CAP datagram: [`Session::handle_frame`], then [`Dlcs::poll_change`] until it returns `None`,
//! and [`Session::poll_transmit`] while [`Session::interest`] asks for it. Close the L2CAP channel if
//! [`Session::is_done`]; call [`Session::channel_lost`] when it is gone.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation))]

#[cfg(any(test, feature = "std"))]
extern crate std;

mod command;
mod dlc;
mod dlcs;
mod fcs;
mod frame;
#[cfg(any(test, feature = "std"))]
#[doc(hidden)]
pub mod fuzz;
mod port;
mod session;

use embassy_time::Duration;

pub use command::{Message, MessageType, Parameters};
pub use dlc::{Changes, Dlc, EndReason, State, Violation};
pub use dlcs::{Dlcs, Drops};
pub use frame::{Dlci, Frame, FrameType};
pub use port::{BitRate, Break, LineStatus, ModemStatus, Parity, PortSettings};
pub use session::{OpenError, Role, Session, SessionEnd, SessionId, SessionState};

/// Time limit for the answer to SABM and DISC (T1), and to commands on DLCI 0 (T2). [RFCOMM 1.2] 5.3
pub const RESPONSE_TIMEOUT: Duration = Duration::from_secs(20);

/// Time limit for the answer to the SABM of a DLC (T1), which may wait for pairing: the least that the specification
/// allows. The application has the same time to accept a DLC. [RFCOMM 1.2] 5.3
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(60);

/// Least octets of information in a frame that a peer may ask for. [RFCOMM 1.2] 5.5.3
pub const MIN_FRAME_SIZE: u16 = 23;

/// Octets of information in a frame without negotiation. [RFCOMM 1.2] 5.5.3
pub const DEFAULT_FRAME_SIZE: u16 = 127;

/// Compiles and runs the example of the crate's README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
