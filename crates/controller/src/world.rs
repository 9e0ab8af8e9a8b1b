use core::{
    fmt,
    pin::pin,
    task::{Context, Poll, Waker},
};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use embassy_time::{Duration, Instant};

use crate::{
    Air, ControllerConfig, ControllerId, Port, Violations, VirtualClock,
    clock::Sleepers,
    port::Unplugged,
    realtime::{Anchor, RealTime},
    task::Flag,
};

/// An [`Air`] with its time and its ports, in which tests of asynchronous hosts run.
///
/// Clones share the world. Time is virtual, and jumps to the next deadline whenever no task in [`Self::block_on`] can
/// run; or it is real, after [`Self::spawn_real_time`].
#[derive(Clone, Debug)]
pub struct World {
    shared: Arc<Shared>,
}

impl World {
    /// Creates a world whose randomness (loss, jitter, random numbers) depends only on `seed`. Time starts at zero.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let state = State {
            air: Air::new(seed),
            now: Instant::from_ticks(0),
            anchor: None,
            ports: Vec::new(),
            sleepers: Sleepers::default(),
            limit: Duration::from_secs(3600),
        };
        Self { shared: Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() }) }
    }

    /// Begins at another time. Call it first.
    #[must_use]
    pub fn starting_at(self, now: Instant) -> Self {
        self.shared.with(|state| state.now = now);
        self
    }

    /// Adds a controller to the air, and returns its port.
    pub fn add(&self, config: ControllerConfig) -> Port {
        let mut state = self.shared.lock();
        let id = state.air.add(config);
        state.ports.push(Plug::default());
        drop(state);
        Port::new(&self.shared, id, 0)
    }

    /// Unplugs a controller: it loses power and all its state, its links become silent, and its port fails.
    pub fn unplug(&self, id: ControllerId) {
        self.shared.with(|state| {
            state.air.power_cycle(id);
            state.plug(id).number = state.plug(id).number.wrapping_add(1);
            state.plug(id).in_use = false;
        });
        self.shared.wake_reader(id);
    }

    /// Plugs a controller in again, and returns a new port. A port that is in use fails.
    pub fn plug(&self, id: ControllerId) -> Port {
        if self.shared.lock().plug(id).in_use {
            self.unplug(id);
        }
        let mut state = self.shared.lock();
        let plug = state.plug(id);
        plug.in_use = true;
        let number = plug.number;
        drop(state);
        Port::new(&self.shared, id, number)
    }

    /// Returns the clock of this world.
    #[must_use]
    pub fn clock(&self) -> VirtualClock {
        VirtualClock { shared: self.shared.clone() }
    }

    /// Returns the time now.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.shared.now()
    }

    /// Borrows the air, to change or inspect it.
    pub fn air<R>(&self, f: impl FnOnce(&mut Air) -> R) -> R {
        self.shared.with(|state| f(&mut state.air))
    }

    /// Returns the violations of HCI rules by the host of a controller. See [`Violations`].
    #[must_use]
    pub fn violations(&self, id: ControllerId) -> Violations {
        self.shared.lock().air.violations(id)
    }

    /// Loses this share of all packets on the air. See [`Air::set_loss`].
    pub fn set_loss(&self, percent: u8) {
        self.air(|air| air.set_loss(percent));
    }

    /// Puts two controllers within or out of reach of each other. See [`Air::set_reachable`].
    pub fn set_reachable(&self, a: ControllerId, b: ControllerId, reachable: bool) {
        self.air(|air| air.set_reachable(a, b, reachable));
    }

    /// Sets how much virtual time one [`Self::block_on`] may take; the default is one hour.
    pub fn set_limit(&self, limit: Duration) {
        self.shared.lock().limit = limit;
    }

    /// Brings the world to `now` and returns when it must be called again. For callers with a timer of their own.
    ///
    /// Call it also after writing to a port.
    pub fn drive(&self, now: Instant) -> Option<Instant> {
        self.shared.advance(now);
        self.shared.lock().next_deadline()
    }

    /// Runs the world in real time, on a thread of its own, until the guard is dropped.
    pub fn spawn_real_time(&self) -> RealTime {
        RealTime::spawn(&self.shared)
    }

    /// Runs `future` to its end. Virtual time jumps whenever nothing else can happen.
    ///
    /// # Panics
    /// If [`Self::try_block_on`] fails.
    #[expect(clippy::panic, reason = "a stuck test must fail with the reason")]
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        match self.try_block_on(future) {
            Ok(output) => output,
            Err(stuck) => panic!("{stuck}"),
        }
    }

    /// Runs `future` to its end. Virtual time jumps whenever nothing else can happen.
    ///
    /// # Errors
    /// [`Stuck`] if no further event is possible, the limit of virtual time has passed, or the future wakes itself
    /// endlessly without any passage of time.
    pub fn try_block_on<F: Future>(&self, future: F) -> Result<F::Output, Stuck> {
        let mut future = pin!(future);
        let flag = Flag::new();
        let waker = Waker::from(flag.clone());
        let mut cx = Context::from_waker(&waker);
        let (limit, mut instant) = (self.shared.limit(), self.now());
        let mut turns = 0u32;
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
                return Ok(output);
            }
            if self.now() != instant {
                (instant, turns) = (self.now(), 0);
            }
            turns = turns.saturating_add(1);
            if turns > MAX_TURNS {
                return Err(self.stuck("the task wakes itself endlessly and no time passes"));
            }
            while !flag.take() {
                match self.shared.next_step() {
                    Step::Wait => flag.wait(),
                    Step::Jump(at) if at <= limit => self.shared.advance(at),
                    Step::Jump(_) => return Err(self.stuck(PAST_LIMIT)),
                    Step::Never => return Err(self.stuck("no further event is possible")),
                }
            }
        }
    }

    fn stuck(&self, why: &str) -> Stuck {
        let state = self.shared.lock();
        let readers = state.ports.iter().enumerate().filter(|(_, plug)| plug.reader.is_some());
        let readers: Vec<_> = readers.map(|(index, _)| index).collect();
        Stuck(format!(
            "virtual time {} µs: {why}; sleeping tasks: {}; controllers whose port is being read: {readers:?}; \
             the air: {}",
            state.now.as_micros(),
            state.sleepers.len(),
            state.air.summary(),
        ))
    }
}

