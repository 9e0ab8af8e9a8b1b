//! A host that recovers no controller: the first fault ends `run`, and the next one begins with a Reset.

use bindrune_gap::InitError;
use bindrune_hci::{Event, Opcode, Status};
use bindrune_wire::Writer;
use embassy_time::{Duration, Instant};

use super::{ControllerEvent, ControllerLoss, Phase, Stack, command::Owner};
use crate::waiters::Due;

/// How long the answer to Reset may take.
const RESET_TIMEOUT: Duration = Duration::from_secs(2);

/// In place of what is known of a controller that is to be trusted again.
#[derive(Debug)]
pub(super) struct Recovery;

impl Recovery {
    pub(super) const fn new() -> Self {
        Self
    }

    pub(super) const fn restart(&mut self) {}

    pub(super) const fn set_up(&mut self, _now: Instant) {}
}

/// In place of what has been reported to one who watches the controller.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reported;

impl Stack {
    /// `run` itself says what happened to the controller.
    pub(crate) const fn watch(&self) -> Reported {
        Reported
    }

    /// Nothing is reported.
    pub(crate) const fn poll_watch(&self, _reported: &mut Reported) -> Option<ControllerEvent> {
        None
    }

    /// Begins the reset.
    pub(super) fn begin_reset(&mut self, now: Instant, _silent: bool) {
        self.lane.reset();
        self.gap.restart();
        self.phase = Phase::Resetting { until: now.saturating_add(RESET_TIMEOUT), silent: false };
        self.ready.run(Due::COMMAND);
        self.deadlines_changed();
    }

    /// Octets arrived that are no answer to the Reset.
    pub(crate) fn noise(&mut self, _now: Instant, octets: u32) {
        self.stats.discarded_octets.add(octets);
    }

    /// Nothing follows a Reset.
    pub(super) const fn write_recovery(
        &mut self,
        _now: Instant,
        _w: &mut Writer<'_>,
    ) -> Option<Opcode> {
        None
    }

    /// What arrives while the controller is being reset, in packets: the answer counts, and nothing else.
    pub(super) fn handle_while_resetting(&mut self, now: Instant, event: &Event<'_>) {
        self.stats.events_in_reset.count();
        if let Event::CommandComplete(complete) = event
            && complete.opcode == Opcode::RESET
            && complete.status() == Some(Status::SUCCESS)
        {
            self.handle_reset_complete(now, complete.num_packets);
        }
    }

    /// The completion of Reset was seen. Returns whether what arrives from now on counts.
    pub(crate) fn handle_reset_complete(&mut self, now: Instant, num_packets: u8) -> bool {
        self.now = now;
        let resetting = matches!(self.phase, Phase::Resetting { .. });
        if resetting {
            self.begin_set_up(now, Opcode::RESET, num_packets);
        }
        resetting
    }

    /// No ciphertext is asked for.
    pub(crate) const fn handle_ciphertext(
        &mut self,
        _now: Instant,
        _num_packets: u8,
        _ciphertext: [u8; 16],
    ) -> bool {
        false
    }

    /// No ciphertext is asked for.
    pub(crate) const fn challenge_refused(&mut self, _now: Instant) {}

    /// There is no pause before a Reset.
    pub(super) const fn waits_to_reset(&self) -> bool {
        false
    }

    /// The answer to Reset is overdue.
    pub(super) fn recovery_due(&mut self, now: Instant) {
        self.fail(now, InitError::NoAnswer(Opcode::RESET));
    }

    /// No challenge needs random octets.
    pub(crate) const fn seed(&mut self, _random: [u8; 16]) {}

    /// No challenge needs random octets.
    pub(crate) const fn is_seeded(&self) -> bool {
        true
    }

    /// The controller is lost.
    pub(super) fn lose(&mut self, now: Instant, _loss: ControllerLoss, error: InitError) {
        self.fail(now, error);
    }

    /// `run` ends.
    pub(super) const fn set_up_failed(&mut self, _now: Instant, error: InitError) {
        self.phase = Phase::Failed(error);
    }

    /// No Reset stays without an answer: `run` ends.
    pub(crate) const fn is_silent(&self) -> bool {
        false
    }

    /// Returns whether the next set-up can do without a command: never.
    pub(super) const fn unanswered(
        &mut self,
        _now: Instant,
        _opcode: Opcode,
        _owner: Owner,
    ) -> bool {
        false
    }
}
