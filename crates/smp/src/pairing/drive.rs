//! Progress of a pairing: jobs, answers, encryption, and its end.

use bindrune_wire::time::Instant;

use super::{
    Answer, Distribute, Event, Failure, Flight, Job, JobDone, LONGEST, Outcome, Pairing, Ready,
    State, TIMEOUT, Ticket,
    parts::{Context, Out},
};
use crate::{keys::Key, method::Role, pdu::Reason};

impl Pairing {
    /// Returns the next job. Pass its result to [`Self::handle_job`] with the same ticket.
    pub fn poll_job(&mut self) -> Option<(Ticket, Job)> {
        let ticket = Ticket(self.ticket);
        let (needs_key_pair, needs_random, dh) = match self.phase() {
            Some((State::Secure(phase), context)) => {
                (phase.needs_key_pair(), phase.needs_random(&context), phase.dh_job())
            }
            Some((State::Legacy(phase), context)) => (false, phase.needs_random(&context), None),
            Some((State::Distribute(phase), _)) => (false, phase.needs_random(), None),
            Some((State::Idle | State::Features | State::Complete(_), _)) | None => {
                (false, false, None)
            }
        };
        let job = if dh.is_some() {
            dh?
        } else if needs_key_pair && !self.flight.key_pair {
            self.flight.key_pair = true;
            Job::KeyPair
        } else if needs_random && !self.flight.random {
            self.flight.random = true;
            Job::Random
        } else {
            return None;
        };
        Some((ticket, job))
    }

    /// Takes the result of a job. Drops a result that is not expected.
    pub fn handle_job(&mut self, now: Instant, ticket: Ticket, done: &JobDone) {
        if ticket.0 != self.ticket || !self.is_active() {
            return;
        }
        let flight = self.flight;
        let result = match (self.phase(), done) {
            (Some((State::Secure(phase), _)), JobDone::KeyPair(key)) if flight.key_pair => {
                phase.handle_key_pair(key);
                Ok(())
            }
            (Some((State::Secure(phase), _)), JobDone::DhKey(key)) => {
                phase.handle_dh_key(key.as_ref())
            }
            (Some((state, mut context)), JobDone::Random(random)) if flight.random => {
                match state {
                    State::Secure(phase) => phase.handle_random(&mut context, *random),
                    State::Legacy(phase) => phase.handle_random(&mut context, *random),
                    State::Distribute(phase) => phase.handle_random(*random),
                    State::Idle | State::Features | State::Complete(_) => {}
                }
                self.flight.random = false;
                Ok(())
            }
            (_, JobDone::Failed) => Err(Reason::UNSPECIFIED_REASON),
            _ => Ok(()),
        };
        self.go_on(now, result);
    }

    /// Takes the user's answer. Drops an answer without a question.
    pub fn handle_answer(&mut self, now: Instant, answer: Answer) {
        let result = match self.phase() {
            Some((State::Secure(phase), context)) => phase.handle_answer(&context, answer),
            Some((State::Legacy(phase), context)) => phase.handle_answer(&context, answer),
            Some((
                State::Idle | State::Features | State::Distribute(_) | State::Complete(_),
                _,
            ))
            | None => return,
        };
        self.go_on(now, result);
    }

    /// Records that the link is encrypted, or could not be encrypted, or is no longer encrypted.
    pub fn handle_encryption(&mut self, now: Instant, encrypted: bool) {
        let State::Distribute(phase) = &mut self.state else { return };
        if encrypted {
            phase.encrypted();
            self.go_on(now, Ok(()));
        } else {
            self.finish(Err(Failure::Encryption));
        }
    }

    /// Continues as far as possible, or ends the pairing. A new step restarts the peer's time limit.
    pub(super) fn go_on(&mut self, now: Instant, result: Result<(), Reason>) {
        let before = self.out.pending;
        if let Err(reason) = result.and_then(|()| self.advance()) {
            self.fail(reason);
        } else if self.is_active() && self.out.pending != before {
            self.touch(now);
        }
    }

