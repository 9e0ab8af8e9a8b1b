//! The receiving half of `run`: octets to packets.

use core::future::poll_fn;

use bindrune_hci::clock::Clock;
use embassy_futures::{
    select::{Either, select},
    yield_now,
};
use embassy_time::Duration;
use embedded_io_async::Read;

use super::RunError;
use crate::{
    Host,
    aio::{
        alarm::Alarm,
        receiving::{Landing, Receiving},
    },
};

/// How long a packet may pause half way before framing counts as lost.
const PACKET_PAUSE: Duration = Duration::from_millis(500);

/// The receiving state, lent by the core; given back on drop, so that a dropped run loses no octet.
struct Lent<'h> {
    host: &'h Host,
    state: Option<Receiving>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if let Some(state) = self.state.take() {
            self.host.with(|core| core.receiving = Some(state));
        }
    }
}

pub(super) async fn run<R: Read>(host: &Host, mut rx: R, clock: &impl Clock) -> RunError<R::Error> {
    let mut lent = Lent { host, state: host.with(|core| core.receiving.take()) };
    let Some(state) = lent.state.as_mut() else { return RunError::AlreadyRunning };
    resync(host, state);
    let mut alarm = Alarm::new();
    loop {
        let pause = state.is_inside_packet().then_some(&mut alarm);
        let landing = match read(&mut rx, state.target(), pause, clock).await {
            Some(Ok(0)) => return RunError::Closed,
            Some(Ok(n)) => state.arrived(n),
            Some(Err(error)) => return RunError::Transport(error),
            None => Landing::SyncLost,
        };
        if handle(host, state, landing) {
            yield_now().await;
        }
    }
}

/// Hands on what has landed; true where it was a whole packet, so that others should run now.
fn handle(host: &Host, state: &mut Receiving, landing: Landing) -> bool {
    match landing {
        Landing::More => return false,
        Landing::Header(acl) => {
            let landing = host.with(|core| core.stack.rx_packet(acl));
            let Some(landing) = state.land(landing) else { return false };
            host.with(|core| core.stack.handle_acl(core.stack.now(), landing));
        }
        Landing::Acl(landing) => host.with(|core| core.stack.handle_acl(core.stack.now(), landing)),
        Landing::Event => {
            host.with(|core| core.stack.handle_event(core.stack.now(), state.event()))
        }
        Landing::ResetComplete { num_packets } => {
            let trusted =
                host.with(|core| core.stack.handle_reset_complete(core.stack.now(), num_packets));
            answered(host, state, trusted);
        }
        Landing::Ciphertext { num_packets, ciphertext } => {
            let trusted = host.with(|core| {
                core.stack.handle_ciphertext(core.stack.now(), num_packets, ciphertext)
            });
            answered(host, state, trusted);
        }
        Landing::EncryptRefused => {
            host.with(|core| core.stack.challenge_refused(core.stack.now()));
            resync(host, state);
        }
        Landing::Noise => {
            let octets = state.take_discarded();
            host.with(|core| core.stack.noise(core.stack.now(), octets));
        }
        Landing::Stray => {}
        Landing::Ignored => host.with(|core| core.stack.count_ignored()),
        Landing::SyncLost => {
            resync(host, state);
            let octets = state.take_discarded();
            host.with(|core| core.stack.sync_lost(core.stack.now(), octets));
        }
    }
    true
}

/// An answer was found among octets that are not cut into packets: they are from now on, if it can be trusted.
fn answered(host: &Host, state: &mut Receiving, trusted: bool) {
    if !trusted {
        resync(host, state);
    }
}

fn resync(host: &Host, state: &mut Receiving) {
    if let Some(landing) = state.resync() {
        host.with(|core| core.stack.abandon_acl(landing));
    }
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
