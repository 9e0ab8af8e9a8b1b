//! embassy's time driver on the dual timer: one half counts endlessly, the other raises the next alarm. There is no
//! periodic tick.

use core::{
    cell::RefCell,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    task::Waker,
};

use critical_section::{CriticalSection, Mutex};
use embassy_time_driver::{Driver, time_driver_impl};
use embassy_time_queue_utils::Queue;
use tock_registers::interfaces::{Readable, Writeable};

use crate::{
    counters::ALARMS,
    registers::{COUNTER, Line, dual_timer},
};

/// The timers count 25 MHz / 16: 25 steps are 16 µs, which are 16 of embassy's ticks.
const STEPS: u64 = 25;
const TICKS: u64 = 16;
/// The first lap takes 8 s, and the start time includes the rest of the lap: so a fault at its end shows early.
const FIRST_LAP: u32 = 8 * 25_000_000 / 16;

time_driver_impl!(static CLOCK: Clock = Clock {
    laps: AtomicU32::new(0),
    queue: Mutex::new(RefCell::new(Queue::new())),
});

struct Clock {
    /// How often the counter has passed zero: every 46 minutes.
    laps: AtomicU32,
    queue: Mutex<RefCell<Queue>>,
}

/// Starts the time.
pub(crate) fn start() {
    let clock = &dual_timer().clock;
    clock.load.set(FIRST_LAP);
    clock.control.write(
        COUNTER::WIDE::SET
            + COUNTER::DIVIDE::BY_16
            + COUNTER::INTERRUPT::SET
            + COUNTER::ENABLE::SET,
    );
    Line::DualTimer.unmask();
}

/// Handles that the counter passed zero, or that the alarm is due.
pub(crate) fn on_interrupt() {
    ALARMS.count();
    critical_section::with(|cs| {
        CLOCK.count_lap(cs);
        dual_timer().alarm.clear.set(1);
        CLOCK.set_alarm(cs);
    });
}

impl Clock {
    fn count_lap(&self, _: CriticalSection<'_>) {
        let clock = &dual_timer().clock;
        if clock.raised.get() != 0 {
            clock.clear.set(1);
            self.laps.store(self.laps.load(Relaxed).wrapping_add(1), Relaxed);
        }
    }

    fn ticks(&self, cs: CriticalSection<'_>) -> u64 {
        let clock = &dual_timer().clock;
        // A value from before the counter passed zero would belong to the previous lap.
        let value = loop {
            self.count_lap(cs);
            let value = clock.value.get();
            if clock.raised.get() == 0 {
                break value;
            }
        };
        let steps = u64::from(self.laps.load(Relaxed)) << 32 | u64::from(u32::MAX - value);
        steps * TICKS / STEPS
    }

    /// Wakes the tasks whose timers are due, and sets the alarm for the next one.
    fn set_alarm(&self, cs: CriticalSection<'_>) {
        let now = self.ticks(cs);
        let next = self.queue.borrow_ref_mut(cs).next_expiration(now);
        let alarm = &dual_timer().alarm;
        alarm.control.set(0);
        if next == u64::MAX {
            return;
        }
        // Rounded up: an early alarm would have to be set again.
        let steps = next.saturating_sub(now).saturating_mul(STEPS).div_ceil(TICKS);
        alarm.load.set(u32::try_from(steps).unwrap_or(u32::MAX).max(1));
        alarm.control.write(
            COUNTER::WIDE::SET
                + COUNTER::ONE_SHOT::SET
                + COUNTER::DIVIDE::BY_16
                + COUNTER::INTERRUPT::SET
                + COUNTER::ENABLE::SET,
        );
    }
}

impl Driver for Clock {
    fn now(&self) -> u64 {
        critical_section::with(|cs| self.ticks(cs))
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        critical_section::with(|cs| {
            if self.queue.borrow_ref_mut(cs).schedule_wake(at, waker) {
                self.set_alarm(cs);
            }
        });
    }
}
