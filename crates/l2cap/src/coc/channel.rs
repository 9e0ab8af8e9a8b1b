use bindrune_wire::{Packet, time::Instant};

use super::{receive::Receive, transmit::Transmit};
use crate::{Cid, ConnectionResult, Psm};

/// Number that the caller gives to a link. CIDs belong to a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LinkId(pub u8);

/// State of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum State {
    /// The slot is free.
    Free,
    /// We requested the channel, or the request is pending.
    Connecting,
    /// The peer requested the channel: accept or refuse it.
    Requested,
    /// We refused the channel; the response is pending.
    Refusing,
    /// Data flows.
    Open,
    /// We close the channel: the request is pending, or the peer has not confirmed it.
    Disconnecting(CloseReason),
    /// The channel is gone, but the application still has a handle, or has not taken the channel yet. Whole SDUs can
    /// still be read.
    Closed(CloseReason),
}

/// Reason why a channel ended or failed to open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum CloseReason {
    /// The application closed it.
    Local,
    /// The peer closed it after the last SDU was complete.
    Peer,
    /// The peer closed it in the middle of an SDU.
    Cut,
    /// The link is gone.
    LinkLost,
    /// The peer did not answer within 30 s.
    Timeout,
    /// The peer refused it.
    Refused(ConnectionResult),
    /// The peer does not support credit-based channels.
    NotSupported,
    /// The peer broke a rule.
    Violation(Violation),
}

/// A rule that the peer broke on a channel. The violation closes the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Violation {
    /// A K-frame without a credit. [Vol 3] Part A, 10.1
    NoCredit,
    /// A K-frame longer than our MPS. [Vol 3] Part A, 3.4.3
    FrameTooLong,
    /// The first K-frame of an SDU without its length. [Vol 3] Part A, 3.4.3
    NoLength,
    /// An SDU longer than our MTU. [Vol 3] Part A, 3.4.3
    SduTooLong,
    /// More octets than the SDU length announced. [Vol 3] Part A, 3.4.3
    Overrun,
    /// More than 65,535 credits. [Vol 3] Part A, 10.1
    CreditOverflow,
    /// A success response with a CID, MTU or MPS out of range. [Vol 3] Part A, 4.23
    BadResponse,
}

/// Signalling command of a channel that is pending, apart from credits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pending {
    Nothing,
    ConnectionRequest,
    ConnectionResponse,
    Refusal(ConnectionResult),
    DisconnectionRequest,
}

/// Data that was discarded when channels ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ChannelDrops {
    /// K-frames that were accepted for sending but not sent.
    pub unsent: u32,
    /// SDUs that were received, whole or in part, but not read.
    pub unread: u32,
}

impl ChannelDrops {
    pub(super) const fn is_any(self) -> bool {
        (self.unsent | self.unread) != 0
    }

    pub(super) const fn add(&mut self, other: Self) {
        self.unsent = self.unsent.saturating_add(other.unsent);
        self.unread = self.unread.saturating_add(other.unread);
    }
}

/// A slot for one credit-based channel.
#[derive(Debug)]
pub struct Channel {
    pub(crate) link: LinkId,
    pub(crate) state: State,
    pub(crate) local: Cid,
    pub(crate) remote: Cid,
    pub(crate) psm: Psm,
    pub(crate) pending: Pending,
    /// Identifier of the unanswered request: ours, or in `Requested` and `Refusing` the peer's; 0 for none.
    pub(crate) identifier: u8,
    pub(crate) deadline: Option<Instant>,
    /// Time of the peer's request.
    pub(crate) since: Option<Instant>,
    /// Whether the application has a handle.
    pub(crate) held: bool,
    pub(crate) generation: u32,
    pub(crate) rx: Receive,
    pub(crate) tx: Transmit,
    pub(crate) out: Option<Packet>,
    /// Data discarded since [`super::Channels`] last counted it.
    pub(crate) drops: ChannelDrops,
}

impl Channel {
    /// A free slot.
    pub const FREE: Self = Self {
        link: LinkId(0),
        state: State::Free,
        local: Cid::NULL,
        remote: Cid::NULL,
        psm: Psm(0),
        pending: Pending::Nothing,
        identifier: 0,
        deadline: None,
        since: None,
        held: false,
        generation: 0,
        rx: Receive::CLOSED,
        tx: Transmit::CLOSED,
        out: None,
        drops: ChannelDrops { unsent: 0, unread: 0 },
    };

    /// Returns the link that the channel belongs to.
    #[must_use]
    pub const fn link(&self) -> LinkId {
        self.link
    }

    /// Returns the state of the channel.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Returns why the channel ended or is about to end.
    #[must_use]
    pub const fn close_reason(&self) -> Option<CloseReason> {
        match self.state {
            State::Disconnecting(reason) | State::Closed(reason) => Some(reason),
            State::Free | State::Connecting | State::Requested | State::Refusing | State::Open => {
                None
            }
        }
    }

