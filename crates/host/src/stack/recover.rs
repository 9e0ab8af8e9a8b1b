//! From nothing to a controller that works, and back there whenever it was lost.

use bindrune_gap::{InitError, LinkControl};
use bindrune_hci::{
    Opcode, Status,
    credits::{AclCredits, Buffers, HostCredits},
    lane::Unresponsive,
};
use bindrune_wire::Writer;
use embassy_time::Instant;
use zeroize::Zeroizing;

use super::{Stack, command::Owner, loss::ControllerLoss};
use crate::resources::COMMAND_OCTETS;
use crate::{
    Stats,
    waiters::{Due, HostKey, LinkKey},
};

/// Where the controller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nobody drives it.
    Down,
    /// It must be reset. `silent` when an earlier reset stayed without an answer.
    ResetOwed { silent: bool },
    /// It is being reset; what [`Recovery`] is at is due then.
    Resetting { until: Instant, silent: bool },
    /// It answers, and is being set up.
    Setup,
    /// It works.
    Ready,
    /// It cannot be used.
    Failed(InitError),
}

impl Stack {
    /// `run` begins.
    pub(crate) fn start(&mut self, now: Instant) {
        self.now = now;
        self.recovery.restart();
        self.gap.forget();
        self.phase = Phase::ResetOwed { silent: false };
        self.shutdown = super::shutdown::Shutdown::No;
        self.security.restart();
        self.await_made_address();
        self.ready.run(Due::all());
        self.ready.host(HostKey::Bonds);
        self.ready.host(HostKey::Pairing);
        self.deadlines_changed();
    }

    /// `run` has ended: every link and every pending operation ends.
    pub(crate) fn stop(&mut self, reason: Status) {
        self.end_all(reason);
        self.phase = Phase::Down;
        self.shut(Err(crate::Error::NoAnswer));
        self.ready.whole_host();
    }

    /// Framing was lost on the transport.
    pub(crate) fn sync_lost(&mut self, now: Instant, octets: u32) {
        self.noise(now, octets);
        if !matches!(self.phase, Phase::Resetting { .. } | Phase::ResetOwed { .. } | Phase::Down) {
            Stats::count(&mut self.stats.sync_lost);
            self.recover(now, ControllerLoss::Framing);
        }
    }

    /// A packet of a kind that this host has no use for.
    pub(crate) const fn count_ignored(&mut self) {
        Stats::count(&mut self.stats.ignored_packets);
    }

    /// Random octets for challenges.
    pub(crate) fn seed(&mut self, random: [u8; 16]) {
        self.recovery.challenges.seed(random);
        self.gap.set_random(self.recovery.challenges.address());
    }

    /// Returns whether challenges have a secret.
    pub(crate) const fn is_seeded(&self) -> bool {
        self.recovery.challenges.is_seeded()
    }

    /// The controller is lost: everything on it ends once, and it is reset and set up anew. What is requested stays.
    pub(super) fn recover(&mut self, now: Instant, loss: ControllerLoss) {
        let error = match loss {
            ControllerLoss::HardwareError(code) => InitError::HardwareError(code),
            ControllerLoss::BufferOverflow => InitError::BufferOverflow,
            ControllerLoss::Framing => InitError::Framing,
            ControllerLoss::Setup(error) => error,
            ControllerLoss::NoAnswer(_) | ControllerLoss::NoCredit => return self.lose(now, loss),
        };
        if self.phase == Phase::Setup {
            self.lose_in_set_up(now, error);
        } else {
            self.lose(now, loss);
        }
    }

    /// The controller is lost, and the set-up, if it is in one, may come further the next time.
    fn lose(&mut self, now: Instant, loss: ControllerLoss) {
        if matches!(self.phase, Phase::Down | Phase::Failed(_) | Phase::ResetOwed { .. }) {
            return;
        }
        // A set-up that has no answers may never come to its end.
        let silent = self.phase == Phase::Setup;
        Stats::count(&mut self.stats.recoveries);
        self.losses.note(loss);
        self.end_all(Status::HARDWARE_FAILURE);
        self.now = now;
        let pause = self.recovery.pause(now);
        self.wait_to_reset(now, pause, silent);
        self.ready.whole_host();
        self.deadlines_changed();
    }

