use core::fmt;

use zerocopy::{Immutable, IntoBytes};

/// The buffer is shorter than the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NoRoom;

impl fmt::Display for NoRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the buffer is too small for the packet")
    }
}

impl core::error::Error for NoRoom {}

/// Writes little-endian fields of a packet from front to back.
///
/// After an error, nothing was written.
#[derive(Debug)]
pub struct Writer<'a> {
    buffer: &'a mut [u8],
    len: usize,
}

impl<'a> Writer<'a> {
    /// Creates a writer at the first octet of `buffer`.
    #[must_use]
    pub const fn new(buffer: &'a mut [u8]) -> Self {
        Self { buffer, len: 0 }
    }

    /// Returns the number of octets written.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Returns whether nothing was written.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns how many octets still fit.
    #[must_use]
    pub const fn room(&self) -> usize {
        self.buffer.len().saturating_sub(self.len)
    }

    /// Returns the octets that were written.
    #[must_use]
    pub fn written(&self) -> &[u8] {
        self.buffer.get(..self.len).unwrap_or_default()
    }

    /// Returns the octets that were written, to set a field whose value is known only at the end.
    pub fn written_mut(&mut self) -> &mut [u8] {
        self.buffer.get_mut(..self.len).unwrap_or_default()
    }

    /// Returns the remaining room, to be filled in place; then call [`Self::advance`].
    pub fn spare(&mut self) -> &mut [u8] {
        self.buffer.get_mut(self.len..).unwrap_or_default()
    }

    /// Counts `n` octets of [`Self::spare`] as written.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if fewer than `n` octets remain.
    pub fn advance(&mut self, n: usize) -> Result<(), NoRoom> {
        if n > self.room() {
            return Err(NoRoom);
        }
        self.len = self.len.saturating_add(n);
        Ok(())
    }

    /// Discards the octets after the first `len`.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Limits the packet to a total of `len` octets.
    pub fn limit(&mut self, len: usize) {
        let keep = len.max(self.len).min(self.buffer.len());
        let buffer = core::mem::take(&mut self.buffer);
        self.buffer = buffer.get_mut(..keep).unwrap_or_default();
    }

    /// Writes octets unchanged.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small; then nothing is written.
    pub fn bytes(&mut self, octets: &[u8]) -> Result<(), NoRoom> {
        self.spare().get_mut(..octets.len()).ok_or(NoRoom)?.copy_from_slice(octets);
        self.advance(octets.len())
    }

    /// Writes a `zerocopy` structure.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small; then nothing is written.
    pub fn view<T: IntoBytes + Immutable + ?Sized>(&mut self, value: &T) -> Result<(), NoRoom> {
        self.bytes(value.as_bytes())
    }

    /// Writes one octet.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small; then nothing is written.
    pub fn u8(&mut self, value: u8) -> Result<(), NoRoom> {
        self.bytes(&[value])
    }

    /// Writes two octets, least significant first.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small; then nothing is written.
    pub fn u16(&mut self, value: u16) -> Result<(), NoRoom> {
        self.bytes(&value.to_le_bytes())
    }

    /// Writes the three low octets of `value`, least significant first.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small; then nothing is written.
    pub fn u24(&mut self, value: u32) -> Result<(), NoRoom> {
        let [a, b, c, _] = value.to_le_bytes();
        self.bytes(&[a, b, c])
    }

    /// Writes four octets, least significant first.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small; then nothing is written.
    pub fn u32(&mut self, value: u32) -> Result<(), NoRoom> {
        self.bytes(&value.to_le_bytes())
    }

    /// Writes eight octets, least significant first.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small; then nothing is written.
    pub fn u64(&mut self, value: u64) -> Result<(), NoRoom> {
        self.bytes(&value.to_le_bytes())
    }

    /// Writes sixteen octets, least significant first.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small; then nothing is written.
    pub fn u128(&mut self, value: u128) -> Result<(), NoRoom> {
        self.bytes(&value.to_le_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_writes_nothing() {
        let mut buffer = [0; 3];
        let mut w = Writer::new(&mut buffer);
        w.u16(0x0201).unwrap();
        assert_eq!(w.u16(0xffff), Err(NoRoom));
        assert_eq!(w.written(), [1, 2]);
        w.u8(3).unwrap();
        assert_eq!((w.room(), w.len()), (0, 3));
    }

    #[test]
    fn nothing_is_written_beyond_a_limit() {
        let mut buffer = [0; 8];
        let mut w = Writer::new(&mut buffer);
        w.u8(1).unwrap();
        w.limit(3);
        assert_eq!(w.room(), 2);
        assert_eq!(w.u32(0), Err(NoRoom));
    }
}
