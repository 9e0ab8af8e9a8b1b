//! Time limits of the application's waits, on the clock of `run`.

use core::task::Poll;

use embassy_time::{Duration, Instant};

use super::Stack;
use crate::waiters::{Due, HostKey};

/// The running time limits. Each future keeps its own; the earliest of all is kept here.
#[derive(Debug)]
pub(super) struct Limits {
    next: Instant,
    /// Whether a future needs the time.
    is_asked: bool,
    /// Counts how often the time was given to the futures that needed it.
    round: u32,
}

/// State of the time limit of one future.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limit {
    /// The limit begins when the future is first polled.
    New(Duration),
    /// The limit begins with the next round.
    Asked(Duration, u32),
    /// The limit ends at this time.
    Until(Instant),
}

impl Limits {
    pub(super) const NONE: Self = Self { next: Instant::MAX, is_asked: false, round: 0 };

    /// Returns when the stack must be given the time, on its clock.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let next = if self.is_asked { Instant::MIN } else { self.next };
        Some(next).filter(|&next| next < Instant::MAX)
    }
}

impl Stack {
    /// Ready when the time limit is over.
    pub(crate) fn poll_limit(&mut self, limit: &mut Limit) -> Poll<()> {
        match *limit {
            Limit::New(duration) => {
                *limit = Limit::Asked(duration, self.limits.round);
                self.limits.is_asked = true;
                self.ready.run(Due::TIME);
                return Poll::Pending;
            }
            Limit::Asked(_, round) if round == self.limits.round => return Poll::Pending,
            Limit::Asked(duration, _) => *limit = Limit::Until(self.clock.saturating_add(duration)),
            Limit::Until(_) => {}
        }
        let Limit::Until(until) = *limit else { return Poll::Pending };
        if until <= self.clock {
            return Poll::Ready(());
        }
        if until < self.limits.next {
            self.limits.next = until;
            self.ready.run(Due::TIME);
        }
        Poll::Pending
    }

    /// If a limit must begin or is over, starts a new round with the current time.
    pub(super) fn limits_due(&mut self) {
        if self.limits.poll_timeout().is_none_or(|at| at > self.clock) {
            return;
        }
        let round = self.limits.round.wrapping_add(1);
        self.limits = Limits { round, ..Limits::NONE };
        self.ready.host(HostKey::Limit);
    }
}
