//! Where time comes from, for those few who must wait for it.

use core::task::{Context, Poll};

use embassy_time::Instant;

/// A source of time that can be waited for.
///
/// The host reads time only through this trait, so that a test may put virtual time in its place.
pub trait Clock {
    /// The time now. It never goes back.
    fn now(&self) -> Instant;

    /// Ready when it is `at` or later.
    ///
    /// Else it registers the task of `cx` to be woken then, and returns `Pending`. It may wake too early. A clock
    /// need keep only the earliest deadline of a task: who is woken asks again for each deadline that it still has.
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
