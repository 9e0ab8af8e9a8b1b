//! How a DLC ends.

use bindrune_wire::time::Instant;

use super::{Command, Dlc, EndReason, Flow, Lost, Modem, Port, Replies, State, Step};
use crate::{Changes, Dlci, RESPONSE_TIMEOUT, SessionId};

impl Dlc {
    /// Opens the DLC. Both ends have a limited time to exchange their modem status.
    pub(crate) fn opened(&mut self, now: Instant) {
        (self.state, self.step, self.deadline) = (State::Open, Step::Idle, None);
        self.modem.deadline = Some(now + RESPONSE_TIMEOUT);
        self.changes |= Changes::OPENED | Changes::WRITABLE;
    }

    /// Closes the DLC for the application.
    pub(crate) fn close(&mut self, now: Instant) {
        match (self.state, self.step) {
            (State::Open, _) => self.drain(now),
            (State::Connecting, Step::Connecting) => self.disconnect(now, EndReason::Local),
            (State::Connecting, _) => self.finish(EndReason::Local),
            (State::Requested, _) => self.refuse(),
            _ => {}
        }
    }

    /// Starts to close the DLC, after the data that the application sent.
    fn drain(&mut self, now: Instant) {
        self.state = State::Closing(EndReason::Local);
        self.step = Step::Drain;
        self.deadline = Some(now + RESPONSE_TIMEOUT);
    }

    /// Starts to close the DLC at once. Data that was not sent is discarded.
    pub(crate) fn disconnect(&mut self, now: Instant, reason: EndReason) {
        self.state = State::Closing(reason);
        self.step = Step::Disconnect;
        self.replies &= Replies::UA;
        self.deadline = Some(now + RESPONSE_TIMEOUT);
        self.modem.deadline = None;
        self.port.command = None;
        self.discard_unsent();
        self.changes |= Changes::ENDED;
    }

    /// Starts to refuse the peer's request.
    pub(crate) fn refuse(&mut self) {
        self.state = State::Refusing;
        self.replies = Replies::DM;
        self.deadline = None;
    }

    /// Ends the DLC. The slot stays in use until the application releases it.
    pub(crate) fn finish(&mut self, reason: EndReason) {
        self.discard_unsent();
        self.changes |= Changes::ENDED;
        if !self.held {
            return self.free();
        }
        self.state = State::Closed(self.end_reason().unwrap_or(reason));
        self.step = Step::Idle;
        self.replies = Replies::empty();
        self.deadline = None;
        self.modem.deadline = None;
        self.port.command = None;
        (self.flow.credits, self.flow.granted) = (0, 0);
    }

    /// Frees the slot, and discards its data.
    pub(crate) fn free(&mut self) {
        self.discard_unsent();
        self.discard_unread();
        self.session = SessionId(0);
        self.state = State::Free;
        self.dlci = Dlci::CONTROL;
        self.step = Step::Idle;
        self.replies = Replies::empty();
        self.deadline = None;
        self.held = false;
        self.priority = 0;
        (self.flow, self.modem, self.port) = (Flow::CLOSED, Modem::INITIAL, Port::INITIAL);
    }

    /// Discards received data that was not read.
    pub(crate) fn discard_unread(&mut self) {
        self.lost.unread = self.lost.unread.saturating_add(self.rx.len());
        self.rx.clear();
    }

    fn discard_unsent(&mut self) {
        self.lost.unsent = self.lost.unsent.saturating_add(self.tx.len());
        self.tx.clear();
    }

    /// Takes the counts of discarded bytes.
    pub(crate) fn take_lost(&mut self) -> Lost {
        core::mem::take(&mut self.lost)
    }

    /// Returns the earliest deadline.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let command = self.port.command.and_then(|(_, deadline)| deadline);
        [self.deadline, self.modem.deadline, command].into_iter().flatten().min()
    }

    /// Does what is due.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        let passed = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if passed(self.deadline) {
            self.deadline = None;
            self.expire(now);
        }
        if passed(self.modem.deadline) {
            self.disconnect(now, EndReason::Timeout);
        }
        if let Some((command, deadline)) = self.port.command
            && passed(deadline)
        {
            (self.port.command, self.port.timed_out) = (None, true);
            self.changes |= match command {
                Command::Port(_) => Changes::PORT,
                Command::Line(_) => Changes::REPORTED,
            };
        }
    }

    fn expire(&mut self, now: Instant) {
        if self.state == State::Closing(EndReason::Local) {
            self.state = State::Closing(EndReason::Timeout);
        }
        match (self.state, self.step) {
            (State::Requested, _) => {
                self.refuse();
                self.changes |= Changes::ENDED;
            }
            (State::Connecting, Step::Connecting) => self.disconnect(now, EndReason::Timeout),
            (State::Closing(reason), Step::Drain) => self.disconnect(now, reason),
            _ => self.finish(EndReason::Timeout),
        }
    }
}
