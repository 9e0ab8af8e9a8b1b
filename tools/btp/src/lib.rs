//! The Bluetooth tester protocol (BTP), version of auto-pts in 2025: what a tester and the host under test send each
//! other over a stream socket.
//!
//! - [`frame`]: the header, and packets out of a stream.
//! - [`base`], [`gap`], [`gatt`], [`l2cap`]: commands, responses and events of each service, parsed and written in both
//!   directions.
//! - [`Command`], [`Response`], [`Event`]: those of all services.
//!
//! Bytes come from another program, so each parser accepts any bytes, and answers with a [`Status`].
#![forbid(unsafe_code)]

pub mod base;
pub mod field;
pub mod frame;
pub mod gap;
pub mod gatt;
pub mod l2cap;
mod message;
mod packet;
#[cfg(test)]
mod tests;

pub use field::{Bytes8, Bytes16, Field, List8, Supported};
pub use frame::{Decoder, HEADER, MTU};
pub use packet::{Command, Event, Packet, Response};

bindrune_wire::open_enum! {
    /// A service of the protocol.
    pub struct Service(u8) {
        /// The connection between tester and host.
        CORE = 0x00,
        /// Generic Access Profile.
        GAP = 0x01,
        /// GATT, server and client.
        GATT = 0x02,
        /// L2CAP channels.
        L2CAP = 0x03,
    }
}

bindrune_wire::open_enum! {
    /// Status of an error response.
    pub struct Status(u8) {
        /// The command failed, or its parameters are wrong.
        FAIL = 0x01,
        /// The host does not know the command.
        UNKNOWN_COMMAND = 0x02,
        /// The service is not registered, or the controller is off.
        NOT_READY = 0x03,
        /// There is no controller of this index.
        INVALID_INDEX = 0x04,
    }
}

/// Index of messages that concern no controller.
pub const NO_CONTROLLER: u8 = 0xff;
/// Opcode of an error response of every service.
pub const ERROR: u8 = 0x00;
/// First opcode of events.
pub const FIRST_EVENT: u8 = 0x80;

impl From<bindrune_wire::Malformed> for Status {
    fn from(_: bindrune_wire::Malformed) -> Self {
        Self::FAIL
    }
}
