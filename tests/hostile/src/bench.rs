//! A host on the scripted controller, and the tasks that use it.

use core::{
    cell::RefMut,
    fmt,
    future::Future,
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering},
    task::{Context, Poll, Waker},
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::Arc,
    task::Wake,
};

use bindrune::{ControllerCrypto, Host, Platform, RunError};
use bindrune_hci::clock::Clock;
use embassy_time::{Duration, Instant};

use crate::{
    Acl, Controller, Outcome, Sent, Store, TestClock, l2cap,
    wire::{HostEnd, Line},
};

/// A running host, its controller and its tasks.
pub struct Bench<'h> {
    /// The host.
    pub host: &'h Host,
    clock: TestClock,
    line: Rc<RefCell<Line>>,
    tasks: Vec<Task<'h>>,
    run: Outcome<RunError<core::convert::Infallible>>,
    store: Store,
    /// Turns of the tasks in the last call of `settle`.
    turns: u32,
}

struct Task<'h> {
    future: Pin<Box<dyn Future<Output = ()> + 'h>>,
    woken: Arc<Woken>,
    cancelled: Rc<Cell<bool>>,
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Number of turns at one time that counts as an endless loop.
const MAX_TURNS: u32 = 2_000_000;

impl<'h> Bench<'h> {
    /// Runs `host` on `controller` until it is set up or has failed.
    #[must_use]
    pub fn new(host: &'h Host, controller: Controller) -> Self {
        Self::with_store(host, controller, Store::memory(&[]))
    }

    /// Like [`Self::new`], with this store of bonds.
    #[must_use]
    pub fn with_store(host: &'h Host, controller: Controller, store: Store) -> Self {
        let line = Rc::new(RefCell::new(Line::new(controller)));
        let clock = TestClock::new();
        let mut bench =
            Self { host, clock, line, tasks: Vec::new(), run: Outcome::new(), store, turns: 0 };
        bench.run();
        bench
    }

    /// Calls `run` on the host, also again.
    pub fn run(&mut self) {
        let (end, clock, host) = (HostEnd(self.line.clone()), self.clock.clone(), self.host);
        let rx = end.clone();
        let platform = Platform::new().clock(clock).crypto(ControllerCrypto::random_only());
        let platform = platform.store(self.store.clone());
        self.run = self.spawn(async move { host.run_with(rx, end, platform).await });
    }

    /// Drops `run`.
    pub fn stop(&mut self) {
        self.run.cancel();
        self.settle();
    }

    /// Drops all tasks, and `run` with them.
    pub fn abandon(&mut self) {
        self.tasks.clear();
    }

    /// Returns the result of `run`, if it has returned.
    #[must_use]
    pub fn ended(&self) -> Option<RunError<core::convert::Infallible>> {
        self.run.is_done().then(|| self.run.take())
    }

    /// Runs a task beside the others; it gets its first turn at once.
    pub fn spawn<T: 'h>(&mut self, task: impl Future<Output = T> + 'h) -> Outcome<T> {
        let outcome = Outcome::new();
        let done = outcome.share();
        let future = Box::pin(async move { done.set(task.await) });
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        self.tasks.push(Task { future, woken, cancelled: outcome.flag() });
        self.settle();
        outcome
    }

    /// Sends octets from the controller, and lets the host handle them.
    pub fn inject(&mut self, octets: &[u8]) {
        self.line.borrow_mut().inject(octets);
        self.settle();
    }

    /// Runs the tasks until none is awake.
    pub fn settle(&mut self) {
        for turns in 0..MAX_TURNS {
            self.turns = turns;
            let mut idle = true;
            self.tasks.retain_mut(|task| {
                if task.cancelled.get() {
                    idle = false;
                    return false;
                }
                if !task.woken.0.swap(false, Ordering::Relaxed) {
                    return true;
                }
                idle = false;
                let waker = Waker::from(task.woken.clone());
                task.future.as_mut().poll(&mut Context::from_waker(&waker)) == Poll::Pending
            });
            if idle {
                self.host.check_invariants();
                return;
            }
        }
        panic!("the tasks wake themselves endlessly, and no time passes");
    }

    /// Returns the number of turns that the tasks had in the last call of [`Self::settle`].
    #[must_use]
    pub const fn turns(&self) -> u32 {
        self.turns
    }

    /// Lets time pass, from deadline to deadline.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now() + time;
        loop {
            let next = self.clock.earliest().filter(|&at| at <= end);
            self.clock.advance(next.unwrap_or(end));
            self.settle();
            if next.is_none() {
                return;
            }
        }
    }

    /// Returns the current time.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Returns the controller.
    #[must_use]
    pub fn controller(&mut self) -> RefMut<'_, Controller> {
        RefMut::map(self.line.borrow_mut(), |line| &mut line.controller)
    }

    /// Limits each read and write of the host to `octets`.
    pub fn chunk(&mut self, octets: usize) {
        self.line.borrow_mut().chunk = octets;
    }

    /// Lets the controller take `octets` more octets, and then none until the next call; `None` for no limit.
    pub fn take(&mut self, octets: Option<usize>) {
        self.line.borrow_mut().allow(octets);
        self.settle();
    }

    /// Returns the store of the host's bonds.
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// Returns everything that the host sent since the last call.
    pub fn sent(&mut self) -> Vec<Sent> {
        core::mem::take(&mut self.controller().sent)
    }

    /// Returns the commands that the host sent since the last call, opcode and parameters; drops everything else.
    pub fn commands(&mut self) -> Vec<(u16, Vec<u8>)> {
        let sent = self.sent().into_iter();
        sent.filter_map(|packet| match packet {
            Sent::Command(opcode, parameters) => Some((opcode, parameters)),
            Sent::Acl(_) => None,
        })
        .collect()
    }

    /// Returns the L2CAP frames that the host sent since the last call, with their handles; drops the commands.
    pub fn frames(&mut self) -> Vec<(u16, Vec<u8>)> {
        let sent = self.sent().into_iter();
        sent.filter_map(|packet| match packet {
            Sent::Acl(Acl { handle, data, .. }) => Some((handle, data)),
            Sent::Command(..) => None,
        })
        .collect()
    }

    /// Asserts that the host sent exactly these payloads on one channel of link 0x0040 since the last call.
    #[track_caller]
    pub fn expect(&mut self, cid: u16, payloads: &[&[u8]]) {
        let expected: Vec<_> = payloads.iter().map(|payload| (0x40, l2cap(cid, payload))).collect();
        let sent = self.frames();
        assert!(sent == expected, "sent {sent:02x?}, expected {expected:02x?}");
    }

    /// Asserts that the host sent nothing since the last call.
    #[track_caller]
    pub fn expect_silence(&mut self) {
        let sent = self.sent();
        assert!(sent.is_empty(), "sent {sent:02x?}");
    }
}

impl fmt::Debug for Bench<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bench").field("now", &self.now()).finish_non_exhaustive()
    }
}
