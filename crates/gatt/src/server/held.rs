//! Values that the host holds, as the application reads and writes them.

use super::{Server, WRITER};
use crate::{
    table::{Characteristic, Descriptor, Entry},
    value::{Region, ValueError},
};

impl Server {
    /// Replaces the value of a characteristic that the host holds. No peer is notified.
    ///
    /// # Errors
    ///
    /// [`ValueError::NotInTable`], [`ValueError::NotHeld`], or [`ValueError::TooLong`] if the characteristic allows
    /// fewer octets.
    pub fn write(&mut self, c: &Characteristic, value: &[u8]) -> Result<(), ValueError> {
        let region = self.region(c)?;
        if self.values.set(region, value) { Ok(()) } else { Err(ValueError::TooLong) }
    }

    /// Returns the value of a characteristic that the host holds.
    ///
    /// # Errors
    ///
    /// [`ValueError::NotInTable`] or [`ValueError::NotHeld`].
    pub fn value(&self, c: &Characteristic) -> Result<&[u8], ValueError> {
        Ok(self.values.get(self.region(c)?))
    }

    /// Copies the value of a characteristic that the host holds, and returns its length.
    ///
    /// # Errors
    ///
    /// [`ValueError::NotInTable`], [`ValueError::NotHeld`], or [`ValueError::BufferTooShort`].
    pub fn read(&self, c: &Characteristic, buffer: &mut [u8]) -> Result<usize, ValueError> {
        let value = self.value(c)?;
        buffer.get_mut(..value.len()).ok_or(ValueError::BufferTooShort)?.copy_from_slice(value);
        Ok(value.len())
    }

    /// Moves the first octets of an append buffer to `buffer`, as many as fit, and returns their number.
    ///
    /// # Errors
    ///
    /// [`ValueError::NotInTable`], or [`ValueError::NotHeld`] if the characteristic has no append buffer.
    pub fn take_appended(
        &mut self,
        c: &Characteristic,
        buffer: &mut [u8],
    ) -> Result<usize, ValueError> {
        let region = self.region(c)?;
        Ok(self.values.take(region, buffer))
    }

    /// Sets the GAP Device Name.
    ///
    /// # Errors
    ///
    /// [`ValueError::TooLong`] if the name exceeds the configured room.
    pub fn set_device_name(&mut self, name: &[u8]) -> Result<(), ValueError> {
        self.write(self.name_characteristic(), name)
    }

    /// Returns the value of a descriptor that the host holds.
    ///
    /// # Errors
    ///
    /// [`ValueError::NotInTable`], or [`ValueError::NotHeld`] if the application holds the value.
    pub fn descriptor(&self, descriptor: &Descriptor) -> Result<&[u8], ValueError> {
        Ok(self.values.get(self.descriptor_region(descriptor)?))
    }

    /// Replaces the value of a descriptor that the host holds.
    ///
    /// # Errors
    ///
    /// As for [`Self::descriptor`], and [`ValueError::TooLong`].
    pub fn write_descriptor(
        &mut self,
        descriptor: &Descriptor,
        value: &[u8],
    ) -> Result<(), ValueError> {
        let region = self.descriptor_region(descriptor)?;
        if self.values.set(region, value) { Ok(()) } else { Err(ValueError::TooLong) }
    }

    pub(crate) fn take_captured_write(
        &mut self,
        captured: Region,
        buffer: &mut [u8],
    ) -> Option<Result<([u8; WRITER], usize), ValueError>> {
        self.values.take_captured(captured, buffer)
    }

    pub(super) fn region(&self, c: &Characteristic) -> Result<Region, ValueError> {
        let entry = self.table.value_entry(c).ok_or(ValueError::NotInTable)?;
        Region::of(&entry).ok_or(ValueError::NotHeld)
    }

    fn descriptor_region(&self, descriptor: &Descriptor) -> Result<Region, ValueError> {
        let is =
            |entry: &Entry| entry.attribute.target().is_some_and(|t| t.is_descriptor(descriptor));
        let entry = self.table.entries().find(is).ok_or(ValueError::NotInTable)?;
        Region::of(&entry).ok_or(ValueError::NotHeld)
    }
}
