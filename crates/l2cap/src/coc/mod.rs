//! LE credit-based channels. [Vol 3] Part A, 3.4.3, 4.22 to 4.24 and 10.1
//!
//! - `config`: parameters of an end, and listeners.
//! - `channel`: one [`Channel`], and its states.
//! - `channels`: [`Channels`], the slots of all links: find, open, accept, close.
//! - `data`: SDUs in and out of a slot.
//! - `end`: how a channel ends.
//! - `receive`: K-frames to SDUs, and the credits that the peer holds.
//! - `share`: how slots and RX packets are shared between links.
//! - `transmit`: SDUs to K-frames, and the credits that the peer granted.

mod channel;
mod channels;
mod config;
mod data;
mod end;
mod receive;
mod share;
mod transmit;

pub use channel::{Channel, ChannelDrops, CloseReason, LinkId, State, Violation};
pub use channels::{Channels, OpenError, Pools};
pub use config::{ChannelConfig, Listener, Security};
pub use data::Received;
pub use receive::{Chunk, Readable, ReceiveError};
pub use transmit::SendError;

pub(crate) use channel::Pending;
pub(crate) use channels::Wanted;
pub(crate) use config::{MAX_MPS, MIN_MTU};

#[cfg(test)]
mod tests;
