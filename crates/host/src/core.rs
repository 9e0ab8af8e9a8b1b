//! What lies behind the host's lock: the stack, the waiting futures, and what `run` leaves behind when it is dropped.

use core::task::Waker;

use bindrune_gap::InitError;
use bindrune_hci::Status;
use embassy_time::Instant;

use crate::{
    Config, ConfigError, ControllerEvent,
    aio::Receiving,
    report::report,
    stack::{Reported, Stack},
    waiters::{Due, Waiters},
};

#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) stack: Stack,
    pub(crate) waiters: Waiters,
    /// The receiving state; `None` while `run` has it.
    pub(crate) receiving: Option<Receiving>,
    running: bool,
    /// Wakes `run`, while it sleeps.
    runner: Option<Waker>,
}

/// What `run` does next.
pub(crate) enum Turn {
    /// It looks at something. The time is the earliest deadline.
    Work(Due, Option<Instant>),
    /// It reports what happened to the controller.
    Event(ControllerEvent),
    /// It ends: [`crate::Host::shutdown`] is complete.
    ShutDown,
    /// It ends: the controller cannot be used.
    Failed(InitError),
    /// It sleeps until then, or until it is woken.
    Sleep(Option<Instant>),
}

impl Core {
    #[inline(always)]
    pub(crate) const fn new(stack: Stack, waiters: Waiters, receiving: Receiving) -> Self {
        Self { stack, waiters, receiving: Some(receiving), running: false, runner: None }
    }

    /// What `run` has to look at, and whether it has left its waker.
    pub(crate) const fn pending(&self) -> (Due, bool) {
        (self.stack.ready.due(), self.runner.is_some())
    }

    /// True where somebody may have to be woken; `run` itself only where it is not `run` that asks.
    pub(crate) const fn is_ready(&self, by_run: bool) -> bool {
        let (due, is_left) = self.pending();
        self.stack.ready.is_marked() || (is_left && !by_run && !due.is_empty())
    }

    /// Takes one waker of what became ready; true where there may be more.
    pub(crate) fn take_ready(&mut self, by_run: bool) -> (Option<Waker>, bool) {
        let run = !by_run && !self.stack.ready.due().is_empty();
        let mut first = if run { self.runner.take() } else { None };
        if first.is_none() && self.stack.ready.is_marked() {
            first = self.waiters.take_ready(&mut self.stack.ready);
        }
        (first, self.stack.ready.is_marked())
    }

    /// What `run` does next; where it sleeps, its waker is left here. What is put in `over` is to be dropped outside of the lock.
    pub(crate) fn turn(
        &mut self,
        now: Instant,
        reported: &mut Reported,
        waker: &Waker,
        over: &mut Option<Waker>,
    ) -> Turn {
        self.stack.set_now(now);
        let mut due = self.stack.take_due();
        if due.contains(Due::TIME) || self.stack.is_due(now) {
            due |= Due::TIME;
            if let Some((_, why)) = self.stack.poll_timeout().filter(|(at, _)| *at <= now) {
                report!(debug, "due: {why:?}");
            }
            self.stack.handle_timeout(now);
            if self.stack.is_shut_down() {
                return Turn::ShutDown;
            }
        }
        if due.intersects(Due::TIME | Due::COMMAND) {
            if let Some(error) = self.stack.failure() {
                return Turn::Failed(error);
            }
            if let Some(event) = self.stack.poll_watch(reported) {
                self.stack.ready.run(due);
                return Turn::Event(event);
            }
        }
        due |= self.stack.take_due();
        let work = due.difference(Due::TIME);
        if !work.is_empty() {
            return Turn::Work(work, self.stack.poll_timeout().map(|(at, _)| at));
        }
        if !self.runner.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *over = self.runner.replace(waker.clone());
        }
        Turn::Sleep(self.stack.poll_timeout().map(|(at, _)| at))
    }

    /// `run` begins; false where another one runs.
    pub(crate) fn start(&mut self, now: Instant) -> bool {
        if self.running {
            return false;
        }
        self.running = true;
        self.stack.start(now);
        true
    }

    /// `run` ends or was dropped: nobody drives the links any longer. What is given back is to be dropped outside of the lock.
    pub(crate) fn stop(&mut self) -> Option<Waker> {
        self.running = false;
        self.stack.stop(Status::LOCAL_HOST_TERMINATED);
        self.runner.take()
    }
}

impl Core {
    /// Makes the host as new.
    pub(crate) fn reset(&mut self, config: Config) -> Result<(), ConfigError> {
        self.stack.clear_output();
        self.waiters.reset();
        self.stack.reset(config)?;
        self.running = false;
        self.runner = None;
        if let Some(receiving) = &mut self.receiving {
            receiving.resync(&mut self.stack);
        }
        Ok(())
    }
}
