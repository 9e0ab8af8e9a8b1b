//! The next write of one characteristic, by any peer.

use bindrune_gatt::Characteristic;

use super::server::Gatt;
use crate::{
    Connection, Error,
    waiters::{HostKey, Key},
};

impl<'h> Gatt<'h> {
    /// Waits for the next write of a characteristic that captures writes ([`Characteristic::capture`]). Copies the
    /// value to `buffer`, and returns the link of the peer that wrote and the value's length in bytes.
    ///
    /// Returns the writes of all peers in the order of their arrival, each once. The host has already sent the
    /// response. Captured writes are reported only here: [`Connection::next`] returns no
    /// [`Event::Write`](crate::Event::Write) or [`Event::Written`](crate::Event::Written) for such a characteristic.
    /// Several tasks may wait, for different characteristics or for the same one; each write goes to one task.
    ///
    /// If a write does not fit the buffer of the characteristic, it is refused (0x11); a write command is dropped and
    /// reported by [`Event::LostWrites`](crate::Event::LostWrites). If the link has ended meanwhile, the calls of the
    /// returned [`Connection`] fail. If no other handle of the link exists, dropping the returned one disconnects.
    ///
    /// ```
    /// use bindrune::{Characteristic, Error, Gatt, Uuid};
    ///
    /// static COMMAND: Characteristic =
    ///     Characteristic::new(Uuid::new_16(0xff01)).write().write_without_response().max_len(20).capture(256);
    ///
    /// async fn serve(gatt: Gatt<'_>) -> Result<(), Error> {
    ///     let mut buffer = [0; 20];
    ///     loop {
    ///         let (link, len) = gatt.written(&COMMAND, &mut buffer).await?;
    ///         println!("{:?} wrote {:?}", link.peer(), buffer.get(..len));
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::UnknownAttribute`] if the characteristic is not in the table or captures no writes;
    /// [`Error::BufferTooSmall`] if the write is longer than `buffer`: the write stays queued, and the error holds the
    /// greatest length of the value.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: a write is taken only when the future is ready.
    pub async fn written(
        &self,
        characteristic: &'static Characteristic,
        buffer: &mut [u8],
    ) -> Result<(Connection<'h>, usize), Error> {
        let host = self.host;
        let taken = host.wait(Key::Host(HostKey::Written), |core, _| {
            core.stack.poll_captured(characteristic, buffer)
        });
        let (link, len) = taken.await?;
        Ok((Connection::adopted(host, link), len))
    }
}
