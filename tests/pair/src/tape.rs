//! Octets that crossed the ports, with virtual times.

use core::fmt;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    vec::Vec,
};

use bindrune_controller::{ControllerId, PortReader, PortWriter, Unplugged, VirtualClock};
use bindrune_trace::{Direction, H4Stream, Line, conversation};
use embassy_futures::yield_now;
use embassy_time::Instant;
use embedded_io_async::{ErrorType, Read, Write};

/// All reads and writes of all hosts of a scene, in order.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Trace {
    octets: Vec<u8>,
    marks: Vec<Mark>,
}

/// One read or write; its octets end where those of the next one begin.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Mark {
    at: Instant,
    device: usize,
    to_host: bool,
    start: usize,
}

/// Number of packets, or of reads and writes, that are printed.
const SHOWN: usize = 40;

impl Trace {
    /// Returns the octets of all reads and writes.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Returns the number of reads and writes.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.marks.len()
    }

    /// Returns whether nothing crossed a port.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// Returns the packets that crossed the ports, in the order of their last octets.
    #[must_use]
    pub fn packets(&self) -> Vec<Line> {
        let mut streams = BTreeMap::<(usize, bool), H4Stream>::new();
        let mut lines = Vec::new();
        let ends = self.marks.iter().skip(1).map(|mark| mark.start).chain([self.octets.len()]);
        for (mark, end) in self.marks.iter().zip(ends) {
            let stream = streams.entry((mark.device, mark.to_host)).or_default();
            stream.push(self.octets.get(mark.start..end).unwrap_or_default());
            let direction = if mark.to_host { Direction::ToHost } else { Direction::ToController };
            let (device, time) = (mark.device, mark.at.as_micros());
            let packets = core::iter::from_fn(|| stream.packet());
            lines.extend(packets.map(|octets| Line { device, time, direction, octets }));
        }
        lines
    }

    /// Returns the end of the conversation, and the requests without an answer.
    #[must_use]
    pub fn conversation(&self) -> String {
        conversation(self.packets().into_iter(), SHOWN)
    }

    fn push(&mut self, at: Instant, device: ControllerId, to_host: bool, octets: &[u8]) {
        self.marks.push(Mark { at, device: device.index(), to_host, start: self.octets.len() });
        self.octets.extend_from_slice(octets);
    }
}

impl fmt::Debug for Trace {
    /// The last reads and writes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut end = self.octets.len();
        let mut lines = Vec::new();
        for mark in self.marks.iter().rev().take(SHOWN) {
            let octets = self.octets.get(mark.start..end).unwrap_or_default();
            let arrow = if mark.to_host { '<' } else { '>' };
            let at = mark.at.as_micros();
            lines.push(format!("{at:>12} µs #{} {arrow} {octets:02x?}", mark.device));
            end = mark.start;
        }
        lines.reverse();
        f.write_str(&lines.join("\n"))
    }
}

/// Recorder for the taps of a scene.
#[derive(Clone, Default)]
pub(crate) struct Tape(Arc<Mutex<Trace>>);

impl Tape {
    pub(crate) fn trace(&self) -> MutexGuard<'_, Trace> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One half of a port, with a tap on it.
pub(crate) struct Tapped<'p, P> {
    pub(crate) half: &'p mut P,
    pub(crate) device: ControllerId,
    pub(crate) tape: Tape,
    pub(crate) clock: VirtualClock,
    /// Maximum number of octets of one read or write.
    pub(crate) chunk: usize,
}

impl<P> Tapped<'_, P> {
    /// Lets other tasks run between the chunks of a limited port.
    async fn pause(&self) {
        if self.chunk < usize::MAX {
            yield_now().await;
        }
    }
}

impl<P> ErrorType for Tapped<'_, P> {
    type Error = Unplugged;
}

impl Read for Tapped<'_, PortReader> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Unplugged> {
        self.pause().await;
        let len = buffer.len().min(self.chunk);
        let n = self.half.read(buffer.get_mut(..len).unwrap_or_default()).await?;
        let octets = buffer.get(..n).unwrap_or_default();
        self.tape.trace().push(self.clock.now(), self.device, true, octets);
        Ok(n)
    }
}

impl Write for Tapped<'_, PortWriter> {
    async fn write(&mut self, octets: &[u8]) -> Result<usize, Unplugged> {
        self.pause().await;
        let chunk = octets.get(..octets.len().min(self.chunk)).unwrap_or_default();
        let n = self.half.write(chunk).await?;
        let octets = octets.get(..n).unwrap_or_default();
        self.tape.trace().push(self.clock.now(), self.device, false, octets);
        Ok(n)
    }

    async fn flush(&mut self) -> Result<(), Unplugged> {
        self.half.flush().await
    }
}
