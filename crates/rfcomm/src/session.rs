//! The multiplexer of one L2CAP channel. [RFCOMM 1.2] 5.2

mod control;
mod receive;
mod timeout;
mod transmit;

use core::fmt;

use bindrune_wire::time::Instant;

use embassy_time::Duration;

use crate::{
    DEFAULT_FRAME_SIZE, Dlci, Dlcs, EndReason, MIN_FRAME_SIZE, PortSettings, RESPONSE_TIMEOUT,
    State,
    dlc::{Flow, Step},
    frame::OVERHEAD,
    port::Mask,
};

/// Number that the caller gives to a session. DLCIs belong to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SessionId(pub u8);

/// Role in a session: that in the L2CAP channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Role {
    /// This device opened the L2CAP channel, and opens the multiplexer.
    Initiator,
    /// The peer opened the L2CAP channel.
    Responder,
}

/// State of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SessionState {
    /// The peer has not opened the multiplexer yet.
    Waiting,
    /// We open the multiplexer.
    Opening,
    /// DLCs can be opened.
    Open,
    /// We close the multiplexer.
    Closing(SessionEnd),
    /// The multiplexer is closed.
    Ended(SessionEnd),
}

/// Reason why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SessionEnd {
    /// This device closed it.
    Local,
    /// It had no DLC for a while.
    Idle,
    /// The peer closed it.
    Peer,
    /// The peer refused to open it.
    Refused,
    /// The peer did not answer in time.
    Timeout,
    /// The L2CAP channel ended.
    ChannelLost,
}

/// Reason why a DLC cannot be requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum OpenError {
    /// The server channel is not 1 to 30.
    BadChannel,
    /// This device has a DLC to the server channel already.
    InUse,
    /// No slot is free, or the session has its share of them.
    NoSlot,
    /// The session has ended or is about to end.
    Ended,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadChannel => "the server channel is not 1 to 30",
            Self::InUse => "this device has a connection to the server channel already",
            Self::NoSlot => "no slot is free, or the session has its share of them",
            Self::Ended => "the session has ended or is about to end",
        })
    }
}

impl core::error::Error for OpenError {}

/// Time without a DLC after which the initiator closes the multiplexer.
const IDLE_INITIATOR: Duration = Duration::from_secs(2);

/// Time without a DLC after which the responder closes it, if the initiator does not.
const IDLE_RESPONDER: Duration = Duration::from_secs(60);

/// The most octets that Test can carry: a frame on DLCI 0 has the default size.
const MOST_TEST: usize = DEFAULT_FRAME_SIZE as usize - 2;

/// A response about no DLC that is pending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reply {
    NotSupported(u8),
    Port(Dlci, PortSettings, Mask),
}

/// A command of ours about the whole session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    Test([u8; 4]),
    Flow(bool),
}

/// The multiplexer of one L2CAP channel.
///
/// - Getters: [`Self::id`], [`Self::role`], [`Self::state`], [`Self::is_done`].
/// - Inputs: [`Self::handle_frame`], [`Self::channel_lost`], [`Self::handle_timeout`].
/// - Application: [`Self::open`], [`Self::test`], [`Self::set_flow`], [`Self::close`]; the rest is at [`Dlcs`].
/// - Outputs: [`Self::interest`], [`Self::poll_transmit`], [`Self::poll_timeout`].
///
/// All of them take the same [`Dlcs`].
#[derive(Debug)]
pub struct Session {
    id: SessionId,
    role: Role,
    state: SessionState,
    /// Whether SABM or DISC on DLCI 0 is pending.
    is_command_due: bool,
    deadline: Option<Instant>,
    /// The longest frame that both L2CAP MTUs allow, without its overhead.
    frame_size: u16,
    /// Whether the first negotiation agreed on credits.
    credit_based: Option<bool>,
    /// DLCIs on which UA or DM is pending, one bit each.
    ua: u64,
    dm: u64,
    reply: Option<Reply>,
    /// Whether the response to FCon or FCoff is pending.
    flow_reply: Option<bool>,
    /// Octets of the peer's Test to return.
    test: [u8; MOST_TEST],
    test_len: Option<u8>,
    /// Our command, and its time limit once it is sent.
    request: Option<(Request, Option<Instant>)>,
    /// Whether the peer stopped all DLCs.
    is_off: bool,
    /// The slot whose turn was last.
    turn: usize,
}

impl Session {
    /// Creates the multiplexer of a new L2CAP channel. The initiator opens it at once. An earlier session with the same
    /// `id` must have ended: see [`Self::channel_lost`].
    ///
    /// `mtu` is the smaller of the channel's MTUs in both directions, in octets; below 48 it counts as 48. [Vol 3]
    /// Part A, 5.1
    #[must_use]
    pub fn new(now: Instant, id: SessionId, role: Role, mtu: u16) -> Self {
        let is_initiator = role == Role::Initiator;
        let overhead = u16::try_from(OVERHEAD).unwrap_or_default();
        let (state, limit) = if is_initiator {
            (SessionState::Opening, RESPONSE_TIMEOUT)
        } else {
            (SessionState::Waiting, IDLE_RESPONDER)
        };
        Self {
            id,
            role,
            state,
            is_command_due: is_initiator,
            deadline: Some(now + limit),
            frame_size: mtu.max(48).saturating_sub(overhead).min(0x7fff),
            credit_based: None,
            ua: 0,
            dm: 0,
            reply: None,
            flow_reply: None,
            test: [0; MOST_TEST],
            test_len: None,
            request: None,
            is_off: false,
            turn: 0,
        }
    }

    /// Returns the number of the session.
    #[must_use]
    pub const fn id(&self) -> SessionId {
        self.id
    }

