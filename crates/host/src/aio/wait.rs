//! How a future waits for the state to change.

use core::{
    future::poll_fn,
    sync::atomic::{AtomicU8, Ordering},
    task::{Context, Poll, Waker},
};

use crate::{
    Error, Host,
    core::Core,
    waiters::{Displaced, Due, Key, Wait},
};

/// What `run` has to look at, as the last visit left it: so that it need not visit to see that this is nothing.
#[derive(Debug)]
pub(crate) struct DueFlags(AtomicU8);

/// `run` has not left its waker.
const UNLEFT: u8 = 1 << 7;

impl DueFlags {
    pub(crate) const fn new() -> Self {
        Self(AtomicU8::new(UNLEFT))
    }

    /// Kept up to date under the lock.
    fn set(&self, (due, is_left): (Due, bool)) {
        self.0.store(due.bits() | if is_left { 0 } else { UNLEFT }, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> Due {
        Due::from_bits_truncate(self.0.load(Ordering::Relaxed))
    }

    /// True where nothing is to be looked at and `run` will be woken when there is.
    pub(crate) fn is_settled(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}

impl Host {
    /// Visits the state, then wakes what the visit made ready.
    pub(crate) fn with<R>(&self, visit: impl FnOnce(&mut Core) -> R) -> R {
        self.visit(false, visit)
    }

    /// A visit of `run`, which looks at what is due by itself.
    pub(crate) fn with_run<R>(&self, visit: impl FnOnce(&mut Core) -> R) -> R {
        self.visit(true, visit)
    }

    fn visit<R>(&self, by_run: bool, visit: impl FnOnce(&mut Core) -> R) -> R {
        let (result, ready) = self.core.with(|core| {
            let result = visit(core);
            (result, self.take_ready(by_run, core))
        });
        if let Some(ready) = ready {
            self.wake(by_run, ready);
        }
        result
    }

    /// What every visit ends with. It does not depend on the visit, so that there is one of it.
    fn take_ready(&self, by_run: bool, core: &mut Core) -> Option<(Option<Waker>, bool)> {
        let ready = core.is_ready(by_run).then(|| core.take_ready(by_run));
        self.due.set(core.pending());
        ready
    }

    /// Wakes what is ready.
    #[inline(never)]
    fn wake(&self, by_run: bool, (waker, more): (Option<Waker>, bool)) {
        if let Some(waker) = waker {
            waker.wake();
        }
        if more {
            self.wake_others(by_run);
        }
    }

    #[cold]
    fn wake_others(&self, by_run: bool) {
        let next = |core: &mut Core| {
            let (waker, _) = core.take_ready(by_run);
            self.due.set(core.pending());
            waker
        };
        while let Some(waker) = self.core.with(next) {
            waker.wake();
        }
    }

    /// Waits until `poll` is ready; waiting itself cannot fail. It is asked once for each time that `key` was marked, and learns
    /// whether no other future has waited for the key longer, where those are served in order.
    ///
    /// What `poll` takes, it must take only when it returns `Ready`: then a wait that is dropped loses nothing. What it takes while
    /// it is pending, the caller must account for on drop, as for the frames of an SDU.
    pub(crate) async fn wait<T>(
        &self,
        key: Key,
        mut poll: impl FnMut(&mut Core, bool) -> Poll<Result<T, Error>>,
    ) -> Result<T, Error> {
        let mut place = Place { host: self, key, wait: Wait::default() };
        poll_fn(|cx| {
            let mut result = Poll::Pending;
            place.poll(cx, &mut |core, first| {
                result = poll(core, first);
                result.is_ready()
            });
            result
        })
        .await
    }
}

/// The place of one future among those that wait; it is left on drop.
struct Place<'h> {
    host: &'h Host,
    key: Key,
    wait: Wait,
}

impl Place<'_> {
    /// Asks `poll`, which returns whether it is ready, and leaves the waker if it is not. `poll` keeps its result, so that this
    /// does not depend on its type, and there is one of it.
    fn poll(&mut self, cx: &Context<'_>, poll: &mut dyn FnMut(&mut Core, bool) -> bool) {
        let (key, wait) = (self.key, &mut self.wait);
        // What is over is dropped when the lock is released.
        let displaced = self.host.with(|core| {
            let first = core.waiters.is_first(key, wait, &mut core.stack.ready);
            if poll(core, first) {
                Displaced::over(core.waiters.leave(key, wait, &mut core.stack.ready))
            } else {
                core.waiters.wait(key, wait, cx.waker(), &mut core.stack.ready)
            }
        });
        displaced.settle();
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.wait.is_waiting() {
            let (key, wait) = (self.key, &mut self.wait);
            let _over = self.host.with(|core| core.waiters.leave(key, wait, &mut core.stack.ready));
        }
    }
}
