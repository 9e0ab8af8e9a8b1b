use core::sync::atomic::{AtomicBool, Ordering};
use std::{
    sync::Arc,
    thread::{self, JoinHandle},
};

use embassy_time::{Duration, Instant};

use crate::world::Shared;

/// Runs a world in real time while this value lives. Dropping it freezes the world.
#[derive(Debug)]
#[must_use = "dropping it freezes the world"]
pub struct RealTime {
    shared: Arc<Shared>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl RealTime {
    pub(crate) fn spawn(shared: &Arc<Shared>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let now = shared.now();
        shared.lock().anchor = Some(Anchor::new(now));
        let (world, stopped) = (shared.clone(), stop.clone());
        let thread = thread::spawn(move || drive(&world, &stopped));
        Self { shared: shared.clone(), stop, thread: Some(thread) }
    }
}

impl Drop for RealTime {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.shared.lock().anchor = None;
        self.shared.notify();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// Relation of virtual to real time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Anchor {
    world: Instant,
    outside: std::time::Instant,
}

#[expect(clippy::disallowed_methods, reason = "this module is the source of real time")]
impl Anchor {
    fn new(world: Instant) -> Self {
        Self { world, outside: std::time::Instant::now() }
    }

    pub(crate) fn now(&self) -> Instant {
        let passed = std::time::Instant::now().saturating_duration_since(self.outside);
        let micros = u64::try_from(passed.as_micros()).unwrap_or(u64::MAX);
        self.world.saturating_add(Duration::from_micros(micros))
    }
}

fn drive(shared: &Shared, stop: &AtomicBool) {
    loop {
        let now = shared.now();
        shared.advance(now);
        let state = shared.lock();
        if stop.load(Ordering::Acquire) {
            return;
        }
        let next = state.next_deadline().map_or(IDLE, |at| at.saturating_duration_since(state.now));
        if next > Duration::MIN {
            let micros = next.min(IDLE).as_micros();
            shared.wait(state, core::time::Duration::from_micros(micros));
        }
    }
}

/// Time to sleep without a deadline.
const IDLE: Duration = Duration::from_secs(1);
