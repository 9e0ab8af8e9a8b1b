//! H4 packets on their way to the transport. [Vol 4] Part A, 2

use bindrune_hci::{
    acl::{AclHeader, Boundary},
    h4::PacketType,
};
use bindrune_wire::{Handle, move_down};
use zeroize::Zeroize;

/// Octets of the H4 indicator and the header of ACL data.
pub(super) const ACL_HEADER: usize = 1usize.saturating_add(AclHeader::LEN);

/// Whole packets in the order in which they are sent, written to the transport at once. They are copies, so no packet
/// has to return.
#[derive(Debug)]
pub(crate) struct Output {
    buffer: &'static mut [u8],
    len: usize,
    /// Octets that the transport has taken.
    taken: usize,
    /// The buffer holds a command, which may contain a key.
    secret: bool,
}

impl Output {
    pub(crate) const fn new(buffer: &'static mut [u8]) -> Self {
        Self { buffer, len: 0, taken: 0, secret: false }
    }

    /// Returns whether nothing is left for the transport.
    pub(crate) const fn is_empty(&self) -> bool {
        self.taken >= self.len
    }

    /// Returns the octets that are left for the transport.
    pub(crate) fn rest(&self) -> &[u8] {
        self.buffer.get(self.taken..self.len).unwrap_or_default()
    }

    /// Records that the transport has taken `n` octets.
    pub(crate) fn taken(&mut self, n: usize) {
        self.taken = self.taken.saturating_add(n);
        if self.is_empty() {
            self.clear();
        }
    }

    /// Empties the buffer.
    pub(crate) fn clear(&mut self) {
        if self.secret {
            self.buffer.get_mut(..self.len).unwrap_or_default().zeroize();
        }
        (self.len, self.taken, self.secret) = (0, 0, false);
    }

    /// Drops everything except the rest of a packet that was sent in part.
    #[cold]
    pub(crate) fn keep_begun(&mut self) {
        let mut end = 0usize;
        while end < self.taken {
            let packet = self.buffer.get(end..self.len).unwrap_or_default();
            end = end.saturating_add(packet_len(packet).unwrap_or(packet.len()));
        }
        if let Some(unbegun) = self.buffer.get_mut(end..self.len) {
            unbegun.zeroize();
        }
        self.len = end;
        if self.is_empty() {
            self.clear();
        }
    }

    /// Drops the ACL data of a link, except the rest of a packet that was sent in part. Returns the number of packets
    /// that were dropped, and of PDUs that begin in them.
    pub(super) fn forget(&mut self, handle: Handle) -> (u8, u8) {
        let (mut at, mut kept, mut packets, mut pdus) = (0usize, 0usize, 0u8, 0u8);
        while at < self.len {
            let packet = self.buffer.get(at..self.len).unwrap_or_default();
            let end = at.saturating_add(packet_len(packet).unwrap_or(packet.len())).min(self.len);
            if let Some(header) = data_of(packet, handle).filter(|_| at >= self.taken) {
                packets = packets.saturating_add(1);
                pdus = pdus.saturating_add((header.boundary != Boundary::Continuing).into());
            } else {
                move_down(self.buffer, at..end, kept);
                kept = kept.saturating_add(end.saturating_sub(at));
            }
            at = end;
        }
        if let Some(rest) = self.buffer.get_mut(kept..self.len) {
            rest.zeroize();
        }
        self.len = kept;
        if self.is_empty() {
            self.clear();
        }
        (packets, pdus)
    }

    /// Returns the maximum number of octets.
    pub(super) const fn capacity(&self) -> usize {
        self.buffer.len()
    }

    /// Returns the room for the next packet.
    pub(super) fn room(&mut self) -> &mut [u8] {
        self.buffer.get_mut(self.len..).unwrap_or_default()
    }

    /// Adds a command of `n` octets that was written to [`Self::room`].
    pub(super) const fn add_command(&mut self, n: usize) {
        self.secret = true;
        self.len = self.len.saturating_add(n);
    }

    /// Adds ACL data of `n` octets that was written to [`Self::room`].
    pub(super) const fn add_data(&mut self, n: usize) {
        self.len = self.len.saturating_add(n);
    }
}

/// Returns the header of the first packet if that is ACL data of a link.
fn data_of(octets: &[u8], handle: Handle) -> Option<AclHeader> {
    let (_, rest) =
        octets.split_first().filter(|(indicator, _)| **indicator == PacketType::ACL.0)?;
    let header = AclHeader::parse(*rest.first_chunk()?).ok()?;
    (header.handle == handle).then_some(header)
}

/// Returns the length of the first packet in octets.
fn packet_len(octets: &[u8]) -> Option<usize> {
    match *octets {
        [indicator, _, _, low, high, ..] if indicator == PacketType::ACL.0 => {
            Some(ACL_HEADER.saturating_add(u16::from_le_bytes([low, high]).into()))
        }
        [_, _, _, len, ..] => Some(4usize.saturating_add(len.into())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::boxed::Box;

    use super::*;

    #[test]
    fn data_of_one_link_is_forgotten() {
        let command: &[u8] = &[1, 3, 12, 0];
        let one: &[u8] = &[2, 0x40, 0, 2, 0, 7, 8];
        let rest: &[u8] = &[2, 0x40, 0x10, 2, 0, 9, 9];
        let other: &[u8] = &[2, 0x41, 0, 1, 0, 9];
        let forget = |taken: usize| {
            let mut output = output(&[command, one, other, rest, command, other]);
            output.taken(taken);
            let forgotten = output.forget(Handle::new(0x40).unwrap());
            assert!(output.buffer[output.len..].iter().all(|&octet| octet == 0));
            (forgotten, output.rest().to_vec())
        };
        assert_eq!(forget(0), ((2, 1), [command, other, command, other].concat()));
        assert_eq!(
            forget(5),
            ((1, 0), [&one[1..], other, command, other].concat()),
            "one was sent in part"
        );
        assert_eq!(forget(26), ((0, 0), [&command[2..], other].concat()));
        let mut alone = output(&[one, one]);
        assert_eq!((alone.forget(Handle::new(0x40).unwrap()), alone.is_empty()), ((2, 2), true));
        assert_eq!((alone.len, alone.taken), (0, 0));
    }

    fn output(packets: &[&[u8]]) -> Output {
        let mut output = Output::new(Box::leak(Box::new([0; 64])));
        for packet in packets {
            output.room()[..packet.len()].copy_from_slice(packet);
            output.add_command(packet.len());
        }
        output
    }

    #[test]
    fn a_packet_that_has_begun_is_kept_and_nothing_behind_it() {
        let packets: [&[u8]; 3] = [&[1, 3, 12, 0], &[2, 0x40, 0, 2, 0, 7, 8], &[1, 9, 9, 1, 5]];
        let ends = [0, 4, 11, 16];
        for taken in 0..=16 {
            let mut output = output(&packets);
            output.taken(taken);
            output.keep_begun();
            let end = ends.into_iter().find(|&end| end >= taken).unwrap();
            let all = packets.concat();
            assert_eq!(output.rest(), &all[taken..end], "{taken}");
            assert!(output.buffer[end..].iter().all(|&octet| octet == 0), "{taken}");
        }
    }
}