    /// Returns whether data flows.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    /// Returns how often the slot was used, so that a stale handle is recognized.
    #[must_use]
    pub const fn generation(&self) -> u32 {
        self.generation
    }

    /// Returns whether the application has a handle to the channel.
    #[must_use]
    pub const fn is_held(&self) -> bool {
        self.held
    }

    /// Returns the PSM of the channel.
    #[must_use]
    pub const fn psm(&self) -> Psm {
        self.psm
    }

    /// Returns our CID.
    #[must_use]
    pub const fn local_cid(&self) -> Cid {
        self.local
    }

    /// Returns the peer's CID.
    #[must_use]
    pub const fn remote_cid(&self) -> Cid {
        self.remote
    }

    /// Returns the longest SDU that we receive, in octets.
    #[must_use]
    pub const fn mtu(&self) -> u16 {
        self.rx.mtu
    }

    /// Returns the longest K-frame payload that we receive, in octets.
    #[must_use]
    pub const fn mps(&self) -> u16 {
        self.rx.mps
    }

    /// Returns the number of RX packets that are reserved for the channel.
    #[must_use]
    pub const fn window(&self) -> u16 {
        self.rx.window
    }

    /// Returns the longest SDU that the peer receives, in octets.
    #[must_use]
    pub const fn peer_mtu(&self) -> u16 {
        self.tx.mtu
    }

    /// Returns the longest K-frame payload that the peer receives, in octets.
    #[must_use]
    pub const fn peer_mps(&self) -> u16 {
        self.tx.mps
    }

    /// Returns the number of K-frames that the peer can take now.
    #[must_use]
    pub const fn credits(&self) -> u16 {
        self.tx.credits
    }

    /// Returns whether a K-frame may be written: the channel is open, the peer knows it, and a credit is available.
    #[must_use]
    pub const fn can_send(&self) -> bool {
        self.is_open()
            && self.tx.credits > 0
            && !matches!(self.pending, Pending::ConnectionResponse)
    }

    /// Returns whether a K-frame waits in the out-slot.
    #[must_use]
    pub const fn has_out(&self) -> bool {
        self.out.is_some()
    }

    /// Returns whether `local` belongs to the channel.
    pub(crate) const fn is_live(&self) -> bool {
        !matches!(self.state, State::Free | State::Closed(_))
    }

    /// Returns whether a request of ours with this identifier awaits its answer.
    pub(crate) const fn awaits(&self, identifier: u8) -> bool {
        matches!(self.state, State::Connecting | State::Disconnecting(_))
            && matches!(self.pending, Pending::Nothing)
            && self.identifier == identifier
    }

    /// Returns whether a request of the peer with this identifier awaits our answer.
    pub(crate) const fn is_answering(&self, identifier: u8) -> bool {
        let undecided = matches!(self.state, State::Requested);
        let pending = matches!(self.pending, Pending::ConnectionResponse | Pending::Refusal(_));
        (undecided || pending) && self.identifier == identifier
    }

    /// Returns whether `remote` belongs to the channel. A peer that reuses the CID after our request to close the
    /// channel has closed it, even if its response is missing.
    pub(crate) fn keeps(&self, remote: Cid) -> bool {
        let asked =
            matches!((self.state, self.pending), (State::Disconnecting(_), Pending::Nothing));
        self.remote == remote && !asked
    }

    /// Returns whether the application has yet to take the channel that a peer opened.
    pub(crate) const fn is_offered(&self) -> bool {
        matches!(self.state, State::Open | State::Closed(_)) && !self.held
    }

    /// Returns the number of RX packets that are reserved for the channel.
    pub(crate) fn reserved(&self) -> usize {
        match self.state {
            State::Closed(_) => self.rx.used().into(),
            State::Free
            | State::Connecting
            | State::Requested
            | State::Refusing
            | State::Open
            | State::Disconnecting(_) => self.rx.window.into(),
        }
    }

    pub(crate) fn has_pending_signal(&self) -> bool {
        match self.pending {
            Pending::Nothing => self.credits_due() > 0,
            // The frame in the out-slot is sent first.
            Pending::DisconnectionRequest => self.out.is_none(),
            Pending::ConnectionRequest | Pending::ConnectionResponse | Pending::Refusal(_) => true,
        }
    }

    /// Returns whether our request to open or close the channel has yet to leave, and needs a deadline for it.
    pub(crate) const fn is_undated(&self) -> bool {
        // A request to close that could not leave in time has no deadline.
        let given_up = matches!(self.state, State::Disconnecting(CloseReason::Timeout));
        let waits = matches!(self.state, State::Connecting | State::Disconnecting(_));
        waits && !given_up && self.deadline.is_none()
    }

    /// Returns the credits to grant now.
    pub(crate) fn credits_due(&self) -> u16 {
        if self.is_open() { self.rx.due() } else { 0 }
    }
}
