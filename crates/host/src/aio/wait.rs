//! How a future waits for a change of the state.

use core::{
    pin::Pin,
    sync::atomic::{AtomicU8, Ordering},
    task::{Context, Poll, Waker},
};

use crate::{
    Error, Host,
    core::Core,
    stack::Stack,
    waiters::{Displaced, Due, Key, Wait},
};

/// What is to be done after a visit, as of the last one. It is read without a visit.
#[derive(Debug)]
pub(crate) struct DueFlags(AtomicU8);

/// `run` has not left its waker.
const UNLEFT: u8 = 1 << 7;
/// More tasks may have to be woken.
const MORE: u8 = 1 << 6;
const _: () = assert!(Due::all().bits() & (UNLEFT | MORE) == 0);

impl DueFlags {
    pub(crate) const fn new() -> Self {
        Self(AtomicU8::new(UNLEFT))
    }

    /// Takes a task that must be woken, and records what else is to be done. Every visit ends with it, under the lock.
    fn take_ready(&self, by_run: bool, core: &mut Core) -> Option<Waker> {
        let (mut waker, mut more) = (None, 0);
        if core.is_ready(by_run) {
            waker = core.take_ready(by_run);
            more = if core.stack.ready.is_marked() { MORE } else { 0 };
        }
        let (due, is_left) = core.pending();
        self.0.store(due.bits() | if is_left { 0 } else { UNLEFT } | more, Ordering::Relaxed);
        waker
    }

    pub(crate) fn get(&self) -> Due {
        Due::from_bits_truncate(self.0.load(Ordering::Relaxed))
    }

    /// Returns whether there is nothing to do and `run` will be woken for the next work.
    pub(crate) fn is_settled(&self) -> bool {
        self.0.load(Ordering::Relaxed) & !MORE == 0
    }

    /// Returns whether more tasks may have to be woken.
    fn has_more(&self) -> bool {
        self.0.load(Ordering::Relaxed) & MORE != 0
    }
}

impl Host {
    /// Visits the state, then wakes the tasks that the visit made ready.
    pub(crate) fn with<R>(&self, visit: impl FnOnce(&mut Core) -> R) -> R {
        self.visit(false, visit)
    }

    /// A visit of `run`, which checks by itself what is due.
    pub(crate) fn with_run<R>(&self, visit: impl FnOnce(&mut Core) -> R) -> R {
        self.visit(true, visit)
    }

    fn visit<R>(&self, by_run: bool, visit: impl FnOnce(&mut Core) -> R) -> R {
        let (result, ready) = self.core.with(|core| {
            let result = visit(core);
            (result, self.due.take_ready(by_run, core))
        });
        if let Some(waker) = ready {
            self.wake(by_run, waker);
        }
        result
    }

    /// Wakes a task, and all others that are ready.
    #[inline(never)]
    fn wake(&self, by_run: bool, waker: Waker) {
        waker.wake();
        while self.due.has_more() {
            match self.core.with(|core| self.due.take_ready(by_run, core)) {
                Some(waker) => waker.wake(),
                None => return,
            }
        }
    }

    /// Waits until `poll` is ready; the wait itself cannot fail. `poll` is called once each time `key` was marked. Its
    /// argument says whether no other future has waited for the key for longer, for keys that are served in order.
    ///
    /// `poll` must take something only when it returns `Ready`: then a dropped wait loses nothing. If it takes
    /// something while it is pending, the caller must handle that on drop, as for the frames of an SDU.
    pub(crate) fn wait<T, F>(&self, key: Key, poll: F) -> Waiting<'_, F>
    where
        F: FnMut(&mut Core, bool) -> Poll<T>,
    {
        Waiting { place: Place { host: self, key, wait: Wait::default() }, poll }
    }

    /// Waits like [`Self::wait`]. If the future is dropped while it waits, calls `abandon`.
    pub(crate) async fn wait_or_abandon<T>(
        &self,
        key: Key,
        mut poll: impl FnMut(&mut Stack) -> Poll<Result<T, Error>>,
        abandon: impl FnOnce(&mut Stack),
    ) -> Result<T, Error> {
        let mut pending = Pending { host: self, abandon: Some(abandon) };
        let result = self.wait(key, |core, _| poll(&mut core.stack)).await;
        pending.abandon = None;
        result
    }
}

/// Something that a future waits for; abandoned on drop.
struct Pending<'h, F: FnOnce(&mut Stack)> {
    host: &'h Host,
    abandon: Option<F>,
}

impl<F: FnOnce(&mut Stack)> Drop for Pending<'_, F> {
    fn drop(&mut self) {
        if let Some(abandon) = self.abandon.take() {
            self.host.with(|core| abandon(&mut core.stack));
        }
    }
}

/// Future of [`Host::wait`]. Written by hand, because the states of an `async fn` take much code in each of them.
pub(crate) struct Waiting<'h, F> {
    place: Place<'h>,
    poll: F,
}

/// `poll` is called, never pinned.
impl<F> Unpin for Waiting<'_, F> {}

impl<T, F> Future for Waiting<'_, F>
where
    F: FnMut(&mut Core, bool) -> Poll<T>,
{
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { place, poll } = self.get_mut();
        let mut look = Look { poll, result: Poll::Pending };
        place.poll(cx, &mut look);
        look.result
    }
}

/// What a waiting future does in a visit. A trait of its own: that of closures has a second method, which would take
/// code for each future.
trait Visit {
    /// Returns whether the future is ready.
    fn visit(&mut self, core: &mut Core, first: bool) -> bool;
}

/// One look at whether a future is ready, and its result.
struct Look<'p, T, F> {
    poll: &'p mut F,
    result: Poll<T>,
}

impl<T, F> Visit for Look<'_, T, F>
where
    F: FnMut(&mut Core, bool) -> Poll<T>,
{
    fn visit(&mut self, core: &mut Core, first: bool) -> bool {
        // The result so far is `Pending`, which needs no drop.
        core::mem::forget(core::mem::replace(&mut self.result, (self.poll)(core, first)));
        self.result.is_ready()
    }
}

/// The place of one waiting future; released on drop.
struct Place<'h> {
    host: &'h Host,
    key: Key,
    wait: Wait,
}

impl Place<'_> {
    /// Looks whether the future is ready, and leaves the waker if it is not. `look` stores its own result, so this
    /// function does not depend on its type and is compiled once.
    fn poll(&mut self, cx: &Context<'_>, look: &mut dyn Visit) {
        let (key, wait) = (self.key, &mut self.wait);
        // Finished futures are dropped after the lock is released.
        let displaced = self.host.with(|core| {
            let first = core.waiters.is_first(key, wait, &mut core.stack.ready);
            if look.visit(core, first) {
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
