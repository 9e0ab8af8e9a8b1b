//! The driver: bytes in, bytes out, deadlines.

mod receive;
mod transmit;

use core::{
    convert::Infallible,
    fmt,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::atomic::{AtomicU8, AtomicU32, Ordering},
    task::{Context, Poll, Waker},
};

use bindrune_gap::InitError;
use bindrune_hci::clock::Clock;
use embassy_time::Instant;
use embedded_io_async::{Read, Write};

use super::{Platform, alarm::Alarm};
use crate::{ControllerEvent, Host, core::Turn, report::report, stack::Reported, waiters::Due};

/// Reason why [`Host::run`] returned. It can be called again, with the same transport or another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunError<E> {
    /// Reading or writing failed.
    Transport(E),
    /// The other end closed the transport.
    Closed,
    /// The controller cannot be used.
    Controller(InitError),
    /// Another call already drives this host.
    AlreadyRunning,
    /// [`Host::shutdown`] is complete.
    ShutDown,
}

impl<E: fmt::Debug> fmt::Display for RunError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(error) => write!(f, "the transport failed: {error:?}"),
            Self::Closed => f.write_str("the transport was closed by its other end"),
            Self::Controller(error) => write!(f, "the controller cannot be used: {error}"),
            Self::AlreadyRunning => f.write_str("another call of run drives this host"),
            Self::ShutDown => f.write_str("the host was shut down"),
        }
    }
}

impl<E: fmt::Debug> core::error::Error for RunError<E> {}

impl Host {
    /// Drives the host over an H4 transport. Every other call only records a request.
    ///
    /// Resets and initializes the controller, and recovers it if it is lost. Returns if the transport fails, or after
    /// [`Self::shutdown`]. Call it again with a reopened transport, and the same host advertises and serves again.
    ///
    /// Both halves are streams of bytes. One write may contain several packets, and begin in the middle of one if the
    /// write before took only a part. One read may return any number of bytes. If either returns 0, the transport is
    /// closed. `INPUT` and `OUTPUT` of [`crate::Resources`] limit both.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing and leaks nothing. If [`Self::run`] is called again *on the same transport*,
    /// it first finishes a packet that was half written. The reset at the beginning of every run ends links that were
    /// up.
    pub fn run<R: Read, W: Write<Error = R::Error>>(
        &self,
        rx: R,
        tx: W,
    ) -> impl Future<Output = RunError<R::Error>> {
        self.run_with(rx, tx, Platform::new())
    }
}

/// Drives the host, with the jobs of pairing and bonds.
pub(super) async fn run<R: Read, W: Write<Error = R::Error>>(
    host: &Host,
    rx: R,
    tx: W,
    clock: impl Clock,
    jobs: impl AsyncFnOnce(&Parts) -> Infallible,
) -> RunError<R::Error> {
    let Some(running) = Running::start(host, clock.now()) else {
        return RunError::AlreadyRunning;
    };
    report!(info, "the transport is open; resetting the controller");
    let error = {
        let parts = Parts::new();
        let mut receive = pin!(receive::run(host, rx, &clock, &parts));
        let mut transmit = pin!(transmit::run(host, tx, &parts));
        let mut jobs = pin!(jobs(&parts));
        let mut driver = Driver::new(host, &clock, &parts);
        poll_fn(|cx| driver.poll(receive.as_mut(), transmit.as_mut(), jobs.as_mut(), cx)).await
    };
    drop(running);
    // A half-written packet will never be finished.
    host.with(|core| core.stack.clear_output());
    if matches!(error, RunError::ShutDown) {
        report!(info, "the host was shut down");
    } else {
        report!(warn, "the host stopped: {error}");
    }
    error
}

/// Held while `run` runs; ends it on drop.
struct Running<'h>(&'h Host);

impl<'h> Running<'h> {
    fn start(host: &'h Host, now: Instant) -> Option<Self> {
        // The guard is created only if this call runs, because its drop ends the run.
        host.with(|core| core.start(now)).then(|| Self(host))
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let _waker = self.0.with(|core| core.stop());
    }
}

/// State that the parts of `run` share. They are one task; atomics only allow the task to change its thread.
pub(super) struct Parts {
    /// The time of this wake in ticks: the lower and the upper half.
    now: [AtomicU32; 2],
    /// What is in progress: [`Due::DATA`] while the transport has not taken all its data, [`Due::JOB`] and
    /// [`Due::BOND_JOB`] while such a job runs; and [`RECEIVING`].
    under_way: AtomicU8,
}

/// The receiving part continues after the transmitting part had its turn.
const RECEIVING: u8 = 1 << 7;

impl Parts {
    const fn new() -> Self {
        Self { now: [const { AtomicU32::new(0) }; 2], under_way: AtomicU8::new(0) }
    }

    fn set_now(&self, now: Instant) {
        let [a, b, c, d, e, f, g, h] = now.as_ticks().to_le_bytes();
        let [lower, upper] = &self.now;
        lower.store(u32::from_le_bytes([a, b, c, d]), Ordering::Relaxed);
        upper.store(u32::from_le_bytes([e, f, g, h]), Ordering::Relaxed);
    }

    /// Returns the time of this wake.
    fn now(&self) -> Instant {
        let [lower, upper] = &self.now;
        let [lower, upper] = [lower, upper].map(|half| u64::from(half.load(Ordering::Relaxed)));
        Instant::from_ticks(lower | upper << 32)
    }

