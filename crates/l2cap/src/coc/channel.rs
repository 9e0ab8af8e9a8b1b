use bindrune_wire::Packet;
use embassy_time::Instant;

use super::{Pools, receive::Receive, transmit::Transmit};
use crate::{Cid, ConnectionResult, Psm};

/// The number of a link at the caller: CIDs belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LinkId(pub u8);

/// Where a channel stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum State {
    /// The slot is free.
    Free,
    /// We asked the peer for it, or are about to.
    Connecting,
    /// The peer asked for it: accept or refuse.
    Requested,
    /// We refused it, and the peer is still to be told.
    Refusing,
    /// Data flows.
    Open,
    /// We close it, and the peer is still to be told or to confirm.
    Disconnecting(CloseReason),
    /// It is gone, but the application still holds it, or has not taken it yet; whole SDUs can still be read.
    Closed(CloseReason),
}

/// Why a channel ended, or did not come to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum CloseReason {
    /// The application closed it.
    Local,
    /// The peer closed it, with every SDU that it began complete.
    Peer,
    /// The peer closed it in the middle of an SDU, whose rest never came.
    Cut,
    /// The link is gone.
    LinkLost,
    /// The peer did not answer in 30 s.
    Timeout,
    /// The peer refused it.
    Refused(ConnectionResult),
    /// The peer does not know credit-based channels.
    NotSupported,
    /// The peer broke a rule.
    Violation(Violation),
}

/// A rule that the peer broke on a channel; it ends the channel.
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

/// What a channel owes to its peer besides credits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pending {
    Nothing,
    ConnectionRequest,
    ConnectionResponse,
    Refusal(ConnectionResult),
    DisconnectionRequest,
}

/// What the end of channels discarded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ChannelDrops {
    /// K-frames that were accepted for sending and had not left.
    pub unsent: u32,
    /// SDUs that were received, whole or in part, and not read.
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

/// One slot for a credit-based channel.
#[derive(Debug)]
pub struct Channel {
    pub(crate) link: LinkId,
    pub(crate) state: State,
    pub(crate) local: Cid,
    pub(crate) remote: Cid,
    pub(crate) psm: Psm,
    pub(crate) pending: Pending,
    /// Of the request that awaits an answer: ours, or in `Requested` and `Refusing` the peer's; 0 for none.
    pub(crate) identifier: u8,
    pub(crate) deadline: Option<Instant>,
    /// When the peer asked for it.
    pub(crate) since: Instant,
    /// The application has a handle.
    pub(crate) held: bool,
    pub(crate) generation: u32,
    pub(crate) rx: Receive,
    pub(crate) tx: Transmit,
    pub(crate) out: Option<Packet>,
    /// Discarded since [`super::Channels`] last counted.
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
        since: Instant::MIN,
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

    /// Where the channel stands.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Returns why the channel ended, or is about to.
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

    /// Counts the uses of the slot, so that a stale handle is known.
    #[must_use]
    pub const fn generation(&self) -> u32 {
        self.generation
    }

    /// Returns whether the application has a handle of it.
    #[must_use]
    pub const fn is_held(&self) -> bool {
        self.held
    }

    /// What the channel is for.
    #[must_use]
    pub const fn psm(&self) -> Psm {
        self.psm
    }

    /// Our end.
    #[must_use]
    pub const fn local_cid(&self) -> Cid {
        self.local
    }

    /// The peer's end.
    #[must_use]
    pub const fn remote_cid(&self) -> Cid {
        self.remote
    }

    /// Longest SDU that we receive, in octets.
    #[must_use]
    pub const fn mtu(&self) -> u16 {
        self.rx.mtu
    }

    /// Longest K-frame payload that we receive, in octets.
    #[must_use]
    pub const fn mps(&self) -> u16 {
        self.rx.mps
    }

    /// Returns the number of RX packets that are reserved for the channel.
    #[must_use]
    pub const fn window(&self) -> u16 {
        self.rx.window
    }

    /// Longest SDU that the peer receives, in octets.
    #[must_use]
    pub const fn peer_mtu(&self) -> u16 {
        self.tx.mtu
    }

    /// Longest K-frame payload that the peer receives, in octets.
    #[must_use]
    pub const fn peer_mps(&self) -> u16 {
        self.tx.mps
    }

    /// Returns the number of K-frames that the peer can take now.
    #[must_use]
    pub const fn credits(&self) -> u16 {
        self.tx.credits
    }