    pub(super) fn advance(&mut self) -> Result<(), Reason> {
        let key = match self.phase() {
            Some((State::Secure(phase), mut context)) => phase.advance(&mut context)?,
            Some((State::Legacy(phase), mut context)) => phase.advance(&mut context)?,
            Some((
                State::Distribute(_) | State::Idle | State::Features | State::Complete(_),
                _,
            ))
            | None => None,
        };
        if let Some(key) = key {
            self.phase_two_done(key);
        }
        let role = self.role();
        if let State::Distribute(phase) = &mut self.state
            && (!self.vets_keys || phase.outcome_to_vet().is_none())
            && let Some(outcome) = phase.advance(role, &mut self.out)
        {
            self.set_local_oob(None);
            self.finish(Ok(outcome));
        }
        Ok(())
    }

    /// Returns the phase and its context, once the features are agreed.
    pub(super) fn phase(&mut self) -> Option<(&mut State, Context<'_>)> {
        let context = Context {
            role: self.role(),
            agreed: self.agreed.as_ref()?,
            idle: &self.idle,
            consent: self.config.consent,
            out: &mut self.out,
            ask: &mut self.ask,
        };
        Some((&mut self.state, context))
    }

    /// Discards the state of the previous pairing.
    pub(super) fn begin(&mut self, now: Instant) {
        self.end = Some(now + LONGEST);
        self.refusal = None;
        self.ticket = self.ticket.wrapping_add(1);
        self.flight = Flight::default();
        self.ready = Ready::default();
        self.out = Out::NONE;
        self.ask = None;
        self.agreed = None;
        self.idle.paired = false;
        self.idle.clear();
    }

    /// Ends the pairing; Pairing Failed with the reason becomes pending.
    pub(super) fn fail(&mut self, reason: Reason) {
        self.finish(Err(Failure::Local(reason)));
        self.refuse(reason);
    }

    /// Sends Pairing Failed to the peer, for a pairing that does not begin or whose keys this side discards afterwards.
    pub fn refuse(&mut self, reason: Reason) {
        self.idle.refuse(reason);
    }

    /// Returns once why a Pairing Request of the peer did not begin a pairing.
    pub const fn take_refusal(&mut self) -> Option<Reason> {
        self.refusal.take()
    }

    /// Holds the peer's keys until [`Self::accept_keys`], in this pairing and later ones.
    pub const fn set_vetting(&mut self, on: bool) {
        self.vets_keys = on;
    }

    /// Returns the result of the pairing with the peer's keys, once all have arrived and wait for [`Self::accept_keys`]
    /// or [`Self::cancel`]. Until then the initiator sends none of its own keys, and neither machine has completed.
    #[must_use]
    pub fn outcome_to_vet(&self) -> Option<&Outcome> {
        match &self.state {
            State::Distribute(phase) if self.vets_keys => phase.outcome_to_vet(),
            State::Idle
            | State::Features
            | State::Secure(_)
            | State::Legacy(_)
            | State::Distribute(_)
            | State::Complete(_) => None,
        }
    }

    /// Accepts the peer's keys, once all have arrived: the pairing continues.
    pub fn accept_keys(&mut self, now: Instant) {
        if self.outcome_to_vet().is_some()
            && let State::Distribute(phase) = &mut self.state
        {
            phase.accept();
            self.go_on(now, Ok(()));
        }
    }

    pub(super) fn finish(&mut self, result: Result<Outcome, Failure>) {
        self.agreed = None;
        self.out = Out::NONE;
        self.idle.clear();
        self.ask = None;
        (self.deadline, self.end) = (None, None);
        self.ticket = self.ticket.wrapping_add(1);
        self.ready.encrypt = false;
        self.ready.keypress = None;
        self.idle.paired = result.is_ok();
        self.ready.failed = result.as_ref().err().copied();
        self.state = result.map_or(State::Idle, State::Complete);
    }

    pub(super) fn touch(&mut self, now: Instant) {
        self.deadline = Some(self.end.map_or(now + TIMEOUT, |end| end.min(now + TIMEOUT)));
    }

    fn phase_two_done(&mut self, key: Key) {
        let role = self.role();
        let Some(agreed) = &mut self.agreed else { return };
        if let State::Secure(phase) = &self.state
            && phase.peer_uses_debug_key()
        {
            agreed.authenticated = false;
        }
        self.state = State::Distribute(Distribute::new(role, agreed, key));
        self.flight = Flight::default();
        self.ask = None;
        self.ready.encrypt = role == Role::Initiator;
    }
}

impl Event {
    /// Returns whether the failure counts for [`crate::Backoff::failed`]: this side or the peer ended the pairing, or
    /// it timed out.
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        matches!(self, Self::Failed(_))
    }
}
