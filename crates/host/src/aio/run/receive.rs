//! The receiving half of `run`: octets to packets.

use core::future::poll_fn;

use bindrune_hci::clock::Clock;
use embassy_futures::{
    select::{Either, select},
    yield_now,
};
use embassy_time::Duration;
use embedded_io_async::Read;

use super::{Parts, RunError};
use crate::{
    Host,
    aio::{
        alarm::Alarm,
        receiving::{Delivered, Receiving},
    },
};

/// How long a packet may pause half way before framing counts as lost.
const PACKET_PAUSE: Duration = Duration::from_millis(500);
/// Reads after which other tasks run, even if the transport always has more.
const READS: u8 = 16;
/// Turns that executors may give to other tasks before that which reads.
const TURNS: u8 = 64;

/// The receiving state, borrowed from the core. Returned on drop, so a dropped run loses no bytes.
struct Borrowed<'h> {
    host: &'h Host,
    state: Option<Receiving>,
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        if let Some(state) = self.state.take() {
            self.host.with(|core| core.receiving = Some(state));
        }
    }
}

pub(super) async fn run<R: Read>(
    host: &Host,
    mut rx: R,
    clock: &impl Clock,
    parts: &Parts,
) -> RunError<R::Error> {
    let mut borrowed = Borrowed { host, state: host.with(|core| core.receiving.take()) };
    let Some(state) = borrowed.state.as_mut() else { return RunError::AlreadyRunning };
    host.with(|core| state.resync(&mut core.stack));
    let mut alarm = Alarm::new();
    let (mut reads, mut stuck) = (0u8, false);
    loop {
        loop {
            match host.with(|core| state.deliver(&mut core.stack)) {
                Delivered::All => break,
                Delivered::Some => {}
                Delivered::Answering => parts.transmit_first().await,
                Delivered::Crowded => stuck = !let_application_run(host, stuck).await,
            }
        }
        reads = reads.wrapping_add(1);
        if reads.is_multiple_of(READS) {
            yield_now().await;
        }
        let pause = state.is_inside_packet().then_some(&mut alarm);
        match read(&mut rx, state.room(), pause, clock).await {
            Some(Ok(0)) => return RunError::Closed,
            Some(Ok(n)) => state.arrived(n),
            Some(Err(error)) => return RunError::Transport(error),
            None => host.with(|core| state.lose_sync(&mut core.stack)),
        }
    }
}

/// Lets other tasks run, until there is room for what the next packet may carry; false where there is none after all. Once it
/// was so, one turn is enough: an application that reads nothing must not hold up the rest.
async fn let_application_run(host: &Host, stuck: bool) -> bool {
    for _ in 0..if stuck { 1 } else { TURNS } {
        yield_now().await;
        if !host.with(|core| core.stack.rx.is_crowded()) {
            return true;
        }
    }
    false
}

/// One read; `None` where the octets of a packet that has begun, which has an alarm, stay away for too long.
async fn read<R: Read>(
    rx: &mut R,
    target: &mut [u8],
    alarm: Option<&mut Alarm>,
    clock: &impl Clock,
) -> Option<Result<usize, R::Error>> {
    let Some(alarm) = alarm else { return Some(rx.read(target).await) };
    let mut deadline = None;
    let pause = poll_fn(|cx| {
        let at = *deadline.get_or_insert_with(|| clock.now().saturating_add(PACKET_PAUSE));
        alarm.poll(clock, clock.now(), at, cx)
    });
    match select(rx.read(target), pause).await {
        Either::First(result) => Some(result),
        Either::Second(()) => None,
    }
}
