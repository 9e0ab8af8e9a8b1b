use bindrune_wire::{HEADROOM, Packet};
use zerocopy::IntoBytes;

use crate::{Cid, Header};

/// Octets in front of each fragment for the H4 indicator and the ACL header.
const ACL_ROOM: usize = HEADROOM.saturating_sub(Header::LEN);

/// One outgoing PDU, cut into fragments in place. [Vol 3] Part A, 7.2.1
///
/// The header of each fragment is written over the tail of the fragment before it, which has already left.
#[derive(Debug)]
#[must_use = "the packet inside must go back to its pool"]
pub struct Fragments {
    packet: Packet,
    first: bool,
    /// Payload octets of the fragment that was begun; its room for headers is pushed.
    begun: Option<usize>,
}

/// One fragment, to be completed by its headers and sent.
#[derive(Debug, PartialEq, Eq)]
pub struct Fragment<'f> {
    /// True for the start fragment of its PDU.
    pub first: bool,
    /// Five octets for the H4 indicator and the ACL header, then the fragment's payload.
    pub octets: &'f mut [u8],
}

impl Fragment<'_> {
    /// Octets of the payload: what the ACL header announces.
    #[must_use]
    pub const fn payload(&self) -> usize {
        self.octets.len().saturating_sub(ACL_ROOM)
    }
}

impl Fragments {
    /// Makes a PDU to `cid` out of a payload with [`HEADROOM`] octets free in front.
    ///
    /// Gives the packet back where it has less headroom or its payload exceeds 65,535 octets.
    pub fn new(mut packet: Packet, cid: Cid) -> Result<Self, Packet> {
        let Ok(len) = u16::try_from(packet.len()) else { return Err(packet) };
        if packet.headroom() < HEADROOM {
            return Err(packet);
        }
        if let Some(room) = packet.push(Header::LEN) {
            room.copy_from_slice(Header::new(len, cid).as_bytes());
        }
        Ok(Self { packet, first: true, begun: None })
    }

    /// The next fragment, with at most `max` octets of payload; `None` where all have left, or `max` is 0.
    ///
    /// Until [`Self::advance`] it is the same fragment, whatever `max` says then, with what the caller wrote into it.
    pub fn next(&mut self, max: usize) -> Option<Fragment<'_>> {
        let len = match self.begun {
            Some(len) => len,
            None => self.begin(max)?,
        };
        let octets = self.packet.bytes_mut().get_mut(..ACL_ROOM.saturating_add(len))?;
        Some(Fragment { first: self.first, octets })
    }

    /// The fragment that was begun, as it stands, to send the rest of it.
    #[must_use]
    pub fn current(&self) -> Option<&[u8]> {
        self.packet.bytes().get(..ACL_ROOM.saturating_add(self.begun?))
    }

    /// The fragment that was begun has left.
    pub fn advance(&mut self) {
        if let Some(len) = self.begun.take() {
            self.first = false;
            let _left = self.packet.pull(ACL_ROOM.saturating_add(len));
        }
    }

    /// True when every fragment has left.
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        self.begun.is_none() && self.packet.is_empty()
    }

    /// True before the first fragment was begun.
    #[must_use]
    pub const fn is_untouched(&self) -> bool {
        self.first && self.begun.is_none()
    }

    /// The packet, to give it back to its pool.
    pub fn into_packet(self) -> Packet {
        self.packet
    }

    fn begin(&mut self, max: usize) -> Option<usize> {
        let len = self.packet.len().min(max);
        if len == 0 {
            return None;
        }
        self.packet.push(ACL_ROOM)?;
        self.begun = Some(len);
        Some(len)
    }
}

#[cfg(test)]
mod tests;
