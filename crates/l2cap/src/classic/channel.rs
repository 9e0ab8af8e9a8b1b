use bindrune_wire::time::Instant;
use embassy_time::Duration;

use super::mode::Transfer;
use super::negotiation::{Answer, Negotiation};
use super::{
    Agreement, ChannelConfig, CloseReason, ConnectionResult, ConnectionStatus, Psm, Signal,
};
use crate::{Cid, LinkId};

/// Time limit for a response. [Vol 3] Part A, 6.2.1
pub(super) const RTX: Duration = Duration::from_secs(10);

/// Time limit for a response after a pending one. [Vol 3] Part A, 6.2.2
pub(super) const ERTX: Duration = Duration::from_secs(60);

/// Time limit for all pending responses to one request. [Vol 3] Part A, 6.2.2
pub(super) const ERTX_MAX: Duration = Duration::from_secs(300);

/// Time limit for the configuration.
pub(super) const CONFIGURATION: Duration = Duration::from_secs(120);

/// State of a channel. [Vol 3] Part A, 6.1
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum State {
    /// The slot is free.
    Free,
    /// We requested the channel, or the request is pending.
    Connecting,
    /// The peer requested the channel: accept or refuse it.
    Requested,
    /// Both ends agree on the parameters.
    Configuring,
    /// Data flows.
    Open,
    /// The application closed the channel, and data still leaves.
    Draining,
    /// We close the channel: the request is pending, or the peer has not confirmed it.
    Disconnecting(CloseReason),
    /// The channel is gone, but its slot is in use until [`super::Channels::release`].
    Closed(CloseReason),
}

/// Our response to the peer's request for the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// The application has not decided.
    Undecided,
    /// The decision takes time.
    Pending(ConnectionStatus),
    /// The channel is accepted.
    Accepted,
    /// The channel is refused; its slot is free once the response has left.
    Refused(ConnectionResult),
}

/// Who uses a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    /// The application has not accepted the channel: the slot is free once its end was reported.
    Unclaimed,
    /// The application uses it.
    Held,
    /// The application gave it back: the slot is free once the channel has ended.
    Released,
}

/// Events of a channel that the owner has not seen.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Events {
    pub(super) requested: bool,
    pub(super) opened: bool,
    pub(super) reconfigured: bool,
    pub(super) readable: bool,
    pub(super) writable: bool,
    pub(super) closed: bool,
}

/// One slot for a channel, with the memory for its data.
#[derive(Debug)]
pub struct Channel {
    pub(super) state: State,
    pub(super) link: LinkId,
    pub(super) psm: Psm,
    pub(super) local: Cid,
    pub(super) remote: Cid,
    pub(super) hold: Hold,
    /// Whether the application closed the channel before the peer answered the request for it.
    pub(super) is_abandoned: bool,
    pub(super) negotiation: Negotiation,
    /// Identifier of our request without a response; 0 for none.
    pub(super) identifier: u8,
    /// When the response to it is overdue.
    pub(super) response_due: Option<Instant>,
    /// When the state must have ended.
    pub(super) limit: Option<Instant>,
    /// Identifier of the peer's request for the channel; 0 for a channel that we requested.
    pub(super) requested_by: u8,
    pub(super) admission: Admission,
    /// Whether the response to the request for the channel is pending.
    pub(super) is_admission_due: bool,
    /// The last response to the peer's Configuration Request, with its identifier.
    pub(super) configured: Option<(u8, Answer)>,
    /// Whether that response is pending.
    pub(super) is_answer_due: bool,
    /// Length of the datagram that had too little room.
    pub(super) blocked: Option<usize>,
    pub(super) events: Events,
    pub(super) transfer: Transfer<'static>,
}

impl Channel {
    /// Creates a free slot over memory for received data and for data to send. A datagram takes 2 octets more than its
    /// length.
    #[must_use]
    pub const fn new(rx: &'static mut [u8], tx: &'static mut [u8]) -> Self {
        Self {
            state: State::Free,
            link: LinkId(0),
            psm: Psm(0),
            local: Cid::NULL,
            remote: Cid::NULL,
            hold: Hold::Unclaimed,
            is_abandoned: false,
            negotiation: Negotiation::new(ChannelConfig::BASIC),
            identifier: 0,
            response_due: None,
            limit: None,
            requested_by: 0,
            admission: Admission::Undecided,
            is_admission_due: false,
            configured: None,
            is_answer_due: false,
            blocked: None,
            events: Events {
                requested: false,
                opened: false,
                reconfigured: false,
                readable: false,
                writable: false,
                closed: false,
            },
            transfer: Transfer::new(rx, tx),
        }
    }

