//! How a future waits for the state to change.

use core::{
    future::poll_fn,
    task::{Context, Poll},
};

use crate::{
    Error, Host,
    core::Core,
    waiters::{Batch, Key},
};

impl Host {
    /// Visits the state, then wakes what the visit made ready.
    pub(crate) fn with<R>(&self, visit: impl FnOnce(&mut Core) -> R) -> R {
        let mut batch = Batch::default();
        let (result, mut more) = self.core.with(|core| {
            let result = visit(core);
            (result, core.take_ready(&mut batch))
        });
        wake(&mut batch);
        while more {
            more = self.core.with(|core| core.take_ready(&mut batch));
            wake(&mut batch);
        }
        result
    }

    /// Waits until `poll` is ready. It is asked once for each time that `key` was marked, and is told whether no other
    /// future has waited for the key longer.
    ///
    /// What `poll` takes, it must take only when it returns `Ready`: then a wait that is dropped loses nothing.
    pub(crate) async fn wait<T>(
        &self,
        key: Key,
        mut poll: impl FnMut(&mut Core, bool) -> Poll<Result<T, Error>>,
    ) -> Result<T, Error> {
        let mut place = Place { host: self, key, ticket: None };
        poll_fn(|cx| place.poll(cx, &mut poll)).await
    }
}

fn wake(batch: &mut Batch) {
    for waker in batch.iter_mut().filter_map(Option::take) {
        waker.wake();
    }
}

/// The place of one future among those that wait; it is left on drop.
struct Place<'h> {
    host: &'h Host,
    key: Key,
    ticket: Option<u32>,
}

impl Place<'_> {
    fn poll<T>(
        &mut self,
        cx: &Context<'_>,
        poll: &mut impl FnMut(&mut Core, bool) -> Poll<Result<T, Error>>,
    ) -> Poll<Result<T, Error>> {
        let (key, ticket) = (self.key, &mut self.ticket);
        let (result, _replaced) = self.host.with(|core| {
            let first = core.waiters.is_first(key, *ticket);
            let result = poll(core, first);
            if result.is_ready() {
                return (result, None);
            }
            let own = *ticket.get_or_insert_with(|| core.waiters.ticket());
            match core.waiters.register(key, own, cx) {
                Ok(replaced) => (Poll::Pending, replaced),
                Err(_) => (Poll::Ready(Err(Error::TooManyWaiters)), None),
            }
        });
        if result.is_ready() {
            self.leave();
        }
        result
    }

    fn leave(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            let key = self.key;
            let _waker = self.host.with(|core| {
                core.stack.ready.mark(key);
                core.waiters.remove(key, ticket)
            });
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}
