//! Conversion of the octets that the host writes to packets. [Vol 4] Part A, 2

use bindrune_hci::h4::PacketType;

use crate::Error;

/// Length of the longest header with the H4 indicator, in octets.
const HEADER_MAX: usize = 5;

/// Returns the length of the packet that begins here, with its H4 indicator; `None` if its header is incomplete.
pub(crate) fn packet_len<E>(octets: &[u8]) -> Result<Option<usize>, Error<E>> {
    let Some(&indicator) = octets.first() else { return Ok(None) };
    let len = match (PacketType(indicator), octets) {
        (PacketType::COMMAND, [_, _, _, len, ..]) => 4usize.saturating_add((*len).into()),
        (PacketType::ACL, [_, _, _, low, high, ..]) => {
            HEADER_MAX.saturating_add(u16::from_le_bytes([*low, *high]).into())
        }
        (PacketType::COMMAND | PacketType::ACL, _) => return Ok(None),
        _ => return Err(Error::Indicator(indicator)),
    };
    Ok(Some(len))
}

/// Collects the octets of a packet that the host writes in parts.
#[derive(Debug)]
pub(crate) struct Partial<const N: usize> {
    octets: [u8; N],
    len: usize,
    /// Length of the whole packet, once its header is complete.
    needed: usize,
}

/// The start of a write.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Written<'a> {
    /// A whole packet.
    Packet(&'a [u8]),
    /// This many octets of a packet, which were stored.
    Part(usize),
}

impl<const N: usize> Partial<N> {
    pub(crate) const fn new() -> Self {
        Self { octets: [0; N], len: 0, needed: 0 }
    }

    /// Returns the packet once all of its parts were written.
    pub(crate) fn complete(&self) -> Option<&[u8]> {
        (self.needed != 0 && self.len == self.needed).then(|| self.octets.get(..self.len)).flatten()
    }

    /// Forgets the packet.
    pub(crate) fn clear(&mut self) {
        // The packet may have been a command with a key.
        self.octets.fill(0);
        (self.len, self.needed) = (0, 0);
    }

    /// Takes the start of a write: a whole packet in place, or octets of the packet that has begun. There must be no
    /// [`Self::complete`] packet.
    pub(crate) fn take<'a, E>(&mut self, octets: &'a [u8]) -> Result<Written<'a>, Error<E>> {
        if self.len == 0
            && let Some(len) = packet_len(octets)?
            && let Some(packet) = octets.get(..len)
        {
            return Ok(Written::Packet(packet));
        }
        let mut kept = 0;
        for &octet in octets {
            if self.complete().is_some() {
                break;
            }
            self.keep(octet)?;
            kept = usize::saturating_add(kept, 1);
        }
        Ok(Written::Part(kept))
    }

    fn keep<E>(&mut self, octet: u8) -> Result<(), Error<E>> {
        let place = self.octets.get_mut(self.len);
        *place.ok_or(Error::TooLong { len: self.needed, max: N })? = octet;
        self.len = self.len.saturating_add(1);
        if self.needed == 0
            && let Some(len) = packet_len(self.octets.get(..self.len).unwrap_or_default())?
        {
            if len > N {
                self.clear();
                return Err(Error::TooLong { len, max: N });
            }
            self.needed = len;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use core::convert::Infallible;

    use super::*;

    const COMMAND: &[u8] = &[1, 3, 12, 0];
    const DATA: &[u8] = &[2, 0x40, 0, 2, 0, 7, 8];

    fn take<'a, const N: usize>(
        partial: &mut Partial<N>,
        octets: &'a [u8],
    ) -> Result<Written<'a>, Error<Infallible>> {
        partial.take(octets)
    }

    #[test]
    fn whole_packets_are_not_copied() {
        let mut partial = Partial::<8>::new();
        let both = [COMMAND, DATA].concat();
        assert_eq!(take(&mut partial, &both), Ok(Written::Packet(COMMAND)));
        assert_eq!(take(&mut partial, &both[4..]), Ok(Written::Packet(DATA)));
        assert_eq!(partial.complete(), None);
    }

    #[test]
    fn packets_in_parts_are_collected_wherever_they_are_cut() {
        for packet in [COMMAND, DATA] {
            for cut in 1..packet.len() {
                let mut partial = Partial::<8>::new();
                assert_eq!(take(&mut partial, &packet[..cut]), Ok(Written::Part(cut)));
                let rest = [&packet[cut..], COMMAND].concat();
                assert_eq!(take(&mut partial, &rest), Ok(Written::Part(packet.len() - cut)));
                assert_eq!(partial.complete(), Some(packet));
                partial.clear();
                assert!(partial.octets.iter().all(|&octet| octet == 0));
            }
        }
    }

    #[test]
    fn unknown_and_overlong_packets_are_errors() {
        let mut partial = Partial::<8>::new();
        for indicator in [0u8, 3, 4, 5, 0xff] {
            let error = Err(Error::Indicator(indicator));
            assert_eq!(take(&mut partial, &[indicator, 0, 0, 0, 0]), error);
        }
        assert_eq!(take(&mut partial, &[2, 0x40, 0]), Ok(Written::Part(3)));
        let error = Err(Error::TooLong { len: 9, max: 8 });
        assert_eq!(take(&mut partial, &[4, 0, 7, 8, 9, 10]), error);
        assert_eq!(take(&mut partial, COMMAND), Ok(Written::Packet(COMMAND)));
    }
}
