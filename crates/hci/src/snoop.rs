//! btsnoop captures of H4 packets, readable by Wireshark: version 1, datalink 1002, big-endian.

use bindrune_wire::{Malformed, Reader};

use crate::h4::{Direction, PacketType};

/// Microseconds from year 0, the epoch of the format, to 1970.
pub const UNIX_EPOCH: u64 = 0x00dc_ddb3_0f2f_8000;

const MAGIC: [u8; 8] = *b"btsnoop\0";
const VERSION: u32 = 1;
const DATALINK_H4: u32 = 1002;

const RECEIVED: u32 = 1;
const COMMAND_OR_EVENT: u32 = 2;

/// Returns the header of a capture.
#[must_use]
pub const fn header() -> [u8; 16] {
    let [a, b, c, d, e, f, g, h] = MAGIC;
    let [i, j, k, l] = VERSION.to_be_bytes();
    let [m, n, o, p] = DATALINK_H4.to_be_bytes();
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
}

/// Returns the record header before each packet; the packet follows with its H4 indicator.
///
/// `timestamp` counts microseconds from year 0 (see [`UNIX_EPOCH`]); `total` is the packet's length with the indicator.
#[must_use]
pub fn record(direction: Direction, packet: PacketType, timestamp: u64, total: u32) -> [u8; 24] {
    let mut flags = match direction {
        Direction::ToController => 0,
        Direction::ToHost => RECEIVED,
    };
    if matches!(packet, PacketType::COMMAND | PacketType::EVENT) {
        flags |= COMMAND_OR_EVENT;
    }
    let mut octets = [0; 24];
    let (numbers, time) = octets.split_at_mut(16);
    for (place, number) in numbers.chunks_exact_mut(4).zip([total, total, flags, 0]) {
        place.copy_from_slice(&number.to_be_bytes());
    }
    time.copy_from_slice(&timestamp.to_be_bytes());
    octets
}

/// One packet of a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Direction of the packet.
    pub direction: Direction,
    /// Microseconds from year 0.
    pub timestamp: u64,
    /// The packet's length, which is more than that of `octets` if the capture truncated it.
    pub original_len: u32,
    /// Packets lost by the capture so far.
    pub drops: u32,
    /// The packet with its H4 indicator.
    pub octets: &'a [u8],
}

/// A whole capture in memory: its packets in order. The iteration ends after the first error.
#[derive(Clone, Debug)]
pub struct Capture<'a> {
    rest: Reader<'a>,
}

impl<'a> Capture<'a> {
    /// Parses the header of a capture.
    ///
    /// # Errors
    ///
    /// [`Malformed::Value`] if it is not btsnoop version 1 of H4 packets.
    pub fn new(octets: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(octets);
        if r.array()? != header() {
            return Err(Malformed::Value);
        }
        Ok(Self { rest: r })
    }

    fn record(&mut self) -> Result<Record<'a>, Malformed> {
        let r = &mut self.rest;
        let mut number = || r.array().map(u32::from_be_bytes);
        let (original_len, len, flags, drops) = (number()?, number()?, number()?, number()?);
        let timestamp = r.array().map(u64::from_be_bytes)?;
        let octets = r.bytes(usize::try_from(len).map_err(|_| Malformed::Truncated)?)?;
        let direction = match flags & RECEIVED {
            0 => Direction::ToController,
            _ => Direction::ToHost,
        };
        Ok(Record { direction, timestamp, original_len, drops, octets })
    }
}

impl<'a> Iterator for Capture<'a> {
    type Item = Result<Record<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let record = self.record();
        if record.is_err() {
            self.rest = Reader::new(&[]);
        }
        Some(record)
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    #[test]
    fn a_capture_is_read_back() {
        let mut file = Vec::from(header());
        file.extend(record(Direction::ToController, PacketType::COMMAND, UNIX_EPOCH + 5, 4));
        file.extend([1, 3, 0x0c, 0]);
        file.extend(record(Direction::ToHost, PacketType::ACL, UNIX_EPOCH + 9, 5));
        file.extend([2, 0x40, 0x20, 0, 0]);
        let records: Result<Vec<_>, _> = Capture::new(&file).unwrap().collect();
        let records = records.unwrap();
        assert_eq!(records[0].octets, [1, 3, 0x0c, 0]);
        assert_eq!(records[0].direction, Direction::ToController);
        assert_eq!(records[1].timestamp - UNIX_EPOCH, 9);
        assert_eq!((records[1].original_len, records[1].direction), (5, Direction::ToHost));
        assert_eq!(file[16..32], [0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 0]);
    }

    #[test]
    fn a_cut_capture_ends_with_an_error() {
        let mut file = Vec::from(header());
        file.extend(record(Direction::ToHost, PacketType::EVENT, 0, 9));
        file.extend([4, 0x0e]);
        let mut capture = Capture::new(&file).unwrap();
        assert_eq!(capture.next(), Some(Err(Malformed::Truncated)));
        assert_eq!(capture.next(), None);
        assert!(Capture::new(b"btsnoop\0\0\0\0\x01\0\0\0\x01").is_err());
        assert!(Capture::new(b"").is_err());
    }
}
