//! The source of time for code that waits.

use core::task::{Context, Poll};

use embassy_time::Instant;

/// A clock, with a wait.
///
/// The host reads time only through this trait, so that a test may use virtual time.
pub trait Clock {
    /// Returns the current time. It never goes back.
    fn now(&self) -> Instant;

    /// Is ready at `at` or later.
    ///
    /// Otherwise it registers the task of `cx` to be woken at that time, and returns `Pending`. It may wake too
    /// early. A clock needs to keep only the earliest deadline of a task, because a task polls all of its deadlines
    /// again after each wake.
    fn poll_until(&self, at: Instant, cx: &mut Context<'_>) -> Poll<()>;
}

impl<C: Clock + ?Sized> Clock for &C {
    fn now(&self) -> Instant {
        (**self).now()
    }

    fn poll_until(&self, at: Instant, cx: &mut Context<'_>) -> Poll<()> {
        (**self).poll_until(at, cx)
    }
}
