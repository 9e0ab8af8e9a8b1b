//! A serial line between a host and its controller.

use embassy_time::Instant;
use embedded_io_async::{ErrorType, Read, Write};

use crate::{Port, PortReader, PortWriter, Unplugged, VirtualClock};

/// Octets that a driver moves at once.
const CHUNK: usize = 64;
/// Bits of an octet on the line, including a start bit and a stop bit. [Vol 4] Part A, 2
const BITS: u64 = 10;

impl Port {
    /// Splits the port into the ends of a serial line with this many bits per second, which has RTS/CTS: no octet is
    /// lost. Without a rate the line takes no time.
    ///
    /// Both directions work at the same time, in the time of the world. A driver moves up to 64 octets at a time.
    ///
    /// ```
    /// use bindrune_controller::{ControllerConfig, World};
    ///
    /// let world = World::new(1);
    /// let slow = world.add(ControllerConfig::new()).split_over_line(Some(115_200));
    /// # let _ = slow;
    /// ```
    #[must_use]
    pub fn split_over_line(self, baud: Option<u32>) -> (LineReader, LineWriter) {
        let (reader, writer) = self.split();
        let clock = VirtualClock { shared: writer.shared.clone() };
        let line = || Line { clock: clock.clone(), baud, free: 0 };
        let reader =
            LineReader { port: reader, line: line(), chunk: [0; CHUNK], unread: 0..0, ready: None };
        (reader, LineWriter { port: writer, line: line() })
    }
}

/// A serial line in one direction. Takes no time without a baud rate.
#[derive(Debug)]
struct Line {
    clock: VirtualClock,
    baud: Option<u32>,
    /// Nanoseconds, so that rates that do not divide a microsecond are exact on average.
    free: u64,
}

impl Line {
    /// Occupies the line for this many octets, and returns when the last one has passed.
    fn take(&mut self, octets: usize) -> Option<Instant> {
        let baud = u64::from(self.baud?);
        let bits = u64::try_from(octets).unwrap_or(u64::MAX).saturating_mul(BITS);
        let time = bits.saturating_mul(1_000_000_000).checked_div(baud).unwrap_or_default();
        let now = self.clock.now().as_micros().saturating_mul(1000);
        self.free = self.free.max(now).saturating_add(time);
        Some(Instant::from_micros(self.free.div_ceil(1000)))
    }

    async fn wait(&self, until: Option<Instant>) {
        if let Some(until) = until {
            self.clock.sleep_until(until).await;
        }
    }
}

/// The half that reads the controller's packets over a serial line.
#[derive(Debug)]
pub struct LineReader {
    port: PortReader,
    line: Line,
    chunk: [u8; CHUNK],
    /// Unread octets of the chunk, and when they arrive.
    unread: core::ops::Range<usize>,
    ready: Option<Instant>,
}

impl ErrorType for LineReader {
    type Error = Unplugged;
}

impl Read for LineReader {
    /// Reads the octets that have arrived.
    ///
    /// # Cancel safety
    /// If the future is dropped, nothing was read.
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
        let octets = self.chunk.get(self.unread.clone()).unwrap_or_default();
        let len = octets.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(octets) {
            *to = *from;
        }
        self.unread.start = self.unread.start.saturating_add(len);
        Ok(len)
    }
}

/// The half that writes to the controller over a serial line.
#[derive(Debug)]
pub struct LineWriter {
    port: PortWriter,
    line: Line,
}

impl ErrorType for LineWriter {
    type Error = Unplugged;
}

impl Write for LineWriter {
    /// Passes up to 64 octets to the controller, when the last of them has passed the line.
    ///
    /// # Cancel safety
    /// If the future is dropped, the controller gets nothing, but the line was in use.
    async fn write(&mut self, octets: &[u8]) -> Result<usize, Unplugged> {
        if self.line.baud.is_none() {
            return self.port.write(octets).await;
        }
        let octets = octets.get(..CHUNK).unwrap_or(octets);
        let passed = self.line.take(octets.len());
        self.line.wait(passed).await;
        self.port.write(octets).await
    }

    async fn flush(&mut self) -> Result<(), Unplugged> {
        self.port.flush().await
    }
}
