use core::task::{Poll, Waker};
use std::sync::Arc;

use bindrune_hci::clock::Clock;
use embassy_time::{Duration, Instant};

use crate::world::Shared;

/// The time of a [`World`](crate::World), for tasks that wait in it.
///
/// Clones share the time. A task waits with [`Self::sleep`]; a bindrune host takes the clock for its own deadlines.
#[derive(Clone, Debug)]
pub struct VirtualClock {
    pub(crate) shared: Arc<Shared>,
}

impl VirtualClock {
    /// Returns the current time.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.shared.now()
    }

    /// Resolves when `duration` has passed.
    ///
    /// # Cancel safety
    /// It may be dropped at any time.
    pub async fn sleep(&self, duration: Duration) {
        self.sleep_until(self.now().saturating_add(duration)).await;
    }

    /// Resolves at `at`, or at once if that time has passed.
    pub(crate) async fn sleep_until(&self, at: Instant) {
        core::future::poll_fn(|cx| {
            if self.shared.wake_at(at, cx.waker()) { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Instant {
        self.shared.now()
    }

    fn wake_at(&self, at: Instant, waker: &Waker) {
        if !self.shared.wake_at(at, waker) {
            waker.wake_by_ref();
        }
    }
}

/// Tasks that wait for a time: one entry for each task, with its earliest deadline.
#[derive(Debug, Default)]
pub(crate) struct Sleepers {
    entries: Vec<(Instant, Waker)>,
}

impl Sleepers {
    pub(crate) fn register(&mut self, at: Instant, waker: &Waker) {
        match self.entries.iter_mut().find(|(_, other)| other.will_wake(waker)) {
            Some((deadline, _)) => *deadline = at.min(*deadline),
            None => self.entries.push((at, waker.clone())),
        }
    }

    pub(crate) fn earliest(&self) -> Option<Instant> {
        self.entries.iter().map(|&(at, _)| at).min()
    }

    /// Removes one task whose deadline has passed.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<Waker> {
        let index = self.entries.iter().position(|&(at, _)| at <= now)?;
        Some(self.entries.swap_remove(index).1)
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}
