use core::task::{Context, Poll, Waker};
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
        let at = self.now().saturating_add(duration);
        core::future::poll_fn(|cx| self.poll_until(at, cx)).await;
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Instant {
        self.shared.now()
    }

    fn poll_until(&self, at: Instant, cx: &mut Context<'_>) -> Poll<()> {
        if self.shared.wake_at(at, cx.waker()) { Poll::Pending } else { Poll::Ready(()) }
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
