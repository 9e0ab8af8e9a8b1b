//! The orderly shutdown: withdraws requests, closes links, stores bonds, and resets the controller.

use core::task::Poll;

use bindrune_hci::Status;
use bindrune_wire::time::Instant;
use embassy_time::Duration;

use super::{Phase, Stack};
use crate::{Error, waiters::Due};

/// Time limit for links to end and bonds to be stored.
const CLOSING: Duration = Duration::from_secs(3);
/// Time limit for the reset, including a late answer.
const RESETTING: Duration = Duration::from_secs(3);

/// Progress of the shutdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shutdown {
    /// No shutdown was requested.
    No,
    /// Links are being closed. The time limit begins when the stack is next given the time.
    Asked,
    /// Links are being closed. Those that are still up at this time are cut off.
    Closing(Instant),
    /// The controller is being reset. Its answer is due at this time.
    Resetting(Instant),
    /// The controller has been reset, or did not answer. `run` ends.
    Done(Result<(), Error>),
}

impl Shutdown {
    pub(super) const fn is_under_way(self) -> bool {
        matches!(self, Self::Asked | Self::Closing(_) | Self::Resetting(_))
    }

    pub(super) const fn deadline(self) -> Option<Instant> {
        match self {
            Self::Closing(until) | Self::Resetting(until) => Some(until),
            Self::No | Self::Asked | Self::Done(_) => None,
        }
    }
}

impl Stack {
    /// Begins the shutdown, unless one is in progress.
    pub(crate) fn shut_down(&mut self) {
        if self.shutdown.is_under_way() {
            return;
        }
        self.next_of_shutdown = Some(Self::next_of_shutdown);
        self.withdraw_all();
        if matches!(self.phase, Phase::Down | Phase::Failed(_)) {
            self.shutdown = Shutdown::Done(Ok(()));
            self.ready.whole_host();
            return;
        }
        self.shutdown = Shutdown::Asked;
        if self.is_silent() && !self.waits_to_reset() {
            // The controller is already being reset, and does not answer.
            return self.shut(Err(Error::NoAnswer));
        }
        for index in 0..self.link_slots() {
            if self.links.get(usize::from(index)).is_some_and(super::Link::is_up) {
                self.leave(index, Status::REMOTE_USER_TERMINATED);
            }
        }
        self.classic_leave_all();
        self.ready.run(Due::COMMAND);
        self.deadlines_changed();
    }

    /// Ready when the shutdown is over, or a later `run` has begun.
    pub(crate) const fn poll_shut_down(&self) -> Poll<Result<(), Error>> {
        match self.shutdown {
            Shutdown::Done(result) => Poll::Ready(result),
            Shutdown::No => Poll::Ready(Ok(())),
            Shutdown::Asked | Shutdown::Closing(_) | Shutdown::Resetting(_) => Poll::Pending,
        }
    }

    /// Ready while the host accepts requests.
    pub(crate) const fn poll_requests_taken(&self) -> Poll<Result<(), Error>> {
        if self.shutdown.is_under_way() { Poll::Pending } else { Poll::Ready(Ok(())) }
    }

    /// Returns whether `run` must end.
    pub(crate) const fn is_shut_down(&self) -> bool {
        matches!(self.shutdown, Shutdown::Done(_))
    }

    /// Performs the next step of the shutdown if it is due.
    pub(super) fn continue_shutdown(&mut self, now: Instant) {
        if let Some(next) = self.next_of_shutdown {
            next(self, now);
        }
    }

    fn next_of_shutdown(&mut self, now: Instant) {
        match self.shutdown {
            Shutdown::Asked => {
                self.shutdown = Shutdown::Closing(now + CLOSING);
                self.deadline = None;
                self.next_of_shutdown(now);
            }
            Shutdown::Closing(until) => {
                let stored = !self.security.is_storing()
                    && !self.has_unsaved_record()
                    && self.classic_is_stored();
                let closed = self.live_links() == 0 && self.classic.live_links() == 0 && stored;
                if closed || until <= now {
                    self.reset_for_good(now);
                }
            }
            Shutdown::Resetting(until) if until <= now => self.shut(Err(Error::NoAnswer)),
            Shutdown::Resetting(_) | Shutdown::No | Shutdown::Done(_) => {}
        }
    }

    fn reset_for_good(&mut self, now: Instant) {
        self.shutdown = Shutdown::Resetting(now + RESETTING);
        self.end_all(Status::LOCAL_HOST_TERMINATED);
        if !matches!(self.phase, Phase::Resetting { .. }) || self.waits_to_reset() {
            self.phase = Phase::ResetPending { silent: false };
        }
        self.ready.whole_host();
        self.deadlines_changed();
    }

    /// Ends the shutdown.
    pub(super) fn shut(&mut self, result: Result<(), Error>) {
        if !self.shutdown.is_under_way() {
            return;
        }
        self.shutdown = Shutdown::Done(result);
        self.phase = Phase::Down;
        self.ready.whole_host();
        self.deadlines_changed();
    }
}
