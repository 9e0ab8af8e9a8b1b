//! The values that the host holds, in one arena.
//!
//! Each value has a region: two octets for its current length, then its octets up to its maximum length.

use core::fmt;

use crate::{
    capability::CAPTURE,
    server::WRITER,
    table::{Content, Entry, Holder, Table},
};

use bindrune_att::MIN_MTU;
use bindrune_wire::move_down;

pub use bindrune_att::MAX_VALUE;

/// Octets of bookkeeping before each value.
pub(crate) const VALUE_HEADER: usize = 2;

/// Octets before each captured write: its writer and its length.
pub(crate) const CAPTURED_HEADER: u16 = 7;
const _: () = assert!(CAPTURED_HEADER as usize == WRITER + 2);

/// Reason why the application cannot read, write or push a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ValueError {
    /// The characteristic is not in the table.
    NotInTable,
    /// The host does not hold its value.
    NotHeld,
    /// The value is longer than the characteristic or the MTU allows.
    TooLong,
    /// The buffer is shorter than the value.
    BufferTooShort,
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotInTable => "the characteristic is not in the table",
            Self::NotHeld => "the host does not hold the characteristic's value",
            Self::TooLong => "the value is too long",
            Self::BufferTooShort => "the buffer is shorter than the value",
        })
    }
}

impl core::error::Error for ValueError {}

/// Region of a value in the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Region {
    start: usize,
    /// Maximum length of the value in octets.
    pub(crate) limit: usize,
}

impl Region {
    /// Returns the region of an attribute whose value lies in the arena.
    pub(crate) fn of(entry: &Entry) -> Option<Self> {
        Self::at(entry.at.arena, entry.attribute.content()?)
    }

    /// Returns the region of the captured writes of an attribute.
    pub(crate) fn captured(entry: &Entry) -> Option<Self> {
        Self::of_captured(entry.at.arena, entry.attribute.content()?)
    }

    /// Returns the region of captured writes, which follows that of the value.
    fn of_captured(start: usize, content: &Content) -> Option<Self> {
        let limit = content.capture_room();
        let start = start.saturating_add(VALUE_HEADER).saturating_add(content.limit());
        (CAPTURE && limit > 0).then_some(Self { start, limit })
    }

    /// Returns the region that begins `start` octets into the arena.
    fn at(start: usize, content: &Content) -> Option<Self> {
        match content.holder {
            Holder::Host(_) | Holder::Append => Some(Self { start, limit: content.limit() }),
            Holder::App | Holder::Server(_) => None,
        }
    }
}

/// The arena. A region outside it reads as empty and cannot be written.
#[derive(Debug)]
pub(crate) struct Values {
    arena: &'static mut [u8],
    changes: u32,
}

impl Values {
    pub(crate) const fn new(arena: &'static mut [u8]) -> Self {
        Self { arena, changes: 0 }
    }

    /// Returns how often values changed that are too long for any one response.
    pub(crate) const fn changes(&self) -> u32 {
        self.changes
    }

    pub(crate) const fn capacity(&self) -> usize {
        self.arena.len()
    }

    /// Sets every value of the application's services to its initial octets; `all` includes the built-in services.
    pub(crate) fn lay(&mut self, table: &Table, all: bool) {
        self.changes = self.changes.wrapping_add(1);
        for (service, mut start) in table.in_arena(all) {
            for content in service.contents() {
                self.lay_one(start, content);
                start = start.saturating_add(content.arena());
            }
        }
    }

    fn lay_one(&mut self, start: usize, content: &Content) {
        let initial = match content.holder {
            Holder::Host(initial) => initial,
            Holder::App | Holder::Append | Holder::Server(_) => &[],
        };
        if let Some(region) = Region::at(start, content) {
            self.set(region, initial);
        }
        if let Some(captured) = Region::of_captured(start, content) {
            self.set_len(captured, 0);
        }
    }

    pub(crate) fn get(&self, region: Region) -> &[u8] {
        let Some((len, octets)) =
            self.arena.get(region.start..).and_then(<[u8]>::split_first_chunk)
        else {
            return &[];
        };
        octets.get(..usize::from(u16::from_le_bytes(*len))).unwrap_or_default()
    }

    /// Replaces a value; false, and nothing changes, if it is too long.
    pub(crate) fn set(&mut self, region: Region, value: &[u8]) -> bool {
        let same = self.get(region) == value;
        same || self.write(region, 0, value) && self.set_len(region, value.len())
    }

    /// Writes part of a value and keeps the octets after it; false, and nothing changes, if it does not fit.
    pub(crate) fn patch(&mut self, region: Region, offset: usize, part: &[u8]) -> bool {
        let old = self.get(region).len();
        let Some(end) = offset.checked_add(part.len()) else { return false };
        offset <= old && self.write(region, offset, part) && self.set_len(region, old.max(end))
    }

    /// Appends to a value; false, and nothing changes, if it does not fit.
    pub(crate) fn append(&mut self, region: Region, part: &[u8]) -> bool {
        self.patch(region, self.get(region).len(), part)
    }

    /// Moves the first octets of a value to `buffer`, as many as fit, and returns their number.
    pub(crate) fn take(&mut self, region: Region, buffer: &mut [u8]) -> usize {
        let was_long = self.is_long(region);
        let value = self.get(region);
        let taken = value.len().min(buffer.len());
        let left = value.len().saturating_sub(taken);
        for (to, from) in buffer.iter_mut().zip(value) {
            *to = *from;
        }
        if let Some(octets) = self.octets_mut(region)
            && taken <= octets.len()
        {
            let end = taken.saturating_add(left).min(octets.len());
            move_down(octets, taken..end, 0);
        }
        self.set_len(region, left);
        self.changes = self.changes.wrapping_add((was_long && taken > 0).into());
        taken
    }

