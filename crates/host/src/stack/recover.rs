//! A controller that was lost: whether it is reset at once, and what it is not asked again.

use bindrune_gap::{InitError, LinkControl};
use bindrune_hci::{Opcode, Status};
use embassy_time::Instant;

use super::{Phase, Stack, command::Owner, loss::ControllerLoss};

impl Stack {
    /// Random octets for challenges.
    pub(crate) fn seed(&mut self, random: [u8; 16]) {
        self.recovery.challenges.seed(random);
        self.gap.set_random(self.recovery.challenges.address());
    }

    /// Returns whether challenges have a secret.
    pub(crate) const fn is_seeded(&self) -> bool {
        self.recovery.challenges.is_seeded()
    }

    /// The controller is lost, and the set-up, if it is in one, may come further the next time.
    pub(super) fn lose(&mut self, now: Instant, loss: ControllerLoss, _error: InitError) {
        if matches!(self.phase, Phase::Down | Phase::Failed(_) | Phase::ResetPending { .. }) {
            return;
        }
        // A set-up that has no answers may never come to its end.
        let silent = self.phase == Phase::Setup;
        self.stats.recoveries.count();
        self.recovery.losses.note(loss);
        self.end_all(Status::HARDWARE_FAILURE);
        self.now = now;
        let pause = self.recovery.pause(now);
        self.wait_to_reset(now, pause, silent);
        self.ready.whole_host();
        self.deadlines_changed();
    }

    /// A set-up that may succeed later is tried again; one that cannot ends `run`.
    pub(super) fn set_up_failed(&mut self, now: Instant, error: InitError) {
        match self.recovery.pause_after(now, error) {
            Some(pause) => {
                self.recovery.losses.note(ControllerLoss::Setup(error));
                self.wait_to_reset(now, pause, true);
            }
            None => self.phase = Phase::Failed(error),
        }
    }

    /// True while a Reset stays without an answer, or the set-up fails.
    pub(crate) const fn is_silent(&self) -> bool {
        matches!(
            self.phase,
            Phase::ResetPending { silent: true } | Phase::Resetting { silent: true, .. }
        )
    }

    /// A command had no answer. Returns whether the next set-up can do without it, or may send it again at once.
    pub(super) fn unanswered(&mut self, now: Instant, opcode: Opcode, owner: Owner) -> bool {
        let asked = match owner {
            Owner::Gap => self.phase == Phase::Ready,
            Owner::Worker => true,
            Owner::Link(_) => !LinkControl::begins_with(opcode),
            Owner::Security(_) => return true,
            Owner::App => {
                self.app.unanswered();
                return true;
            }
        };
        self.gap.unanswered(now, opcode, asked)
    }
}
