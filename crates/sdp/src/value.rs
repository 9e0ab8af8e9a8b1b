//! Writer of data elements. [Vol 3] Part B, 3

use bindrune_wire::{NoRoom, Uuid, Writer};

use crate::element::{ALTERNATIVE, BOOL, NIL, SEQUENCE, SIGNED, TEXT, UNSIGNED, URL, UUID};

/// A data element to write, which can be a constant.
///
/// ```
/// use bindrune_sdp::Value;
/// use bindrune_wire::Uuid;
///
/// const HID: Value<'_> = Value::Sequence(&[Value::Uuid(Uuid::new_16(0x0011)), Value::U16(0x0100)]);
/// assert_eq!(HID.encoded_len(), 8);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
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
    /// A UUID, written in its shortest form.
    Uuid(Uuid),
    /// Text in UTF-8.
    Text(&'a str),
    /// Text in another encoding, or octets that a profile keeps in a text.
    Octets(&'a [u8]),
    /// A boolean.
    Bool(bool),
    /// A sequence of elements.
    Sequence(&'a [Self]),
    /// Elements of which one is to be chosen.
    Alternative(&'a [Self]),
    /// A URL.
    Url(&'a str),
}

impl Value<'_> {
    /// Returns the length of the element in octets, with its header.
    #[must_use]
    pub const fn encoded_len(&self) -> usize {
        match self {
            Self::Nil => 1,
            Self::U8(_) | Self::I8(_) | Self::Bool(_) => 2,
            Self::U16(_) | Self::I16(_) => 3,
            Self::U32(_) | Self::I32(_) => 5,
            Self::U64(_) | Self::I64(_) => 9,
            Self::U128(_) | Self::I128(_) => 17,
            Self::Uuid(uuid) => uuid_len(*uuid),
            Self::Text(text) | Self::Url(text) => with_header(text.len()),
            Self::Octets(octets) => with_header(octets.len()),
            Self::Sequence(inner) | Self::Alternative(inner) => with_header(total(inner)),
        }
    }

    /// Writes the element, with the shortest header.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small; a part may have been written then.
    pub fn write(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        match *self {
            Self::Nil => w.u8(NIL << 3),
            Self::U8(n) => write_number(w, UNSIGNED, &n.to_be_bytes()),
            Self::U16(n) => write_number(w, UNSIGNED, &n.to_be_bytes()),
            Self::U32(n) => write_number(w, UNSIGNED, &n.to_be_bytes()),
            Self::U64(n) => write_number(w, UNSIGNED, &n.to_be_bytes()),
            Self::U128(n) => write_number(w, UNSIGNED, &n.to_be_bytes()),
            Self::I8(n) => write_number(w, SIGNED, &n.to_be_bytes()),
            Self::I16(n) => write_number(w, SIGNED, &n.to_be_bytes()),
            Self::I32(n) => write_number(w, SIGNED, &n.to_be_bytes()),
            Self::I64(n) => write_number(w, SIGNED, &n.to_be_bytes()),
            Self::I128(n) => write_number(w, SIGNED, &n.to_be_bytes()),
            Self::Uuid(uuid) => write_uuid(w, uuid),
            Self::Text(text) => write_octets(w, TEXT, text.as_bytes()),
            Self::Octets(octets) => write_octets(w, TEXT, octets),
            Self::Bool(is_true) => write_number(w, BOOL, &[is_true.into()]),
            Self::Sequence(inner) => write_all(w, SEQUENCE, inner),
            Self::Alternative(inner) => write_all(w, ALTERNATIVE, inner),
            Self::Url(url) => write_octets(w, URL, url.as_bytes()),
        }
    }
}

/// Returns the length of several elements in octets.
pub(crate) const fn total(values: &[Value<'_>]) -> usize {
    let (mut sum, mut rest) = (0usize, values);
    while let [first, more @ ..] = rest {
        sum = sum.saturating_add(first.encoded_len());
        rest = more;
    }
    sum
}

/// Returns the length of an element with data of `len` octets and the shortest header.
pub(crate) const fn with_header(len: usize) -> usize {
    len.saturating_add(match len {
        0..=0xff => 2,
        0x100..=0xffff => 3,
        _ => 5,
    })
}

/// Returns the length of an element with the UUID's shortest form.
pub(crate) const fn uuid_len(uuid: Uuid) -> usize {
    match uuid.as_u32() {
        Some(0..=0xffff) => 3,
        Some(_) => 5,
        None => 17,
    }
}

/// Writes the shortest header of text, a sequence, an alternative or a URL.
pub(crate) fn write_header(w: &mut Writer<'_>, kind: u8, len: usize) -> Result<(), NoRoom> {
    if let Ok(len) = u8::try_from(len) {
        w.bytes(&[kind << 3 | 5, len])
    } else if let Ok(len) = u16::try_from(len) {
        let [high, low] = len.to_be_bytes();
        w.bytes(&[kind << 3 | 6, high, low])
    } else {
        let [a, b, c, d] = u32::try_from(len).map_err(|_| NoRoom)?.to_be_bytes();
        w.bytes(&[kind << 3 | 7, a, b, c, d])
    }
}

pub(crate) fn write_uuid(w: &mut Writer<'_>, uuid: Uuid) -> Result<(), NoRoom> {
    match (uuid.as_u16(), uuid.as_u32()) {
        (Some(short), _) => write_number(w, UUID, &short.to_be_bytes()),
        (None, Some(middle)) => write_number(w, UUID, &middle.to_be_bytes()),
        (None, None) => write_number(w, UUID, &uuid.as_u128().to_be_bytes()),
    }
}

fn write_number(w: &mut Writer<'_>, kind: u8, octets: &[u8]) -> Result<(), NoRoom> {
    let size = match octets.len() {
        1 => 0,
        2 => 1,
        4 => 2,
        8 => 3,
        _ => 4,
    };
    w.u8(kind << 3 | size)?;
    w.bytes(octets)
}

fn write_octets(w: &mut Writer<'_>, kind: u8, octets: &[u8]) -> Result<(), NoRoom> {
    write_header(w, kind, octets.len())?;
    w.bytes(octets)
}

fn write_all(w: &mut Writer<'_>, kind: u8, values: &[Value<'_>]) -> Result<(), NoRoom> {
    write_header(w, kind, total(values))?;
    values.iter().try_for_each(|value| value.write(w))
}
