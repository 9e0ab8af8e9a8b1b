//! Parameters of requests. [Vol 3] Part B, 4.3 and 4.5.1 and 4.6.1

use bindrune_wire::{Reader, Uuid, Writer};

use crate::{
    Element, Elements, ErrorCode, Record,
    element::be32,
    pdu::{MAX_CONTINUATION, MAX_PATTERN},
};

/// A service search pattern: 1 to 12 UUIDs. A record matches if it contains all of them.
#[derive(Clone, Copy)]
pub(super) struct Pattern<'a>(Elements<'a>);

impl<'a> Pattern<'a> {
    pub(super) fn read(r: &mut Reader<'a>) -> Result<Self, ErrorCode> {
        let list = read_sequence(r)?;
        let mut ahead = Reader::new(list.octets());
        let mut count = 0usize;
        while !ahead.is_empty() {
            let element = Element::shallow(&mut ahead)?;
            element.as_uuid().ok_or(ErrorCode::INVALID_SYNTAX)?;
            count = count.saturating_add(1);
        }
        if (1..=MAX_PATTERN).contains(&count) {
            Ok(Self(list))
        } else {
            Err(ErrorCode::INVALID_SYNTAX)
        }
    }

    pub(super) fn uuids(self) -> impl Iterator<Item = Uuid> + use<'a> {
        self.0.filter_map(|element| element.as_uuid())
    }

    pub(super) const fn octets(&self) -> &'a [u8] {
        self.0.octets()
    }
}

/// An attribute ID list: at least one ID or range, in ascending order, without overlap.
#[derive(Clone, Copy)]
pub(super) struct Ranges<'a>(Elements<'a>);

impl<'a> Ranges<'a> {
    pub(super) fn read(r: &mut Reader<'a>) -> Result<Self, ErrorCode> {
        let list = read_sequence(r)?;
        let mut ahead = Reader::new(list.octets());
        let mut next = Some(0);
        if ahead.is_empty() {
            return Err(ErrorCode::INVALID_SYNTAX);
        }
        while !ahead.is_empty() {
            let (first, last) =
                range(Element::shallow(&mut ahead)?).ok_or(ErrorCode::INVALID_SYNTAX)?;
            if last < first || next.is_none_or(|next| first < next) {
                return Err(ErrorCode::INVALID_SYNTAX);
            }
            next = last.checked_add(1);
        }
        Ok(Self(list))
    }

    /// Calls `found` with the octets of each attribute in the ranges. One pass over both lists is enough, because both
    /// are in ascending order.
    pub(super) fn each<'r>(mut self, record: Record<'r>, mut found: impl FnMut(&'r [u8])) {
        let mut next = || self.0.find_map(range);
        let (mut current, mut attributes) = (next(), record.attributes());
        while let Some((id, octets)) = attributes.take_octets() {
            while current.is_some_and(|(_, last)| last < id) {
                current = next();
            }
            match current {
                Some((first, _)) if first <= id => found(octets),
                Some(_) => {}
                None => return,
            }
        }
    }

    pub(super) const fn octets(&self) -> &'a [u8] {
        self.0.octets()
    }
}

fn range(element: Element<'_>) -> Option<(u16, u16)> {
    if let Element::U16(id) = element {
        return Some((id, id));
    }
    let Element::U32(range) = element else { return None };
    let [a, b, c, d] = range.to_be_bytes();
    Some((u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])))
}

fn read_sequence<'a>(r: &mut Reader<'a>) -> Result<Elements<'a>, ErrorCode> {
    let Element::Sequence(list) = Element::shallow(r)? else {
        return Err(ErrorCode::INVALID_SYNTAX);
    };
    Ok(list)
}

/// The continuation state of a request: a tag, and the offset of the next part.
///
/// The tag depends on the request and on the state of the database, so another request and changed records do not
/// continue. It keeps no secret: a client that computes one gets what it may have anyway.
pub(super) struct Continuation {
    tag: u32,
}

impl Continuation {
    /// The length of the state in octets.
    pub(super) const LEN: usize = 8;

    /// Creates the continuation of a request, of which `parameters` may not change.
    pub(super) fn new(state: u32, parameters: &[&[u8]]) -> Self {
        const OFFSET: u32 = 0x811c_9dc5;
        const PRIME: u32 = 0x0100_0193;
        let mut hash = OFFSET;
        for octets in parameters {
            let len = u32::try_from(octets.len()).unwrap_or(u32::MAX);
            let all = octets.iter().copied().chain(len.to_be_bytes());
            hash = all.fold(hash, |hash, octet| (hash ^ u32::from(octet)).wrapping_mul(PRIME));
        }
        // States differ in the tag, whatever the request is.
        Self { tag: hash ^ state }
    }

    /// Reads the state at the end of a request, and returns the offset: 0 if there is none.
    pub(super) fn read(&self, r: &mut Reader<'_>) -> Result<usize, ErrorCode> {
        let len = usize::from(r.u8()?);
        if len > MAX_CONTINUATION {
            return Err(ErrorCode::INVALID_CONTINUATION);
        }
        let mut state = Reader::new(r.bytes(len)?);
        (*r).finish()?;
        if len == 0 {
            return Ok(0);
        }
        let (tag, offset) = (be32(&mut state).ok(), be32(&mut state).ok());
        let offset = offset.and_then(|offset| usize::try_from(offset).ok());
        offset
            .filter(|&offset| tag == Some(self.tag) && offset > 0 && state.is_empty())
            .ok_or(ErrorCode::INVALID_CONTINUATION)
    }

    /// Writes the state at the end of a response: none if `next` is the end.
    pub(super) fn write(
        &self,
        w: &mut Writer<'_>,
        next: usize,
        end: usize,
    ) -> Result<(), ErrorCode> {
        if next >= end {
            return Ok(w.u8(0)?);
        }
        let next = u32::try_from(next).map_err(|_| ErrorCode::INSUFFICIENT_RESOURCES)?;
        w.u8(8)?;
        w.bytes(&self.tag.to_be_bytes())?;
        Ok(w.bytes(&next.to_be_bytes())?)
    }
}
