use bindrune_wire::{Counter, Interest, time::Instant};
use embassy_time::Duration;

use super::{
    RequestError, Role, Signal, Timer, UpdateOutcome,
    answers::Answers,
    pdu::{Command, Parameters, Reject},
};
use crate::{
    Channel, Channels, CloseReason, ConnectionResult, LinkId, Listener, Pools, Security, State,
    capability::{HasUpdates, UPDATES},
    coc::{Pending, Wanted},
};

/// Time limit for a response, and for a request to leave. [Vol 3] Part A, 6.2.1
pub(super) const RTX: Duration = Duration::from_secs(30);

/// State beside the link itself that [`Signalling::handle_pdu`] works on.
#[derive(Debug)]
pub struct Context<'c> {
    /// The channels of all links.
    pub channels: &'c mut Channels,
    /// The listeners.
    pub listeners: &'c [Listener],
    /// Security of the link.
    pub security: Security,
    /// Pools that packets return to.
    pub pools: Pools<'c>,
}

/// The signalling channel of one link. [Vol 3] Part A, 4
///
/// - Inputs: [`Self::handle_pdu`], [`Self::handle_timeout`], [`Self::start_timers`].
/// - Application: [`Self::request_parameters`], [`Self::answer_parameters`]; for channels see [`Channels`].
/// - Outputs: [`Self::interest`], [`Self::poll_transmit`], [`Self::poll_timeout`].
#[derive(Debug)]
pub struct Signalling {
    pub(super) link: LinkId,
    pub(super) role: Role,
    /// The last identifier that was used. [Vol 3] Part A, 4
    pub(super) identifier: u8,
    pub(super) answers: Answers,
    pub(super) update: Update,
    /// Identifier of the peer's undecided request for parameters.
    pub(super) asked: Option<u8>,
    /// The earliest deadline, or an earlier time.
    deadline: Option<(Instant, Timer)>,
    /// Counts C-frames.
    pub(super) discarded: Counter,
}

/// Our own request for connection parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Update {
    Idle,
    Pending(Parameters, HasUpdates),
    Sent { identifier: u8, deadline: Instant, built_in: HasUpdates },
}

impl Signalling {
    /// Creates the signalling channel of a new link.
    #[must_use]
    pub const fn new(link: LinkId, role: Role) -> Self {
        Self {
            link,
            role,
            identifier: 0,
            answers: Answers::new(),
            update: Update::Idle,
            asked: None,
            deadline: None,
            discarded: Counter::ZERO,
        }
    }

    /// Takes the payload of a C-frame.
    pub fn handle_pdu(&mut self, now: Instant, pdu: &[u8], context: &mut Context<'_>) -> Signal {
        let signal = match Command::parse(pdu) {
            Ok((identifier, command)) => self.handle_command(now, identifier, command, context),
            Err(bad) => {
                self.discarded.count();
                if let Some(reject) = bad.reply {
                    self.answer(bad.identifier, Command::Reject(reject));
                }
                Signal::None
            }
        };
        if !matches!(signal, Signal::None | Signal::Credits(_)) {
            self.schedule(context.channels);
        }
        signal
    }

    /// Returns how many C-frames were discarded: those that are malformed, that exceed the maximum of pending
    /// responses, or that match no request and no channel.
    #[must_use]
    pub fn discarded(&self) -> u32 {
        self.discarded.get()
    }

    /// Returns whether a command to the peer is pending. If it is a credit that was granted in the meantime,
    /// [`Self::poll_transmit`] writes nothing.
    #[must_use]
    pub fn interest(&self, channels: &Channels) -> Interest {
        let update = matches!(self.update, Update::Pending(..));
        if update || !self.answers.is_empty() || channels.is_pending(self.link) {
            Interest::Urgent
        } else {
            Interest::None
        }
    }

    /// Requests connection parameters from the central. [Vol 3] Part A, 4.20
    ///
    /// # Errors
    ///
    /// [`RequestError::NotPeripheral`], [`RequestError::Invalid`], or [`RequestError::Busy`] if the last request has
    /// no response yet.
    pub fn request_parameters(&mut self, parameters: Parameters) -> Result<(), RequestError> {
        let (Role::Peripheral, Some(built_in)) = (self.role, UPDATES) else {
            return Err(RequestError::NotPeripheral);
        };
        if !parameters.is_valid() {
            return Err(RequestError::Invalid);
        }
        if self.update != Update::Idle {
            return Err(RequestError::Busy);
        }
        self.update = Update::Pending(parameters, built_in);
        Ok(())
    }