/// The future could not run to its end; the text names the waiting activities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stuck(String);

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for Stuck {}

/// State that all handles of a world share.
pub(crate) struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

pub(crate) struct State {
    pub(crate) air: Air,
    pub(crate) now: Instant,
    pub(crate) anchor: Option<Anchor>,
    ports: Vec<Plug>,
    sleepers: Sleepers,
    limit: Duration,
}

/// The socket of one controller: the port that is plugged in, and the task that reads it.
struct Plug {
    number: u32,
    in_use: bool,
    reader: Option<Waker>,
}

impl Default for Plug {
    fn default() -> Self {
        Self { number: 0, in_use: true, reader: None }
    }
}

const PAST_LIMIT: &str = "the limit of virtual time has passed (timers of executors wait for real time: use `Host::sleep`)";

/// The next step when no task is awake.
enum Step {
    /// Real time: wait until a task is woken.
    Wait,
    Jump(Instant),
    Never,
}

impl Shared {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(anchor) = state.anchor {
            state.now = state.now.max(anchor.now());
        }
        state
    }

    /// Waits until something changes, at most for `time`.
    pub(crate) fn wait(&self, state: MutexGuard<'_, State>, time: core::time::Duration) {
        drop(self.changed.wait_timeout(state, time));
    }

    pub(crate) fn notify(&self) {
        self.changed.notify_all();
    }

    /// Notifies the thread that lets real time pass, if there is one: each time is a system call.
    fn notify_thread(&self, state: MutexGuard<'_, State>) {
        let real = state.anchor.is_some();
        drop(state);
        if real {
            self.notify();
        }
    }

    pub(crate) fn now(&self) -> Instant {
        self.lock().now
    }

    fn limit(&self) -> Instant {
        let state = self.lock();
        state.now.saturating_add(state.limit)
    }

    fn next_step(&self) -> Step {
        let state = self.lock();
        match (state.anchor, state.next_deadline()) {
            (Some(_), _) => Step::Wait,
            (None, Some(at)) => Step::Jump(at),
            (None, None) => Step::Never,
        }
    }

    /// Registers a task to be woken at `at`; false when that time has come.
    pub(crate) fn wake_at(&self, at: Instant, waker: &Waker) -> bool {
        let mut state = self.lock();
        if at <= state.now {
            return false;
        }
        state.sleepers.register(at, waker);
        self.notify_thread(state);
        true
    }

    /// Returns the next packet for a host; if there is none, stores `waker`.
    pub(crate) fn next_packet(
        &self,
        id: ControllerId,
        plug: u32,
        waker: Option<&Waker>,
    ) -> Result<Option<Vec<u8>>, Unplugged> {
        let mut state = self.lock();
        if state.plug(id).number != plug {
            return Err(Unplugged);
        }
        let packet = state.air.transmit(id);
        if packet.is_none() {
            let old = state.plug(id).reader.take();
            state.plug(id).reader = waker.cloned();
            drop((state, old));
        }
        Ok(packet)
    }

    /// Takes octets from a host.
    pub(crate) fn receive(
        &self,
        id: ControllerId,
        plug: u32,
        octets: &[u8],
    ) -> Result<(), Unplugged> {
        self.with(|state| {
            if state.plug(id).number != plug {
                return Err(Unplugged);
            }
            let now = state.now;
            state.air.receive(id, now, octets);
            Ok(())
        })
    }

    /// Brings time to `now`, and wakes the tasks that waited for it.
    pub(crate) fn advance(&self, now: Instant) {
        self.with(|state| {
            state.now = state.now.max(now);
            let now = state.now;
            state.air.handle_timeout(now);
        });
        loop {
            let mut state = self.lock();
            let now = state.now;
            let due = state.sleepers.take_due(now);
            drop(state);
            match due {
                Some(waker) => waker.wake(),
                None => break,
            }
        }
    }

    /// Runs `f` on the state, then wakes the readers that have packets, outside the lock.
    fn with<R>(&self, f: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.lock();
        let result = f(&mut state);
        let mut ready = Vec::new();
        let State { air, ports, .. } = &mut *state;
        for (id, plug) in air.ids().zip(ports) {
            if plug.reader.is_some() && air.has_output(id) {
                ready.extend(plug.reader.take());
            }
        }
        self.notify_thread(state);
        ready.into_iter().for_each(Waker::wake);
        result
    }

    fn wake_reader(&self, id: ControllerId) {
        let reader = self.lock().plug(id).reader.take();
        if let Some(waker) = reader {
            waker.wake();
        }
    }
}

impl State {
    #[expect(clippy::indexing_slicing, reason = "each controller has had its plug since `add`")]
    fn plug(&mut self, id: ControllerId) -> &mut Plug {
        &mut self.ports[id.index()]
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        [self.air.poll_timeout(), self.sleepers.earliest()].into_iter().flatten().min()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("World")
    }
}

/// Number of polls of the future at one instant that counts as an endless loop.
const MAX_TURNS: u32 = 1_000_000;
