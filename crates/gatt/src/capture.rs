//! Writes that are kept separately, each with its writer, until the application takes them.

use crate::{Characteristic, Server, ValueError, server::WRITER, value::Region};

impl Characteristic {
    /// Captures every write of a peer, with its writer, in a buffer of `room` octets until the application takes it. A
    /// captured write takes the value as the write left it, and 7 octets more. If a write has no room, it is answered
    /// with Insufficient Resources (0x11); a command is counted as dropped.
    ///
    /// The host holds the value too, as with [`Self::value`]. Without that, the value is empty at first, and its
    /// maximum length is that of the longest write that fits in `room`, unless [`Self::max_len`] sets less. A long
    /// write is captured once, whole.
    ///
    /// ```
    /// use bindrune_gatt::Characteristic;
    /// use bindrune_wire::Uuid;
    ///
    /// static COMMAND: Characteristic =
    ///     Characteristic::new(Uuid::new_16(0xff01)).write().write_without_response().max_len(20).capture(256);
    /// ```
    ///
    /// # Panics
    ///
    /// At compile time of the `static`, if [`Self::append`] was used: an append buffer keeps neither the boundaries of
    /// writes nor their writers.
    #[must_use]
    pub const fn capture(self, room: u16) -> Self {
        self.with_capture(room)
    }
}

impl Server {
    /// Takes the oldest captured write of a characteristic and copies its octets to `buffer`. Returns the host's name
    /// of its writer ([`crate::Peer::name`]) and its length.
    ///
    /// # Errors
    ///
    /// [`ValueError::NotInTable`]; [`ValueError::NotHeld`] if writes are not captured; [`ValueError::BufferTooShort`]
    /// if the write is longer than `buffer`; then it stays.
    pub fn poll_captured(
        &mut self,
        c: &Characteristic,
        buffer: &mut [u8],
    ) -> Result<Option<([u8; WRITER], usize)>, ValueError> {
        let entry = self.table().value_entry(c).ok_or(ValueError::NotInTable)?;
        let captured = Region::captured(&entry).ok_or(ValueError::NotHeld)?;
        self.take_captured_write(captured, buffer).transpose()
    }
}