    /// Returns whether a K-frame may be written: open, the peer knows it, and it has granted a credit.
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

    /// Returns whether `remote` belongs to the channel: a peer that uses it anew after our request to close it has
    /// closed it, though its answer is missing.
    pub(crate) fn keeps(&self, remote: Cid) -> bool {
        let asked =
            matches!((self.state, self.pending), (State::Disconnecting(_), Pending::Nothing));
        self.remote == remote && !asked
    }

    /// Returns whether the application has not taken the channel that a peer opened.
    pub(crate) const fn is_offered(&self) -> bool {
        matches!(self.state, State::Open | State::Closed(_)) && !self.held
    }

    /// RX packets that are kept for the channel.
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
            // The frame in the out-slot leaves first.
            Pending::DisconnectionRequest => self.out.is_none(),
            Pending::ConnectionRequest | Pending::ConnectionResponse | Pending::Refusal(_) => true,
        }
    }

    /// Returns whether the peer does not know yet that we open or close the channel, and no deadline runs.
    pub(crate) const fn is_undated(&self) -> bool {
        matches!(self.state, State::Connecting | State::Disconnecting(_)) && self.deadline.is_none()
    }

    /// Credits to grant now.
    pub(crate) fn credits_due(&self) -> u16 {
        if self.is_open() { self.rx.due() } else { 0 }
    }

    /// Begins to refuse what the peer asked for.
    pub(crate) fn refuse(&mut self, result: ConnectionResult) {
        self.state = State::Refusing;
        self.pending = Pending::Refusal(result);
        self.deadline = None;
        self.rx = Receive::CLOSED;
    }

    /// Begins to close: the peer is to be told, after the answer that it awaits and, where the application closes,
    /// after the frame in the out-slot. Where a rule was broken, that frame is discarded.
    pub(crate) fn disconnect(&mut self, reason: CloseReason, pools: &mut Pools<'_>) {
        self.state = State::Disconnecting(reason);
        if self.pending != Pending::ConnectionResponse {
            self.pending = Pending::DisconnectionRequest;
            self.identifier = 0;
        }
        self.deadline = None;
        let accepted = if reason == CloseReason::Local { self.out.take() } else { None };
        self.silence(pools);
        self.out = accepted;
        if !self.held {
            self.discard_received(pools);
        }
    }

    /// The request to close could not leave in time: it stays due, and nobody waits for it any longer.
    pub(crate) fn give_up_closing(&mut self, pools: &mut Pools<'_>) {
        self.state = State::Disconnecting(CloseReason::Timeout);
        self.deadline = Some(Instant::MAX);
        self.silence(pools);
    }

    /// The peer closed the channel, or confirms that we did.
    pub(crate) fn closed_by_peer(&mut self, pools: &mut Pools<'_>) {
        let end = if self.rx.is_inside_sdu() { CloseReason::Cut } else { CloseReason::Peer };
        self.finish(self.close_reason().unwrap_or(end), pools);
    }

    /// The channel is gone; the slot stays until the application lets go, or while it may still take what was received.
    pub(crate) fn finish(&mut self, reason: CloseReason, pools: &mut Pools<'_>) {
        self.silence(pools);
        let is_offered = self.is_open() && self.rx.has_sdu();
        if !self.held && !is_offered {
            return self.free(pools);
        }
        self.state = State::Closed(reason);
        self.pending = Pending::Nothing;
        (self.identifier, self.deadline) = (0, None);
        (self.local, self.remote) = (Cid::NULL, Cid::NULL);
    }

    /// Frees the slot and gives back its packets.
    pub(crate) fn free(&mut self, pools: &mut Pools<'_>) {
        self.silence(pools);
        self.discard_received(pools);
        *self = Self { generation: self.generation, drops: self.drops, ..Self::FREE };
    }

    /// Discards what was received and not read.
    pub(crate) fn discard_received(&mut self, pools: &mut Pools<'_>) {
        let unread = self.rx.clear(pools.rx);
        self.drops.add(ChannelDrops { unsent: 0, unread });
    }

    /// Nothing more is sent or taken; SDUs that the application may still read stay.
    fn silence(&mut self, pools: &mut Pools<'_>) {
        if let Some(packet) = self.out.take() {
            pools.tx.give(packet);
            self.drops.add(ChannelDrops { unsent: 1, unread: 0 });
        }
        self.tx.credits = 0;
    }
}