    fn is_receiving(&self) -> bool {
        self.under_way.load(Ordering::Relaxed) & RECEIVING != 0
    }

    /// Lets the transmitting part have its turn.
    async fn transmit_first(&self) {
        let mut over = false;
        poll_fn(|_| {
            self.set(RECEIVING, !over);
            if core::mem::replace(&mut over, true) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// Records whether a part is in progress.
    pub(super) fn set_under_way(&self, part: Due, is: bool) {
        self.set(part.bits(), is);
    }

    fn set(&self, bits: u8, is: bool) {
        let others = self.under_way.load(Ordering::Relaxed) & !bits;
        self.under_way.store(if is { others | bits } else { others }, Ordering::Relaxed);
    }

    /// Returns the parts that the wake may be for.
    fn under_way(&self) -> Due {
        Due::from_bits_truncate(self.under_way.load(Ordering::Relaxed))
    }
}

/// Apart from the driver: its loop would prepare at each wake what only one part needs.
#[inline(never)]
fn poll_part<T>(part: Pin<&mut impl Future<Output = T>>, cx: &mut Context<'_>) -> Poll<T> {
    part.poll(cx)
}

/// Apart from the driver, whose wakes seldom have a job.
#[cold]
#[inline(never)]
fn poll_jobs(jobs: Pin<&mut impl Future<Output = Infallible>>, cx: &mut Context<'_>) {
    match jobs.poll(cx) {
        Poll::Ready(never) => match never {},
        Poll::Pending => {}
    }
}

/// Finds what to do, and sleeps while there is nothing to do.
struct Driver<'h, C> {
    host: &'h Host,
    clock: &'h C,
    parts: &'h Parts,
    reported: Reported,
    alarm: Alarm,
    /// The earliest deadline, as of the last visit.
    deadline: Option<Instant>,
    /// The waker that was left last.
    waker: Option<Waker>,
}

impl<'h, C: Clock> Driver<'h, C> {
    fn new(host: &'h Host, clock: &'h C, parts: &'h Parts) -> Self {
        let reported = host.with(|core| core.stack.watch());
        Self { host, clock, parts, reported, alarm: Alarm::new(), deadline: None, waker: None }
    }

    /// Lets each part of `run` do what is due. It reads before it writes: a link may have ended, and its data must not
    /// be sent on the next link with its handle.
    fn poll<E>(
        &mut self,
        mut receive: Pin<&mut impl Future<Output = RunError<E>>>,
        mut transmit: Pin<&mut impl Future<Output = RunError<E>>>,
        mut jobs: Pin<&mut impl Future<Output = Infallible>>,
        cx: &mut Context<'_>,
    ) -> Poll<RunError<E>> {
        let (host, parts) = (self.host, self.parts);
        let mut now = self.clock.now();
        parts.set_now(now);
        let mut due = parts.under_way();
        let mut is_receiving = true;
        loop {
            if is_receiving {
                if let Poll::Ready(error) = poll_part(receive.as_mut(), cx) {
                    return Poll::Ready(error);
                }
                is_receiving = parts.is_receiving();
                due |= if is_receiving { Due::DATA } else { Due::empty() };
            }
            if (due | host.due.get()).intersects(Due::COMMAND | Due::DATA)
                && let Poll::Ready(error) = poll_part(transmit.as_mut(), cx)
            {
                return Poll::Ready(error);
            }
            if due.intersects(Due::JOB | Due::BOND_JOB) {
                host.with_run(|core| core.stack.set_clock(now));
                poll_jobs(jobs.as_mut(), cx);
            }
            due = Due::empty();
            if !is_receiving {
                due = match self.turn(&mut now, cx) {
                    Poll::Ready(Ok(due)) => due,
                    Poll::Ready(Err(error)) => return Poll::Ready(error),
                    Poll::Pending => return Poll::Pending,
                };
            }
        }
    }

    /// Returns what to do now. If there is nothing, leaves the waker, arms the clock and returns `Pending`.
    fn turn<E>(
        &mut self,
        now: &mut Instant,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Due, RunError<E>>> {
        loop {
            let over = self.deadline.is_some_and(|at| at <= *now);
            let is_left = self.waker.as_ref().is_some_and(|left| left.will_wake(cx.waker()));
            if over || !is_left || !self.host.due.is_settled() {
                let mut replaced = None;
                match self
                    .host
                    .with_run(|core| core.turn(*now, &mut self.reported, cx.waker(), &mut replaced))
                {
                    Turn::Work(due, deadline) => {
                        self.deadline = deadline;
                        return Poll::Ready(Ok(due));
                    }
                    Turn::Event(event) => {
                        log(event);
                        continue;
                    }
                    Turn::ShutDown => return Poll::Ready(Err(RunError::ShutDown)),
                    Turn::Failed(error) => return Poll::Ready(Err(RunError::Controller(error))),
                    Turn::Sleep(deadline) => self.deadline = deadline,
                }
                if !is_left {
                    self.waker = Some(cx.waker().clone());
                }
            }
            let Some(at) = self.deadline else { return Poll::Pending };
            if self.alarm.poll(self.clock, *now, at, cx).is_pending() {
                return Poll::Pending;
            }
            *now = self.clock.now();
            self.parts.set_now(*now);
        }
    }
}

fn log(event: ControllerEvent) {
    match event {
        ControllerEvent::Ready => report!(info, "{event}"),
        ControllerEvent::Lost(_) | ControllerEvent::Silent => report!(warn, "{event}"),
    }
}
