//! Real time: the peers are other processes, so these tests cannot run in virtual time.

use std::time::{Duration, Instant};

/// A point in real time by which something must have happened.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// Returns the deadline `time` from now.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "other processes live in real time")]
    pub fn after(time: Duration) -> Self {
        Self(Instant::now().checked_add(time))
    }

    /// Returns the remaining time; zero if it has passed.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "other processes live in real time")]
    pub fn left(self) -> Duration {
        self.0.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()))
    }

    /// Calls `ready` every few milliseconds; returns `false` if the time passed first.
    #[must_use]
    pub fn poll(self, mut ready: impl FnMut() -> bool) -> bool {
        loop {
            if ready() {
                return true;
            }
            if self.left().is_zero() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Measures how long something takes.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts measuring.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "other processes live in real time")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Returns the time since the start.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
