use core::fmt;

use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

/// The octets are not what they claim to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Malformed {
    /// The octets end inside a field.
    Truncated,
    /// Octets are left over after the last field.
    Trailing,
    /// A field holds a value that its definition forbids.
    Value,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the packet ends inside a field",
            Self::Trailing => "the packet has octets after its last field",
            Self::Value => "the packet has a field with a forbidden value",
        })
    }
}

impl core::error::Error for Malformed {}

/// Reads little-endian fields of a packet from front to back, without indexing.
///
/// After an error, the reader is at the same position as before.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Creates a reader at the first octet of `octets`.
    #[must_use]
    pub const fn new(octets: &'a [u8]) -> Self {
        Self { rest: octets }
    }

    /// Returns the number of unread octets.
    #[must_use]
    pub const fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Returns whether every octet was read.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Reads the next `n` octets.
    ///
    /// # Errors
    ///
    /// [`Malformed::Truncated`] if fewer octets are left.
    pub fn bytes(&mut self, n: usize) -> Result<&'a [u8], Malformed> {
        let (head, tail) = self.rest.split_at_checked(n).ok_or(Malformed::Truncated)?;
        self.rest = tail;
        Ok(head)
    }

    /// Reads the next `N` octets as an array.
    ///
    /// # Errors
    ///
    /// [`Malformed::Truncated`] if fewer octets are left.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (head, tail) = self.rest.split_first_chunk::<N>().ok_or(Malformed::Truncated)?;
        self.rest = tail;
        Ok(*head)
    }

    /// Reads a `zerocopy` structure in place.
    ///
    /// # Errors
    ///
    /// [`Malformed::Truncated`] if fewer octets are left.
    pub fn view<T>(&mut self) -> Result<&'a T, Malformed>
    where
        T: FromBytes + Immutable + KnownLayout + Unaligned,
    {
        let octets = self.bytes(size_of::<T>())?;
        T::ref_from_bytes(octets).map_err(|_| Malformed::Truncated)
    }

    /// Reads one octet.
    ///
    /// # Errors
    ///
    /// [`Malformed::Truncated`] if fewer octets are left.
    pub fn u8(&mut self) -> Result<u8, Malformed> {
        self.array::<1>().map(|[b]| b)
    }

    /// Reads one octet as a two's complement number.
    ///
    /// # Errors
    ///
    /// [`Malformed::Truncated`] if fewer octets are left.
    pub fn i8(&mut self) -> Result<i8, Malformed> {
        self.array().map(i8::from_le_bytes)
    }

    /// Reads two octets, least significant first.
    ///
    /// # Errors
    ///
    /// [`Malformed::Truncated`] if fewer octets are left.
    pub fn u16(&mut self) -> Result<u16, Malformed> {
        self.array().map(u16::from_le_bytes)
    }

    /// Reads three octets, least significant first.
    ///
    /// # Errors
    ///
    /// [`Malformed::Truncated`] if fewer octets are left.
    pub fn u24(&mut self) -> Result<u32, Malformed> {
        self.array::<3>().map(|[a, b, c]| u32::from_le_bytes([a, b, c, 0]))
    }

    /// Reads four octets, least significant first.
    ///
    /// # Errors
    ///
    /// [`Malformed::Truncated`] if fewer octets are left.
    pub fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_le_bytes)
    }

    /// Reads eight octets, least significant first.
    ///
    /// # Errors
    ///
    /// [`Malformed::Truncated`] if fewer octets are left.
    pub fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_le_bytes)
    }

    /// Reads sixteen octets, least significant first.
    ///
    /// # Errors
    ///
    /// [`Malformed::Truncated`] if fewer octets are left.
    pub fn u128(&mut self) -> Result<u128, Malformed> {
        self.array().map(u128::from_le_bytes)
    }

    /// Reads the remaining octets; the reader is empty afterwards.
    pub fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.rest)
    }

    /// Succeeds only if every octet was read.
    ///
    /// # Errors
    ///
    /// [`Malformed::Trailing`] if octets are left.
    pub const fn finish(self) -> Result<(), Malformed> {
        if self.rest.is_empty() { Ok(()) } else { Err(Malformed::Trailing) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_little_endian() {
        let mut r = Reader::new(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        assert_eq!(r.u8(), Ok(1));
        assert_eq!(r.u16(), Ok(0x0302));
        assert_eq!(r.u24(), Ok(0x06_0504));
        assert_eq!(r.u32(), Ok(0x0a09_0807));
        assert_eq!(r.finish(), Ok(()));
    }

    #[test]
    fn a_failed_read_does_not_advance() {
        let mut r = Reader::new(&[1, 2, 3]);
        assert_eq!(r.u32(), Err(Malformed::Truncated));
        assert_eq!(r.bytes(4), Err(Malformed::Truncated));
        assert_eq!(r.remaining(), 3);
        assert_eq!(r.finish(), Err(Malformed::Trailing));
    }
}
