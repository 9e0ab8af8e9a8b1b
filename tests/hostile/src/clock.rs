//! Virtual time.

use core::task::Waker;
use std::{cell::RefCell, rc::Rc};

use bindrune_hci::clock::Clock;
use embassy_time::Instant;

/// Time at which a bench begins: soon after it, the time of the machines begins again from zero.
pub(crate) const START: Instant = Instant::from_millis((1 << 31) - 3_000);

/// The time of a bench. Clones share it.
#[derive(Clone, Debug)]
pub struct TestClock(Rc<RefCell<State>>);

#[derive(Debug)]
struct State {
    now: Instant,
    sleepers: Vec<(Instant, Waker)>,
}

impl TestClock {
    pub(crate) fn new() -> Self {
        let state = State { now: START, sleepers: Vec::new() };
        Self(Rc::new(RefCell::new(state)))
    }

    /// Returns the earliest time that a task waits for.
    pub(crate) fn earliest(&self) -> Option<Instant> {
        self.0.borrow().sleepers.iter().map(|&(at, _)| at).min()
    }

    /// Advances to `now`, and wakes the tasks that waited for it.
    pub(crate) fn advance(&self, now: Instant) {
        let due = {
            let mut state = self.0.borrow_mut();
            state.now = state.now.max(now);
            let sleepers = core::mem::take(&mut state.sleepers);
            let (due, rest) = sleepers.into_iter().partition(|&(at, _)| at <= now);
            state.sleepers = rest;
            due
        };
        let due: Vec<(Instant, Waker)> = due;
        due.into_iter().for_each(|(_, waker)| waker.wake());
    }
}

impl Clock for TestClock {
    fn now(&self) -> Instant {
        self.0.borrow().now
    }

    fn wake_at(&self, at: Instant, waker: &Waker) {
        let mut state = self.0.borrow_mut();
        if at <= state.now {
            drop(state);
            return waker.wake_by_ref();
        }
        match state.sleepers.iter_mut().find(|(_, other)| other.will_wake(waker)) {
            Some((deadline, _)) => *deadline = at.min(*deadline),
            None => state.sleepers.push((at, waker.clone())),
        }
    }
}
