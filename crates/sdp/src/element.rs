//! Parser of data elements. [Vol 3] Part B, 3

use bindrune_wire::{Malformed, NoRoom, Reader, Uuid, Writer};

/// The deepest nesting of sequences and alternatives that is accepted. Records of known profiles need 5.
pub const MAX_DEPTH: usize = 8;

pub(crate) const NIL: u8 = 0;
pub(crate) const UNSIGNED: u8 = 1;
pub(crate) const SIGNED: u8 = 2;
pub(crate) const UUID: u8 = 3;
pub(crate) const TEXT: u8 = 4;
pub(crate) const BOOL: u8 = 5;
pub(crate) const SEQUENCE: u8 = 6;
pub(crate) const ALTERNATIVE: u8 = 7;
pub(crate) const URL: u8 = 8;

/// A data element: a value with its type. [Vol 3] Part B, 3.2
///
/// Numbers keep their width, because an attribute often requires one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Element<'a> {
    /// The null type.
    Nil,
    /// An unsigned number of 1 octet.
    U8(u8),
    /// An unsigned number of 2 octets.
    U16(u16),
    /// An unsigned number of 4 octets.
    U32(u32),
    /// An unsigned number of 8 octets.
    U64(u64),
    /// An unsigned number of 16 octets.
    U128(u128),
    /// A signed number of 1 octet.
    I8(i8),
    /// A signed number of 2 octets.
    I16(i16),
    /// A signed number of 4 octets.
    I32(i32),
    /// A signed number of 8 octets.
    I64(i64),
    /// A signed number of 16 octets.
    I128(i128),
    /// A UUID, in any of its forms.
    Uuid(Uuid),
    /// Text, in the encoding that the record names.
    Text(&'a [u8]),
    /// A boolean; each octet other than 0 is true.
    Bool(bool),
    /// A sequence of elements.
    Sequence(Elements<'a>),
    /// Elements of which one is to be chosen.
    Alternative(Elements<'a>),
    /// A URL.
    Url(&'a [u8]),
}

impl<'a> Element<'a> {
    /// Parses exactly one element, and checks the elements in it.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if an element is cut off, has a reserved type or size, or is nested deeper than [`MAX_DEPTH`], or
    /// if octets are left over.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(octets);
        let element = Self::read(&mut r)?;
        r.finish()?;
        Ok(element)
    }

    /// Reads the next element, and checks the elements in it.
    ///
    /// # Errors
    ///
    /// As [`Self::parse`], without the rule about octets left over. The reader does not move then.
    pub fn read(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut ahead = *r;
        let element = Self::shallow(&mut ahead)?;
        if let Self::Sequence(inner) | Self::Alternative(inner) = element {
            inner.check_within(MAX_DEPTH.saturating_sub(1))?;
        }
        *r = ahead;
        Ok(element)
    }

    /// Reads the next element without a look at the elements in it.
    pub(crate) fn shallow(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        let (kind, body) = item(r)?;
        match kind {
            NIL => Ok(Self::Nil),
            UNSIGNED => unsigned(body),
            SIGNED => signed(body),
            UUID => uuid(body).map(Self::Uuid),
            TEXT => Ok(Self::Text(body)),
            BOOL => Ok(Self::Bool(body != [0])),
            SEQUENCE => Ok(Self::Sequence(Elements(body))),
            ALTERNATIVE => Ok(Self::Alternative(Elements(body))),
            URL => Ok(Self::Url(body)),
            _ => Err(Malformed::Value),
        }
    }

    /// Writes the element in its shortest form. The elements of a sequence keep their form.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small; a part may have been written then.
    pub fn write(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        use crate::value::Value;
        let (kind, body) = match *self {
            Self::Nil => return Value::Nil.write(w),
            Self::U8(n) => return Value::U8(n).write(w),
            Self::U16(n) => return Value::U16(n).write(w),
            Self::U32(n) => return Value::U32(n).write(w),
            Self::U64(n) => return Value::U64(n).write(w),
            Self::U128(n) => return Value::U128(n).write(w),
            Self::I8(n) => return Value::I8(n).write(w),
            Self::I16(n) => return Value::I16(n).write(w),
            Self::I32(n) => return Value::I32(n).write(w),
            Self::I64(n) => return Value::I64(n).write(w),
            Self::I128(n) => return Value::I128(n).write(w),
            Self::Uuid(uuid) => return Value::Uuid(uuid).write(w),
            Self::Bool(is_true) => return Value::Bool(is_true).write(w),
            Self::Text(text) => (TEXT, text),
            Self::Url(url) => (URL, url),
            Self::Sequence(inner) => (SEQUENCE, inner.0),
            Self::Alternative(inner) => (ALTERNATIVE, inner.0),
        };
        crate::value::write_header(w, kind, body.len())?;
        w.bytes(body)
    }

    /// Returns the unsigned number of any width, if it fits.
    #[must_use]
    pub fn as_u32(&self) -> Option<u32> {
        if let Self::U8(n) = *self {
            Some(n.into())
        } else if let Self::U16(n) = *self {
            Some(n.into())
        } else if let Self::U32(n) = *self {
            Some(n)
        } else if let Self::U64(n) = *self {
            n.try_into().ok()
        } else if let Self::U128(n) = *self {
            n.try_into().ok()
        } else {
            None
        }
    }

    /// Returns the unsigned number of any width, if it fits.
    #[must_use]
    pub fn as_u16(&self) -> Option<u16> {
        self.as_u32().and_then(|n| n.try_into().ok())
    }

    /// Returns the UUID, if it is one.
    #[must_use]
    pub const fn as_uuid(&self) -> Option<Uuid> {
        if let Self::Uuid(uuid) = self { Some(*uuid) } else { None }
    }

    /// Returns the elements of a sequence or of an alternative.
    #[must_use]
    pub const fn elements(&self) -> Option<Elements<'a>> {
        if let Self::Sequence(inner) | Self::Alternative(inner) = self {
            Some(*inner)
        } else {
            None
        }
    }
}

/// Elements that follow each other: the contents of a sequence. The iterator ends at the first malformed one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Elements<'a>(pub(crate) &'a [u8]);

impl<'a> Elements<'a> {
    /// Creates the iterator at the first of `octets`.
    #[must_use]
    pub const fn new(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    /// Returns the octets of the elements that are left.
    #[must_use]
    pub const fn octets(&self) -> &'a [u8] {
        self.0
    }

    /// Checks that all elements, and the elements in them, are well-formed.
    ///
    /// # Errors
    ///
    /// As [`Element::parse`].
    pub fn check(&self) -> Result<(), Malformed> {
        self.check_within(MAX_DEPTH)
    }

    fn check_within(&self, depth: usize) -> Result<(), Malformed> {
        let mut r = Reader::new(self.0);
        while !r.is_empty() {
            let element = Element::shallow(&mut r)?;
            if let Element::Sequence(inner) | Element::Alternative(inner) = element {
                inner.check_within(depth.checked_sub(1).ok_or(Malformed::Value)?)?;
            }
        }
        Ok(())
    }

    /// Returns whether one of the elements, or of the elements in them, is `uuid`. [Vol 3] Part B, 2.7.1
    #[must_use]
    pub fn contains(&self, uuid: Uuid) -> bool {
        self.contains_within(uuid, MAX_DEPTH)
    }

    fn contains_within(mut self, uuid: Uuid, depth: usize) -> bool {
        self.any(|element| {
            element.as_uuid() == Some(uuid)
                || element
                    .elements()
                    .zip(depth.checked_sub(1))
                    .is_some_and(|(inner, depth)| inner.contains_within(uuid, depth))
        })
    }

    /// Takes the octets of the next element.
    pub(crate) fn take_octets(&mut self) -> Option<&'a [u8]> {
        let mut r = Reader::new(self.0);
        item(&mut r).ok()?;
        let len = self.0.len().saturating_sub(r.remaining());
        let (head, tail) = self.0.split_at_checked(len)?;
        self.0 = tail;
        Some(head)
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let mut r = Reader::new(self.0);
        let element = Element::shallow(&mut r);
        self.0 = if element.is_ok() { r.rest() } else { &[] };
        element.ok()
    }
}

