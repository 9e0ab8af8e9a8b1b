//! The source of time for code that waits.

use core::task::Waker;

use embassy_time::Instant;

/// A clock that wakes tasks.
///
/// The host reads time only through this trait, so that a test may use virtual time.
pub trait Clock {
    /// Returns the current time. It never goes back.
    fn now(&self) -> Instant;

    /// Registers the task of `waker` to be woken at `at`, or soon if that time has passed.
    ///
    /// It may wake too early: the task reads the time again. A clock needs to keep only the earliest deadline of a
    /// task, because a task registers all of its deadlines again after each wake.
    fn wake_at(&self, at: Instant, waker: &Waker);
}

impl<C: Clock + ?Sized> Clock for &C {
    fn now(&self) -> Instant {
        (**self).now()
    }

    fn wake_at(&self, at: Instant, waker: &Waker) {
        (**self).wake_at(at, waker);
    }
}
