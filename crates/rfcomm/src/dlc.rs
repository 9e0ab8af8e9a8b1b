//! One DLC: its states, and what is pending for it.

mod end;
mod flow;
mod modem;
mod transmit;

use bindrune_wire::{Ring, time::Instant};

pub(crate) use self::{
    flow::Flow,
    modem::{Command, Modem, Port},
    transmit::Due,
};
use crate::{Break, Dlci, LineStatus, ModemStatus, PortSettings, SessionEnd, SessionId};

/// State of a DLC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum State {
    /// The slot is free.
    Free,
    /// The peer negotiated the parameters, and has not requested the DLC yet.
    Negotiated,
    /// The peer requested the DLC: accept or refuse it.
    Requested,
    /// We refused the DLC; the response is pending.
    Refusing,
    /// We requested the DLC, or the request is pending.
    Connecting,
    /// Data flows.
    Open,
    /// We close the DLC: data or the request is pending, or the peer has not confirmed it.
    Closing(EndReason),
    /// The DLC is gone, but the application still has a handle, and may read what was received.
    Closed(EndReason),
}

/// Reason why a DLC ended or failed to open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum EndReason {
    /// The application closed it.
    Local,
    /// The peer closed it.
    Peer,
    /// The peer refused it.
    Refused,
    /// The peer did not answer in time, or did not take the data before the end.
    Timeout,
    /// The session ended.
    Session(SessionEnd),
    /// The peer broke a rule.
    Violation(Violation),
}

/// A rule that the peer broke on a DLC. The violation closes the DLC, because data is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Violation {
    /// Data without a credit. [RFCOMM 1.2] 6.5.2
    NoCredit,
    /// More information than the negotiated frame size. [RFCOMM 1.2] 5.5.3
    FrameTooLong,
    /// More than 65,535 credits.
    CreditOverflow,
    /// Without credits: data arrived after the received ring was full.
    Overrun,
    /// A response to our parameters with frames of less than 23 octets. [RFCOMM 1.2] 5.5.3
    BadParameters,
}

bitflags::bitflags! {
    /// Changes of a DLC that the application may wait for.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Changes: u16 {
        /// The peer requests the DLC.
        const REQUESTED = 0x01;
        /// The DLC is open.
        const OPENED = 0x02;
        /// Data was received.
        const READABLE = 0x04;
        /// The send ring has room.
        const WRITABLE = 0x08;
        /// The peer reported its modem status, or a break.
        const MODEM = 0x10;
        /// The peer reported its line status.
        const LINE = 0x20;
        /// The peer changed the port settings, or answered a request about them.
        const PORT = 0x40;
        /// The DLC, or the peer's request for it, ended, or is about to end without the application: see
        /// [`Dlc::end_reason`].
        const ENDED = 0x80;
        /// The peer answered our report of the line status, or not in time.
        const REPORTED = 0x100;
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Changes {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Changes({=u16:#06x})", self.bits());
    }
}

bitflags::bitflags! {
    /// Responses that are pending.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(crate) struct Replies: u8 {
        const PN = 0x01;
        const UA = 0x02;
        const DM = 0x04;
        const MSC = 0x08;
        const RPN = 0x10;
        const RLS = 0x20;
    }
}

/// Progress of our own commands that open and close the DLC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Idle,
    /// PN is pending.
    Negotiate,
    /// PN is not answered.
    Negotiating,
    /// SABM is pending.
    Connect,
    /// SABM is not answered.
    Connecting,
    /// DISC follows the data in the send ring.
    Drain,
    /// DISC is pending.
    Disconnect,
    /// DISC is not answered.
    Disconnecting,
}

/// A slot for one DLC, with its received and its send ring.
#[derive(Debug)]
pub struct Dlc {
    pub(crate) session: SessionId,
    pub(crate) state: State,
    pub(crate) dlci: Dlci,
    pub(crate) step: Step,
    pub(crate) replies: Replies,
    pub(crate) deadline: Option<Instant>,
    /// Time of the peer's request.
    pub(crate) since: Option<Instant>,
    /// Whether the application has a handle.
    pub(crate) held: bool,
    pub(crate) generation: u32,
    pub(crate) changes: Changes,
    pub(crate) priority: u8,
    pub(crate) flow: Flow,
    pub(crate) modem: Modem,
    pub(crate) port: Port,
    pub(crate) rx: Ring<'static>,
    pub(crate) tx: Ring<'static>,
    /// Bytes discarded since [`crate::Dlcs`] last counted them.
    pub(crate) lost: Lost,
}

/// Bytes that were discarded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lost {
    pub(crate) unsent: usize,
    pub(crate) unread: usize,
}

