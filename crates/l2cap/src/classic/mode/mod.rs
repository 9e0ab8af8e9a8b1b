//! The data plane of a BR/EDR channel, in each mode. [Vol 3] Part A, 3.1, 3.3 and 8
//!
//! A [`Transfer`] receives and sends the PDUs of one channel, in the mode that both ends have [`Agreed`] on.
//!
//! - `agreed`: parameters, outcomes, errors and counts.
//! - `control`: the control field and sequence numbers. `fcs`: the check sequence.
//! - `receive`: PDUs in pieces to SDUs. `streaming` and `enhanced`: rules of these modes for received frames.
//! - `segment`: SDUs to segments. `transmit`: the PDU that is due, in pieces.
//! - `timer`: acknowledgements and polls in time. `application`: SDUs of the application.

mod agreed;
mod application;
mod control;
mod enhanced;
mod fcs;
mod receive;
mod segment;
mod state;
mod streaming;
mod timer;
mod transmit;

pub use agreed::{Agreed, Kind, Outcome, SendError, TransferDrops, Violation};
pub use control::{CONTROL, Control, Function, Sar, Seq};
pub use fcs::{FCS, Fcs};

use bindrune_wire::Datagrams;

use crate::Cid;

/// Data plane of one connection-oriented channel.
///
/// The caller gives each received PDU to [`Self::begin`], [`Self::push`] and [`Self::end`]. To send, it asks
/// [`Self::next_pdu`], reads the payload with [`Self::read`], and ends with [`Self::sent`].
///
/// Received SDUs, and SDUs to send, are in two rings over memory of the caller. An SDU takes 2 bytes more than its
/// length.
#[derive(Debug)]
pub struct Transfer<'m> {
    agreed: Agreed,
    is_open: bool,
    local: Cid,
    remote: Cid,
    rx: Datagrams<'m>,
    tx: Datagrams<'m>,
    incoming: receive::Incoming,
    /// Length of the SDU that is being reassembled.
    partial: Option<u16>,
    out: Option<transmit::Out>,
    /// The next segment that was never sent.
    send_at: segment::Place,
    state: state::State,
    drops: agreed::Counters,
}

#[cfg(any(test, feature = "std"))]
#[doc(hidden)]
pub mod fuzz;
#[cfg(test)]
mod tests;
