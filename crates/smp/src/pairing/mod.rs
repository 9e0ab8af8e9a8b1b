//! The pairing machine of one link, in either role. [Vol 3] Part H, 2.3

mod api;
mod distribute;
mod drive;
mod features;
mod idle;
mod legacy;
mod parts;
mod receive;
mod secure;
mod terms;
#[cfg(test)]
mod tests;
mod transmit;

use bindrune_wire::{Address, time::Instant};
use embassy_time::Duration;

pub use api::{
    Answer, Config, Event, Failure, Identity, Job, JobDone, Keys, LocalOob, Outcome,
    PairingRequest, StartError, Ticket, Timer,
};
use distribute::Distribute;
pub use idle::{Idle, IdleEvent};
use legacy::Legacy;
use parts::{Agreement, Out, PendingPdus};
use secure::Secure;
pub use terms::Terms;

use crate::{
    capability::{INITIATOR, OOB, OobRoom},
    keys::Key,
    method::Role,
    pdu::{AuthReq, Keypress, Reason},
};

/// Time limit for each PDU or answer of a pairing. [Vol 3] Part H, 3.4
const TIMEOUT: Duration = Duration::from_secs(30);
/// Time limit for a whole pairing, however slow its steps are and however many keypresses are reported.
const LONGEST: Duration = Duration::from_secs(300);

/// The pairing machine of one link.
///
/// - Application: [`Self::start`], [`Self::request_security`], [`Self::cancel`], [`Self::refuse`],
///   [`Self::handle_answer`], [`Self::send_keypress`], [`Self::accept_keys`].
/// - Inputs: [`Self::handle_pdu`], [`Self::handle_job`], [`Self::handle_encryption`], [`Self::handle_timeout`].
/// - Outputs: [`Self::poll_job`], [`Self::poll_request`], [`Self::poll_event`], [`Self::poll_transmit`],
///   [`Self::poll_timeout`].
#[derive(Debug)]
pub struct Pairing {
    idle: Idle,
    config: Config,
    identity: Identity,
    oob: OobRoom<LocalOob>,
    state: State,
    agreed: Option<Agreement>,
    out: Out,
    ask: Option<PairingRequest>,
    ready: Ready,
    flight: Flight,
    ticket: u32,
    deadline: Option<Instant>,
    /// Time at which the pairing ends even if the peer continues.
    end: Option<Instant>,
    /// Whether the peer's keys are held until [`Self::accept_keys`].
    vets_keys: bool,
    /// Reason why the last Pairing Request did not begin a pairing, until it is taken.
    refusal: Option<Reason>,
    not_before: Option<Instant>,
}

/// Progress of the pairing.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "the variants share one memory; the difference in size depends on the features"
)]
enum State {
    Idle,
    /// The initiator waits for the Pairing Response.
    Features,
    Secure(Secure),
    Legacy(Legacy),
    Distribute(Distribute),
    /// The pairing has completed, but was not reported yet.
    Complete(Outcome),
}

/// Events that were not taken yet.
#[derive(Debug, Default)]
struct Ready {
    security: Option<AuthReq>,
    keypress: Option<Keypress>,
    encrypt: bool,
    failed: Option<Failure>,
}

/// Jobs in progress.
#[derive(Clone, Copy, Debug, Default)]
struct Flight {
    key_pair: bool,
    random: bool,
}

impl Pairing {
    /// Creates the machine of a new link between these addresses, as used on the air.
    #[must_use]
    pub const fn new(
        role: Role,
        config: Config,
        identity: Identity,
        local: Address,
        peer: Address,
    ) -> Self {
        Self::resume(Idle::new(role, local, peer), config, identity)
    }

    /// Creates the machine of a link from its idle state.
    #[must_use]
    pub const fn resume(idle: Idle, config: Config, identity: Identity) -> Self {
        Self {
            idle,
            config,
            identity,
            oob: [const { None }; OOB as usize],
            state: State::Idle,
            agreed: None,
            out: Out::NONE,
            ask: None,
            ready: Ready { security: None, keypress: None, encrypt: false, failed: None },
            flight: Flight { key_pair: false, random: false },
            ticket: 0,
            deadline: None,
            end: None,
            vets_keys: false,
            refusal: None,
            not_before: None,
        }
    }

    /// Returns the role of this side.
    const fn role(&self) -> Role {
        self.idle.role()
    }

