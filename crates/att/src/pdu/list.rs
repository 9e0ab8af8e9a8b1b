//! The lists inside PDUs: the form is checked once, and the items are read in place.

use bindrune_wire::{
    Malformed, NoRoom, Reader, Writer,
    zerocopy::{
        FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned,
        little_endian::{U16, U128},
    },
};

/// At least two attribute handles. [Vol 3] Part F, 3.4.4.7
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handles<'p>(&'p [U16]);

impl<'p> Handles<'p> {
    /// Creates a set of at least two handles; `None` for fewer.
    #[must_use]
    pub const fn new(handles: &'p [U16]) -> Option<Self> {
        if handles.len() < 2 { None } else { Some(Self(handles)) }
    }

    /// Returns the handles in the order of the request.
    pub fn iter(self) -> impl ExactSizeIterator<Item = u16> + Clone + use<'p> {
        self.0.iter().map(|handle| handle.get())
    }

    /// Returns how many handles there are.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "the list is never empty")]
    pub const fn len(self) -> usize {
        self.0.len()
    }

    pub(super) fn parse(octets: &'p [u8]) -> Result<Self, Malformed> {
        Self::new(entries(octets)?).ok_or(Malformed::Truncated)
    }

    pub(super) fn as_bytes(self) -> &'p [u8] {
        self.0.as_bytes()
    }
}

/// One attribute of a 16-bit type, in a Find Information Response. [Vol 3] Part F, 3.4.3.2
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct HandleInformation16 {
    /// The attribute.
    pub handle: U16,
    /// Its type.
    pub uuid: U16,
}

/// One attribute of a 128-bit type, in a Find Information Response. [Vol 3] Part F, 3.4.3.2
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct HandleInformation128 {
    /// The attribute.
    pub handle: U16,
    /// Its type.
    pub uuid: U128,
}

/// The attributes of a Find Information Response: all types have the same length. [Vol 3] Part F, 3.4.3.2
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Information<'p> {
    /// Format 1: 16-bit types.
    Uuid16(&'p [HandleInformation16]),
    /// Format 2: 128-bit types.
    Uuid128(&'p [HandleInformation128]),
}

impl<'p> Information<'p> {
    /// Returns the attribute at `index`, from 0: its handle and its type.
    #[must_use]
    pub fn get(self, index: usize) -> Option<(u16, bindrune_wire::Uuid)> {
        use bindrune_wire::Uuid;
        match self {
            Self::Uuid16(list) => {
                list.get(index).map(|i| (i.handle.get(), Uuid::new_16(i.uuid.get())))
            }
            Self::Uuid128(list) => {
                list.get(index).map(|i| (i.handle.get(), Uuid::new_128(i.uuid.get())))
            }
        }
    }

    pub(super) fn parse(format: u8, octets: &'p [u8]) -> Result<Self, Malformed> {
        match format {
            1 => entries(octets).map(Self::Uuid16),
            2 => entries(octets).map(Self::Uuid128),
            _ => Err(Malformed::Value),
        }
    }

    pub(super) fn write(self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        match self {
            Self::Uuid16(list) => {
                w.u8(1)?;
                w.view(list)
            }
            Self::Uuid128(list) => {
                w.u8(2)?;
                w.view(list)
            }
        }
    }
}

/// One group of a Find By Type Value Response. [Vol 3] Part F, 3.4.3.4
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct HandleRange {
    /// The attribute.
    pub start: U16,
    /// The last handle of its group.
    pub end: U16,
}

/// The attributes of a Read By Type Response: handle and value, all of the same length. [Vol 3] Part F,
/// 3.4.4.2
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttributeList<'p>(Rows<'p>);

impl<'p> AttributeList<'p> {
    /// Parses a list of rows of `length` octets each: handle (2), then value.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the list is empty, or its length is not a whole number of rows.
    pub fn parse(length: u8, rows: &'p [u8]) -> Result<Self, Malformed> {
        Rows::parse(length, 2, rows).map(Self)
    }

    /// Returns the attribute at `index`, from 0: its handle and its value.
    #[must_use]
    pub fn get(self, index: usize) -> Option<(u16, &'p [u8])> {
        let mut r = Reader::new(self.0.get(index)?);
        Some((r.u16().ok()?, r.rest()))
    }

    /// Returns all attributes: handle and value.
    pub fn iter(self) -> impl Iterator<Item = (u16, &'p [u8])> + Clone {
        (0..).map_while(move |index| self.get(index))
    }

