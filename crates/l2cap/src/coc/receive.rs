use core::fmt;

use bindrune_wire::{Packet, Pool, Queue, Writer};

use super::Violation;
use crate::Header;

/// Octets of the SDU length in front of an SDU. [Vol 3] Part A, 3.4.3
pub(super) const SDU_LENGTH: usize = 2;

/// Data that the application can read from a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Readable {
    /// Nothing yet.
    Nothing,
    /// A whole SDU, or the rest of one: its remaining octets.
    Sdu(u16),
    /// The first chunks of an SDU that is not whole yet: the remaining octets of the SDU.
    Part(u16),
}

/// The part of an SDU that lies in one packet.
#[derive(Debug)]
#[must_use = "the packet inside must be given back to its channel"]
pub struct Chunk {
    /// The packet with the octets; return it with [`crate::Channels::give_back`].
    pub packet: Packet,
    /// Whether this is the first chunk of an SDU.
    pub first: bool,
    /// Whether this is the last chunk of an SDU.
    pub last: bool,
    /// Octets of the SDU that follow this chunk.
    pub left: u16,
}

/// Reason why an SDU could not be read. The SDU stays in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ReceiveError {
    /// The buffer is smaller than the SDU.
    TooSmall {
        /// Octets of the SDU.
        needed: usize,
    },
    /// The SDU is longer than the window, so it must be read in chunks.
    LongerThanWindow {
        /// Octets of the SDU.
        needed: usize,
    },
}

impl fmt::Display for ReceiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooSmall { needed } => write!(f, "the SDU has {needed} octets"),
            Self::LongerThanWindow { needed } => {
                write!(f, "the SDU of {needed} octets is longer than the window")
            }
        }
    }
}

impl core::error::Error for ReceiveError {}

/// The receiving end of a channel.
///
/// K-frames wait in `queue`. The first packet of an SDU keeps the SDU length in front, and this is the only record: the
/// following packets belong to the same SDU until that many octets are counted. A packet never holds octets of two
/// SDUs. Each packet of an SDU except the last holds at least `mps` octets, with the SDU length, because the next
/// K-frame fills up a shorter one. So `window` packets hold an SDU of `window * mps - 2` octets, however the peer
/// splits it.
#[derive(Debug)]
pub(crate) struct Receive {
    pub(crate) mtu: u16,
    pub(crate) mps: u16,
    /// Reserved packets: those in the queue, those borrowed by the application, and the peer's credits.
    pub(crate) window: u16,
    /// Number of K-frames of the longest SDU.
    frames: u16,
    /// Whether the longest SDU may not fit in the window.
    is_narrow: bool,
    /// Credits that the peer holds.
    granted: u16,
    /// Packets that the application has borrowed.
    borrowed: u16,
    queue: Queue,
    /// Whole SDUs in the queue.
    whole: u16,
    /// Octets still to come of the SDU that is being received.
    expected: Option<u16>,
    /// Octets still to be read of the SDU that is being read in chunks.
    taking: Option<u16>,
    /// Free octets at the end of the queue's last packet.
    tail_room: usize,
}

impl Receive {
    pub(crate) const CLOSED: Self = Self { frames: 0, is_narrow: false, ..Self::new(0, 0, 0) };

    /// Creates an end that has granted no credit yet.
    pub(crate) const fn new(mtu: u16, mps: u16, window: u16) -> Self {
        Self {
            mtu,
            mps,
            window,
            frames: frames(mtu, mps),
            is_narrow: (mtu as usize).saturating_add(SDU_LENGTH)
                > (window as usize).saturating_mul(mps as usize),
            granted: 0,
            borrowed: 0,
            queue: Queue::EMPTY,
            whole: 0,
            expected: None,
            taking: None,
            tail_room: 0,
        }
    }

    /// Records that `credits` more were granted to the peer.
    pub(crate) fn grant(&mut self, credits: u16) {
        self.granted = self.granted.saturating_add(credits);
    }

    /// Returns the credits to grant now: all that are free once they are three fifths of the window, or once the peer
    /// may soon have too few for its next SDU and three are free. Grants fewer only to a peer without credits, or
    /// between two SDUs: if nothing is left to read and the peer has too few for the longest SDU, no more become free
    /// until it sends, and it may wait until it can send a whole SDU. A window that does not hold the longest SDU
    /// cannot help such a peer.
    ///
    /// The peer continues with its remaining credits while new ones are on their way: they wait for the peer's next PDU
    /// and, behind a slow line, for the next connection event. Granting later would stop the peer; granting earlier
    /// would use more air time for credits. If the application reads SDU by SDU, credits become free SDU by SDU.
    ///
    /// If the window is full and the peer only has to finish an SDU, it gets a credit if the rest fits in the last
    /// packet, because that K-frame needs no further packet of the window.
    pub(crate) fn due(&self) -> u16 {
        let free = self.window.saturating_sub(self.used()).saturating_sub(self.granted);
        if free > 0 {
            return if self.granted == 0 || self.is_due(free) { free } else { 0 };
        }
        let fits = self.expected.is_some_and(|left| usize::from(left) <= self.tail_room);
        u16::from(self.granted == 0 && fits && !self.queue.is_empty())
    }

