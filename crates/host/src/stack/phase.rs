//! The phases of the controller: reset, set-up, operation and failure.

use bindrune_gap::InitError;
use bindrune_hci::{
    Opcode, Status,
    credits::{AclCredits, Buffers, HostCredits},
    lane::Unresponsive,
};
use bindrune_wire::{Writer, time::Instant};
use zeroize::Zeroizing;

use super::{Stack, command::Owner, loss::ControllerLoss};
use crate::resources::COMMAND_OCTETS;
use crate::waiters::{Due, HostKey, LinkKey};

/// State of the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// `run` does not drive the controller.
    Down,
    /// The controller must be reset. `silent`: an earlier Reset was not answered.
    ResetPending { silent: bool },
    /// The controller is being reset. The current step of `Recovery` is due at `until`.
    Resetting { until: Instant, silent: bool },
    /// The controller answers, and is being set up.
    Setup,
    /// The controller works.
    Ready,
    /// The controller cannot be used.
    Failed(InitError),
}

impl Stack {
    /// Begins a `run`.
    pub(crate) fn start(&mut self, clock: embassy_time::Instant) {
        self.set_clock(clock);
        self.recovery.restart();
        self.gap.forget();
        self.classic_restart();
        self.phase = Phase::ResetPending { silent: false };
        self.shutdown = super::shutdown::Shutdown::No;
        self.security.restart();
        self.await_made_address();
        self.ready.run(Due::all());
        self.ready.host(HostKey::Bonds);
        self.ready.host(HostKey::Pairing);
        self.deadlines_changed();
    }

    /// Ends a `run`, with every link and every pending operation.
    pub(crate) fn stop(&mut self, reason: Status) {
        self.end_all(reason);
        self.phase = Phase::Down;
        self.shut(Err(crate::Error::NoAnswer));
        self.ready.whole_host();
    }

    /// Handles a loss of framing on the transport.
    pub(crate) fn sync_lost(&mut self, now: Instant, octets: u32) {
        self.noise(now, octets);
        if !matches!(self.phase, Phase::Resetting { .. } | Phase::ResetPending { .. } | Phase::Down)
        {
            self.stats.sync_lost.count();
            self.recover(now, ControllerLoss::Framing, InitError::Framing);
        }
    }

    /// Counts a packet of a kind that this host does not use.
    pub(crate) fn count_ignored(&mut self) {
        self.stats.ignored_packets.count();
    }

    /// Begins the set-up of a controller that has been reset. Everything that it sends from now on counts.
    pub(super) fn begin_set_up(&mut self, now: Instant, opcode: Opcode, num_packets: u8) {
        if self.shutdown.is_under_way() {
            return self.shut(Ok(()));
        }
        self.lane.complete(opcode, num_packets);
        self.phase = Phase::Setup;
        self.gap.handle_complete(now, Opcode::RESET, &[Status::SUCCESS.0]);
        self.ready.run(Due::COMMAND);
        self.deadlines_changed();
    }

    /// Handles the loss of the controller: ends everything on it, then resets it and sets it up again. Requests stay. A
    /// host without recovery fails instead.
    pub(super) fn recover(&mut self, now: Instant, loss: ControllerLoss, error: InitError) {
        if matches!(self.phase, Phase::Setup) {
            self.fail(now, error);
        } else {
            self.lose(now, loss, error);
        }
    }

    /// Fails, because the set-up or the controller cannot continue.
    pub(super) fn fail(&mut self, now: Instant, error: InitError) {
        self.stats.recoveries.count();
        self.end_all(Status::HARDWARE_FAILURE);
        self.set_up(now, Err(error));
    }

    pub(super) fn end_all(&mut self, reason: Status) {
        for index in 0..self.link_slots() {
            self.end_link(index, reason);
        }
        self.drop_early();
        self.classic_end_all(reason);
        self.lane.reset();
        self.app.fail();
        self.worker.fail();
        self.acl = AclCredits::new(Buffers::default());
        self.host_credits = HostCredits::OFF;
        self.full = None;
        (self.sending, self.machines, self.commanding) = (0, 0, 0);
    }

    /// Handles the end of the set-up, with its result.
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
                self.classic_begin();
                self.keep_made_address();
            }
            (Ok(()), None) => {}
            (Err(error), _) => self.set_up_failed(now, error),
        }
        self.ready.whole_host();
        self.deadlines_changed();
    }

    /// Wakes every task that waits for a link.
    pub(super) fn wake_link(&mut self, index: u8) {
        self.ready.whole_link(index);
        self.ready.link(index, LinkKey::Closed);
    }

    /// Returns the pending command by writing it into a buffer that is never sent. If there is one, the caller must
    /// recover the controller, which resets the machine that wrote the command.
    fn pending_command(&mut self, now: Instant) -> Option<Opcode> {
        let mut buffer = Zeroizing::new([0; COMMAND_OCTETS]);
        let pending = self.next_command(now, &mut Writer::new(&mut *buffer));
        pending.map(|(opcode, _)| opcode)
    }

    /// Handles a controller that left a command without an answer, or accepts no command.
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
        self.stats.command_timeouts.count();
        let error = InitError::NoAnswer(opcode);
        if avoided {
            self.lose(now, loss, error);
        } else {
            self.recover(now, loss, error);
        }
    }
}
