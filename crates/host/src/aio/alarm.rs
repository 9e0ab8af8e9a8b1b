//! Deadlines of a future, armed on a clock.

#[cfg(not(feature = "std"))]
pub(super) use with_each_poll::Alarm;
#[cfg(feature = "std")]
pub(super) use with_own_waker::Alarm;

#[cfg(feature = "std")]
mod with_own_waker {
    use core::task::{Context, Poll, Waker};
    use std::{
        sync::{
            Arc, Mutex, MutexGuard, PoisonError,
            atomic::{AtomicBool, Ordering},
        },
        task::Wake,
    };

    use bindrune_hci::clock::Clock;
    use embassy_time::Instant;

    /// A deadline that is armed on the clock only if no earlier one is armed.
    ///
    /// The clock gets a waker of the alarm itself, not the waker of the task. Executors hand out wakers that do not
    /// compare equal although they wake the same task, and each would take one more entry in the clock's queue. A waker
    /// that the task shares with other timers would have to be armed again after each of them fires.
    #[derive(Debug)]
    pub(in crate::aio) struct Alarm {
        bell: Arc<Bell>,
        waker: Waker,
        /// The deadline that was requested last, and the task to wake then.
        asked: Option<(Instant, Waker)>,
    }

    #[derive(Debug, Default)]
    struct Bell {
        state: Mutex<State>,
        /// Whether the clock has woken the task since.
        rung: AtomicBool,
    }

    #[derive(Debug, Default)]
    struct State {
        /// The earliest time at which the clock will wake the task.
        set: Option<Instant>,
        task: Option<Waker>,
    }

    impl Alarm {
        pub(in crate::aio) fn new() -> Self {
            let bell = Arc::new(Bell::default());
            // A clone compares equal to its own clones; an original does not have to.
            let waker = Waker::from(Arc::clone(&bell)).clone();
            Self { bell, waker, asked: None }
        }

        /// Ready at or after `at`. Otherwise wakes the task of `cx` then, or earlier.
        pub(in crate::aio) fn poll(
            &mut self,
            clock: &impl Clock,
            now: Instant,
            at: Instant,
            cx: &mut Context<'_>,
        ) -> Poll<()> {
            if at <= now {
                return Poll::Ready(());
            }
            let is_asked = |(asked, task): &(Instant, Waker)| {
                *asked == at
                    && task.will_wake(cx.waker())
                    && !self.bell.rung.load(Ordering::Relaxed)
            };
            if self.asked.as_ref().is_some_and(is_asked) {
                return Poll::Pending;
            }
            self.ask(clock, at, cx);
            Poll::Pending
        }

        #[inline(never)]
        fn ask(&mut self, clock: &impl Clock, at: Instant, cx: &Context<'_>) {
            self.bell.rung.store(false, Ordering::Relaxed);
            self.asked = Some((at, cx.waker().clone()));
            let (is_set, _replaced) = self.bell.lock().wait(at, cx);
            if !is_set {
                clock.wake_at(at, &self.waker);
            }
        }
    }

    impl Bell {
        fn lock(&self) -> MutexGuard<'_, State> {
            self.state.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }

    impl State {
        /// Stores the waiting task. Returns whether the clock will wake it in time. The replaced waker is dropped
        /// outside the lock.
        fn wait(&mut self, at: Instant, cx: &Context<'_>) -> (bool, Option<Waker>) {
            let is_set = self.set.is_some_and(|set| set <= at);
            if !is_set {
                self.set = Some(at);
            }
            match &self.task {
                Some(task) if task.will_wake(cx.waker()) => (is_set, None),
                Some(_) | None => (is_set, self.task.replace(cx.waker().clone())),
            }
        }
    }

    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            let task = {
                let mut state = self.lock();
                state.set = None;
                self.rung.store(true, Ordering::Relaxed);
                state.task.take()
            };
            if let Some(task) = task {
                task.wake();
            }
        }
    }
}

#[cfg(not(feature = "std"))]
mod with_each_poll {
    use core::task::{Context, Poll};

    use bindrune_hci::clock::Clock;
    use embassy_time::Instant;

    /// A deadline. The clock keeps one for each task, so it is armed again whenever the task is polled.
    #[derive(Debug)]
    pub(in crate::aio) struct Alarm;

    impl Alarm {
        pub(in crate::aio) const fn new() -> Self {
            Self
        }

        /// Ready at or after `at`. Otherwise wakes the task of `cx` then, or earlier.
        #[expect(clippy::unused_self, reason = "it has a state with the standard library")]
        pub(in crate::aio) fn poll(
            &mut self,
            clock: &impl Clock,
            now: Instant,
            at: Instant,
            cx: &mut Context<'_>,
        ) -> Poll<()> {
            if at <= now {
                return Poll::Ready(());
            }
            clock.wake_at(at, cx.waker());
            Poll::Pending
        }
    }
}
