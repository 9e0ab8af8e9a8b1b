use bindrune_wire::time::Instant;
use embassy_time::Duration;

use super::Transfer;
use super::agreed::{Kind, Outcome, Violation};

/// Time for which an acknowledgement waits for an I-frame that carries it.
const ACK_DELAY: Duration = Duration::from_millis(100);

impl Transfer<'_> {
    /// Returns when [`Self::handle_timeout`] must be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        if !self.is_open {
            return None;
        }
        let (deadline, ack_deadline) = (self.state.deadline, self.state.ack_deadline);
        [deadline, ack_deadline].into_iter().flatten().min()
    }

    /// Acts on the timers that have expired: acknowledges late frames, polls the peer, or closes the channel.
    pub fn handle_timeout(&mut self, now: Instant) -> Outcome {
        if !self.is_open {
            return Outcome::Nothing;
        }
        if self.state.ack_deadline.take_if(|deadline| *deadline <= now).is_some() {
            self.state.due.ack = true;
        }
        if self.state.deadline.take_if(|deadline| *deadline <= now).is_none() {
            return Outcome::Nothing;
        }
        if !self.state.waiting {
            self.state.rej_actioned = false;
            self.state.srej_actioned = None;
            self.state.poll();
            return Outcome::Nothing;
        }
        let max = self.agreed.max_transmit;
        if max > 0 && self.state.polls >= max {
            return Outcome::Violation(Violation::NoResponse);
        }
        self.state.polls = self.state.polls.saturating_add(1);
        self.state.due.poll = true;
        Outcome::Nothing
    }

    /// Starts the retransmission timer, or stops it if no acknowledgement is expected.
    pub(super) fn start_retransmission_timer(&mut self, now: Instant) {
        let is_on = self.state.unacked() > 0 && !self.state.remote_busy;
        let timeout = self.agreed.retransmission_timeout;
        self.state.deadline = is_on.then(|| now + timeout);
    }

    /// Acknowledges a received frame: now if the peer may need it, or when there is no I-frame that carries it for a
    /// while.
    pub(super) fn schedule_ack(&mut self, now: Instant) {
        let count = self.state.expected.since(self.state.reported);
        if count >= self.agreed.rx_window.div_ceil(2) {
            self.state.due.ack = true;
        } else if !self.state.due.ack {
            self.state.ack_deadline.get_or_insert(now + ACK_DELAY);
        }
    }

    /// Lets the peer send again once there is room.
    pub(super) fn end_local_busy(&mut self) {
        if self.agreed.kind != Kind::Enhanced || !self.state.is_busy() || !self.has_room() {
            return;
        }
        self.state.due.rnr = false;
        if core::mem::take(&mut self.state.rnr_sent) {
            if self.state.waiting && !self.state.due.poll {
                self.state.poll_again = true;
                self.state.due.ack = true;
            } else {
                self.state.poll();
            }
        } else if self.state.ignored {
            self.state.due.reject |= !self.state.rejected;
            self.state.rejected = true;
        }
    }

    /// Returns whether there is room for the next SDU.
    pub(super) fn has_room(&self) -> bool {
        self.partial.is_some() || self.rx.fits(self.agreed.rx_mtu.into())
    }
}
