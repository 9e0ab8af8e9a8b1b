//! Counts wake-ups of the processor. `console` reports them.

use core::{
    fmt,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

/// A count since the start.
#[derive(Debug)]
pub(crate) struct Counter(AtomicU32);

/// Rounds of the executor: each polls the tasks that were woken.
pub(crate) static POLLS: Counter = Counter::new();
/// How often the processor slept.
pub(crate) static SLEEPS: Counter = Counter::new();
/// Bytes that came from the controller, an interrupt each.
pub(crate) static RECEIVED: Counter = Counter::new();
/// Interrupts of the transmitter.
pub(crate) static TRANSMITTED: Counter = Counter::new();
/// Interrupts of the timer.
pub(crate) static ALARMS: Counter = Counter::new();

impl Counter {
    const fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    /// Adds one.
    pub(crate) fn count(&self) {
        self.0.fetch_add(1, Relaxed);
    }
}

impl fmt::Display for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.load(Relaxed).fmt(f)
    }
}
