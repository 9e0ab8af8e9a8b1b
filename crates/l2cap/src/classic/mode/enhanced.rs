use bindrune_wire::time::Instant;

use super::Transfer;
use super::agreed::{Outcome, Violation};
use super::control::{Control, Function, Sar, Seq};
use super::receive::Verdict;
use super::segment::Segment;

/// The largest window with which the number of an old frame cannot be mistaken. [Vol 3] Part A, 8.6.5
const UNAMBIGUOUS_WINDOW: u8 = 32;

/// Place of a received number in the window. [Vol 3] Part A, 8.6.5
enum Class {
    Expected,
    Duplicate,
    Unexpected,
    Invalid,
}

impl Transfer<'_> {
    /// Acts on a valid frame in Enhanced Retransmission mode. [Vol 3] Part A, 8.6.5
    pub(super) fn end_enhanced(
        &mut self,
        control: Control,
        verdict: Verdict,
        sdu: u16,
        now: Instant,
    ) -> Outcome {
        let (req, is_final, poll) = match control {
            Control::Information { req, is_final, .. } => (req, is_final, false),
            Control::Supervisory { req, is_final, poll, .. } => (req, is_final, poll),
        };
        if is_final && (poll || !self.state.waiting) {
            self.undo(verdict);
            self.drops.invalid.count();
            return Outcome::Discarded;
        }
        if req.since(self.state.acked) > self.state.unacked() {
            self.undo(verdict);
            return Outcome::Violation(Violation::ReqSeq);
        }
        let before = self.tx.len();
        let result = match control {
            Control::Information { tx, sar, .. } => {
                self.information(tx, sar, (req, is_final), verdict, sdu, now)
            }
            Control::Supervisory { function, .. } => {
                self.supervisory(function, req, is_final, poll, now).map(|()| false)
            }
        };
        let acknowledged = self.tx.len() < before;
        match result {
            Err(violation) => Outcome::Violation(violation),
            Ok(readable) if readable || acknowledged => Outcome::Changed { readable, acknowledged },
            Ok(_) => Outcome::Nothing,
        }
    }

    /// Acts on an I-frame; returns whether an SDU became readable.
    fn information(
        &mut self,
        tx: Seq,
        sar: Sar,
        (req, is_final): (Seq, bool),
        verdict: Verdict,
        sdu: u16,
        now: Instant,
    ) -> Result<bool, Violation> {
        if let Verdict::Bad(violation) = verdict {
            return Err(violation);
        }
        let class = self.classify(tx);
        if matches!(class, Class::Invalid) {
            self.undo(verdict);
            self.drops.duplicate.count();
            let is_ambiguous = self.agreed.rx_window > UNAMBIGUOUS_WINDOW;
            return if is_ambiguous { Err(Violation::TxSeq) } else { Ok(false) };
        }
        let mut readable = false;
        match (class, verdict) {
            (Class::Expected, Verdict::Store { .. }) => {
                readable = self.keep(sar, sdu);
                self.state.expected = tx.next();
                self.state.rejected = false;
                self.state.due.reject = false;
                self.state.ignored = false;
                self.schedule_ack(now);
            }
            (Class::Expected, _) => {
                self.drops.no_room.count();
                self.state.ignored = true;
                self.state.rejected = false;
                self.state.due.rnr |= !self.state.rnr_sent;
            }
            (Class::Unexpected, _) => {
                self.drops.out_of_sequence.count();
                if !self.state.is_busy() {
                    self.reject();
                }
            }
            (Class::Duplicate | Class::Invalid, _) => self.drops.duplicate.count(),
        }
        self.acknowledge(req, now);
        if is_final {
            self.finish_poll(now);
            self.retransmit_after_poll()?;
        }
        Ok(readable)
    }

    fn classify(&self, tx: Seq) -> Class {
        let state = &self.state;
        let (offset, expected) = (tx.since(state.reported), state.expected.since(state.reported));
        if offset < expected {
            Class::Duplicate
        } else if offset >= self.agreed.rx_window {
            Class::Invalid
        } else if offset == expected {
            Class::Expected
        } else {
            Class::Unexpected
        }
    }

    /// Requests the expected frame again, once until it arrives.
    fn reject(&mut self) {
        self.state.due.reject |= !self.state.rejected;
        self.state.rejected = true;
    }

    fn supervisory(
        &mut self,
        function: Function,
        req: Seq,
        is_final: bool,
        poll: bool,
        now: Instant,
    ) -> Result<(), Violation> {
        let is_request = matches!(function, Function::Reject | Function::SelectiveReject);
        if is_request && req == self.state.next_tx {
            return Err(Violation::ReqSeq);
        }
        let was_busy = self.state.remote_busy;
        self.state.remote_busy = function == Function::ReceiverNotReady;
        self.state.due.answer |= poll;
        if function != Function::SelectiveReject || poll {
            self.acknowledge(req, now);
        }
        if is_final {
            self.finish_poll(now);
        }
        if was_busy && !self.state.remote_busy && !self.state.waiting {
            self.start_retransmission_timer(now);
        }
        match function {
            Function::ReceiverReady if is_final => self.retransmit_after_poll(),
            Function::ReceiverReady => Ok(()),
            Function::ReceiverNotReady => {
                self.state.again = 0;
                if !self.state.waiting {
                    self.state.deadline = None;
                }
                Ok(())
            }
            Function::Reject if is_final => self.retransmit_after_poll(),
            Function::Reject => {
                self.state.rej_actioned |= self.state.waiting;
                self.retransmit_all()
            }
            Function::SelectiveReject => self.selective_reject(req, is_final),
        }
    }

    fn selective_reject(&mut self, req: Seq, is_final: bool) -> Result<(), Violation> {
        if is_final && self.state.srej_actioned.take() == Some(req) {
            return Ok(());
        }
        if self.state.waiting {
            self.state.srej_actioned = Some(req);
        }
        self.retransmit(req)
    }

    /// Takes the acknowledgement of all frames before `req`.
    fn acknowledge(&mut self, req: Seq, now: Instant) {
        let count = req.since(self.state.acked);
        for _ in 0..count {
            self.state.again &= !self.state.acked.bit();
            self.state.acked = self.state.acked.next();
            let at = self.state.acked_at;
            if let Some(segment) = Segment::at(&self.tx, at, self.agreed.tx_mps) {
                self.state.acked_at = segment.next(&self.tx);
            }
        }
        if count > 0 {
            self.free_acknowledged();
            if !self.state.waiting {
                self.start_retransmission_timer(now);
            }
        }
    }

    /// Frees acknowledged SDUs, except one of which a frame is being sent.
    pub(super) fn free_acknowledged(&mut self) {
        let sending = self.out.as_ref().and_then(super::transmit::Out::mark);
        while let Some(first) = self.tx.first() {
            if first == self.state.acked_at.mark || Some(first) == sending {
                break;
            }
            let _freed = self.tx.pop();
        }
    }

    /// Takes the response to our poll.
    fn finish_poll(&mut self, now: Instant) {
        self.state.waiting = false;
        self.state.due.poll = false;
        self.start_retransmission_timer(now);
        if self.state.poll_again {
            self.state.poll();
        } else if self.state.ignored && !self.state.is_busy() {
            self.reject();
        }
    }

    /// Sends all frames again, except if a REJ during the poll has done that.
    fn retransmit_after_poll(&mut self) -> Result<(), Violation> {
        if core::mem::take(&mut self.state.rej_actioned) {
            return Ok(());
        }
        self.retransmit_all()
    }

    fn retransmit_all(&mut self) -> Result<(), Violation> {
        let mut seq = self.state.acked;
        while seq != self.state.next_tx {
            self.retransmit(seq)?;
            seq = seq.next();
        }
        Ok(())
    }

    fn retransmit(&mut self, seq: Seq) -> Result<(), Violation> {
        let tries = self.state.tries.get(seq.index()).copied().unwrap_or_default();
        if self.agreed.max_transmit > 0 && tries >= self.agreed.max_transmit {
            return Err(Violation::TooManyTransmissions);
        }
        self.state.again |= seq.bit();
        Ok(())
    }
}
