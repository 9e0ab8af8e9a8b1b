//! A timer with one alarm.

use core::{cell::RefCell, task::Waker};

use critical_section::Mutex;
use embassy_time_driver::{Driver, time_driver_impl};
use embassy_time_queue_utils::Queue;

/// Counter and alarm, a word each.
const TIMER: *mut u32 = 0x4000_8000 as *mut u32;

struct Timer {
    queue: Mutex<RefCell<Queue>>,
}

time_driver_impl!(static TIMER_DRIVER: Timer = Timer { queue: Mutex::new(RefCell::new(Queue::new())) });

impl Driver for Timer {
    fn now(&self) -> u64 {
        // SAFETY: a register of the board, aligned, that is only read.
        u64::from(unsafe { TIMER.read_volatile() })
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        critical_section::with(|token| {
            let mut queue = self.queue.borrow_ref_mut(token);
            if queue.schedule_wake(at, waker) {
                set_alarm(queue.next_expiration(self.now()));
            }
        });
    }
}

/// Wakes due tasks.
// SAFETY: no other function has this name.
#[unsafe(no_mangle)]
extern "C" fn timer_interrupt() {
    critical_section::with(|token| {
        set_alarm(TIMER_DRIVER.queue.borrow_ref_mut(token).next_expiration(0));
    });
}

fn set_alarm(at: u64) {
    // SAFETY: a register of the board, aligned, written with the queue of the timer borrowed.
    unsafe { TIMER.wrapping_add(1).write_volatile(at as u32) };
}