    /// Returns the state.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Returns the link.
    #[must_use]
    pub const fn link(&self) -> LinkId {
        self.link
    }

    /// Returns the service.
    #[must_use]
    pub const fn psm(&self) -> Psm {
        self.psm
    }

    /// Returns our CID and the peer's.
    #[must_use]
    pub const fn cids(&self) -> (Cid, Cid) {
        (self.local, self.remote)
    }

    /// Returns what both ends have agreed on. It is final once the channel is open.
    #[must_use]
    pub fn agreement(&self) -> Agreement {
        self.negotiation.agreement()
    }

    /// Returns the data plane: its sizes, what is readable, and what it has discarded.
    #[must_use]
    pub const fn transfer(&self) -> &Transfer<'static> {
        &self.transfer
    }

    /// Returns whether data can be sent and received.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    /// Returns whether no change of the parameters is in progress.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.negotiation.is_complete()
    }

    pub(super) fn is_crowded(&self) -> bool {
        self.is_open() && self.transfer.is_crowded()
    }

    /// Returns whether the peer knows this end, or soon will: its CID is in use.
    pub(super) const fn is_alive(&self) -> bool {
        !matches!(self.state, State::Free | State::Closed(_))
    }

    /// Returns whether data of the peer is taken: also while our own data still leaves, as it acknowledges that.
    pub(super) const fn is_receiving(&self) -> bool {
        matches!(self.state, State::Open | State::Draining)
    }

    /// Starts to use a free slot.
    pub(super) fn begin(&mut self, state: State, link: LinkId, psm: Psm, local: Cid) {
        self.reset();
        (self.state, self.link, self.psm, self.local) = (state, link, psm, local);
    }

    /// Frees the slot.
    pub(super) fn reset(&mut self) {
        self.transfer.clear();
        self.state = State::Free;
        (self.local, self.remote) = (Cid::NULL, Cid::NULL);
        (self.hold, self.is_abandoned) = (Hold::Unclaimed, false);
        self.stop();
        self.requested_by = 0;
        self.admission = Admission::Undecided;
        self.configured = None;
        self.blocked = None;
        self.events = Events::default();
    }

    /// Forgets every request, response and deadline.
    fn stop(&mut self) {
        self.identifier = 0;
        (self.response_due, self.limit) = (None, None);
        (self.is_admission_due, self.is_answer_due) = (false, false);
    }

    /// Starts the configuration.
    pub(super) fn configure(&mut self, now: Instant) {
        self.state = State::Configuring;
        self.identifier = 0;
        self.response_due = None;
        self.limit = Some(now + CONFIGURATION);
    }

    /// Opens the channel if both directions are configured.
    pub(super) fn open_if_configured(&mut self) {
        if self.state == State::Configuring && self.negotiation.is_complete() {
            self.state = State::Open;
            self.limit = None;
            self.events.opened = self.hold != Hold::Released;
            let agreed = self.negotiation.agreement().into();
            self.transfer.open(agreed, self.local, self.remote);
        }
    }

    /// Requests the end of the channel from the peer.
    pub(super) fn disconnect(&mut self, now: Instant, reason: CloseReason) {
        // The peer must know our CID first.
        let is_admission_due = self.is_admission_due;
        self.stop();
        self.is_admission_due = is_admission_due;
        self.transfer.close();
        self.state = State::Disconnecting(reason);
        self.limit = Some(now + RTX);
    }

    /// Ends the channel. What it received stays until the application gives the slot back.
    pub(super) fn finish(&mut self, reason: CloseReason) {
        if self.hold == Hold::Released {
            return self.reset();
        }
        self.stop();
        self.transfer.close();
        self.state = State::Closed(reason);
        let events = Events { readable: self.events.readable, closed: true, ..Events::default() };
        self.events = events;
    }

    /// Returns the next event, and forgets it.
    pub(super) fn take_event(&mut self, index: usize) -> Option<Signal> {
        let take = core::mem::take::<bool>;
        let events = &mut self.events;
        if take(&mut events.requested) {
            return Some(Signal::Requested { channel: index, psm: self.psm });
        }
        if take(&mut events.opened) {
            return Some(Signal::Opened(index));
        }
        if take(&mut events.reconfigured) {
            return Some(Signal::Reconfigured(index));
        }
        if take(&mut events.readable) {
            return Some(Signal::Readable(index));
        }
        if take(&mut events.writable) {
            return Some(Signal::Writable(index));
        }
        let State::Closed(reason) = self.state else { return None };
        if !take(&mut events.closed) {
            return None;
        }
        if self.hold == Hold::Unclaimed {
            self.reset();
        }
        Some(Signal::Closed(index, reason))
    }
}
