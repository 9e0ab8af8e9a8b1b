use core::{
    future::Future,
    pin::pin,
    task::{Context, Waker},
};

use bindrune_hci::clock::Clock;
use embassy_time::{Instant, Timer};

/// The clock of embassy-time: the operating system's clock with `std`, the board's time driver elsewhere.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place where the clock is read")]
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wake_at(&self, at: Instant, waker: &Waker) {
        // Its first poll only registers the waker, which the timer queue keeps after the timer itself is gone.
        let _pending = pin!(Timer::at(at)).poll(&mut Context::from_waker(waker));
    }
}
