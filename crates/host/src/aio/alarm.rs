//! Deadlines of a future, set on a clock.

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

    /// A deadline that is set on the clock only when none as early is set.
    ///
    /// The clock gets a waker of the alarm's own, not the task's: executors hand out wakers that do not compare equal though they
    /// wake the same task, each of which would be one more entry in the queue of the clock; and one that the task shares with other
    /// timers would have to be set again whenever one of those has come.
    #[derive(Debug)]
    pub(in crate::aio) struct Alarm {
        bell: Arc<Bell>,
        waker: Waker,
        /// The deadline that was asked for last, and the task that was to be woken then.
        asked: Option<(Instant, Waker)>,
    }

    #[derive(Debug, Default)]
    struct Bell {
        state: Mutex<State>,
        /// The clock has woken the task since.
        rung: AtomicBool,
    }

    #[derive(Debug, Default)]
    struct State {
        /// The earliest time at which the clock will wake.
        set: Option<Instant>,
        task: Option<Waker>,
    }

    impl Alarm {
        pub(in crate::aio) fn new() -> Self {
            let bell = Arc::new(Bell::default());
            // A clone compares equal to its own clones, which an original need not.
            let waker = Waker::from(Arc::clone(&bell)).clone();
            Self { bell, waker, asked: None }
        }

        /// Ready when it is `at` or later; else the task of `cx` is woken then, or earlier.
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
            self.ask(clock, at, cx)
        }

        #[inline(never)]
        fn ask(&mut self, clock: &impl Clock, at: Instant, cx: &mut Context<'_>) -> Poll<()> {
            self.bell.rung.store(false, Ordering::Relaxed);
            self.asked = Some((at, cx.waker().clone()));
            let (is_set, _replaced) = self.bell.lock().wait(at, cx);
            if is_set {
                return Poll::Pending;
            }
            let result = clock.poll_until(at, &mut Context::from_waker(&self.waker));
            if result.is_ready() {
                self.asked = None;
                self.bell.lock().set = None;
            }
            result
        }
    }

    impl Bell {
        fn lock(&self) -> MutexGuard<'_, State> {
            self.state.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }

    impl State {
        /// Notes who waits; true where the clock will wake in time. What is replaced is dropped outside of the lock.
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

    /// A deadline. The clock keeps one for each task, so it is set again whenever the task is polled.
    #[derive(Debug)]
    pub(in crate::aio) struct Alarm;

    impl Alarm {
        pub(in crate::aio) const fn new() -> Self {
            Self
        }

        /// Ready when it is `at` or later; else the task of `cx` is woken then, or earlier.
        #[expect(clippy::unused_self, reason = "it has a state with the standard library")]
        pub(in crate::aio) fn poll(
            &mut self,
            clock: &impl Clock,
            now: Instant,
            at: Instant,
            cx: &mut Context<'_>,
        ) -> Poll<()> {
            if at <= now { Poll::Ready(()) } else { clock.poll_until(at, cx) }
        }
    }
}
