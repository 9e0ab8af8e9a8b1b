//! The receiving half of `run`: from bytes to packets.

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

/// How long a packet may pause halfway before sync counts as lost.
const PACKET_PAUSE: Duration = Duration::from_millis(500);
/// Number of reads before other tasks run, even if the transport always has more.
const READS: u8 = 16;
/// Number of turns that executors may give to other tasks before the one that reads.
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
    let (mut reads, mut crowd) = (0u8, Crowd { turns: 0, stuck: false });
    loop {
        loop {
            let forced = crowd.is_over();
            let delivered = host.with_run(|core| {
                core.stack.set_clock(parts.now());
                state.deliver(&mut core.stack, forced)
            });
            match delivered {
                Delivered::Crowded => {
                    crowd.go_on(forced);
                    yield_now().await;
                    continue;
                }
                Delivered::Answering => parts.transmit_first().await,
                Delivered::All | Delivered::Some => {}
            }
            crowd = Crowd { turns: 0, stuck: forced };
            if delivered == Delivered::All {
                break;
            }
        }
        reads = reads.wrapping_add(1);
        if reads.is_multiple_of(READS) {
            yield_now().await;
        }
        let read = if state.is_inside_packet() {
            read_soon(&mut rx, state.room(), &mut alarm, clock).await
        } else {
            Some(rx.read(state.room()).await)
        };
        match read {
            Some(Ok(0)) => return RunError::Closed,
            Some(Ok(n)) => state.arrived(n),
            Some(Err(error)) => return RunError::Transport(error),
            None => host.with_run(|core| {
                core.stack.set_clock(parts.now());
                state.lose_sync(&mut core.stack);
            }),
        }
    }
}

/// Turns of other tasks, until there is room for the next packet.
struct Crowd {
    turns: u8,
    /// There was no room after all turns. One turn is then enough: an application that reads nothing must not delay the
    /// rest.
    stuck: bool,
}

impl Crowd {
    const fn is_over(&self) -> bool {
        self.turns > 0 && (self.stuck || self.turns >= TURNS)
    }

    /// There is still no room; `forced` if a packet was handed on anyway.
    const fn go_on(&mut self, forced: bool) {
        if forced {
            *self = Self { turns: 0, stuck: true };
        }
        self.turns = self.turns.saturating_add(1);
    }
}

/// One read in the middle of a packet; `None` if the rest does not arrive in time.
async fn read_soon<R: Read>(
    rx: &mut R,
    target: &mut [u8],
    alarm: &mut Alarm,
    clock: &impl Clock,
) -> Option<Result<usize, R::Error>> {
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
