//! The thread that writes. It ends with the store, after its pending work.

use std::{
    boxed::Box,
    future::poll_fn,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, Sender},
    },
    task::{Poll, Waker},
    thread::{self, JoinHandle},
    time::{SystemTime, UNIX_EPOCH},
};

use super::{Shared, book::Book, disk::Folder, error::Trouble, lock};

/// A change of the records.
pub(super) type Change = Box<dyn FnOnce(&mut Book<Folder>) -> Result<(), Trouble> + Send>;

pub(super) struct Worker {
    /// `None` to end the thread.
    changes: Option<Sender<(Change, Answer)>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    pub(super) fn new(book: Shared) -> io::Result<Self> {
        let (changes, work) = mpsc::channel();
        let thread = thread::Builder::new().name("bindrune bonds".into()).spawn(move || {
            do_all(&book, &work);
        })?;
        Ok(Self { changes: Some(changes), thread: Some(thread) })
    }

    /// Runs a change, in the order of the calls; `None` if the thread has ended. If the future is dropped, the change
    /// is made anyway.
    pub(super) async fn change(&self, change: Change) -> Option<Result<(), Trouble>> {
        let reply = Arc::new(Reply::default());
        self.changes.as_ref()?.send((change, Answer(Arc::clone(&reply)))).ok()?;
        poll_fn(|context| {
            let mut state = reply.lock();
            match state.result.take() {
                Some(result) => Poll::Ready(Some(result)),
                None if state.ended => Poll::Ready(None),
                None => {
                    state.waker = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.changes = None;
        if let Some(thread) = self.thread.take() {
            // The panic hook has shown a panic of the thread; the files are intact.
            let _ = thread.join();
        }
    }
}

fn do_all(book: &Shared, work: &Receiver<(Change, Answer)>) {
    while let Ok((change, answer)) = work.recv() {
        let result = change(&mut lock(book));
        answer.0.lock().result = Some(result);
    }
}

/// Wakes the waiting task when it is dropped, with a result or without one.
struct Answer(Arc<Reply>);

impl Drop for Answer {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.ended = true;
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

#[derive(Default)]
struct Reply {
    state: Mutex<ReplyState>,
}

#[derive(Default)]
struct ReplyState {
    result: Option<Result<(), Trouble>>,
    ended: bool,
    waker: Option<Waker>,
}

impl Reply {
    fn lock(&self) -> std::sync::MutexGuard<'_, ReplyState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Seconds since 1970; 0 before.
#[expect(clippy::disallowed_methods, reason = "the date of a bond is for people to read")]
pub(super) fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
