//! Values that the host holds, as the application reads and writes them.

use super::{Server, ValueError};
use crate::table::Characteristic;

impl Server {
    /// Replaces the value of a characteristic that the host holds. Nobody is notified.
    ///
    /// # Errors
    ///
    /// [`ValueError::NotInTable`], [`ValueError::NotHeld`], or [`ValueError::TooLong`] if the characteristic allows less.
    pub fn write(&mut self, c: &Characteristic, value: &[u8]) -> Result<(), ValueError> {
        let region = self.region(c)?;
        if self.values.set(region, value) { Ok(()) } else { Err(ValueError::TooLong) }
    }

    /// The value of a characteristic that the host holds.
    ///
    /// # Errors
    ///
    /// [`ValueError::NotInTable`] or [`ValueError::NotHeld`].
    pub fn value(&self, c: &Characteristic) -> Result<&[u8], ValueError> {
        Ok(self.values.get(self.region(c)?))
    }

    /// Copies the value of a characteristic that the host holds, and says how long it is.
    ///
    /// # Errors
    ///
    /// [`ValueError::NotInTable`], [`ValueError::NotHeld`], or [`ValueError::BufferTooShort`].
    pub fn read(&self, c: &Characteristic, buffer: &mut [u8]) -> Result<usize, ValueError> {
        let value = self.value(c)?;
        buffer.get_mut(..value.len()).ok_or(ValueError::BufferTooShort)?.copy_from_slice(value);
        Ok(value.len())
    }

    /// Moves the first octets of an append buffer to `buffer`, as many as fit, and says how many.
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
}