    /// Answers [`Signal::ParametersRequested`]; false if no request is pending. [Vol 3] Part A, 4.21
    pub fn answer_parameters(&mut self, accept: bool) -> bool {
        let Some(identifier) = self.asked.take() else { return false };
        self.answer(identifier, Command::ParameterResponse(u16::from(!accept)));
        true
    }

    /// Returns the next deadline and its reason. The condition may have been met since.
    #[must_use]
    pub const fn poll_timeout(&self) -> Option<(Instant, Timer)> {
        self.deadline
    }

    /// Starts the timers of channels that were opened or closed since the last call. A command that cannot leave
    /// within 30 s is given up.
    pub fn start_timers(&mut self, now: Instant, channels: &mut Channels) {
        let due = now + RTX;
        while let Some(index) = channels.position(self.link, Wanted::Undated) {
            channels.with(index, |channel| channel.deadline = Some(due));
        }
        self.schedule(channels);
    }

    /// Handles one deadline that expired at `now`. Call it until it returns [`Signal::None`].
    pub fn handle_timeout(
        &mut self,
        now: Instant,
        channels: &mut Channels,
        pools: &mut Pools<'_>,
    ) -> Signal {
        if self.deadline.is_none_or(|(at, _)| at > now) {
            return Signal::None;
        }
        let signal = self.expire(now, channels, pools);
        self.schedule(channels);
        signal
    }

    /// Queues a response to the peer; drops it if the maximum is reached.
    pub(super) fn answer(&mut self, identifier: u8, command: Command) {
        if !self.answers.push(identifier, command) {
            self.discarded.count();
        }
    }

    /// Returns whether another response fits; if not, counts the request as dropped.
    pub(super) fn can_answer(&mut self) -> bool {
        let can = !self.answers.is_full();
        if !can {
            self.discarded.count();
        }
        can
    }

    pub(super) fn reject(&mut self, identifier: u8, reject: Reject) {
        self.answer(identifier, Command::Reject(reject));
    }

    /// Recomputes the earliest deadline.
    pub(super) fn schedule(&mut self, channels: &Channels) {
        let mut earliest = match self.update {
            Update::Sent { deadline, .. } => Some((deadline, Timer::ParameterUpdate)),
            Update::Idle | Update::Pending(..) => None,
        };
        for channel in channels.iter().filter(|c| c.link == self.link) {
            if let Some(at) = channel.deadline
                && earliest.is_none_or(|(known, _)| at < known)
            {
                earliest = Some((at, channel.timer()));
            }
        }
        self.deadline = earliest;
    }

    fn expire(&mut self, now: Instant, channels: &mut Channels, pools: &mut Pools<'_>) -> Signal {
        if matches!(self.update, Update::Sent { deadline, .. } if deadline <= now) {
            self.update = Update::Idle;
            return Signal::ParametersAnswered(UpdateOutcome::Timeout);
        }
        let Some(index) = channels.position(self.link, Wanted::Expired(now)) else {
            return Signal::None;
        };
        channels.with(index, |channel| match channel.state {
            State::Connecting => {
                channel.finish(CloseReason::Timeout, pools);
                Signal::Refused(index, CloseReason::Timeout)
            }
            State::Disconnecting(_) if channel.pending != Pending::Nothing => {
                channel.give_up_closing(pools);
                Signal::Closed(index)
            }
            State::Disconnecting(reason) => {
                let unconfirmed = reason == CloseReason::Local;
                let reason = if unconfirmed { CloseReason::Timeout } else { reason };
                channel.finish(reason, pools);
                Signal::Closed(index)
            }
            State::Requested => {
                channel.refuse(ConnectionResult::NO_RESOURCES);
                Signal::Closed(index)
            }
            State::Free | State::Refusing | State::Open | State::Closed(_) => {
                channel.deadline = None;
                Signal::None
            }
        })
    }
}

impl Channel {
    const fn timer(&self) -> Timer {
        match self.state {
            State::Connecting => Timer::Connect,
            State::Disconnecting(_) => Timer::Disconnect,
            State::Requested | State::Refusing | State::Free | State::Open | State::Closed(_) => {
                Timer::Decide
            }
        }
    }
}

pub(super) fn refusal(result: ConnectionResult) -> Command {
    Command::ConnectionResponse(super::pdu::ConnectionResponse::refusal(result))
}
