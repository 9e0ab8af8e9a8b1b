use core::sync::atomic::{AtomicBool, Ordering};
use std::{
    sync::Arc,
    task::Wake,
    thread::{self, Thread},
};

/// Records that a task was woken, and wakes the thread that runs it.
#[derive(Debug)]
pub(crate) struct Flag {
    woken: AtomicBool,
    thread: Thread,
}

impl Flag {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { woken: AtomicBool::new(false), thread: thread::current() })
    }

    /// Returns whether the task was woken since the last call.
    pub(crate) fn take(&self) -> bool {
        self.woken.swap(false, Ordering::AcqRel)
    }

    /// Waits for a wake; may return too early.
    pub(crate) fn wait(&self) {
        if !self.woken.load(Ordering::Acquire) {
            thread::park();
        }
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}
