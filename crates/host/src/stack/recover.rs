//! From nothing to a controller that works, and back there whenever it was lost.

use bindrune_gap::InitError;
use bindrune_hci::{
    Opcode, Status,
    credits::{AclCredits, Buffers, HostCredits},
};
use embassy_time::{Duration, Instant};

use super::Stack;
use crate::{
    Stats,
    waiters::{HostKey, LinkKey},
};

/// Where the controller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nobody drives it.
    Down,
    /// It must be reset. `silent` when an earlier reset stayed without an answer.
    ResetOwed { silent: bool },
    /// It is being reset; the answer is due then.
    Resetting { until: Instant, silent: bool },
    /// It answers, and is being set up.
    Setup,
    /// It works.
    Ready,
    /// It cannot be used.
    Failed(InitError),
}

/// How long the answer to Reset may take before Reset is sent again.
const RESET_TIMEOUT: Duration = Duration::from_secs(2);

impl Stack {
    /// `run` begins.
    pub(crate) fn start(&mut self, now: Instant) {
        self.now = now;
        self.phase = Phase::ResetOwed { silent: false };
        self.security.bonds.restart();
        for key in
            [HostKey::Transmit, HostKey::Job, HostKey::BondJob, HostKey::Bonds, HostKey::Pairing]
        {
            self.ready.host(key);
        }
        self.deadlines_changed();
    }

    /// `run` has ended: every link and every pending operation ends.
    pub(crate) fn stop(&mut self, reason: Status) {
        self.end_all(reason);
        self.phase = Phase::Down;
        self.ready.whole_host();
    }

    /// Framing was lost on the transport.
    pub(crate) fn sync_lost(&mut self, now: Instant) {
        if !matches!(self.phase, Phase::Resetting { .. } | Phase::ResetOwed { .. } | Phase::Down) {
            Stats::count(&mut self.stats.sync_lost);
            self.recover(now);
        }
    }

    /// A packet of a kind that this host has no use for.
    pub(crate) const fn count_ignored(&mut self) {
        Stats::count(&mut self.stats.ignored_packets);
    }

    /// The controller is lost: everything on it ends once, and it is reset and set up anew. Wishes stay.
    pub(super) fn recover(&mut self, now: Instant) {
        if matches!(self.phase, Phase::Down | Phase::Failed(_) | Phase::ResetOwed { .. }) {
            return;
        }
        Stats::count(&mut self.stats.recoveries);
        self.end_all(Status::HARDWARE_FAILURE);
        self.now = now;
        self.phase = Phase::ResetOwed { silent: false };
        self.ready.whole_host();
        self.deadlines_changed();
    }

    fn end_all(&mut self, reason: Status) {
        for index in 0..self.link_slots() {
            self.end_link(index, reason);
        }
        self.lane.reset();
        self.app.fail();
        self.worker.fail();
        self.acl = AclCredits::new(Buffers::default());
        self.host_credits = HostCredits::OFF;
        (self.sending, self.commanding) = (0, 0);
    }

    /// Begins the reset.
    pub(super) fn begin_reset(&mut self, now: Instant, silent: bool) {
        self.lane.reset();
        self.gap.restart();
        let until = now.checked_add(RESET_TIMEOUT).unwrap_or(Instant::MAX);
        self.phase = Phase::Resetting { until, silent };
        self.deadlines_changed();
    }

    /// The controller has been reset: whatever it says from now on counts.
    pub(crate) fn handle_reset_complete(&mut self, now: Instant, num_packets: u8) {
        self.now = now;
        if !matches!(self.phase, Phase::Resetting { .. }) {
            return;
        }
        self.lane.complete(Opcode::RESET, num_packets);
        self.phase = Phase::Setup;
        self.gap.handle_complete(now, Opcode::RESET, &[Status::SUCCESS.0]);
        self.ready.host(HostKey::Transmit);
        self.deadlines_changed();
    }

    /// The answer to Reset is overdue: send it again, and tell whoever waits for the controller.
    pub(super) fn reset_unanswered(&mut self) {
        self.phase = Phase::ResetOwed { silent: true };
        self.ready.host(HostKey::Controller);
        self.ready.host(HostKey::Command);
        self.ready.host(HostKey::Transmit);
    }

    /// The set-up has ended, well or not.
    pub(super) fn set_up(&mut self, result: Result<(), InitError>) {
        match (result, self.gap.controller()) {
            (Ok(()), Some(info)) => {
                let buffers = Buffers { len: info.acl_len, count: info.acl_count };
                self.acl = AclCredits::new(buffers);
                self.host_credits = if info.host_flow_control {
                    HostCredits::on(self.host_acl_count())
                } else {
                    HostCredits::OFF
                };
                self.phase = Phase::Ready;
            }
            (Ok(()), None) => {}
            (Err(error), _) => self.phase = Phase::Failed(error),
        }
        self.ready.whole_host();
        self.deadlines_changed();
    }

    /// True while a Reset stays without an answer.
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
}