    /// Returns our role.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Returns the state.
    #[must_use]
    pub const fn state(&self) -> SessionState {
        self.state
    }

    /// Returns whether the multiplexer is closed and nothing is left to send: close the L2CAP channel.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        matches!(self.state, SessionState::Ended(_)) && self.ua == 0 && self.dm == 0
    }

    /// Returns whether a DLC can be opened now or once the multiplexer is open. If not, a new L2CAP channel is needed.
    #[must_use]
    pub const fn can_open(&self) -> bool {
        matches!(self.state, SessionState::Waiting | SessionState::Opening | SessionState::Open)
    }

    /// Requests a DLC to the peer's server channel `channel`, 1 to 30, and returns its slot. The application holds it.
    ///
    /// # Errors
    ///
    /// [`OpenError::BadChannel`] for a wrong argument, [`OpenError::InUse`] if there is a DLC to it, or
    /// [`OpenError::NoSlot`] or [`OpenError::Ended`].
    pub fn open(&mut self, now: Instant, dlcs: &mut Dlcs, channel: u8) -> Result<usize, OpenError> {
        if channel == 0 || channel > 30 {
            return Err(OpenError::BadChannel);
        }
        if !self.can_open() {
            return Err(OpenError::Ended);
        }
        let dlci = Dlci::of_server(channel, false, self.is_initiator());
        if dlcs.find(self.id, dlci).is_some() {
            return Err(OpenError::InUse);
        }
        let index = dlcs.allot(self.id, dlci).ok_or(OpenError::NoSlot)?;
        let credit_based = self.credit_based != Some(false);
        dlcs.with(index, |dlc| {
            let frame_size = self.frame_size_for(dlc.rx.capacity());
            dlc.state = State::Connecting;
            dlc.step = Step::Negotiate;
            dlc.held = true;
            dlc.priority = dlci.0 & 0x38 | 0x07;
            dlc.flow = Flow { frame_size, most: frame_size, credit_based, ..Flow::CLOSED };
            dlc.flow.grant_initial(&dlc.rx);
            dlc.deadline = Some(now + crate::CONNECT_TIMEOUT);
        });
        self.update_idle(now, dlcs);
        Ok(index)
    }

    /// Sends Test with these octets, which the peer returns. The session ends if it does not within 20 s. Returns
    /// false if the multiplexer is not open, or another command of the session is not answered yet.
    pub fn test(&mut self, octets: [u8; 4]) -> bool {
        self.request(Request::Test(octets))
    }

    /// Stops (`on` is false) or continues the flow from the peer on all DLCs without credits, by FCoff or FCon. The
    /// return value is as for [`Self::test`]; it is false in a session with credits too.
    pub fn set_flow(&mut self, on: bool) -> bool {
        self.credit_based != Some(true) && self.request(Request::Flow(on))
    }

    /// Returns whether a command of [`Self::test`] or [`Self::set_flow`] is not answered yet.
    #[must_use]
    pub const fn is_requesting(&self) -> bool {
        self.request.is_some()
    }

    fn request(&mut self, request: Request) -> bool {
        let may = self.state == SessionState::Open && self.request.is_none();
        if may {
            self.request = Some((request, None));
        }
        may
    }

    /// Closes the multiplexer and all its DLCs at once.
    pub fn close(&mut self, now: Instant, dlcs: &mut Dlcs) {
        if self.can_open() {
            self.shut(now, dlcs, SessionEnd::Local);
        }
    }

    /// Ends the session and all its DLCs after the L2CAP channel ended.
    pub fn channel_lost(&mut self, dlcs: &mut Dlcs) {
        (self.ua, self.dm) = (0, 0);
        self.end(dlcs, SessionEnd::ChannelLost);
    }

    /// Starts to close the multiplexer. It must be open, or about to be.
    fn shut(&mut self, now: Instant, dlcs: &mut Dlcs, reason: SessionEnd) {
        let is_open = self.state == SessionState::Open
            || self.state == SessionState::Opening && !self.is_command_due;
        self.end(dlcs, reason);
        if is_open {
            self.state = SessionState::Closing(reason);
            self.is_command_due = true;
            self.deadline = Some(now + RESPONSE_TIMEOUT);
        }
    }

    /// Ends the session and all its DLCs.
    fn end(&mut self, dlcs: &mut Dlcs, reason: SessionEnd) {
        let reason = match self.state {
            SessionState::Closing(reason) | SessionState::Ended(reason) => reason,
            SessionState::Waiting | SessionState::Opening | SessionState::Open => reason,
        };
        dlcs.each(self.id, |dlc| dlc.finish(EndReason::Session(reason)));
        self.state = SessionState::Ended(reason);
        self.is_command_due = false;
        self.deadline = None;
        (self.reply, self.flow_reply, self.test_len, self.request) = (None, None, None, None);
    }

    fn is_initiator(&self) -> bool {
        self.role == Role::Initiator
    }

    /// Returns the frame size for a DLC whose received ring has `capacity` bytes: two frames or more fit in it.
    fn frame_size_for(&self, capacity: usize) -> u16 {
        let half = u16::try_from(capacity >> 1).unwrap_or(u16::MAX);
        self.frame_size.min(half).max(MIN_FRAME_SIZE)
    }

    /// Returns the flow control of a DLC without negotiation.
    fn default_flow(&self) -> Flow {
        let credit_based = self.credit_based == Some(true);
        Flow {
            frame_size: DEFAULT_FRAME_SIZE,
            most: DEFAULT_FRAME_SIZE,
            credit_based,
            ..Flow::CLOSED
        }
    }
}

#[cfg(test)]
mod tests;
