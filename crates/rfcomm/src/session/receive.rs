//! Received frames. [TS 07.10] 5.4

use bindrune_wire::time::Instant;

use super::{Session, SessionEnd, SessionState};
use crate::{
    CONNECT_TIMEOUT, Changes, Dlc, Dlci, Dlcs, EndReason, Frame, FrameType, State, Violation,
    dlc::Step,
};

impl Session {
    /// Takes a frame: the whole payload of one datagram of the L2CAP channel.
    ///
    /// A malformed frame, and one that the state does not allow, is discarded and counted. A command for a DLCI without
    /// a DLC is answered with DM.
    pub fn handle_frame(&mut self, now: Instant, frame: &[u8], dlcs: &mut Dlcs) {
        match Frame::parse(frame) {
            Err(_) => dlcs.counters.malformed.count(),
            Ok(frame) if !self.is_from_peer(&frame) => dlcs.counters.unexpected.count(),
            Ok(frame) if frame.dlci == Dlci::CONTROL => self.handle_control(now, &frame, dlcs),
            Ok(frame) => self.handle_dlc(now, &frame, dlcs),
        }
        self.update_idle(now, dlcs);
    }

    /// Returns whether the C/R bit is that of the peer: 1 in commands of the initiator and responses of the responder.
    /// SABM and DISC need P = 1, UA needs F = 1. [TS 07.10] 5.2.1.2 and 5.4.4
    fn is_from_peer(&self, frame: &Frame<'_>) -> bool {
        let needs_poll = matches!(frame.kind, FrameType::SABM | FrameType::DISC | FrameType::UA);
        let command_response = self.is_initiator() == frame.kind.is_response();
        frame.command_response == command_response && (frame.poll_final || !needs_poll)
    }

    fn handle_control(&mut self, now: Instant, frame: &Frame<'_>, dlcs: &mut Dlcs) {
        let closing = matches!(self.state, SessionState::Closing(_));
        match (frame.kind, self.state) {
            (FrameType::SABM, SessionState::Waiting) => {
                self.state = SessionState::Open;
                self.deadline = None;
                self.ua |= frame.dlci.bit();
            }
            (FrameType::SABM, SessionState::Open) if !self.is_initiator() => {
                self.ua |= frame.dlci.bit();
            }
            (FrameType::SABM, _) => self.dm |= frame.dlci.bit(),
            (FrameType::UA, SessionState::Opening) if !self.is_command_due => {
                self.state = SessionState::Open;
                self.deadline = None;
            }
            (FrameType::UA | FrameType::DM, _) if closing && !self.is_command_due => {
                self.end(dlcs, SessionEnd::Local);
            }
            (FrameType::DM, SessionState::Opening) if !self.is_command_due => {
                self.end(dlcs, SessionEnd::Refused);
            }
            (FrameType::DM, SessionState::Open) => self.end(dlcs, SessionEnd::Peer),
            (FrameType::DISC, SessionState::Open | SessionState::Closing(_)) => {
                self.ua |= frame.dlci.bit();
                self.end(dlcs, SessionEnd::Peer);
            }
            (FrameType::DISC, _) => self.dm |= frame.dlci.bit(),
            (FrameType::UIH, SessionState::Open) if frame.credits.is_some() => {
                dlcs.counters.malformed.count();
            }
            (FrameType::UIH, SessionState::Open) => {
                self.handle_messages(now, frame.information, dlcs);
            }
            (FrameType::UIH, SessionState::Waiting) => self.dm |= frame.dlci.bit(),
            _ => dlcs.counters.unexpected.count(),
        }
    }

    fn handle_dlc(&mut self, now: Instant, frame: &Frame<'_>, dlcs: &mut Dlcs) {
        let Some(index) = dlcs.find(self.id, frame.dlci) else {
            return self.handle_stray(now, frame, dlcs);
        };
        match frame.kind {
            FrameType::SABM => self.handle_sabm(now, index, frame.dlci, dlcs),
            FrameType::DISC => {
                self.ua |= frame.dlci.bit();
                dlcs.with(index, |dlc| dlc.finish(EndReason::Peer));
            }
            FrameType::UA => {
                let expected = dlcs.with(index, |dlc| dlc.handle_ua(now));
                count_unless(expected, dlcs);
            }
            FrameType::DM => {
                let expected = dlcs.with(index, Dlc::handle_dm);
                count_unless(expected, dlcs);
            }
            _ => self.handle_data(now, index, frame, dlcs),
        }
    }

    /// Handles a frame on a DLCI without a DLC.
    fn handle_stray(&mut self, now: Instant, frame: &Frame<'_>, dlcs: &mut Dlcs) {
        if frame.kind.is_response() {
            return dlcs.counters.stray.count();
        }
        if frame.kind != FrameType::SABM {
            dlcs.counters.stray.count();
            self.dm |= frame.dlci.bit();
        } else if let Some(index) = self.allot(frame.dlci, dlcs) {
            let flow = self.default_flow();
            dlcs.with(index, |dlc| {
                dlc.flow = flow;
                dlc.handle_sabm(now);
            });
        } else {
            self.dm |= frame.dlci.bit();
        }
    }