    fn is_due(&self, free: u16) -> bool {
        let half = self.window.div_ceil(2);
        let three_fifths = u32::from(self.window).saturating_mul(3) / 5;
        if free >= half && u32::from(free) >= three_fifths {
            return true;
        }
        let frames = self.frames;
        if self.is_between_sdus() && self.granted < frames && frames <= self.window {
            return true;
        }
        self.granted < frames.saturating_add(3) && free >= half.min(frames.max(3))
    }

    /// Takes the payload of a K-frame. Returns whether the application can read more than before.
    pub(crate) fn handle_frame(
        &mut self,
        frame: &[u8],
        pool: &mut Pool,
    ) -> Result<bool, Violation> {
        let left = self.check(frame)?;
        self.granted = self.granted.saturating_sub(1);
        let kept =
            if self.expected.is_some() { self.append(frame, pool) } else { self.push(frame, pool) };
        if !kept {
            return Err(Violation::NoCredit);
        }
        self.expected = Some(left).filter(|&left| left > 0);
        if left == 0 {
            self.whole = self.whole.saturating_add(1);
        }
        let more = left == 0 || self.taking.is_some();
        Ok(more || (self.is_narrow && self.is_longer_than_window(pool)))
    }

    /// Returns the data that can be read.
    pub(crate) fn readable(&self, pool: &Pool) -> Readable {
        match self.front_left(pool) {
            None => Readable::Nothing,
            Some(left) if self.whole > 0 => Readable::Sdu(left),
            Some(left) => Readable::Part(left),
        }
    }

    /// Takes the next packet of the first SDU; return it with [`Self::give_back`].
    pub(crate) fn next_chunk(&mut self, pool: &mut Pool) -> Option<Chunk> {
        let first = self.taking.is_none();
        let (packet, left) = self.pop(pool)?;
        self.borrowed = self.borrowed.saturating_add(1);
        Some(Chunk { packet, first, last: left == 0, left })
    }

    /// Takes back the packet of a chunk.
    pub(crate) fn give_back(&mut self, packet: Packet, pool: &mut Pool) {
        pool.give(packet);
        self.borrowed = self.borrowed.saturating_sub(1);
    }

    /// Copies the first SDU, or the rest of it, if it has arrived completely.
    pub(crate) fn recv_into(
        &mut self,
        buffer: &mut [u8],
        pool: &mut Pool,
    ) -> Option<Result<usize, ReceiveError>> {
        let needed = usize::from(self.front_left(pool)?);
        if self.whole == 0 {
            let error = ReceiveError::LongerThanWindow { needed };
            return self.is_longer_than_window(pool).then_some(Err(error));
        }
        if buffer.len() < needed {
            return Some(Err(ReceiveError::TooSmall { needed }));
        }
        let mut w = Writer::new(buffer);
        let mut prefix = if self.taking.is_some() { 0 } else { SDU_LENGTH };
        while w.len() < needed || prefix > 0 {
            let Some(packet) = pool.front(&self.queue) else { break };
            let octets = packet.bytes().get(core::mem::take(&mut prefix)..).unwrap_or_default();
            let _fits = w.bytes(octets);
            pool.free_front(&mut self.queue);
        }
        self.taking = None;
        self.whole = self.whole.saturating_sub(1);
        Some(Ok(w.len()))
    }

    /// Returns the number of octets that were received and not read, over all SDUs, without the SDU lengths.
    pub(crate) fn available(&self, pool: &Pool) -> usize {
        let octets = pool.iter(&self.queue).fold(0, |sum: usize, p| sum.saturating_add(p.len()));
        // The length field of an SDU that is being read in chunks has already been removed.
        let lengths = usize::from(self.whole)
            .saturating_add(self.is_inside_sdu().into())
            .saturating_sub(self.taking.is_some().into());
        octets.saturating_sub(lengths.saturating_mul(SDU_LENGTH))
    }

    /// Copies received octets until `buffer` is full, one SDU after another, and returns their number.
    pub(crate) fn read(&mut self, buffer: &mut [u8], pool: &mut Pool) -> usize {
        let mut w = Writer::new(buffer);
        while w.room() > 0
            && let Some(packet) = pool.front_mut(&self.queue)
        {
            let total = self.taking.unwrap_or_else(|| pull_sdu_length(packet));
            let len = packet.len().min(w.room());
            let _fits = w.bytes(packet.bytes().get(..len).unwrap_or_default());
            let _there = packet.pull(len);
            if packet.is_empty() {
                pool.free_front(&mut self.queue);
            }
            self.took(total, len);
        }
        w.len()
    }

    /// Returns whether a whole SDU waits to be read.
    pub(crate) const fn has_sdu(&self) -> bool {
        self.whole > 0
    }