    /// The set-up cannot go on.
    fn lose_in_set_up(&mut self, now: Instant, error: InitError) {
        Stats::count(&mut self.stats.recoveries);
        self.end_all(Status::HARDWARE_FAILURE);
        self.now = now;
        self.set_up(now, Err(error));
    }

    pub(super) fn end_all(&mut self, reason: Status) {
        for index in 0..self.link_slots() {
            self.end_link(index, reason);
        }
        self.drop_early();
        self.lane.reset();
        self.app.fail();
        self.worker.fail();
        self.acl = AclCredits::new(Buffers::default());
        self.host_credits = HostCredits::OFF;
        self.full = None;
        (self.sending, self.commanding) = (0, 0);
    }

    /// The set-up has ended, well or not.
    pub(super) fn set_up(&mut self, now: Instant, result: Result<(), InitError>) {
        match (result, self.gap.controller()) {
            (Ok(()), Some(info)) => {
                let buffers = Buffers { len: info.acl_len, count: info.acl_count };
                self.acl = AclCredits::new(buffers);
                self.host_credits = if info.host_flow_control {
                    HostCredits::on(self.host_acl_count())
                } else {
                    HostCredits::OFF
                };
                self.recovery.set_up(now);
                self.phase = Phase::Ready;
                self.keep_made_address();
            }
            (Ok(()), None) => {}
            (Err(error), _) => self.set_up_failed(now, error),
        }
        self.ready.whole_host();
        self.deadlines_changed();
    }

    /// A set-up that may succeed later is tried again; one that cannot ends `run`.
    fn set_up_failed(&mut self, now: Instant, error: InitError) {
        match self.recovery.pause_after(now, error) {
            Some(pause) => {
                self.losses.note(ControllerLoss::Setup(error));
                self.wait_to_reset(now, pause, true);
            }
            None => self.phase = Phase::Failed(error),
        }
    }

    /// True while a Reset stays without an answer, or the set-up fails.
    pub(crate) const fn is_silent(&self) -> bool {
        matches!(
            self.phase,
            Phase::ResetOwed { silent: true } | Phase::Resetting { silent: true, .. }
        )
    }

    /// Wakes everyone who waits for a link.
    pub(super) fn wake_link(&mut self, index: u8) {
        self.ready.whole_link(index);
        self.ready.link(index, LinkKey::Closed);
    }

    /// Returns the command that is pending, by writing it into the buffer, where nobody sends it. For a controller that is
    /// recovered if there is one: then nothing stays of the machine that wrote it.
    fn pending_command(&mut self, now: Instant) -> Option<Opcode> {
        let mut buffer = Zeroizing::new([0; COMMAND_OCTETS]);
        let pending = self.next_command(now, &mut Writer::new(&mut *buffer));
        pending.map(|(opcode, _)| opcode)
    }

    /// The controller left a command without an answer, or takes none.
    pub(super) fn lane_timeout(&mut self, now: Instant) {
        let Some(unresponsive) = self.lane.handle_timeout(now) else { return };
        let (loss, opcode, avoided) = match unresponsive {
            Unresponsive::Credit => {
                let Some(opcode) = self.pending_command(now) else { return };
                (ControllerLoss::NoCredit, opcode, false)
            }
            Unresponsive::Answer { opcode, ticket } => {
                let avoided = self.unanswered(now, opcode, Owner::of(ticket));
                (ControllerLoss::NoAnswer(opcode), opcode, avoided)
            }
        };
        Stats::count(&mut self.stats.command_timeouts);
        if self.phase == Phase::Setup && !avoided {
            self.lose_in_set_up(now, InitError::NoAnswer(opcode));
        } else {
            self.lose(now, loss);
        }
    }

    /// A command had no answer. Returns whether the next set-up can do without it, or may send it again at once.
    fn unanswered(&mut self, now: Instant, opcode: Opcode, owner: Owner) -> bool {
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
