use bindrune_wire::{HEADROOM, Packet, Present};
use zerocopy::IntoBytes;

use crate::{Cid, Header};

/// An outgoing PDU that is sent in fragments. [Vol 3] Part A, 7.2.1
#[derive(Debug)]
#[must_use = "the packet inside must go back to its pool"]
pub struct Fragments {
    packet: Packet,
    first: bool,
    _present: Present,
}

impl Fragments {
    /// Creates a PDU to `cid` from a payload with [`HEADROOM`] octets free in front.
    ///
    ///
    /// # Errors
    ///
    /// Returns the packet if it has less headroom or its payload exceeds 65,535 octets.
    pub fn new(mut packet: Packet, cid: Cid) -> Result<Self, Packet> {
        let Ok(len) = u16::try_from(packet.len()) else { return Err(packet) };
        if packet.headroom() < HEADROOM {
            return Err(packet);
        }
        if let Some(room) = packet.push(Header::LEN) {
            room.copy_from_slice(Header::new(len, cid).as_bytes());
        }
        Ok(Self { packet, first: true, _present: Present::Here })
    }

    /// Returns the octets of the next fragment, at most `max`; empty if all octets have left or
    /// `max` is 0.
    #[must_use]
    pub fn next(&self, max: usize) -> &[u8] {
        let octets = self.packet.bytes();
        octets.get(..max).unwrap_or(octets)
    }

    /// Returns whether the next fragment is the start fragment of its PDU.
    #[must_use]
    pub const fn is_first(&self) -> bool {
        self.first
    }

    /// Records that `octets` octets have left as one fragment.
    pub const fn advance(&mut self, octets: usize) {
        self.first = false;
        let _left = self.packet.pull(octets);
    }

    /// Returns whether every fragment has left.
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        self.packet.is_empty()
    }

    /// Returns the packet, which must go back to its pool.
    pub fn into_packet(self) -> Packet {
        self.packet
    }
}

#[cfg(test)]
mod tests;