    /// Takes a slot for a DLC that the peer requests, unless no server of ours listens on it.
    pub(super) fn allot(&mut self, dlci: Dlci, dlcs: &mut Dlcs) -> Option<usize> {
        let is_served = self.state == SessionState::Open && self.serves(dlci, dlcs);
        if !is_served {
            return None;
        }
        let index = if dlcs.admits(self.id) { dlcs.allot(self.id, dlci) } else { None };
        if index.is_none() {
            dlcs.counters.no_slot.count();
        }
        index
    }

    /// Returns whether a server of ours listens on `dlci`.
    pub(super) fn serves(&self, dlci: Dlci, dlcs: &Dlcs) -> bool {
        let is_ours = dlci.is_server() && dlci.is_ours(self.is_initiator());
        is_ours && dlcs.is_listening(dlci.channel())
    }

    fn handle_sabm(&mut self, now: Instant, index: usize, dlci: Dlci, dlcs: &mut Dlcs) {
        match dlcs.get(index).map(Dlc::state) {
            Some(State::Negotiated) => dlcs.with(index, |dlc| dlc.handle_sabm(now)),
            Some(State::Closing(_)) => self.dm |= dlci.bit(),
            _ => dlcs.counters.unexpected.count(),
        }
    }

    fn handle_data(&mut self, now: Instant, index: usize, frame: &Frame<'_>, dlcs: &mut Dlcs) {
        if dlcs.get(index).is_some_and(|dlc| dlc.state == State::Negotiated) {
            dlcs.with(index, |dlc| dlc.finish(EndReason::Peer));
            dlcs.counters.stray.count();
            self.dm |= frame.dlci.bit();
            return;
        }
        match dlcs.with(index, |dlc| Some(dlc.handle_data(now, frame))) {
            Some(Handled::Yes) => {}
            Some(Handled::Malformed) => dlcs.counters.malformed.count(),
            Some(Handled::Violation) => dlcs.counters.violations.count(),
            Some(Handled::Unexpected) | None => dlcs.counters.unexpected.count(),
        }
    }
}

fn count_unless(expected: bool, dlcs: &mut Dlcs) {
    if !expected {
        dlcs.counters.unexpected.count();
    }
}

/// Outcome of a frame with data.
enum Handled {
    Yes,
    Malformed,
    Unexpected,
    Violation,
}

impl Dlc {
    /// Takes the peer's request to open the DLC.
    fn handle_sabm(&mut self, now: Instant) {
        self.state = State::Requested;
        self.since = Some(now);
        self.deadline = Some(now + CONNECT_TIMEOUT);
        self.changes |= Changes::REQUESTED;
    }

    /// Takes UA; false if nothing waits for it.
    fn handle_ua(&mut self, now: Instant) -> bool {
        match (self.state, self.step) {
            (State::Connecting, Step::Connecting) => self.opened(now),
            (State::Closing(reason), Step::Disconnecting) => self.finish(reason),
            _ => return false,
        }
        true
    }

    /// Takes DM; false if we have sent nothing that it can answer.
    fn handle_dm(&mut self) -> bool {
        match (self.state, self.step) {
            (State::Connecting, Step::Negotiating | Step::Connecting) => {
                self.finish(EndReason::Refused);
            }
            (State::Open | State::Closing(_), _) => self.finish(EndReason::Peer),
            _ => return false,
        }
        true
    }

    /// Takes the data and the credits of a UIH frame.
    fn handle_data(&mut self, now: Instant, frame: &Frame<'_>) -> Handled {
        if !self.is_flowing() {
            // Data that crosses our DISC is no mistake of the peer.
            self.lost.unread = self.lost.unread.saturating_add(frame.information.len());
            let crossed = matches!(self.state, State::Closing(_));
            return if crossed { Handled::Yes } else { Handled::Unexpected };
        }
        if frame.credits.is_some() && !self.flow.credit_based
            || frame.credits.is_none() && frame.poll_final && self.flow.credit_based
        {
            return Handled::Malformed;
        }
        let credited = self.flow.credit(frame.credits.unwrap_or_default());
        let received = self.flow.receive(frame.information, &mut self.rx);
        if let Err(violation) = credited.and(received) {
            self.violate(now, violation);
            return Handled::Violation;
        }
        if !self.held {
            self.discard_unread();
        } else if !frame.information.is_empty() {
            self.changes |= Changes::READABLE;
        }
        Handled::Yes
    }

    /// Closes the DLC because the peer broke a rule. What was received before can still be read.
    pub(super) fn violate(&mut self, now: Instant, violation: Violation) {
        self.disconnect(now, EndReason::Violation(violation));
    }
}
