use core::{
    future::Future,
    pin::pin,
    task::{Context, Poll},
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

    fn poll_until(&self, at: Instant, cx: &mut Context<'_>) -> Poll<()> {
        if at <= self.now() {
            return Poll::Ready(());
        }
        // The timer queue keeps the waker after the timer itself is gone.
        pin!(Timer::at(at)).poll(cx)
    }
}