    pub(super) fn write(self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        self.0.write(w)
    }
}

/// The groups of a Read By Group Type Response: first handle, last handle and value, all of the same
/// length. [Vol 3] Part F, 3.4.4.10
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupList<'p>(Rows<'p>);

impl<'p> GroupList<'p> {
    /// Parses a list of rows of `length` octets each: first handle (2), last handle (2), then value.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the list is empty, or its length is not a whole number of rows.
    pub fn parse(length: u8, rows: &'p [u8]) -> Result<Self, Malformed> {
        Rows::parse(length, 4, rows).map(Self)
    }

    /// Returns the group at `index`, from 0: its first handle, its last handle and its value.
    #[must_use]
    pub fn get(self, index: usize) -> Option<(u16, u16, &'p [u8])> {
        let mut r = Reader::new(self.0.get(index)?);
        Some((r.u16().ok()?, r.u16().ok()?, r.rest()))
    }

    /// Returns all groups: first handle, last handle and value.
    pub fn iter(self) -> impl Iterator<Item = (u16, u16, &'p [u8])> + Clone {
        (0..).map_while(move |index| self.get(index))
    }

    pub(super) fn write(self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        self.0.write(w)
    }
}

/// The values of a Read Multiple Variable Response, each preceded by its length. [Vol 3] Part F, 3.4.4.12
///
/// The MTU may cut the last value, and values after it may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueList<'p>(&'p [u8]);

impl<'p> ValueList<'p> {
    /// Parses a list with at least one length.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the list is empty, or its length is not a whole number of rows.
    pub const fn parse(octets: &'p [u8]) -> Result<Self, Malformed> {
        if octets.len() < 2 { Err(Malformed::Truncated) } else { Ok(Self(octets)) }
    }

    /// Returns the full length of each value, and the part of it that arrived.
    pub fn iter(self) -> impl Iterator<Item = (u16, &'p [u8])> + Clone {
        let mut r = Reader::new(self.0);
        core::iter::from_fn(move || {
            let length = r.u16().ok()?;
            let here = usize::from(length).min(r.remaining());
            Some((length, r.bytes(here).ok()?))
        })
    }

    pub(super) const fn as_bytes(self) -> &'p [u8] {
        self.0
    }
}

/// The attributes of a Multiple Handle Value Notification, all of them complete. [Vol 3] Part F, 3.4.7.4
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notifications<'p>(&'p [u8]);

impl<'p> Notifications<'p> {
    /// Parses a list of at least one attribute: handle (2), length (2), then value.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the list is empty, or its length is not a whole number of rows.
    pub fn parse(octets: &'p [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(octets);
        loop {
            Self::one(&mut r)?;
            if r.is_empty() {
                return Ok(Self(octets));
            }
        }
    }

    /// Returns all attributes: handle and value.
    pub fn iter(self) -> impl Iterator<Item = (u16, &'p [u8])> + Clone {
        let mut r = Reader::new(self.0);
        core::iter::from_fn(move || Self::one(&mut r).ok())
    }

    fn one(r: &mut Reader<'p>) -> Result<(u16, &'p [u8]), Malformed> {
        let handle = r.u16()?;
        let length = r.u16()?;
        Ok((handle, r.bytes(length.into())?))
    }

    pub(super) const fn as_bytes(self) -> &'p [u8] {
        self.0
    }
}

/// Returns whole structures, at least one, and nothing else.
pub(super) fn entries<T>(octets: &[u8]) -> Result<&[T], Malformed>
where
    T: FromBytes + Immutable + Unaligned,
{
    match <[T]>::ref_from_bytes(octets) {
        Ok(list) if !list.is_empty() => Ok(list),
        _ => Err(Malformed::Truncated),
    }
}

/// Rows of the same length, at least one, and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rows<'p> {
    length: u8,
    octets: &'p [u8],
}

impl<'p> Rows<'p> {
    fn parse(length: u8, least: u8, octets: &'p [u8]) -> Result<Self, Malformed> {
        if length < least {
            return Err(Malformed::Value);
        }
        match octets.len().checked_rem(length.into()) {
            Some(0) if !octets.is_empty() => Ok(Self { length, octets }),
            _ => Err(Malformed::Truncated),
        }
    }

    fn get(self, index: usize) -> Option<&'p [u8]> {
        let length = usize::from(self.length);
        self.octets.get(index.checked_mul(length)?..)?.get(..length)
    }

    fn write(self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        w.u8(self.length)?;
        w.bytes(self.octets)
    }
}
