//! pcap of libpcap.

use std::io::Read;

use super::{CaptureError, Link, Packet, Problem, checked, source::Source};

/// A file, after its header.
#[derive(Debug)]
pub(super) struct Pcap {
    is_big_endian: bool,
    /// Units of a fraction of a second in one microsecond.
    per_microsecond: u32,
    link: Link,
}

const MICROSECONDS: u32 = 0xa1b2_c3d4;
const NANOSECONDS: u32 = 0xa1b2_3c4d;

pub(super) fn is_magic(magic: [u8; 4]) -> bool {
    order(magic).is_some()
}

/// Returns the byte order and the units in a microsecond.
fn order(magic: [u8; 4]) -> Option<(bool, u32)> {
    let units = |number| match number {
        MICROSECONDS => Some(1),
        NANOSECONDS => Some(1000),
        _ => None,
    };
    let big = units(u32::from_be_bytes(magic)).map(|units| (true, units));
    big.or_else(|| units(u32::from_le_bytes(magic)).map(|units| (false, units)))
}

/// Returns a number of 4 octets in the order of the file.
pub(super) const fn number(is_big_endian: bool, octets: [u8; 4]) -> u32 {
    if is_big_endian { u32::from_be_bytes(octets) } else { u32::from_le_bytes(octets) }
}

impl Pcap {
    pub(super) fn read(source: &mut Source<impl Read>) -> Result<Self, CaptureError> {
        let cut = || CaptureError::Unknown("not a capture: the header of pcap is cut".into());
        let header: [u8; 24] = source.array().map_err(|_| cut())?;
        let (is_big_endian, per_microsecond) =
            header.first_chunk().and_then(|&magic| order(magic)).ok_or_else(cut)?;
        let kind = number(is_big_endian, header.last_chunk().copied().unwrap_or_default()) & 0xffff;
        let link = Link::new(kind).ok_or_else(|| unknown(kind))?;
        Ok(Self { is_big_endian, per_microsecond, link })
    }

    pub(super) fn record(
        &mut self,
        source: &mut Source<impl Read>,
    ) -> Result<Option<Packet>, Problem> {
        let Some(head) = source.array_or_end::<16>()? else { return Ok(None) };
        let mut numbers = head
            .chunks_exact(4)
            .map(|octets| octets.try_into().map_or(0, |octets| number(self.is_big_endian, octets)));
        let mut next = || numbers.next().unwrap_or_default();
        let (seconds, fraction, len, original) = (next(), next(), next(), next());
        let octets = source.bytes(checked(len)?)?;
        let fraction = fraction.checked_div(self.per_microsecond).unwrap_or_default();
        let time = u64::from(seconds).saturating_mul(1_000_000).saturating_add(fraction.into());
        let (direction, body) = self.link.packet(&octets)?;
        Ok(Some(Packet { time: Some(time), direction, cut: original.saturating_sub(len), body }))
    }
}

pub(super) fn unknown(kind: u32) -> CaptureError {
    CaptureError::Unknown(format!(
        "a capture with link type {kind}; only 187, 201 and 254 are Bluetooth HCI"
    ))
}
