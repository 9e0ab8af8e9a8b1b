//! Frames: a header of five bytes, then data.

use bindrune_wire::Reader;

use crate::{Packet, Service};

/// Length of the header in bytes: service, opcode, controller index, and the length of the data in two bytes.
pub const HEADER: usize = 5;
/// Longest frame in bytes, with its header. Long enough for the longest value of an attribute, and for an SDU of
/// 2,048 bytes.
pub const MTU: usize = 4096;

/// Makes packets of the bytes of a stream.
///
/// If a frame is longer than [`MTU`], its data is skipped as it arrives, so the memory is bounded.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    /// Bytes of a frame that is too long, which still arrive.
    skip: usize,
    /// The header of that frame.
    long: Option<Packet>,
}

/// What a stream contains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A packet.
    Packet(Packet),
    /// The header of a frame that was longer than [`MTU`].
    TooLong(Packet),
}

impl Decoder {
    /// Creates a decoder at the beginning of a frame.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds bytes of the stream. Take all frames ([`Self::next_frame`]) between two calls: then at most one incomplete
    /// frame is kept.
    pub fn push(&mut self, bytes: &[u8]) {
        let skipped = self.skip.min(bytes.len());
        self.skip = self.skip.saturating_sub(skipped);
        self.buffer.extend_from_slice(bytes.get(skipped..).unwrap_or_default());
    }

    /// Returns the next complete frame.
    pub fn next_frame(&mut self) -> Option<Frame> {
        if self.skip > 0 {
            return None;
        }
        if let Some(header) = self.long.take() {
            return Some(Frame::TooLong(header));
        }
        let mut r = Reader::new(&self.buffer);
        let (service, opcode, index) = (r.u8().ok()?, r.u8().ok()?, r.u8().ok()?);
        let len = usize::from(r.u16().ok()?);
        let mut packet = Packet { service: Service(service), opcode, index, data: Vec::new() };
        let end = len.saturating_add(HEADER);
        if end > MTU {
            let here = end.min(self.buffer.len());
            self.buffer.drain(..here);
            self.skip = end.saturating_sub(here);
            self.long = Some(packet);
            return self.next_frame();
        }
        packet.data = r.bytes(len).ok()?.to_vec();
        self.buffer.drain(..end);
        Some(Frame::Packet(packet))
    }
}
