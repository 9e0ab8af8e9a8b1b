//! Recovery of a lost controller: whether it is reset at once, and which commands it is not sent again.

use bindrune_gap::{InitError, LinkControl};
use bindrune_hci::{Opcode, Status};
use bindrune_wire::time::Instant;

use super::{Phase, Stack, command::Owner, loss::ControllerLoss};

impl Stack {
    /// Takes random octets for challenges.
    pub(crate) fn seed(&mut self, random: [u8; 16]) {
        self.recovery.challenges.seed(random);
        self.gap.set_random(self.recovery.challenges.address());
    }

    /// Returns whether challenges have a secret.
    pub(crate) const fn is_seeded(&self) -> bool {
        self.recovery.challenges.is_seeded()
    }

    /// Handles the loss of the controller. If it is being set up, the set-up may get further the next time.
    pub(super) fn lose(&mut self, now: Instant, loss: ControllerLoss, _error: InitError) {
        if matches!(self.phase, Phase::Down | Phase::Failed(_) | Phase::ResetPending { .. }) {
            return;
        }
        // A set-up without answers may never end.
        let silent = self.phase == Phase::Setup;
        self.stats.recoveries.count();
        self.recovery.losses.note(loss);
        self.end_all(Status::HARDWARE_FAILURE);
        let pause = self.recovery.pause(now);
        self.wait_to_reset(now, pause, silent);
        self.ready.whole_host();
        self.deadlines_changed();
    }

    /// Tries a set-up again that may succeed later. Otherwise `run` ends.
    pub(super) fn set_up_failed(&mut self, now: Instant, error: InitError) {
        match self.recovery.pause_after(now, error) {
            Some(pause) => {
                self.recovery.losses.note(ControllerLoss::Setup(error));
                self.wait_to_reset(now, pause, true);
            }
            None => self.phase = Phase::Failed(error),
        }
    }

    /// Returns whether Reset is not answered, or the set-up fails.
    pub(crate) const fn is_silent(&self) -> bool {
        matches!(
            self.phase,
            Phase::ResetPending { silent: true } | Phase::Resetting { silent: true, .. }
        )
    }

    /// Handles a command without an answer. Returns whether the next set-up can omit the command, or may send it again
    /// at once.
    pub(super) fn unanswered(&mut self, now: Instant, opcode: Opcode, owner: Owner) -> bool {
        let asked = match owner {
            Owner::Gap => self.phase == Phase::Ready,
            Owner::Worker => true,
            Owner::Link(_) => !LinkControl::begins_with(opcode),
            Owner::Security(_) => return true,
            Owner::Classic(owner) => {
                self.classic_unanswered(owner, opcode);
                return true;
            }
            Owner::App => {
                self.app.unanswered();
                return true;
            }
        };
        self.gap.unanswered(now, opcode, asked)
    }
}
