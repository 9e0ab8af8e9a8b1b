//! A flash memory in RAM: bonds are lost with the power, but all code above it is the same as on a chip.

use embedded_storage_async::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};

/// Bytes of a page, which is erased as a whole.
pub const PAGE: usize = 1024;
/// Bytes of the memory: two pages, the minimum of a `FlashStore`.
pub const SIZE: usize = 2 * PAGE;
/// Bytes of a word, which is written as a whole.
const WORD: usize = 4;
const ERASED: u8 = 0xff;

/// A flash memory in borrowed bytes.
#[derive(Debug)]
pub struct RamFlash<'a>(&'a mut [u8; SIZE]);

/// An access that the memory refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused(NorFlashErrorKind);

impl<'a> RamFlash<'a> {
    /// Returns a memory with this content.
    pub const fn new(bytes: &'a mut [u8; SIZE]) -> Self {
        Self(bytes)
    }

    /// Erases the memory and returns it.
    pub fn erased(bytes: &'a mut [u8; SIZE]) -> Self {
        bytes.fill(ERASED);
        Self(bytes)
    }

    /// Returns the range of all bytes, for `FlashStore`.
    #[must_use]
    pub const fn range() -> core::ops::Range<u32> {
        0..SIZE as u32
    }

    fn part(&mut self, from: u32, to: u32, unit: usize) -> Result<&mut [u8], Refused> {
        let (from, to) = (from as usize, to as usize);
        if !from.is_multiple_of(unit) || !to.is_multiple_of(unit) {
            return Err(Refused(NorFlashErrorKind::NotAligned));
        }
        self.0.get_mut(from..to).ok_or(Refused(NorFlashErrorKind::OutOfBounds))
    }
}

impl NorFlashError for Refused {
    fn kind(&self) -> NorFlashErrorKind {
        self.0
    }
}

impl ErrorType for RamFlash<'_> {
    type Error = Refused;
}

impl ReadNorFlash for RamFlash<'_> {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Refused> {
        let end = offset.saturating_add(bytes.len() as u32);
        bytes.copy_from_slice(self.part(offset, end, Self::READ_SIZE)?);
        Ok(())
    }

    fn capacity(&self) -> usize {
        SIZE
    }
}

impl NorFlash for RamFlash<'_> {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = PAGE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Refused> {
        self.part(from, to, PAGE)?.fill(ERASED);
        Ok(())
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Refused> {
        let end = offset.saturating_add(bytes.len() as u32);
        let cells = self.part(offset, end, WORD)?;
        // Writing only clears bits; erasing sets them.
        cells.iter_mut().zip(bytes).for_each(|(cell, byte)| *cell &= byte);
        Ok(())
    }
}
