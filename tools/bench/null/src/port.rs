//! Two interfaces of the controller: bytes, for a host that reads a stream, and packets.

use std::{future::poll_fn, io, rc::Rc, task::Poll};

use embedded_io_async::{ErrorType, Read, Write};

use crate::controller::Shared;

/// One host's receiving half: a read returns bytes of one packet.
#[derive(Debug)]
pub struct Receiver {
    controller: Shared,
    side: usize,
    /// A packet, and the number of its bytes that were read.
    current: Option<(Vec<u8>, usize)>,
}

/// One host's sending half: a write takes whole packets.
#[derive(Debug)]
pub struct Sender {
    controller: Shared,
    side: usize,
}

/// Returns the halves of the host `side`, 0 or 1.
#[must_use]
pub fn split(controller: &Shared, side: usize) -> (Receiver, Sender) {
    let receiver = Receiver { controller: Rc::clone(controller), side, current: None };
    (receiver, Sender { controller: Rc::clone(controller), side })
}

/// Waits for the next packet for the host `side`.
pub async fn next(controller: &Shared, side: usize) -> Vec<u8> {
    poll_fn(|context| match controller.borrow_mut().poll(side, context.waker()) {
        Some(packet) => Poll::Ready(packet),
        None => Poll::Pending,
    })
    .await
}

/// Passes one packet of the host `side` to the controller.
pub async fn write(controller: &Shared, side: usize, packet: &[u8]) {
    let taken = controller.borrow_mut().handle(side, packet);
    // Lets the other tasks of the thread run from time to time.
    if taken.is_multiple_of(8) {
        tokio::task::yield_now().await;
    }
}

impl ErrorType for Receiver {
    type Error = io::Error;
}

impl ErrorType for Sender {
    type Error = io::Error;
}

impl Read for Receiver {
    async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (packet, at) = match self.current.take() {
            Some(current) => current,
            None => (next(&self.controller, self.side).await, 0),
        };
        let rest = &packet[at..];
        let len = rest.len().min(buffer.len());
        buffer[..len].copy_from_slice(&rest[..len]);
        if len == rest.len() {
            self.controller.borrow_mut().recycle(self.side, packet);
        } else {
            self.current = Some((packet, at + len));
        }
        Ok(len)
    }
}

impl Write for Sender {
    async fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let mut at = 0;
        while let Some(len) = packet_len(&buffer[at..]) {
            write(&self.controller, self.side, &buffer[at..at + len]).await;
            at += len;
        }
        if at == 0 {
            return Err(io::Error::other("a write without a whole packet"));
        }
        Ok(at)
    }

    async fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns the length of the first packet, if it is complete. [Vol 4] Part E, 5.4.
fn packet_len(bytes: &[u8]) -> Option<usize> {
    let len = match bytes {
        [0x01, _, _, len, ..] => 4 + usize::from(*len),
        [0x02, _, _, low, high, ..] => 5 + usize::from(u16::from_le_bytes([*low, *high])),
        _ => return None,
    };
    (len <= bytes.len()).then_some(len)
}
