use core::mem;

use bindrune_wire::{Packet, Pool, counters};
use zerocopy::FromBytes;

use crate::{Cid, Header};

counters! {
    /// Received data that was discarded, by reason. The unit is one PDU, or one fragment that belonged to no PDU.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    #[cfg_attr(feature = "defmt", derive(defmt::Format))]
    pub struct Drops from Counters {
        /// A continuation fragment without a started PDU.
        no_start,
        /// A PDU that was not complete when the next one began.
        unfinished,
        /// A PDU that does not fit in one packet.
        too_long,
        /// A PDU with more octets than its header announced.
        overrun,
        /// No packet was free.
        no_packet,
        /// A start fragment without octets.
        empty,
        /// The octets were lost before they reached the packet.
        lost,
    }
}

impl Drops {
    /// Returns the sum over all reasons.
    #[must_use]
    pub const fn total(&self) -> u32 {
        self.no_start
            .saturating_add(self.unfinished)
            .saturating_add(self.too_long)
            .saturating_add(self.overrun)
            .saturating_add(self.no_packet)
            .saturating_add(self.empty)
            .saturating_add(self.lost)
    }

    /// Adds the counts of `other`.
    pub const fn add(&mut self, other: &Self) {
        self.no_start = self.no_start.saturating_add(other.no_start);
        self.unfinished = self.unfinished.saturating_add(other.unfinished);
        self.too_long = self.too_long.saturating_add(other.too_long);
        self.overrun = self.overrun.saturating_add(other.overrun);
        self.no_packet = self.no_packet.saturating_add(other.no_packet);
        self.empty = self.empty.saturating_add(other.empty);
        self.lost = self.lost.saturating_add(other.lost);
    }
}

/// Reassembles the ACL fragments of one link, in one packet at a time. [Vol 3] Part A, 7.2.1
///
/// For each ACL packet of the link, [`Self::landing`] returns the packet that must take the octets at its end, the
/// caller fills and grows it, and [`Self::landed`] takes it back. Call [`Self::clear`] before you drop this value.
#[derive(Debug, Default)]
pub struct Reassembly {
    state: State,
    drops: Counters,
}

#[derive(Debug, Default)]
enum State {
    /// No PDU has started.
    #[default]
    Idle,
    /// The octets of a PDU so far.
    Held(Packet),
    /// The caller has borrowed the packet.
    Landing,
    /// All fragments until the next start belong to a PDU that was discarded.
    Skipping,
}

impl Reassembly {
    /// Creates a reassembly without a PDU.
    #[must_use]
    pub const fn new() -> Self {
        Self { state: State::Idle, drops: Counters::ZERO }
    }

    /// Returns the packet that takes the `len` octets of an ACL packet at its end; `first` is true for a start
    /// fragment.
    ///
    /// If it returns `None`, the caller must discard these octets; the reason is counted.
    pub fn landing(&mut self, first: bool, len: usize, pool: &mut Pool) -> Option<Packet> {
        let packet = if first { self.begin(len, pool) } else { self.resume(len, pool) }?;
        self.state = State::Landing;
        Some(packet)
    }

    /// Takes back the packet of [`Self::landing`] with its octets. If the PDU is complete, returns its channel and
    /// its payload, without the basic header.
    pub fn landed(&mut self, mut packet: Packet, pool: &mut Pool) -> Option<(Cid, Packet)> {
        if !matches!(self.state, State::Landing) {
            pool.give(packet);
            return None;
        }
        let Some(total) = announced(&packet) else {
            self.state = State::Held(packet);
            return None;
        };
        if total > packet.capacity() {
            self.drops.too_long.count();
            return self.discard(packet, pool);
        }
        if packet.len() > total {
            self.drops.overrun.count();
            return self.discard(packet, pool);
        }
        if packet.len() < total {
            self.state = State::Held(packet);
            return None;
        }
        self.state = State::Idle;
        let cid = Header::read_from_prefix(packet.bytes()).map(|(header, _)| header.cid()).ok()?;
        packet.pull(Header::LEN).then_some((cid, packet))
    }

    /// Discards the current PDU because its packet from [`Self::landing`] was lost, or returned to its pool by the
    /// caller.
    pub fn abandon(&mut self) {
        if matches!(self.state, State::Landing) {
            self.drops.lost.count();
            self.state = State::Skipping;
        }
    }

    /// Discards everything except the counts. Call it when the link ends.
    pub fn clear(&mut self, pool: &mut Pool) {
        if let State::Held(packet) = mem::take(&mut self.state) {
            pool.give(packet);
        }
    }

    /// Returns whether a PDU is incomplete, which keeps a packet from the pool.
    #[must_use]
    pub const fn is_busy(&self) -> bool {
        matches!(self.state, State::Held(_) | State::Landing)
    }

    /// Returns whether no PDU has started, and none is being discarded.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    /// Returns how much was discarded.
    #[must_use]
    pub fn drops(&self) -> Drops {
        self.drops.read()
    }

    fn begin(&mut self, len: usize, pool: &mut Pool) -> Option<Packet> {
        let packet = match mem::replace(&mut self.state, State::Skipping) {
            State::Held(mut packet) => {
                self.drops.unfinished.count();
                packet.reset(0);
                Some(packet)
            }
            State::Idle | State::Landing | State::Skipping => pool.take(0),
        };
        let Some(packet) = packet else {
            self.drops.no_packet.count();
            return None;
        };
        if len > 0 && len <= packet.room() {
            return Some(packet);
        }
        let reason = if len == 0 { &mut self.drops.empty } else { &mut self.drops.too_long };
        reason.count();
        self.discard(packet, pool)
    }

    fn resume(&mut self, len: usize, pool: &mut Pool) -> Option<Packet> {
        match mem::replace(&mut self.state, State::Skipping) {
            State::Idle => {
                self.drops.no_start.count();
                self.state = State::Idle;
                None
            }
            State::Held(packet) if len == 0 => {
                self.state = State::Held(packet);
                None
            }
            State::Held(packet) => {
                let total = announced(&packet).unwrap_or(packet.capacity());
                if packet.len().saturating_add(len) <= total.min(packet.capacity()) {
                    return Some(packet);
                }
                self.drops.overrun.count();
                self.discard(packet, pool)
            }
            State::Landing | State::Skipping => None,
        }
    }

    fn discard<T>(&mut self, packet: Packet, pool: &mut Pool) -> Option<T> {
        pool.give(packet);
        self.state = State::Skipping;
        None
    }
}

/// Returns the length of the whole PDU in octets, if its length field has arrived.
fn announced(packet: &Packet) -> Option<usize> {
    let len = packet.bytes().first_chunk::<2>()?;
    Some(usize::from(u16::from_le_bytes(*len)).saturating_add(Header::LEN))
}

#[cfg(test)]
mod tests;
