//! One end of a link in time: its line, and the queue of its controller. Times are in nanoseconds.

use std::collections::VecDeque;

use crate::{
    End,
    line::{BITS, HEADERS},
    pieces,
};

/// Bytes of Number Of Completed Packets for one link. [Vol 4] Part E, 7.7.19
const COMPLETED: u32 = 8;

/// What an L2CAP PDU is for its receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Message {
    Data,
    Credits(u16),
    Response,
}

/// A PDU of the link layer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pdu {
    pub(crate) bytes: u16,
    /// The L2CAP PDU that ends with it.
    pub(crate) whole: Option<Message>,
    /// Whether its acknowledgement returns a buffer.
    pub(crate) returns: bool,
}

/// One end.
#[derive(Debug)]
pub(crate) struct Side {
    end: End,
    /// When each direction of the line is free again.
    out: u64,
    back: u64,
    /// Buffers in use.
    held: u16,
    /// ACL packets of an L2CAP PDU that wait for a buffer.
    waiting: VecDeque<(u16, Option<Message>)>,
    /// PDUs, and when the controller has them.
    queue: VecDeque<(u64, Pdu)>,
}

impl Side {
    pub(crate) const fn new(end: End) -> Self {
        Self { end, out: 0, back: 0, held: 0, waiting: VecDeque::new(), queue: VecDeque::new() }
    }

    /// Passes ACL packets to the controller while it has buffers; `next` returns the next L2CAP PDU.
    pub(crate) fn fill(
        &mut self,
        now: u64,
        data_length: u16,
        mut next: impl FnMut() -> Option<(u16, Message)>,
    ) {
        while self.held < self.end.buffers.max(1) {
            if self.waiting.is_empty() {
                let Some((bytes, message)) = next() else { return };
                let packets = pieces(bytes, self.end.bytes);
                let last = packets.len().saturating_sub(1);
                let packet = |(at, bytes)| (bytes, (at == last).then_some(message));
                self.waiting.extend(packets.into_iter().enumerate().map(packet));
            }
            let Some((bytes, message)) = self.waiting.pop_front() else { return };
            self.held = self.held.saturating_add(1);
            self.out = self.cross(self.out.max(now), HEADERS.saturating_add(bytes.into()));
            let pdus = pieces(bytes, data_length);
            let last = pdus.len().saturating_sub(1);
            for (at, bytes) in pdus.into_iter().enumerate() {
                let returns = at == last;
                let whole = message.filter(|_| returns);
                self.queue.push_back((self.out, Pdu { bytes, whole, returns }));
            }
        }
    }

    /// Returns when a packet from the air has reached the host.
    pub(crate) fn receive(&mut self, at: u64, bytes: u16) -> u64 {
        self.back = self.cross(self.back.max(at), HEADERS.saturating_add(bytes.into()));
        self.back
    }

    /// Returns when the host has a buffer again.
    pub(crate) fn complete(&mut self, at: u64) -> u64 {
        self.back = self.cross(self.back.max(at), COMPLETED);
        self.back
    }

    /// Frees a buffer.
    pub(crate) const fn release(&mut self) {
        self.held = self.held.saturating_sub(1);
    }

    /// Returns whether the controller had a PDU before this time.
    pub(crate) fn has_data(&self, before: u64) -> bool {
        self.queue.front().is_some_and(|(at, _)| *at < before)
    }

    /// Takes the next PDU that the controller had before this time, if it fits.
    pub(crate) fn pick(&mut self, before: u64, fits: impl Fn(u16) -> bool) -> Option<Pdu> {
        let (_, pdu) = self.queue.pop_front_if(|(at, pdu)| *at < before && fits(pdu.bytes))?;
        Some(pdu)
    }

    /// Returns the end of a crossing of the line.
    fn cross(&self, from: u64, bytes: u32) -> u64 {
        let Some(baud) = self.end.baud else { return from };
        let bits = u64::from(bytes).saturating_mul(BITS.into());
        let time = bits.saturating_mul(1_000_000_000).checked_div(baud.into()).unwrap_or(u64::MAX);
        from.saturating_add(time)
    }
}
