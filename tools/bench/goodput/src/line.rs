//! A serial line between a host and its controller, in virtual time.

use bindrune_controller::{PortReader, PortWriter, Unplugged, VirtualClock};
use embassy_time::{Duration, Instant};
use embedded_io_async::{ErrorType, Read, Write};

/// Bytes that a driver moves at once.
const CHUNK: usize = 64;
/// Bits of a byte on the line, including a start bit and a stop bit.
const BITS: u64 = 10;

/// A serial line in one direction. Takes no time without a baud rate.
pub(crate) struct Line {
    clock: VirtualClock,
    baud: Option<u32>,
    /// Nanoseconds, so that rates that do not divide a microsecond are exact on average.
    free: u64,
}

impl Line {
    pub(crate) const fn new(clock: VirtualClock, baud: Option<u32>) -> Self {
        Self { clock, baud, free: 0 }
    }

    /// Occupies the line for this many bytes, and returns when the last one has passed.
    fn take(&mut self, bytes: usize) -> Option<Instant> {
        let baud = u64::from(self.baud?);
        let now = self.clock.now().as_micros() * 1000;
        self.free = self.free.max(now) + bytes as u64 * BITS * 1_000_000_000 / baud;
        Some(Instant::from_micros(self.free.div_ceil(1000)))
    }

    async fn wait(&self, until: Option<Instant>) {
        let now = self.clock.now();
        if let Some(until) = until.filter(|until| *until > now) {
            self.clock.sleep(Duration::from_micros((until - now).as_micros())).await;
        }
    }
}

/// Bytes from the controller.
pub(crate) struct LineReader {
    port: PortReader,
    line: Line,
    chunk: [u8; CHUNK],
    /// Unread bytes of the chunk, and when they arrive.
    unread: core::ops::Range<usize>,
    ready: Option<Instant>,
}

impl LineReader {
    pub(crate) const fn new(port: PortReader, line: Line) -> Self {
        Self { port, line, chunk: [0; CHUNK], unread: 0..0, ready: None }
    }
}

impl ErrorType for LineReader {
    type Error = Unplugged;
}

impl Read for LineReader {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Unplugged> {
        if self.line.baud.is_none() {
            return self.port.read(buffer).await;
        }
        if self.unread.is_empty() {
            let len = self.port.read(&mut self.chunk).await?;
            self.unread = 0..len;
            self.ready = self.line.take(len);
        }
        self.line.wait(self.ready).await;
        let bytes = &self.chunk[self.unread.clone()];
        let len = bytes.len().min(buffer.len());
        buffer[..len].copy_from_slice(&bytes[..len]);
        self.unread.start += len;
        Ok(len)
    }
}

/// Bytes to the controller.
pub(crate) struct LineWriter {
    port: PortWriter,
    line: Line,
}

impl LineWriter {
    pub(crate) const fn new(port: PortWriter, line: Line) -> Self {
        Self { port, line }
    }
}

impl ErrorType for LineWriter {
    type Error = Unplugged;
}

impl Write for LineWriter {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Unplugged> {
        if self.line.baud.is_none() {
            return self.port.write(bytes).await;
        }
        let len = bytes.len().min(CHUNK);
        let passed = self.line.take(len);
        self.line.wait(passed).await;
        self.port.write(&bytes[..len]).await
    }

    async fn flush(&mut self) -> Result<(), Unplugged> {
        self.port.flush().await
    }
}
