//! What lies behind the host's lock: the stack, the waiting futures, and what `run` leaves behind when it is dropped.

use core::task::Waker;

use bindrune_gap::InitError;
use bindrune_hci::Status;
use embassy_time::Instant;

use crate::{
    Config, ConfigError, ControllerEvent,
    aio::Receiving,
    report::report,
    stack::{Output, Stack, Told},
    waiters::{Batch, Due, Waiters},
};

#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) stack: Stack,
    pub(crate) waiters: Waiters,
    /// The receiving state; `None` while `run` has it.
    pub(crate) receiving: Option<Receiving>,
    /// The buffer for the transport, with what a dropped run had written in part; `None` while `run` has it.
    pub(crate) output: Option<Output>,
    running: bool,
    /// Wakes `run`, while it sleeps.
    runner: Option<Waker>,
}

/// What `run` does next.
pub(crate) enum Turn {
    /// It looks at something.
    Work(Due),
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
    pub(crate) const fn new(
        stack: Stack,
        waiters: Waiters,
        receiving: Receiving,
        output: Output,
    ) -> Self {
        Self {
            stack,
            waiters,
            receiving: Some(receiving),
            output: Some(output),
            running: false,
            runner: None,
        }
    }

    /// True where somebody may have to be woken.
    pub(crate) const fn is_ready(&self) -> bool {
        self.stack.ready.is_marked()
            || (self.runner.is_some() && !self.stack.ready.due().is_empty())
    }

    /// Takes the next wakers of what became ready; true when there may be more.
    pub(crate) fn take_ready(&mut self, batch: &mut Batch) -> (Option<Waker>, bool) {
        let runner = if self.stack.ready.due().is_empty() { None } else { self.runner.take() };
        (runner, self.waiters.take_ready(&mut self.stack.ready, batch))
    }

    /// `run` was woken. Gives the waker that it had left.
    pub(crate) const fn begin(&mut self, now: Instant) -> Option<Waker> {
        self.stack.set_now(now);
        self.runner.take()
    }

    /// What `run` does next; where it sleeps, its waker is left here. What stays in `kept` is to be dropped outside of the lock.
    pub(crate) fn turn(
        &mut self,
        now: Instant,
        told: &mut Told,
        waker: &Waker,
        kept: &mut Option<Waker>,
    ) -> Turn {
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
            if let Some(event) = self.stack.poll_watch(told) {
                self.stack.ready.run(due);
                return Turn::Event(event);
            }
        }
        due |= self.stack.take_due();
        let work = due.difference(Due::TIME);
        if !work.is_empty() {
            return Turn::Work(work);
        }
        self.runner = match kept.take() {
            Some(known) if known.will_wake(waker) => Some(known),
            other => {
                *kept = other;
                Some(waker.clone())
            }
        };
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

    /// The transport is gone: what was half written will never be finished.
    pub(crate) fn transport_failed(&mut self) {
        if let Some(output) = &mut self.output {
            output.clear();
        }
        self.stack.output_left();
    }

    /// Takes the buffer of a dropped run back, with the rest of the packet that it had written in part.
    pub(crate) fn give_output(&mut self, mut output: Output) {
        output.keep_begun();
        self.output = Some(output);
    }
}

impl Core {
    /// Makes the host as new.
    pub(crate) fn reset(&mut self, config: Config) -> Result<(), ConfigError> {
        self.transport_failed();
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
