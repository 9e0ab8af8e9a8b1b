use core::mem;

use bindrune_wire::{Counter, Packet, Pool};
use zerocopy::FromBytes;

use crate::{Cid, Header};

/// Reassembles the ACL fragments of one link, in one packet at a time. [Vol 3] Part A, 7.2.1
///
/// For each ACL packet of the link, [`Self::landing`] returns the packet that must take the octets at its end, the
/// caller fills and grows it, and [`Self::landed`] takes it back. Call [`Self::clear`] before you drop this value.
#[derive(Debug, Default)]
pub struct Reassembly {
    state: State,
    /// Counts PDUs, and fragments that belonged to none.
    discarded: Counter,
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
        Self { state: State::Idle, discarded: Counter::ZERO }
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
            self.discarded.count();
            return self.discard(packet, pool);
        }
        if packet.len() > total {
            self.discarded.count();
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
            self.discarded.count();
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

    /// Returns how much received data was discarded: PDUs, and fragments that belonged to none.
    #[must_use]
    pub fn discarded(&self) -> u32 {
        self.discarded.get()
    }

    fn begin(&mut self, len: usize, pool: &mut Pool) -> Option<Packet> {
        let packet = match mem::replace(&mut self.state, State::Skipping) {
            State::Held(mut packet) => {
                self.discarded.count();
                packet.reset(0);
                Some(packet)
            }
            State::Idle | State::Landing | State::Skipping => pool.take(0),
        };
        let Some(packet) = packet else {
            self.discarded.count();
            return None;
        };
        if len > 0 && len <= packet.room() {
            return Some(packet);
        }
        self.discarded.count();
        self.discard(packet, pool)
    }

    fn resume(&mut self, len: usize, pool: &mut Pool) -> Option<Packet> {
        match mem::replace(&mut self.state, State::Skipping) {
            State::Idle => {
                self.discarded.count();
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
                self.discarded.count();
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
