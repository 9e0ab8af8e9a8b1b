use core::{
    fmt,
    future::poll_fn,
    task::{Context, Poll},
};
use std::sync::Arc;

use embedded_io_async::{Error, ErrorKind, ErrorType, Read, Write};

use crate::{ControllerId, world::Shared};

/// The H4 transport between a host and one virtual controller.
///
/// Both halves are `Send`. Written octets reach the controller at once; reads wait without limit.
#[derive(Debug)]
pub struct Port {
    reader: PortReader,
    writer: PortWriter,
}

impl Port {
    pub(crate) fn new(shared: &Arc<Shared>, id: ControllerId, plug: u32) -> Self {
        let reader = PortReader { shared: shared.clone(), id, plug, packet: Vec::new(), read: 0 };
        Self { reader, writer: PortWriter { shared: shared.clone(), id, plug } }
    }

    /// Returns the controller at the other end.
    #[must_use]
    pub const fn id(&self) -> ControllerId {
        self.writer.id
    }

    /// Splits the port into the reader and the writer.
    #[must_use]
    pub fn split(self) -> (PortReader, PortWriter) {
        (self.reader, self.writer)
    }

    /// Borrows both halves.
    pub const fn halves(&mut self) -> (&mut PortReader, &mut PortWriter) {
        (&mut self.reader, &mut self.writer)
    }
}

/// The controller was unplugged, or a newer port replaced this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unplugged;

impl fmt::Display for Unplugged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the virtual controller was unplugged")
    }
}

impl core::error::Error for Unplugged {}

impl Error for Unplugged {
    fn kind(&self) -> ErrorKind {
        ErrorKind::BrokenPipe
    }
}

/// The half that reads the controller's packets.
#[derive(Debug)]
pub struct PortReader {
    shared: Arc<Shared>,
    id: ControllerId,
    plug: u32,
    packet: Vec<u8>,
    read: usize,
}

impl PortReader {
    /// Fills `buffer` with available octets; waits while there are none.
    fn poll_read(&mut self, buffer: &mut [u8], cx: &Context<'_>) -> Poll<Result<usize, Unplugged>> {
        let mut filled = 0;
        while let Some(room) = buffer.get_mut(filled..).filter(|room| !room.is_empty()) {
            let rest = self.packet.get(self.read..).unwrap_or_default();
            if rest.is_empty() {
                let waker = (filled == 0).then(|| cx.waker());
                match self.shared.next_packet(self.id, self.plug, waker) {
                    Ok(Some(packet)) => (self.packet, self.read) = (packet, 0),
                    Ok(None) if filled == 0 => return Poll::Pending,
                    Err(unplugged) if filled == 0 => return Poll::Ready(Err(unplugged)),
                    Ok(None) | Err(Unplugged) => break,
                }
                continue;
            }
            let n = rest.len().min(room.len());
            for (to, from) in room.iter_mut().zip(rest) {
                *to = *from;
            }
            filled = filled.saturating_add(n);
            self.read = self.read.saturating_add(n);
        }
        Poll::Ready(Ok(filled))
    }
}

impl ErrorType for PortReader {
    type Error = Unplugged;
}

impl Read for PortReader {
    /// Reads the available octets, several packets if they fit.
    ///
    /// # Cancel safety
    /// If the future is dropped, nothing was read.
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Unplugged> {
        poll_fn(|cx| self.poll_read(buffer, cx)).await
    }
}

/// The half that writes to the controller.
#[derive(Clone, Debug)]
pub struct PortWriter {
    pub(crate) shared: Arc<Shared>,
    id: ControllerId,
    plug: u32,
}

impl ErrorType for PortWriter {
    type Error = Unplugged;
}

impl Write for PortWriter {
    /// Passes all octets to the controller at once.
    async fn write(&mut self, octets: &[u8]) -> Result<usize, Unplugged> {
        self.shared.receive(self.id, self.plug, octets)?;
        Ok(octets.len())
    }

    async fn flush(&mut self) -> Result<(), Unplugged> {
        Ok(())
    }
}
