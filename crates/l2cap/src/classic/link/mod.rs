use bindrune_wire::{Interest, time::Instant};
use embassy_time::Duration;

use super::channel::RTX;
use super::channels::Channels;
use super::pdu::{self, Disconnection, Features};
use super::report::Counters;
use super::{Drops, EchoError, EchoOutcome, Signal};
use crate::{Header, LinkId};

mod answers;
mod channel;
mod outstanding;
mod receive;
mod request;
mod response;
mod timer;
mod transmit;

use answers::Answers;
use outstanding::Outstanding;
use receive::Reception;
use transmit::Sending;

/// Longest data of an Echo Request: each peer receives it.
pub const ECHO_MAX: usize = pdu::PEER_MTU as usize - 4;

/// L2CAP of one BR/EDR link: its stream of ACL data, and its signalling channel. [Vol 3] Part A, 4
///
/// - Received data: [`Self::start`], [`Self::push`] and [`Self::end`] for each ACL packet; then [`Self::poll_signal`]
///   until there is none.
/// - Data to send: [`Self::interest`], [`Self::poll_transmit`].
/// - Time: [`Self::poll_timeout`], [`Self::handle_timeout`].
///
/// At most 16 responses are pending, beside one response of each kind for each channel. Requests beyond that are
/// dropped and counted; a peer repeats them.
#[derive(Debug)]
pub struct Link {
    id: LinkId,
    reception: Reception,
    sending: Sending,
    outstanding: Outstanding,
    answers: Answers,
    /// The last identifier that was used. [Vol 3] Part A, 4
    identifier: u8,
    features: Peer,
    echo: Echo,
    /// The last Disconnection Request that was answered, in case the peer repeats it.
    last_closed: Option<(u8, Disconnection)>,
    is_flushable: bool,
    drops: Counters,
}

/// What is known of the peer's features.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Peer {
    Unknown,
    Asked { identifier: u8, deadline: Instant },
    Known(Features),
}

/// Our Echo Request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Echo {
    data: [u8; ECHO_MAX],
    len: u8,
    state: EchoState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EchoState {
    Idle,
    Due { deadline: Instant },
    Sent { identifier: u8, deadline: Instant },
    Ended(EchoOutcome),
}

impl Echo {
    fn data(&self) -> &[u8] {
        self.data.get(..usize::from(self.len)).unwrap_or_default()
    }

    fn awaits(&self, with: u8) -> bool {
        matches!(self.state, EchoState::Sent { identifier, .. } if identifier == with)
    }
}

impl Link {
    /// Creates the L2CAP of a new link.
    #[must_use]
    pub const fn new(id: LinkId) -> Self {
        Self {
            id,
            reception: Reception::new(),
            sending: Sending::new(),
            outstanding: Outstanding::new(),
            answers: Answers::new(),
            identifier: 0,
            features: Peer::Unknown,
            echo: Echo { data: [0; ECHO_MAX], len: 0, state: EchoState::Idle },
            last_closed: None,
            is_flushable: false,
            drops: Counters::ZERO,
        }
    }

    /// Returns the number of the link.
    #[must_use]
    pub const fn id(&self) -> LinkId {
        self.id
    }

    /// Returns what was discarded.
    #[must_use]
    pub fn drops(&self) -> Drops {
        self.drops.read()
    }

    /// Returns the peer's extended features, or `None` until they are known. They are asked for before a channel in
    /// another mode than Basic is configured.
    #[must_use]
    pub const fn features(&self) -> Option<Features> {
        match self.features {
            Peer::Known(features) => Some(features),
            Peer::Unknown | Peer::Asked { .. } => None,
        }
    }

    /// Marks data of all channels as flushable, or only data of channels with a flush timeout. The caller sets the
    /// timeout in the controller.
    pub const fn set_flushable(&mut self, is_flushable: bool) {
        self.is_flushable = is_flushable;
    }

    /// Requests an echo of at most 44 octets; [`Signal::Echoed`] reports the outcome within 10 s. [Vol 3] Part A, 4.8
    ///
    /// # Errors
    ///
    /// [`EchoError::TooLong`], or [`EchoError::Busy`] if the last request has no outcome yet.
    pub fn echo(&mut self, now: Instant, data: &[u8]) -> Result<(), EchoError> {
        if self.echo.state != EchoState::Idle {
            return Err(EchoError::Busy);
        }
        self.echo.data.get_mut(..data.len()).ok_or(EchoError::TooLong)?.copy_from_slice(data);
        self.echo.len = u8::try_from(data.len()).map_err(|_| EchoError::TooLong)?;
        self.echo.state = EchoState::Due { deadline: now + RTX };
        Ok(())
    }

    /// Withdraws an echo, without a signal. A response that still arrives counts as unmatched.
    pub const fn stop_echo(&mut self) {
        self.echo.state = EchoState::Idle;
    }

    /// Returns the next event of the link or of its channels, and forgets it. Call it after each input until there is
    /// none.
    pub fn poll_signal(&mut self, channels: &mut Channels) -> Option<Signal> {
        if let EchoState::Ended(outcome) = self.echo.state {
            self.echo.state = EchoState::Idle;
            return Some(Signal::Echoed(outcome));
        }
        channels.poll_signal(self.id)
    }

    /// Returns whether a PDU is pending: [`Interest::Urgent`] for signalling and
    /// supervisory frames.
    #[must_use]
    pub fn interest(&self, channels: &Channels) -> Interest {
        if self.has_pending_signal(channels) {
            Interest::Urgent
        } else {
            let begun = if self.sending.is_busy() { Interest::Data } else { Interest::None };
            channels.of_link(self.id).map(|(_, c)| c.interest()).fold(begun, Interest::max)
        }
    }

    /// Ends every channel of the link, with [`super::CloseReason::LinkLost`], and an echo, with
    /// [`EchoOutcome::Timeout`]. Call [`Self::poll_signal`] until there is none before you drop this value.
    pub fn end_link(&mut self, channels: &mut Channels) {
        channels.end_link(self.id);
        let echo = match self.echo.state {
            EchoState::Due { .. } | EchoState::Sent { .. } => {
                EchoState::Ended(EchoOutcome::Timeout)
            }
            idle @ (EchoState::Idle | EchoState::Ended(_)) => idle,
        };
        let drops = self.drops;
        *self = Self::new(self.id);
        (self.echo.state, self.drops) = (echo, drops);
    }

    /// Returns the next identifier that no open request of ours uses. [Vol 3] Part A, 4
    fn next_identifier(&self, channels: &Channels) -> u8 {
        let pending = |with: u8| {
            matches!(self.features, Peer::Asked { identifier, .. } if identifier == with)
                || self.echo.awaits(with)
                || channels.position(self.id, |c| c.identifier == with).is_some()
        };
        let after = |identifier: u8| identifier.checked_add(1).unwrap_or(1);
        let mut identifier = after(self.identifier);
        while pending(identifier) && identifier != self.identifier {
            identifier = after(identifier);
        }
        identifier
    }
}

/// The basic header and the longest C-frame.
const FRAME: usize = Header::LEN + pdu::MTU as usize;

/// Returns the time after `wait`.
fn after(now: Instant, wait: Duration) -> Instant {
    now + wait
}
