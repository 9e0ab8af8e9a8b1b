//! How a future waits for the state to change.

use core::{
    future::poll_fn,
    task::{Context, Poll, Waker},
};

use crate::{
    Error, Host,
    core::Core,
    waiters::{Batch, Key, Wait},
};

impl Host {
    /// Visits the state, then wakes what the visit made ready.
    pub(crate) fn with<R>(&self, visit: impl FnOnce(&mut Core) -> R) -> R {
        let (result, is_ready) = self.core.with(|core| (visit(core), core.is_ready()));
        if is_ready {
            self.wake_ready();
        }
        result
    }

    /// Wakes what is ready.
    #[inline(never)]
    fn wake_ready(&self) {
        let mut batch = Batch::default();
        let mut more = true;
        while more {
            let runner;
            (runner, more) = self.core.with(|core| core.take_ready(&mut batch));
            runner
                .into_iter()
                .chain(batch.iter_mut().filter_map(Option::take))
                .for_each(Waker::wake);
        }
    }

    /// Waits until `poll` is ready; waiting itself cannot fail. It is asked once for each time that `key` was marked, and is told
    /// whether no other future has waited for the key longer, where those are served in order.
    ///
    /// What `poll` takes, it must take only when it returns `Ready`: then a wait that is dropped loses nothing.
    pub(crate) async fn wait<T>(
        &self,
        key: Key,
        mut poll: impl FnMut(&mut Core, bool) -> Poll<Result<T, Error>>,
    ) -> Result<T, Error> {
        let mut place = Place { host: self, key, wait: Wait::default() };
        poll_fn(|cx| place.poll(cx, &mut poll)).await
    }
}

/// The place of one future among those that wait; it is left on drop.
struct Place<'h> {
    host: &'h Host,
    key: Key,
    wait: Wait,
}

impl Place<'_> {
    fn poll<T>(
        &mut self,
        cx: &Context<'_>,
        poll: &mut impl FnMut(&mut Core, bool) -> Poll<Result<T, Error>>,
    ) -> Poll<Result<T, Error>> {
        let (key, wait) = (self.key, &mut self.wait);
        // What is over is dropped when the lock is released.
        let mut over = None;
        let (result, displaced) = self.host.with(|core| {
            let first = core.waiters.is_first(key, wait, &mut core.stack.ready);
            let result = poll(core, first);
            if result.is_ready() {
                over = core.waiters.leave(key, wait, &mut core.stack.ready);
                return (result, None);
            }
            over = Some(cx.waker().clone());
            (result, core.waiters.wait(key, wait, &mut over))
        });
        if let Some(waker) = displaced {
            waker.wake();
        }
        result
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
