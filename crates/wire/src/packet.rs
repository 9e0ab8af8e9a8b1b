use core::fmt;

use crate::Writer;

/// Free octets before an outgoing L2CAP payload: H4 indicator (1), ACL header (4) and basic L2CAP header (4).
pub const HEADROOM: usize = 9;

/// One owned packet buffer: free octets, then the packet's octets, then free octets.
///
/// A packet is moved and never aliased. It comes from a [`crate::Pool`] and must return to it. It uses at most 65,535
/// octets of its slot.
#[must_use = "a dropped packet is lost to its pool"]
pub struct Packet {
    slot: &'static mut [u8],
    start: u16,
    end: u16,
}

/// Most octets of a slot that a packet uses.
const LONGEST: usize = 0xffff;

impl Packet {
    pub(crate) fn new(mut slot: &'static mut [u8]) -> Self {
        if slot.len() > LONGEST {
            (slot, _) = slot.split_at_mut(LONGEST);
        }
        Self { slot, start: 0, end: 0 }
    }

    const fn start(&self) -> usize {
        self.start as usize
    }

    const fn end(&self) -> usize {
        self.end as usize
    }

    /// Empties the packet and keeps `headroom` octets free before it (at most the whole slot).
    pub fn reset(&mut self, headroom: usize) {
        self.start = within(headroom.min(self.slot.len()));
        self.end = self.start;
    }

    /// Returns the packet's octets.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.slot.get(self.start()..self.end()).unwrap_or_default()
    }

    /// Returns the packet's octets for changes in place.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.slot.get_mut(self.start()..self.end()).unwrap_or_default()
    }

    /// Returns the number of octets in the packet.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.end().saturating_sub(self.start())
    }

    /// Returns whether the packet has no octets.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of free octets before the packet.
    #[must_use]
    pub const fn headroom(&self) -> usize {
        self.start()
    }

    /// Returns the number of free octets after the packet.
    #[must_use]
    pub const fn room(&self) -> usize {
        self.slot.len().saturating_sub(self.end())
    }

    /// Returns the size of the whole slot.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.slot.len()
    }

    /// Returns the first `n` free octets after the packet, to be filled in place; then call [`Self::grow`]. Returns
    /// fewer if fewer are free.
    pub fn tail(&mut self, n: usize) -> &mut [u8] {
        let end = self.end().saturating_add(n).min(self.slot.len());
        let start = self.end();
        self.slot.get_mut(start..end).unwrap_or_default()
    }

    /// Adds `n` octets of the tail to the packet; false, and nothing changes, if fewer are free.
    #[must_use]
    pub const fn grow(&mut self, n: usize) -> bool {
        match self.end().checked_add(n) {
            Some(end) if end <= self.slot.len() => self.end = within(end),
            _ => return false,
        }
        true
    }

    /// Appends octets; false, and nothing changes, if they do not fit.
    #[must_use]
    pub fn extend(&mut self, octets: &[u8]) -> bool {
        let tail = self.tail(octets.len());
        if tail.len() < octets.len() {
            return false;
        }
        tail.copy_from_slice(octets);
        self.grow(octets.len())
    }

    /// Removes `n` octets from the front; false, and nothing changes, if there are fewer.
    #[must_use]
    pub const fn pull(&mut self, n: usize) -> bool {
        match self.start().checked_add(n) {
            Some(start) if start <= self.end() => self.start = within(start),
            _ => return false,
        }
        true
    }

    /// Keeps the first `n` octets.
    pub const fn truncate(&mut self, n: usize) {
        if n < self.len() {
            self.end = within(self.start().saturating_add(n));
        }
    }

    /// Adds `n` octets of the headroom to the packet and returns them; `None`, and nothing changes, if fewer are free.
    pub fn push(&mut self, n: usize) -> Option<&mut [u8]> {
        let start = self.start().checked_sub(n)?;
        self.start = within(start);
        self.slot.get_mut(start..)?.get_mut(..n)
    }

    /// Lets `write` append through a [`Writer`] over the free octets after the packet; keeps them only if it returns
    /// true.
    pub fn write(&mut self, write: impl FnOnce(&mut Writer<'_>) -> bool) -> bool {
        let mut w = Writer::new(self.slot.get_mut(self.end.into()..).unwrap_or_default());
        let (kept, written) = (write(&mut w), w.len());
        kept && self.grow(written)
    }
}

/// Returns a place in a slot, which has at most [`LONGEST`] octets.
const fn within(at: usize) -> u16 {
    let [low, high, ..] = (if at < LONGEST { at } else { LONGEST }).to_le_bytes();
    u16::from_le_bytes([low, high])
}

impl fmt::Debug for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Packet({}+{}/{})", self.start, self.len(), self.capacity())
    }
}