    /// Returns whether a pairing is in progress.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        !matches!(self.state, State::Idle | State::Complete(_))
    }

    /// Returns the state that the link keeps once the pairing is over and its events are taken.
    #[must_use]
    pub const fn idle(&self) -> &Idle {
        &self.idle
    }

    /// Returns the peer's address, as used on the air.
    #[must_use]
    pub const fn peer_on_air(&self) -> Address {
        self.idle.peer_on_air()
    }

    /// Returns the number of PDUs that were ignored.
    #[must_use]
    pub const fn dropped(&self) -> u32 {
        self.idle.dropped()
    }

    /// Changes what the next pairing offers and requires.
    pub const fn set_config(&mut self, config: Config) {
        self.config = config;
    }

    /// Sets the out-of-band data of this side: the next pairing uses its key.
    pub fn set_local_oob(&mut self, oob: Option<LocalOob>) {
        if let Some(room) = self.oob.first_mut() {
            *room = oob;
        }
    }

    /// Refuses a pairing before `until`, with Repeated Attempts; see [`crate::Backoff::until`].
    pub const fn hold_off(&mut self, until: Option<Instant>) {
        self.not_before = until;
    }

    /// Starts a pairing, as the initiator.
    ///
    /// # Errors
    ///
    /// [`StartError`]: the role is wrong, a pairing is in progress, an earlier one timed out, or the last failure is
    /// too recent.
    pub fn start(&mut self, now: Instant) -> Result<(), StartError> {
        if self.role() == Role::Responder {
            return Err(StartError::Role);
        }
        self.may_start()?;
        if self.must_wait(now) {
            return Err(StartError::RepeatedAttempts);
        }
        self.begin(now);
        self.state = State::Features;
        self.out.pending |= PendingPdus::REQUEST;
        self.touch(now);
        Ok(())
    }

    /// Requests security from the central, as the responder. [Vol 3] Part H, 2.4.6
    ///
    /// The central may ignore the request: nothing waits for an answer.
    ///
    /// # Errors
    ///
    /// As for [`Self::start`].
    pub fn request_security(&mut self, auth: AuthReq) -> Result<(), StartError> {
        if self.is_active() {
            return Err(StartError::Busy);
        }
        self.idle.request_security(auth)
    }

    /// Ends the pairing in progress and sends the reason to the peer.
    pub fn cancel(&mut self, reason: Reason) {
        if self.is_active() {
            self.fail(reason);
        }
    }

    /// Reports a keypress of our user to the peer, if both sides agreed to that. At most 16 keypresses are queued; a
    /// further one replaces the last.
    pub fn send_keypress(&mut self, keypress: Keypress) {
        let wanted = self.agreed.is_some_and(|agreed| agreed.has_keypresses_of(self.role()));
        if wanted && matches!(self.state, State::Secure(_) | State::Legacy(_)) {
            self.out.keypress(keypress);
        }
    }

    /// Returns the responder's key for a Long Term Key Request that this pairing caused. [Vol 4] Part E, 7.7.65.5
    #[must_use]
    pub fn long_term_key(&mut self, ediv: u16, rand: u64) -> Option<&Key> {
        let role = self.role();
        match &mut self.state {
            State::Distribute(phase) if role == Role::Responder && ediv == 0 && rand == 0 => {
                phase.take_key()
            }
            State::Idle
            | State::Features
            | State::Secure(_)
            | State::Legacy(_)
            | State::Distribute(_)
            | State::Complete(_) => None,
        }
    }

    /// Returns when the pairing ends without an answer.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, Timer)> {
        self.deadline.map(|at| (at, Timer::Transaction))
    }

    /// Ends the pairing if its deadline has passed. If the peer was silent, nothing is sent. If the pairing as a whole
    /// takes too long, or the keys were not accepted in time, it ends with Pairing Failed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.deadline.is_none_or(|at| now < at) {
            return;
        }
        if self.outcome_to_vet().is_some() {
            self.fail(Reason::KEY_REJECTED);
        } else if self.end.is_some_and(|end| now >= end) {
            self.fail(Reason::UNSPECIFIED_REASON);
        } else {
            self.idle.timed_out = true;
            self.finish(Err(Failure::Timeout));
        }
    }

    /// Returns the next event. Poll until there is none.
    pub fn poll_event(&mut self) -> Option<Event> {
        if INITIATOR && let Some(auth) = self.ready.security.take() {
            return Some(Event::SecurityRequest(auth));
        }
        if let Some(keypress) = self.ready.keypress.take() {
            return Some(Event::Keypress(keypress));
        }
        let encrypt = INITIATOR && self.ready.encrypt;
        if let (true, State::Distribute(phase)) = (encrypt, &mut self.state) {
            self.ready.encrypt = false;
            return phase.take_key().cloned().map(Event::Encrypt);
        }
        if let State::Complete(outcome) = &self.state {
            let event = Event::Complete(outcome.clone());
            self.state = State::Idle;
            return Some(event);
        }
        self.ready.failed.take().map(Event::Failed)
    }

    /// Returns the next question to the user, or the next value to show.
    pub const fn poll_request(&mut self) -> Option<PairingRequest> {
        self.ask.take()
    }

    const fn may_start(&self) -> Result<(), StartError> {
        if self.idle.timed_out {
            Err(StartError::TimedOut)
        } else if self.is_active() {
            Err(StartError::Busy)
        } else {
            Ok(())
        }
    }

    fn must_wait(&self, now: Instant) -> bool {
        self.not_before.is_some_and(|until| until.is_ahead(now, crate::Backoff::LONGEST))
    }
}
