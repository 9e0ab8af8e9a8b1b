use bindrune_wire::time::Instant;

use super::{EchoState, Link, Peer};
use crate::classic::channel::State;
use crate::classic::channels::Channels;
use crate::classic::mode::Outcome;
use crate::classic::pdu::Features;
use crate::classic::{Channel, CloseReason, EchoOutcome, Timer};

impl Link {
    /// Returns the earliest deadline.
    #[must_use]
    pub fn poll_timeout(&self, channels: &Channels) -> Option<(Instant, Timer)> {
        let echo = match self.echo.state {
            EchoState::Due { deadline } | EchoState::Sent { deadline, .. } => {
                Some((deadline, Timer::Echo))
            }
            EchoState::Idle | EchoState::Ended(_) => None,
        };
        let features = match self.features {
            Peer::Asked { deadline, .. } => Some((deadline, Timer::Features)),
            Peer::Unknown | Peer::Known(_) => None,
        };
        let channels = channels.of_link(self.id).filter_map(|(_, channel)| channel.deadline());
        channels.chain(echo).chain(features).min_by_key(|(at, _)| *at)
    }

    /// Does everything that is due. Then call [`Self::poll_signal`].
    pub fn handle_timeout(&mut self, now: Instant, channels: &mut Channels) {
        if let EchoState::Due { deadline } | EchoState::Sent { deadline, .. } = self.echo.state
            && deadline <= now
        {
            self.echo.state = EchoState::Ended(EchoOutcome::Timeout);
        }
        if let Peer::Asked { deadline, .. } = self.features
            && deadline <= now
        {
            self.features = Peer::Known(Features(0));
        }
        for channel in channels.slots_of(self.id) {
            channel.handle_timeout(now);
        }
        let undecided =
            |c: &Channel| c.state == State::Requested && c.limit.is_some_and(|at| at <= now);
        while let Some(index) = channels.position(self.id, undecided) {
            self.expire(index, channels);
        }
    }
}

impl Channel {
    fn deadline(&self) -> Option<(Instant, Timer)> {
        let response = self.response_due.map(|at| (at, Timer::Response));
        let limit = self.limit.map(|at| (at, Timer::Limit));
        let mode = self.is_receiving().then(|| self.transfer.poll_timeout()).flatten();
        let mode = mode.map(|at| (at, Timer::Mode));
        response.into_iter().chain(limit).chain(mode).min_by_key(|(at, _)| *at)
    }

    fn handle_timeout(&mut self, now: Instant) {
        let due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if due(self.response_due) || due(self.limit) {
            self.expire(now);
        }
        if self.is_receiving() && due(self.transfer.poll_timeout()) {
            match self.transfer.handle_timeout(now) {
                Outcome::Violation(violation) => {
                    self.disconnect(now, CloseReason::Violation(violation));
                }
                Outcome::Nothing | Outcome::Changed { .. } | Outcome::Discarded => {
                    self.progressed(now);
                }
            }
        }
    }

    /// Ends a wait for the peer; the link ends that for the application.
    fn expire(&mut self, now: Instant) {
        match self.state {
            State::Free | State::Requested | State::Closed(_) => {}
            State::Connecting => self.finish(CloseReason::Timeout),
            State::Configuring | State::Open => self.disconnect(now, CloseReason::Timeout),
            State::Draining => self.disconnect(now, CloseReason::Local),
            State::Disconnecting(reason) => self.finish(reason),
        }
    }
}