/// Takes the type and the data of the next element. [Vol 3] Part B, 3.3
pub(crate) fn item<'a>(r: &mut Reader<'a>) -> Result<(u8, &'a [u8]), Malformed> {
    let mut ahead = *r;
    let descriptor = ahead.u8()?;
    let (kind, size) = (descriptor >> 3, descriptor & 0x07);
    let len = match (kind, size) {
        (NIL, 0) => 0,
        (BOOL, 0) => 1,
        (UNSIGNED | SIGNED, 0..=4) | (UUID, 1 | 2 | 4) => 1 << size,
        (TEXT | SEQUENCE | ALTERNATIVE | URL, 5) => ahead.u8()?.into(),
        (TEXT | SEQUENCE | ALTERNATIVE | URL, 6) => be16(&mut ahead)?.into(),
        (TEXT | SEQUENCE | ALTERNATIVE | URL, 7) => {
            usize::try_from(be32(&mut ahead)?).map_err(|_| Malformed::Truncated)?
        }
        _ => return Err(Malformed::Value),
    };
    let body = ahead.bytes(len)?;
    *r = ahead;
    Ok((kind, body))
}

/// Reads two octets, most significant first.
pub(crate) fn be16(r: &mut Reader<'_>) -> Result<u16, Malformed> {
    r.array().map(u16::from_be_bytes)
}

/// Reads four octets, most significant first.
pub(crate) fn be32(r: &mut Reader<'_>) -> Result<u32, Malformed> {
    r.array().map(u32::from_be_bytes)
}

fn unsigned<'a>(body: &[u8]) -> Result<Element<'a>, Malformed> {
    let mut r = Reader::new(body);
    match body.len() {
        1 => r.u8().map(Element::U8),
        2 => be16(&mut r).map(Element::U16),
        4 => be32(&mut r).map(Element::U32),
        8 => r.array().map(u64::from_be_bytes).map(Element::U64),
        _ => r.array().map(u128::from_be_bytes).map(Element::U128),
    }
}

fn signed<'a>(body: &[u8]) -> Result<Element<'a>, Malformed> {
    let mut r = Reader::new(body);
    match body.len() {
        1 => r.i8().map(Element::I8),
        2 => r.array().map(i16::from_be_bytes).map(Element::I16),
        4 => r.array().map(i32::from_be_bytes).map(Element::I32),
        8 => r.array().map(i64::from_be_bytes).map(Element::I64),
        _ => r.array().map(i128::from_be_bytes).map(Element::I128),
    }
}

fn uuid(body: &[u8]) -> Result<Uuid, Malformed> {
    let mut r = Reader::new(body);
    match body.len() {
        2 => be16(&mut r).map(Uuid::new_16),
        4 => be32(&mut r).map(Uuid::new_32),
        _ => r.array().map(u128::from_be_bytes).map(Uuid::new_128),
    }
}

#[cfg(test)]
mod tests;
