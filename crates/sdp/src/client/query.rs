use bindrune_wire::{NoRoom, Uuid, Writer};

use crate::{
    AttributeId, PduId,
    element::SEQUENCE,
    pdu::{HEADER, MAX_CONTINUATION, MAX_PATTERN},
    value::{Value, uuid_len, with_header, write_header, write_uuid},
};

/// The most ranges of attributes in one request. The bound is ours.
pub const MAX_RANGES: usize = 8;

/// A range of attributes to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct AttributeRange {
    /// The first ID.
    pub first: AttributeId,
    /// The last ID, at least `first`.
    pub last: AttributeId,
}

impl AttributeRange {
    /// All attributes.
    pub const ALL: Self = Self::new(AttributeId(0), AttributeId(u16::MAX));

    /// Creates a range of attributes, with both ends.
    #[must_use]
    pub const fn new(first: AttributeId, last: AttributeId) -> Self {
        Self { first, last }
    }

    /// Creates a range of one attribute.
    #[must_use]
    pub const fn one(id: AttributeId) -> Self {
        Self::new(id, id)
    }

    fn value(self) -> Value<'static> {
        if self.first == self.last {
            return Value::U16(self.first.0);
        }
        let ([a, b], [c, d]) = (self.first.0.to_be_bytes(), self.last.0.to_be_bytes());
        Value::U32(u32::from_be_bytes([a, b, c, d]))
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct UuidList {
    uuids: [Uuid; MAX_PATTERN],
    len: usize,
}

impl UuidList {
    pub(super) fn new(uuids: &[Uuid]) -> Option<Self> {
        let mut list = Self { uuids: [Uuid::new_16(0); MAX_PATTERN], len: uuids.len() };
        list.uuids.get_mut(..uuids.len()).filter(|room| !room.is_empty())?.copy_from_slice(uuids);
        Some(list)
    }

    fn get(&self) -> &[Uuid] {
        self.uuids.get(..self.len).unwrap_or_default()
    }

    fn len(&self) -> usize {
        self.get().iter().map(|uuid| uuid_len(*uuid)).fold(0, usize::saturating_add)
    }

    fn write(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        write_header(w, SEQUENCE, self.len())?;
        self.get().iter().try_for_each(|uuid| write_uuid(w, *uuid))
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct RangeList {
    ranges: [AttributeRange; MAX_RANGES],
    len: usize,
}

impl RangeList {
    pub(super) fn new(ranges: &[AttributeRange]) -> Option<Self> {
        let are_ordered = ranges.iter().all(|range| range.first <= range.last)
            && ranges.iter().zip(ranges.iter().skip(1)).all(|(one, next)| one.last < next.first);
        let mut list = Self { ranges: [AttributeRange::ALL; MAX_RANGES], len: ranges.len() };
        let room = list.ranges.get_mut(..ranges.len());
        room.filter(|room| !room.is_empty() && are_ordered)?.copy_from_slice(ranges);
        Some(list)
    }

    fn values(&self) -> impl Iterator<Item = Value<'static>> {
        self.ranges.iter().take(self.len).map(|range| range.value())
    }

    fn len(&self) -> usize {
        self.values().map(|value| value.encoded_len()).fold(0, usize::saturating_add)
    }

    fn write(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        write_header(w, SEQUENCE, self.len())?;
        self.values().try_for_each(|value| value.write(w))
    }
}

/// What a transaction asks for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Query {
    Search { uuids: UuidList, max: u16 },
    Attributes { handle: u32, ranges: RangeList },
    SearchAttributes { uuids: UuidList, ranges: RangeList },
}

/// MaximumAttributeByteCount: the MTU limits a response.
const MAX_BYTES: u16 = u16::MAX;

impl Query {
    pub(super) const NONE: Self = Self::Attributes {
        handle: 0,
        ranges: RangeList { ranges: [AttributeRange::ALL; MAX_RANGES], len: 0 },
    };

    pub(super) const fn id(&self) -> PduId {
        match self {
            Self::Search { .. } => PduId::SERVICE_SEARCH_REQUEST,
            Self::Attributes { .. } => PduId::SERVICE_ATTRIBUTE_REQUEST,
            Self::SearchAttributes { .. } => PduId::SERVICE_SEARCH_ATTRIBUTE_REQUEST,
        }
    }

    /// Returns the length of the parameters before the continuation state, in octets.
    pub(super) fn len(&self) -> usize {
        let (first, second) = match self {
            Self::Search { uuids, .. } => (with_header(uuids.len()), 0),
            Self::Attributes { ranges, .. } => (4, with_header(ranges.len())),
            Self::SearchAttributes { uuids, ranges } => {
                (with_header(uuids.len()), with_header(ranges.len()))
            }
        };
        first.saturating_add(second).saturating_add(2)
    }

    /// Returns the length of the longest request, in octets.
    pub(super) fn longest(&self) -> usize {
        self.len().saturating_add(HEADER).saturating_add(1).saturating_add(MAX_CONTINUATION)
    }

    pub(super) fn write(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        match self {
            Self::Search { uuids, max } => {
                uuids.write(w)?;
                w.bytes(&max.to_be_bytes())
            }
            Self::Attributes { handle, ranges } => {
                w.bytes(&handle.to_be_bytes())?;
                w.bytes(&MAX_BYTES.to_be_bytes())?;
                ranges.write(w)
            }
            Self::SearchAttributes { uuids, ranges } => {
                uuids.write(w)?;
                w.bytes(&MAX_BYTES.to_be_bytes())?;
                ranges.write(w)
            }
        }
    }
}