    /// Returns whether an SDU has begun to come in and is not complete.
    pub(crate) const fn is_inside_sdu(&self) -> bool {
        self.expected.is_some()
    }

    /// Returns whether nothing is left to read, and nothing of an SDU has come in.
    fn is_between_sdus(&self) -> bool {
        self.expected.is_none() && self.used() == 0
    }

    /// Returns all packets to the pool and discards all SDUs. Returns how many there were, whole or in part.
    pub(crate) fn clear(&mut self, pool: &mut Pool) -> u32 {
        let inside = self.is_inside_sdu();
        let unread = u32::from(self.whole).saturating_add(inside.into());
        pool.clear(&mut self.queue);
        (self.whole, self.expected, self.taking) = (0, None, None);
        unread
    }

    /// Returns the number of credits that the peer holds.
    #[cfg(test)]
    pub(super) const fn granted(&self) -> u16 {
        self.granted
    }

    /// Returns the number of packets that are queued or borrowed.
    pub(crate) fn used(&self) -> u16 {
        u16::try_from(self.queue.len()).unwrap_or(u16::MAX).saturating_add(self.borrowed)
    }

    /// Returns the octets that are still to come after this K-frame. [Vol 3] Part A, 3.4.3
    fn check(&self, frame: &[u8]) -> Result<u16, Violation> {
        if self.granted == 0 {
            return Err(Violation::NoCredit);
        }
        if frame.len() > usize::from(self.mps) {
            return Err(Violation::FrameTooLong);
        }
        let (left, data) = match self.expected {
            Some(left) => (left, frame.len()),
            None => {
                let sdu = sdu_length(frame).ok_or(Violation::NoLength)?;
                if sdu > self.mtu {
                    return Err(Violation::SduTooLong);
                }
                (sdu, frame.len().saturating_sub(SDU_LENGTH))
            }
        };
        u16::try_from(data).ok().and_then(|data| left.checked_sub(data)).ok_or(Violation::Overrun)
    }

    /// Keeps a K-frame, or the rest of one, in a packet of its own; false if no packet is free.
    fn push(&mut self, octets: &[u8], pool: &mut Pool) -> bool {
        let kept = pool.push_copy(&mut self.queue, Header::LEN, octets);
        self.tail_room = pool.back_mut(&self.queue).map_or(0, |last| last.room());
        kept
    }

    /// Adds a K-frame to its SDU: all of it to the last packet if it fits, or as much as fills that packet up to `mps`.
    fn append(&mut self, frame: &[u8], pool: &mut Pool) -> bool {
        let Some(last) = pool.back_mut(&self.queue) else { return self.push(frame, pool) };
        let behind = if frame.len() <= last.room() {
            frame.len()
        } else {
            usize::from(self.mps).saturating_sub(last.len()).min(last.room())
        };
        let (behind, rest) = frame.split_at(behind.min(frame.len()));
        if !last.extend(behind) {
            return false;
        }
        self.tail_room = last.room();
        rest.is_empty() || self.push(rest, pool)
    }

    /// Returns the remaining octets of the first SDU.
    fn front_left(&self, pool: &Pool) -> Option<u16> {
        let front = pool.front(&self.queue)?;
        self.taking.or_else(|| sdu_length(front.bytes()))
    }

    /// Returns whether the rest of the first SDU can never fit in the window.
    fn is_longer_than_window(&self, pool: &Pool) -> bool {
        let held = usize::from(self.window).saturating_mul(usize::from(self.mps));
        let exceeds = |left| usize::from(left).saturating_add(SDU_LENGTH) > held;
        self.whole == 0 && self.front_left(pool).is_some_and(exceeds)
    }

    /// Takes the first packet, without the SDU length, and the number of octets of its SDU that follow it.
    fn pop(&mut self, pool: &mut Pool) -> Option<(Packet, u16)> {
        let mut packet = pool.pop(&mut self.queue)?;
        let total = self.taking.unwrap_or_else(|| pull_sdu_length(&mut packet));
        let left = self.took(total, packet.len());
        Some((packet, left))
    }

    /// Records that `len` of the `total` remaining octets of the first SDU were read, and returns how many remain.
    fn took(&mut self, total: u16, len: usize) -> u16 {
        let left = total.saturating_sub(u16::try_from(len).unwrap_or(u16::MAX));
        self.taking = Some(left).filter(|&left| left > 0);
        if left == 0 {
            self.whole = self.whole.saturating_sub(1);
        }
        left
    }
}

/// Returns the number of K-frames of the longest SDU.
const fn frames(mtu: u16, mps: u16) -> u16 {
    mtu.saturating_add(2).div_ceil(if mps == 0 { 1 } else { mps })
}

fn pull_sdu_length(packet: &mut Packet) -> u16 {
    let sdu = sdu_length(packet.bytes()).unwrap_or_default();
    let _had_length = packet.pull(SDU_LENGTH);
    sdu
}

fn sdu_length(octets: &[u8]) -> Option<u16> {
    octets.first_chunk::<SDU_LENGTH>().map(|len| u16::from_le_bytes(*len))
}
