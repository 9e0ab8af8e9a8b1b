//! The transmitting half of `run`: pending PDUs to bytes.

use core::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

use embedded_io_async::Write;

use super::{Parts, RunError};
use crate::{Host, aio::traffic, stack::Output, waiters::Due};

/// The buffer for the transport, while the transport has it. Returned on drop, so that a partly written packet can be
/// finished.
struct Borrowed<'h> {
    host: &'h Host,
    parts: &'h Parts,
    output: Option<Output>,
}

impl Borrowed<'_> {
    /// Returns the buffer, and takes it back with the next pending data; false if there is none.
    fn exchange(&mut self) -> bool {
        let now = self.parts.now();
        let pending = self.host.with_run(|core| core.stack.next_output(now, &mut self.output));
        if let Some(output) = self.output.as_ref().filter(|_| pending) {
            traffic::sent(output.rest());
        }
        pending
    }
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        if let Some(output) = self.output.take() {
            self.host.with(|core| core.stack.give_output(output));
        }
    }
}

pub(super) async fn run<W: Write>(host: &Host, mut tx: W, parts: &Parts) -> RunError<W::Error> {
    let mut borrowed = Borrowed { host, parts, output: None };
    loop {
        parts.set_under_way(Due::DATA, true);
        while let Some(out) = borrowed.output.as_mut().filter(|out| !out.is_empty()) {
            match tx.write(out.rest()).await {
                Ok(0) => return RunError::Closed,
                Ok(n) => out.taken(n),
                Err(error) => return RunError::Transport(error),
            }
        }
        if borrowed.exchange() {
            continue;
        }
        let mut paused = false;
        if let Err(error) = flush(&mut tx, &mut paused).await {
            return RunError::Transport(error);
        }
        parts.set_under_way(Due::DATA, false);
        // Polled if something may be pending. Something may have arrived while the transport was flushed, too.
        let mut look = paused;
        poll_fn(|_| match core::mem::replace(&mut look, true) && borrowed.exchange() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
    }
}

/// Flushes the transport, and records whether that took time.
async fn flush<W: Write>(tx: &mut W, paused: &mut bool) -> Result<(), W::Error> {
    let mut flush = pin!(tx.flush());
    poll_fn(|cx| {
        let flushed = flush.as_mut().poll(cx);
        *paused |= flushed.is_pending();
        flushed
    })
    .await
}
