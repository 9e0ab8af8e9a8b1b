//! The transmitting half of `run`: what is pending to octets.

use core::{future::poll_fn, sync::atomic::Ordering, task::Poll};

use embedded_io_async::Write;

use super::{Parts, RunError};
use crate::{Host, stack::Output};

/// The output buffer, borrowed from the core. Returned on drop, so a partly written packet can be finished.
struct Borrowed<'h> {
    host: &'h Host,
    output: Option<Output>,
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        if let Some(output) = self.output.take() {
            self.host.with(|core| core.give_output(output));
        }
    }
}

pub(super) async fn run<W: Write>(host: &Host, mut tx: W, parts: &Parts) -> RunError<W::Error> {
    let mut borrowed = Borrowed { host, output: host.with(|core| core.output.take()) };
    let Some(out) = borrowed.output.as_mut() else { return RunError::AlreadyRunning };
    loop {
        parts.writing.store(true, Ordering::Relaxed);
        while !out.is_empty() {
            match tx.write(out.rest()).await {
                Ok(0) => return RunError::Closed,
                Ok(n) => out.taken(n),
                Err(error) => return RunError::Transport(error),
            }
        }
        fill(host, out);
        if out.is_empty() {
            if let Err(error) = tx.flush().await {
                return RunError::Transport(error);
            }
            parts.writing.store(false, Ordering::Relaxed);
            // It is polled where something may be pending: now, since that may have come while the transport was flushed.
            poll_fn(|_| if fill(host, out) { Poll::Ready(()) } else { Poll::Pending }).await;
        }
    }
}

/// Fills the buffer; true where there is something in it.
fn fill(host: &Host, out: &mut Output) -> bool {
    host.with(|core| core.stack.fill(core.stack.now(), out));
    !out.is_empty()
}
