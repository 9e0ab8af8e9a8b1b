//! The driver: octets in, octets out, deadlines.

use core::{
    fmt,
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

use bindrune_gap::InitError;
use bindrune_hci::clock::Clock;
use embassy_futures::{
    select::{Either, Either4, select, select4},
    yield_now,
};
use embassy_time::{Duration, Instant};
use embedded_io_async::{Read, Write};

use super::{
    alarm::Alarm,
    jobs,
    platform::Platform,
    receiving::{Landing, Receiving},
};
use crate::{
    BondStore, ControllerEvent, Crypto, Host,
    report::report,
    stack::Transmit,
    waiters::{HostKey, Key},
};

/// How long a packet may pause half way before framing counts as lost.
const PACKET_PAUSE: Duration = Duration::from_millis(500);

/// Why [`Host::run`] returned. It can be called again, with the same transport or another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunError<E> {
    /// Reading or writing failed.
    Transport(E),
    /// The other end closed the transport.
    Closed,
    /// The controller cannot be used.
    Controller(InitError),
    /// Another call drives this host already.
    AlreadyRunning,
    /// [`Host::shutdown`] is complete.
    ShutDown,
}

impl<E: fmt::Debug> fmt::Display for RunError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(error) => write!(f, "the transport failed: {error:?}"),
            Self::Closed => f.write_str("the transport was closed by its other end"),
            Self::Controller(error) => write!(f, "the controller cannot be used: {error}"),
            Self::AlreadyRunning => f.write_str("another call of run drives this host"),
            Self::ShutDown => f.write_str("the host was shut down"),
        }
    }
}

impl<E: fmt::Debug> core::error::Error for RunError<E> {}

impl Host {
    /// Drives the host over an H4 transport: everything else only records what it wants.
    ///
    /// It resets and sets up the controller, and recovers it by itself whenever it is lost. It returns when the transport
    /// fails, or by [`Self::shutdown`]; call it again with a reopened one, and the same host advertises and serves again.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing and leaks nothing. When it runs again *on the same transport*, a packet that was half
    /// written is finished first. Links that were up are then dropped by the reset with which every run begins.
    pub async fn run<R: Read, W: Write<Error = R::Error>>(
        &self,
        rx: R,
        tx: W,
    ) -> RunError<R::Error> {
        self.run_with(rx, tx, Platform::new()).await
    }

    /// [`Self::run`] with a platform of the caller's: another clock, other cryptography, or a store of bonds.
    ///
    /// # Cancel safety
    ///
    /// As for [`Self::run`]. What the cryptography or the store was at is begun anew when it is needed again.
    pub async fn run_with<R: Read, W: Write<Error = R::Error>>(
        &self,
        rx: R,
        tx: W,
        platform: Platform<impl Clock, impl Crypto, impl BondStore>,
    ) -> RunError<R::Error> {
        let Platform { clock, mut crypto, mut store } = platform;
        let Some(running) = Running::start(self, clock.now()) else {
            return RunError::AlreadyRunning;
        };
        report!(info, "the transport is open; resetting the controller");
        let result = select4(
            receive(self, rx, &clock),
            transmit(self, tx, &clock),
            timeouts(self, &clock),
            jobs::all(self, &mut crypto, &mut store, &clock),
        );
        let error = match result.await {
            Either4::First(error) | Either4::Second(error) | Either4::Third(error) => error,
            Either4::Fourth(_) => RunError::AlreadyRunning,
        };
        drop(running);
        self.with(crate::core::Core::transport_failed);
        if matches!(error, RunError::ShutDown) {
            report!(info, "the host was shut down");
        } else {
            report!(warn, "the host stopped: {error}");
        }
        error
    }
}

/// Held while `run` runs; ends it on drop.
struct Running<'h>(&'h Host);

impl<'h> Running<'h> {
    fn start(host: &'h Host, now: Instant) -> Option<Self> {
        // The guard is made only where this call runs: its drop ends what runs.
        host.with(|core| core.start(now)).then(|| Self(host))
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.with(|core| core.stop());
    }
}

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

async fn receive<R: Read>(host: &Host, mut rx: R, clock: &impl Clock) -> RunError<R::Error> {
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
        if handle(host, state, landing, clock.now()) {
            yield_now().await;
        }
    }
}

