//! Deadlines of a session.

use bindrune_wire::time::Instant;

use super::{IDLE_INITIATOR, IDLE_RESPONDER, Role, Session, SessionEnd, SessionState};
use crate::Dlcs;

impl Session {
    /// Returns when [`Self::handle_timeout`] must be called; `now` is at once.
    #[must_use]
    pub fn poll_timeout(&self, now: Instant, dlcs: &Dlcs) -> Option<Instant> {
        let request = self.request.and_then(|(_, deadline)| deadline);
        let is_new = self.state == SessionState::Open && self.deadline.is_none();
        if is_new && dlcs.of(self.id).next().is_none() {
            // A call of the application has ended the last DLC.
            return Some(now);
        }
        let own = [self.deadline, request].into_iter().flatten();
        own.chain(dlcs.of(self.id).filter_map(|(_, dlc)| dlc.poll_timeout())).min()
    }

    /// Ends what has waited too long.
    pub fn handle_timeout(&mut self, now: Instant, dlcs: &mut Dlcs) {
        let passed = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        dlcs.each(self.id, |dlc| dlc.handle_timeout(now));
        if passed(self.deadline) {
            match self.state {
                SessionState::Open => self.shut(now, dlcs, SessionEnd::Idle),
                SessionState::Waiting
                | SessionState::Opening
                | SessionState::Closing(_)
                | SessionState::Ended(_) => self.end(dlcs, SessionEnd::Timeout),
            }
        }
        if passed(self.request.and_then(|(_, deadline)| deadline)) {
            self.shut(now, dlcs, SessionEnd::Timeout);
        }
        self.update_idle(now, dlcs);
    }

    /// Starts or stops the time without a DLC.
    pub(super) fn update_idle(&mut self, now: Instant, dlcs: &Dlcs) {
        if self.state != SessionState::Open {
            return;
        }
        let limit = match self.role {
            Role::Initiator => IDLE_INITIATOR,
            Role::Responder => IDLE_RESPONDER,
        };
        if dlcs.of(self.id).next().is_some() {
            self.deadline = None;
        } else if self.deadline.is_none() {
            self.deadline = Some(now + limit);
        }
    }
}
