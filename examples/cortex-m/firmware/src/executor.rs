//! An executor that sleeps with WFI.
//!
//! embassy's own for Cortex-M sleeps with WFE, at which QEMU does not stop. This one also counts. On a chip use
//! embassy's.

use core::sync::atomic::{AtomicBool, Ordering::SeqCst};

use embassy_executor::{Spawner, raw::Executor};
use static_cell::StaticCell;

use crate::counters::{POLLS, SLEEPS};

static WOKEN: AtomicBool = AtomicBool::new(false);

/// embassy calls it when a task is woken.
// SAFETY: embassy requires a function of this name and type, and there is no other.
#[unsafe(export_name = "__pender")]
fn wake(_context: *mut ()) {
    WOKEN.store(true, SeqCst);
}

/// Runs what `start` spawns, forever.
pub(crate) fn run(start: impl FnOnce(Spawner)) -> ! {
    static EXECUTOR: StaticCell<Executor> = StaticCell::new();
    let executor: &'static Executor = EXECUTOR.init(Executor::new(core::ptr::null_mut()));
    start(executor.spawner());
    loop {
        if WOKEN.swap(false, SeqCst) {
            POLLS.count();
            // SAFETY: only this loop polls, and no task can reach it: so it never calls itself.
            unsafe { executor.poll() };
        } else {
            sleep_unless_woken();
        }
    }
}

/// An interrupt between the check and WFI stays pending, and ends WFI at once.
fn sleep_unless_woken() {
    critical_section::with(|_| {
        if !WOKEN.load(SeqCst) {
            cortex_m::asm::wfi();
            SLEEPS.count();
        }
    });
}