/// Hands on what has landed; true where it was a whole packet, so that others should run now.
fn handle(host: &Host, state: &mut Receiving, landing: Landing, now: Instant) -> bool {
    match landing {
        Landing::More => return false,
        Landing::Header(acl) => {
            let landing = host.with(|core| core.stack.rx_packet(acl));
            let Some(landing) = state.land(landing) else { return false };
            host.with(|core| core.stack.handle_acl(now, landing));
        }
        Landing::Acl(landing) => host.with(|core| core.stack.handle_acl(now, landing)),
        Landing::Event => host.with(|core| core.stack.handle_event(now, state.event())),
        Landing::ResetComplete { num_packets } => {
            let trusted = host.with(|core| core.stack.handle_reset_complete(now, num_packets));
            answered(host, state, trusted);
        }
        Landing::Ciphertext { num_packets, ciphertext } => {
            let trusted =
                host.with(|core| core.stack.handle_ciphertext(now, num_packets, ciphertext));
            answered(host, state, trusted);
        }
        Landing::EncryptRefused => {
            host.with(|core| core.stack.challenge_refused(now));
            resync(host, state);
        }
        Landing::Noise => {
            let octets = state.take_discarded();
            host.with(|core| core.stack.noise(now, octets));
        }
        Landing::Stray => {}
        Landing::Ignored => host.with(|core| core.stack.count_ignored()),
        Landing::SyncLost => {
            resync(host, state);
            let octets = state.take_discarded();
            host.with(|core| core.stack.sync_lost(now, octets));
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
        alarm.poll(clock, at, cx)
    });
    match select(rx.read(target), pause).await {
        Either::First(result) => Some(result),
        Either::Second(()) => None,
    }
}

/// A packet on its way into the transport; what is left of it on drop is kept for the next run.
struct Sending<'h> {
    host: &'h Host,
    packet: Option<(Transmit, usize)>,
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        if let Some(half) = self.packet.take() {
            self.host.with(|core| core.keep_half(half));
        }
    }
}

async fn transmit<W: Write>(host: &Host, mut tx: W, clock: &impl Clock) -> RunError<W::Error> {
    let mut sending = Sending { host, packet: host.with(|core| core.half.take()) };
    loop {
        while let Some((packet, written)) = sending.packet.as_mut() {
            let rest = packet.octets().get(*written..).unwrap_or_default();
            if rest.is_empty() {
                break;
            }
            match tx.write(rest).await {
                Ok(0) => return RunError::Closed,
                Ok(n) => *written = written.saturating_add(n),
                Err(error) => return RunError::Transport(error),
            }
        }
        let done = sending.packet.take();
        let next = host.with(|core| {
            if let Some((packet, _)) = done {
                core.stack.transmitted(packet);
            }
            core.stack.poll_transmit(clock.now())
        });
        let next = match next {
            Some(next) => next,
            None => {
                if let Err(error) = tx.flush().await {
                    return RunError::Transport(error);
                }
                match owed(host, clock).await {
                    Ok(next) => next,
                    Err(error) => return error,
                }
            }
        };
        sending.packet = Some((next, 0));
    }
}

/// Waits until something is owed to the controller.
async fn owed<E>(host: &Host, clock: &impl Clock) -> Result<Transmit, RunError<E>> {
    host.wait(Key::Host(HostKey::Transmit), |core, _| match core.stack.failure() {
        Some(error) => Poll::Ready(Ok(Err(RunError::Controller(error)))),
        None => {
            core.stack.poll_transmit(clock.now()).map_or(Poll::Pending, |t| Poll::Ready(Ok(Ok(t))))
        }
    })
    .await
    .unwrap_or(Err(RunError::AlreadyRunning))
}

async fn timeouts<E>(host: &Host, clock: &impl Clock) -> RunError<E> {
    let mut watch = host.with(|core| core.stack.watch());
    let mut alarm = Alarm::new();
    loop {
        let next = host.with(|core| {
            let now = clock.now();
            if let Some((_, why)) = core.stack.poll_timeout().filter(|(at, _)| *at <= now) {
                report!(debug, "due: {why:?}");
            }
            core.stack.handle_timeout(now);
            if core.stack.is_shut_down() {
                return Err(RunError::ShutDown);
            }
            let event = core.stack.poll_watch(&mut watch);
            Ok((core.stack.poll_timeout().map(|(at, _)| at), event))
        });
        let (deadline, event) = match next {
            Ok(next) => next,
            Err(error) => return error,
        };
        if let Some(event) = event {
            log(event);
            continue;
        }
        let mut changed = pin!(host.wait(Key::Host(HostKey::Timeout), |core, _| {
            if core.stack.deadline_changed() { Poll::Ready(Ok(())) } else { Poll::Pending }
        }));
        poll_fn(|cx| match deadline.map(|at| alarm.poll(clock, at, cx)) {
            Some(Poll::Ready(())) => Poll::Ready(()),
            Some(Poll::Pending) | None => changed.as_mut().poll(cx).map(|_| ()),
        })
        .await;
    }
}

fn log(event: ControllerEvent) {
    match event {
        ControllerEvent::Ready => report!(info, "{event}"),
        ControllerEvent::Lost(_) | ControllerEvent::Silent => report!(warn, "{event}"),
    }
}
