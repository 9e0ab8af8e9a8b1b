//! Decodes HCI captures into a conversation: fields with names, requests with their answers and times, violations.
//!
//! - [`Capture`] reads btsnoop, pcap, pcapng and H4 from any source, one packet at a time.
//! - [`Decoder`] turns each packet into an [`Entry`]; [`Decoder::finish`] returns the requests without an answer.
//! - [`conversation`] does it for a failing test; [`H4Stream`] finds the packets in what crossed a port.
//! - [`numbers`] are the names of assigned numbers.
//!
//! The decoder accepts any octets, and its memory has a bound: see [`Decoder`]. The parsers are those of the layer
//! crates.
#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

mod acl;
mod att;
mod conversation;
mod decoder;
mod entry;
mod file;
#[doc(hidden)]
pub mod fuzz;
mod hci;
mod l2cap;
mod link;
pub mod numbers;
mod question;
mod reflect;
mod rfcomm;
mod sdp;
mod smp;
mod words;

pub use words::printable;

pub use bindrune_hci::h4::Direction;
pub use conversation::{Line, conversation};
pub use decoder::Decoder;
pub use entry::{Entry, Field, Layer, Value, Violation};
pub use file::{Body, Capture, CaptureError, H4Stream, Packet};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
