//! L2CAP for BR/EDR links without I/O. [Vol 3] Part A
//!
//! - [`Link`]: one link: its stream of ACL data, its signalling, its timers.
//! - [`Channels`]: the slots for channels of all links, and what the application does with them.
//! - `negotiation`: the configuration of a channel.
//! - [`pdu`]: the commands of the signalling channel, their results and the configuration options.
//! - [`mode`]: the data plane of a channel: Basic, Enhanced Retransmission and Streaming mode.

mod channel;
mod channels;
mod config;
mod data;
#[cfg(any(test, feature = "std"))]
#[doc(hidden)]
pub mod fuzz;
mod link;
pub mod mode;
mod negotiation;
pub mod pdu;
mod psm;
mod report;
#[cfg(any(test, feature = "std"))]
mod testing;
#[cfg(test)]
mod tests;

pub use channel::{Channel, State};
pub use channels::Channels;
pub use config::{Agreement, ChannelConfig, ChannelError, DEFAULT_MTU, MIN_MTU};
pub use link::{ECHO_MAX, Link};
pub use mode::{SendError, Transfer, TransferDrops, Violation};
pub use pdu::{ConnectionResult, ConnectionStatus, Features, Mode};
pub use psm::Psm;
pub use report::{CloseReason, Drops, EchoError, EchoOutcome, Fragment, Signal, Timer};

use crate::Cid;

impl Cid {
    /// Signalling of BR/EDR links.
    pub const CLASSIC_SIGNALLING: Self = Self(0x0001);
    /// Connectionless data of BR/EDR links.
    pub const CONNECTIONLESS: Self = Self(0x0002);

    /// Returns whether the CID is 0x0040 or above, the range of BR/EDR channels. [Vol 3] Part A, 2.1
    #[must_use]
    pub const fn is_classic_dynamic(self) -> bool {
        self.0 >= Self::DYNAMIC.0
    }
}
