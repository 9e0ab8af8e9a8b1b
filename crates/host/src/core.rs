//! State behind the host's lock: the stack, the waiting futures, and the state of `run` between two runs.

use core::task::Waker;

use bindrune_gap::InitError;
use bindrune_hci::Status;
use embassy_time::Instant;

use crate::{
    Config, ConfigError, ControllerEvent,
    aio::Receiving,
    report::report,
    stack::{LinkRef, Reported, Stack},
    waiters::{Due, Key, LinkKey, Waiters},
};

#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) stack: Stack,
    pub(crate) waiters: Waiters,
    /// The receiving state; `None` while `run` has it.
    pub(crate) receiving: Option<Receiving>,
    running: bool,
    /// Wakes `run` while it sleeps.
    runner: Option<Waker>,
}

/// What `run` does next.
pub(crate) enum Turn {
    /// Works. The time is the earliest deadline.
    Work(Due, Option<Instant>),
    /// Reports an event of the controller.
    Event(ControllerEvent),
    /// Ends: [`crate::Host::shutdown`] is complete.
    ShutDown,
    /// Ends: the controller cannot be used.
    Failed(InitError),
    /// Sleeps until this time, or until it is woken.
    Sleep(Option<Instant>),
}

impl Core {
    #[inline(always)]
    pub(crate) const fn new(stack: Stack, waiters: Waiters, receiving: Receiving) -> Self {
        Self { stack, waiters, receiving: Some(receiving), running: false, runner: None }
    }

    /// What `run` must do, and whether it has left its waker.
    pub(crate) const fn pending(&self) -> (Due, bool) {
        (self.stack.ready.due(), self.runner.is_some())
    }

    /// Returns whether a task may have to be woken; counts `run` only if the caller is not `run`.
    pub(crate) const fn is_ready(&self, by_run: bool) -> bool {
        let (due, is_left) = self.pending();
        self.stack.ready.is_marked() || (is_left && !by_run && !due.is_empty())
    }

    /// Returns whether a future that notifies or writes a command is held back: it is not `first`, and there is room
    /// for the one that is.
    #[inline(never)]
    pub(crate) fn holds_back_push(&mut self, link: LinkRef, first: bool) -> bool {
        let is_held_back = !first && self.stack.has_push_room(link);
        if is_held_back {
            self.waiters.hold_back(Key::Link(link.index, LinkKey::Push));
        }
        is_held_back
    }

    /// Takes one waker of what became ready. Apart from the visits, most of which make nothing ready.
    #[inline(never)]
    pub(crate) fn take_ready(&mut self, by_run: bool) -> Option<Waker> {
        let run = !by_run && !self.stack.ready.due().is_empty();
        let runner = if run { self.runner.take() } else { None };
        if runner.is_none() && self.stack.ready.is_marked() {
            return self.waiters.take_ready(&mut self.stack.ready);
        }
        runner
    }

    /// Returns what `run` does next; if it sleeps, leaves its waker here. The caller drops the contents of `over`
    /// outside the lock.
    pub(crate) fn turn(
        &mut self,
        now: Instant,
        reported: &mut Reported,
        waker: &Waker,
        over: &mut Option<Waker>,
    ) -> Turn {
        self.stack.set_clock(now);
        let mut due = self.stack.take_due();
        if due.contains(Due::TIME) || self.stack.is_due() {
            due |= Due::TIME;
            self.handle_timeout();
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
            return Turn::Work(work, self.stack.alarm());
        }
        if !self.runner.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *over = self.runner.replace(waker.clone());
        }
        Turn::Sleep(self.stack.alarm())
    }

    /// Apart from [`Self::turn`], most of which have no deadline that is due.
    #[cold]
    #[inline(never)]
    fn handle_timeout(&mut self) {
        if let Some(why) = self.stack.due_timer() {
            report!(debug, "due: {why:?}");
        }
        self.stack.handle_timeout();
    }

    /// Begins a run; false if another one is running.
    pub(crate) fn start(&mut self, now: Instant) -> bool {
        if self.running {
            return false;
        }
        self.running = true;
        self.stack.start(now);
        true
    }

    /// Ends a run, or cleans up after a dropped one: no run drives the links now. The caller drops the returned value
    /// outside the lock.
    pub(crate) fn stop(&mut self) -> Option<Waker> {
        self.running = false;
        self.stack.stop(Status::LOCAL_HOST_TERMINATED);
        self.runner.take()
    }
}

impl Core {
    /// Resets the host to the state of a new one.
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