    /// Writes octets. Counts a change if the value was long before, because a part of it may have been sent.
    fn write(&mut self, region: Region, offset: usize, part: &[u8]) -> bool {
        let was_long = self.is_long(region);
        let Some(octets) = self.octets_mut(region) else { return false };
        let room = octets.get_mut(offset..).and_then(|octets| octets.get_mut(..part.len()));
        let written = room.map(|room| room.copy_from_slice(part)).is_some();
        self.changes = self.changes.wrapping_add((written && was_long).into());
        written
    }

    /// Returns whether the value fills the shortest response, so that a further part may follow.
    fn is_long(&self, region: Region) -> bool {
        self.get(region).len() >= usize::from(MIN_MTU.saturating_sub(1))
    }

    fn set_len(&mut self, region: Region, len: usize) -> bool {
        let header = self.arena.get_mut(region.start..).and_then(<[u8]>::first_chunk_mut);
        match (header, u16::try_from(len)) {
            (Some(header), Ok(len)) => *header = len.to_le_bytes(),
            _ => return false,
        }
        true
    }

    /// Returns whether one more write of `len` octets can be captured.
    pub(crate) fn may_capture(&self, captured: Region, len: usize) -> bool {
        let taken = self.get(captured).len().saturating_add(CAPTURED_HEADER.into());
        taken.saturating_add(len) <= captured.limit
    }

    /// Copies the value in `region`, which `writer` has just written, to the end of the captured writes; nothing
    /// changes if it does not fit.
    pub(crate) fn capture(&mut self, region: Region, captured: Region, writer: [u8; WRITER]) {
        let (value, start) = (self.get(region).len(), region.start.saturating_add(VALUE_HEADER));
        let taken = self.get(captured).len();
        let Some([low, high]) = u16::try_from(value).ok().map(u16::to_le_bytes) else { return };
        if !self.may_capture(captured, value) {
            return;
        }
        let [a, b, c, d, e] = writer;
        let header = [a, b, c, d, e, low, high];
        let to = captured.start.saturating_add(VALUE_HEADER).saturating_add(taken);
        let from = start..start.saturating_add(value);
        let (behind, len) = (to.saturating_add(header.len()), self.arena.len());
        if behind.saturating_add(value) > len || from.end > len {
            return;
        }
        if let Some(room) = self.arena.get_mut(to..behind) {
            room.copy_from_slice(&header);
        }
        self.arena.copy_within(from, behind);
        self.set_len(captured, taken.saturating_add(header.len()).saturating_add(value));
    }

    /// Takes the oldest captured write: its writer and its length. `None` if there is none. The write stays if `buffer`
    /// is too short.
    pub(crate) fn take_captured(
        &mut self,
        captured: Region,
        buffer: &mut [u8],
    ) -> Option<Result<([u8; WRITER], usize), ValueError>> {
        let all = self.get(captured);
        let (writer, rest) = all.split_first_chunk()?;
        let (len, rest) = rest.split_first_chunk()?;
        let value = rest.get(..usize::from(u16::from_le_bytes(*len)))?;
        let (writer, len) = (*writer, value.len());
        let Some(room) = buffer.get_mut(..len) else {
            return Some(Err(ValueError::BufferTooShort));
        };
        room.copy_from_slice(value);
        let (end, taken) = (all.len(), len.saturating_add(CAPTURED_HEADER.into()));
        if let Some(octets) = self.octets_mut(captured)
            && taken <= end
            && end <= octets.len()
        {
            move_down(octets, taken..end, 0);
        }
        self.set_len(captured, end.saturating_sub(taken));
        Some(Ok((writer, len)))
    }

    fn octets_mut(&mut self, region: Region) -> Option<&mut [u8]> {
        let start = region.start.checked_add(VALUE_HEADER)?;
        self.arena.get_mut(start..)?.get_mut(..region.limit)
    }
}

#[cfg(test)]
mod tests {
    use std::boxed::Box;

    use super::*;

    #[test]
    fn a_value_is_set_patched_appended_and_taken() {
        let mut values = Values::new(Box::leak(Box::new([0xee; 12])));
        let region = Region { start: 1, limit: 6 };
        assert!(values.set(region, b"abc"));
        assert!(!values.set(region, b"1234567"));
        assert!(values.patch(region, 1, b"XY") && values.get(region) == b"aXY");
        assert!(values.patch(region, 3, b"def") && values.get(region) == b"aXYdef");
        assert!(!values.append(region, b"g"));
        let mut buffer = [0; 4];
        assert_eq!((values.take(region, &mut buffer), &buffer), (4, b"aXYd"));
        assert!(values.append(region, b"gh") && values.get(region) == b"efgh");
        assert_eq!(values.take(region, &mut [0; 9]), 4);
        assert!(values.get(region).is_empty());
        assert!(!values.patch(region, 1, b"x"));
    }

    #[test]
    fn a_region_outside_the_arena_is_empty() {
        let mut values = Values::new(Box::leak(Box::new([0xff; 4])));
        let region = Region { start: 3, limit: 6 };
        assert!(!values.set(region, b"a") && values.get(region).is_empty());
        assert_eq!(values.take(region, &mut [0; 4]), 0);
        assert_eq!(values.get(Region { start: 0, limit: 2 }), b"");
    }
}
