//! A host that does not recover its controller: the first fault ends `run`, and the next `run` begins with a Reset.

use bindrune_gap::InitError;
use bindrune_hci::{Event, Opcode, Status};
use bindrune_wire::{Writer, time::Instant};
use embassy_time::Duration;

use super::{ControllerEvent, ControllerLoss, Phase, Stack, command::Owner};
use crate::waiters::Due;

/// Time limit for the answer to Reset.
const RESET_TIMEOUT: Duration = Duration::from_secs(2);

/// Replaces the state of the recovery of a controller.
#[derive(Debug)]
pub(super) struct Recovery;

impl Recovery {
    pub(super) const fn new() -> Self {
        Self
    }

    pub(super) const fn restart(&mut self) {}

    pub(super) const fn set_up(&mut self, _now: Instant) {}
}

/// Replaces the state that was reported to a watcher of the controller.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reported;

impl Stack {
    /// Returns a watcher without state: `run` itself reports losses of the controller.
    pub(crate) const fn watch(&self) -> Reported {
        Reported
    }

    /// Reports nothing.
    pub(crate) const fn poll_watch(&self, _reported: &mut Reported) -> Option<ControllerEvent> {
        None
    }

    /// Begins the reset.
    pub(super) fn begin_reset(&mut self, now: Instant, _silent: bool) {
        self.lane.reset();
        self.gap.restart();
        self.phase = Phase::Resetting { until: now + RESET_TIMEOUT, silent: false };
        self.ready.run(Due::COMMAND);
        self.deadlines_changed();
    }

    /// Counts octets that are no answer to the Reset.
    pub(crate) fn noise(&mut self, _now: Instant, octets: u32) {
        self.stats.discarded_bytes.add(octets);
    }

    /// Writes nothing, because no command follows a Reset.
    pub(super) const fn write_recovery(
        &mut self,
        _now: Instant,
        _w: &mut Writer<'_>,
    ) -> Option<Opcode> {
        None
    }

    /// Handles an event during the reset. Only the answer to Reset counts.
    pub(super) fn handle_while_resetting(&mut self, now: Instant, event: &Event<'_>) {
        self.stats.events_in_reset.count();
        if let Event::CommandComplete(complete) = event
            && complete.opcode == Opcode::RESET
            && complete.status() == Some(Status::SUCCESS)
        {
            self.handle_reset_complete(now, complete.num_packets);
        }
    }

    /// Handles the completion of Reset. Returns whether data from the controller counts from now on.
    pub(crate) fn handle_reset_complete(&mut self, now: Instant, num_packets: u8) -> bool {
        let resetting = matches!(self.phase, Phase::Resetting { .. });
        if resetting {
            self.begin_set_up(now, Opcode::RESET, num_packets);
        }
        resetting
    }

    /// Returns false, because no challenge is sent.
    pub(crate) const fn handle_ciphertext(
        &mut self,
        _now: Instant,
        _num_packets: u8,
        _ciphertext: [u8; 16],
    ) -> bool {
        false
    }

    /// Does nothing, because no challenge is sent.
    pub(crate) const fn challenge_refused(&mut self, _now: Instant) {}

    /// Returns false, because there is no pause before a Reset.
    pub(super) const fn waits_to_reset(&self) -> bool {
        false
    }

    /// Fails, because the answer to Reset is overdue.
    pub(super) fn recovery_due(&mut self, now: Instant) {
        self.fail(now, InitError::NoAnswer(Opcode::RESET));
    }

    /// Does nothing, because there are no challenges.
    pub(crate) const fn seed(&mut self, _random: [u8; 16]) {}

    /// Returns true, because there are no challenges.
    pub(crate) const fn is_seeded(&self) -> bool {
        true
    }

    /// Fails, because the controller is lost.
    pub(super) fn lose(&mut self, now: Instant, _loss: ControllerLoss, error: InitError) {
        self.fail(now, error);
    }

    /// Fails, so that `run` ends.
    pub(super) const fn set_up_failed(&mut self, _now: Instant, error: InitError) {
        self.phase = Phase::Failed(error);
    }

    /// Returns false, because `run` ends if Reset is not answered.
    pub(crate) const fn is_silent(&self) -> bool {
        false
    }

    /// Returns false, because no set-up omits a command.
    pub(super) const fn unanswered(
        &mut self,
        _now: Instant,
        _opcode: Opcode,
        _owner: Owner,
    ) -> bool {
        false
    }
}