impl Dlc {
    /// Creates a free slot. `rx` holds received bytes until the application reads them: at least 23, better four frames
    /// or more. A peer without credits may send half of it before it stops. `tx` holds bytes to send: at least 1. A
    /// slot with less memory is never used.
    #[must_use]
    pub const fn new(rx: &'static mut [u8], tx: &'static mut [u8]) -> Self {
        Self {
            session: SessionId(0),
            state: State::Free,
            dlci: Dlci::CONTROL,
            step: Step::Idle,
            replies: Replies::empty(),
            deadline: None,
            since: None,
            held: false,
            generation: 0,
            changes: Changes::empty(),
            priority: 0,
            flow: Flow::CLOSED,
            modem: Modem::INITIAL,
            port: Port::INITIAL,
            rx: Ring::new(rx),
            tx: Ring::new(tx),
            lost: Lost { unsent: 0, unread: 0 },
        }
    }

    /// Returns the session that the DLC belongs to.
    #[must_use]
    pub const fn session(&self) -> SessionId {
        self.session
    }

    /// Returns the state of the DLC.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Returns why the DLC ended or is about to end.
    #[must_use]
    pub const fn end_reason(&self) -> Option<EndReason> {
        match self.state {
            State::Closing(reason) | State::Closed(reason) => Some(reason),
            State::Free
            | State::Negotiated
            | State::Requested
            | State::Refusing
            | State::Connecting
            | State::Open => None,
        }
    }

    /// Returns the DLCI.
    #[must_use]
    pub const fn dlci(&self) -> Dlci {
        self.dlci
    }

    /// Returns the server channel, 1 to 30.
    #[must_use]
    pub const fn channel(&self) -> u8 {
        self.dlci.channel()
    }

    /// Returns whether data flows.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    /// Returns whether the application has a handle to the DLC.
    #[must_use]
    pub const fn is_held(&self) -> bool {
        self.held
    }

    /// Returns how often the slot was used, so that a stale handle is recognized.
    #[must_use]
    pub const fn generation(&self) -> u32 {
        self.generation
    }

    /// Returns the number of received bytes that the application can read.
    #[must_use]
    pub const fn readable(&self) -> usize {
        self.rx.len()
    }

    /// Returns the number of bytes that [`crate::Dlcs::send`] takes now.
    #[must_use]
    pub const fn writable(&self) -> usize {
        if self.is_open() { self.tx.free() } else { 0 }
    }

    /// Returns the number of bytes that were taken and not sent.
    #[must_use]
    pub const fn unsent(&self) -> usize {
        self.tx.len()
    }

    /// Returns the maximum number of bytes in a frame.
    #[must_use]
    pub const fn frame_size(&self) -> u16 {
        self.flow.frame_size
    }

    /// Returns whether credits control the flow.
    #[must_use]
    pub const fn is_credit_based(&self) -> bool {
        self.flow.credit_based
    }

    /// Returns the number of frames that the peer can take now.
    #[must_use]
    pub const fn credits(&self) -> u16 {
        self.flow.credits
    }

    /// Returns the priority that was negotiated, 0 (highest) to 63. Data of all DLCs is sent in turn.
    #[must_use]
    pub const fn priority(&self) -> u8 {
        self.priority
    }

    /// Returns the modem status that the peer reported last.
    #[must_use]
    pub const fn peer_modem(&self) -> ModemStatus {
        self.modem.peer
    }

    /// Returns our modem status.
    #[must_use]
    pub const fn modem(&self) -> ModemStatus {
        self.modem.own
    }

    /// Returns the last break of the peer that [`crate::Dlcs::take_break`] has not taken.
    #[must_use]
    pub const fn peer_break(&self) -> Option<Break> {
        self.modem.peer_break
    }

    /// Returns the line status that the peer reported last.
    #[must_use]
    pub const fn peer_line(&self) -> LineStatus {
        self.port.peer_line
    }

    /// Returns whether a report or a request of ours about the port is not answered yet.
    #[must_use]
    pub const fn awaits_port(&self) -> bool {
        self.port.command.is_some()
    }

    /// Returns whether another caller's report or request about the port must wait: the last one has no answer, or
    /// [`crate::Dlcs::end_command`] was not called after it.
    #[must_use]
    pub const fn is_port_taken(&self) -> bool {
        self.port.is_taken || self.awaits_port()
    }

    /// Returns whether the last report or request of ours about the port had no answer in 20 s.
    #[must_use]
    pub const fn port_timed_out(&self) -> bool {
        self.port.timed_out
    }

    /// Returns the port settings that both ends agreed on.
    #[must_use]
    pub const fn port_settings(&self) -> PortSettings {
        self.port.settings
    }

    /// Returns whether the DLCI belongs to the DLC.
    pub(crate) const fn is_live(&self) -> bool {
        !matches!(self.state, State::Free | State::Closed(_))
    }

    /// Returns whether data may still be sent and received.
    pub(crate) const fn is_flowing(&self) -> bool {
        self.is_open() || matches!(self.step, Step::Drain)
    }
}
