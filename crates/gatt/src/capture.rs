//! Writes that are kept apart until the app takes them, each with who wrote it.

use crate::{Characteristic, Server, ValueError, server::WRITER, value::Region};

impl Characteristic {
    /// The host captures every write of a peer, with who wrote it, in a buffer of `room` octets, until the app takes it: the
    /// value as the write left it, and 7 octets more. A write that finds no room is answered with Insufficient Resources (0x11), or
    /// counted as dropped if it was a command.
    ///
    /// The host holds the value too, as with [`Self::value`]. Without that it is empty at first, and its greatest length is that of
    /// the longest write that fits `room`, unless [`Self::max_len`] says less. A long write is captured once, whole.
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
    /// While a `static` is compiled, after [`Self::append`]: that buffer has neither the bounds of writes nor who wrote.
    #[must_use]
    pub const fn capture(self, room: u16) -> Self {
        self.with_capture(room)
    }
}

impl Server {
    /// Takes the oldest captured write of a characteristic: what the host calls its writer ([`crate::Peer::name`]), and its
    /// length. Its octets are copied to `buffer`.
    ///
    /// # Errors
    ///
    /// [`ValueError::NotInTable`]; [`ValueError::NotHeld`] if writes are not captured; [`ValueError::BufferTooShort`] if the
    /// write is longer than `buffer`: it is not taken.
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
