//! The application's request to the peer, one at a time, and its answer. [Vol 3] Part F, 3.3.2

use bindrune_wire::Packet;

use crate::{Error, capability::CLIENT, stack::memory::Receive};

/// State of the application's request. `Idle` is all zero.
#[derive(Debug)]
#[repr(u8)]
pub(crate) enum ClientState {
    /// There is no request.
    Idle = 0,
    /// The request is in the out-slot.
    Queued,
    /// The request was sent, and its answer has not arrived.
    Sent,
    /// The answer arrived.
    Answered(Packet),
    /// No answer will come.
    Failed(Error),
}

/// The ATT client of a link.
#[derive(Debug)]
pub(crate) struct Client {
    /// A procedure of the application has the turn.
    pub(crate) taken: bool,
    pub(crate) state: ClientState,
    /// Number of requests that were sent.
    pub(crate) requests: u32,
    /// The peer's prepare queue must be emptied.
    pub(crate) cancel_pending: bool,
}

impl Client {
    pub(crate) const NONE: Self =
        Self { taken: false, state: ClientState::Idle, requests: 0, cancel_pending: false };

    /// Takes the answer if it has arrived.
    pub(crate) fn take_answer(&mut self) -> Option<Result<Packet, Error>> {
        match core::mem::replace(&mut self.state, ClientState::Idle) {
            ClientState::Answered(packet) => Some(Ok(packet)),
            ClientState::Failed(error) => Some(Err(error)),
            waiting @ (ClientState::Idle | ClientState::Queued | ClientState::Sent) => {
                self.state = waiting;
                None
            }
        }
    }

    /// Returns whether a request waits for its answer.
    pub(crate) const fn is_waiting(&self) -> bool {
        CLIENT && matches!(self.state, ClientState::Queued | ClientState::Sent)
    }

    /// Drops an answer that was not read when the link ends.
    pub(crate) fn end(&mut self, rx: &mut Receive) {
        if CLIENT
            && let ClientState::Answered(packet) =
                core::mem::replace(&mut self.state, ClientState::Idle)
        {
            rx.pool.give(packet);
        }
    }
}
