//! The transmitting half of `run`: packets to octets.

use core::{future::poll_fn, sync::atomic::Ordering, task::Poll};

use embedded_io_async::Write;

use super::{Parts, RunError};
use crate::{Host, stack::Transmit};

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

pub(super) async fn run<W: Write>(host: &Host, mut tx: W, parts: &Parts) -> RunError<W::Error> {
    let mut sending = Sending { host, packet: host.with(|core| core.half.take()) };
    loop {
        parts.writing.store(true, Ordering::Relaxed);
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
            core.stack.poll_transmit(core.stack.now())
        });
        let next = match next {
            Some(next) => next,
            None => {
                if let Err(error) = tx.flush().await {
                    return RunError::Transport(error);
                }
                parts.writing.store(false, Ordering::Relaxed);
                due(host).await
            }
        };
        sending.packet = Some((next, 0));
    }
}

/// Waits until something is due to the controller. It is polled where that may be so.
async fn due(host: &Host) -> Transmit {
    poll_fn(|_| match host.with(|core| core.stack.poll_transmit(core.stack.now())) {
        Some(next) => Poll::Ready(next),
        None => Poll::Pending,
    })
    .await
}
