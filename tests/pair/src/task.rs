//! A future with a waker of its own.

use core::{
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering},
    task::{Context, Poll, Waker},
};
use std::{
    boxed::Box,
    sync::{Arc, Mutex, PoisonError},
    task::Wake,
};

/// A future that is polled only when it was woken itself, and that can be dropped after a certain number of
/// polls.
#[must_use = "futures do nothing unless they are polled"]
pub struct Task<'f, T> {
    future: Option<Pin<Box<dyn Future<Output = T> + 'f>>>,
    bell: Arc<Bell>,
    polls: usize,
    limit: usize,
}

/// Records a wake, and passes it on.
#[derive(Default)]
struct Bell {
    rung: AtomicBool,
    outer: Mutex<Option<Waker>>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.rung.store(true, Ordering::Relaxed);
        let outer = self.outer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(outer) = outer {
            outer.wake();
        }
    }
}

impl<'f, T> Task<'f, T> {
    /// Creates a task that runs to its end.
    pub fn new(future: impl Future<Output = T> + 'f) -> Self {
        Self::limited(future, usize::MAX)
    }

    /// Creates a task whose future is dropped right after its poll number `limit`, unless it was ready before.
    pub fn limited(future: impl Future<Output = T> + 'f, limit: usize) -> Self {
        let bell = Bell { rung: AtomicBool::new(true), ..Bell::default() };
        Self { future: Some(Box::pin(future)), bell: Arc::new(bell), polls: 0, limit }
    }

    /// Returns how often the future was polled.
    #[must_use]
    pub const fn polls(&self) -> usize {
        self.polls
    }
}

impl<T> Future for Task<'_, T> {
    /// `None` if the future was dropped.
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let this = &mut *self;
        *this.bell.outer.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
        let Some(future) = &mut this.future else { return Poll::Ready(None) };
        if !this.bell.rung.swap(false, Ordering::Relaxed) {
            return Poll::Pending;
        }
        this.polls += 1;
        let waker = Waker::from(Arc::clone(&this.bell));
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => {
                this.future = None;
                Poll::Ready(Some(output))
            }
            Poll::Pending if this.polls >= this.limit => {
                this.future = None;
                Poll::Ready(None)
            }
            Poll::Pending => Poll::Pending,
        }
    }
}
