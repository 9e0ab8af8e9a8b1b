//! The next write of one characteristic, whoever wrote it.

use bindrune_gatt::Characteristic;

use super::server::Gatt;
use crate::{
    Connection, Error,
    waiters::{HostKey, Key},
};

impl<'h> Gatt<'h> {
    /// Waits for the next write of a characteristic that captures writes ([`Characteristic::capture`]), and returns the link of
    /// the peer that wrote and the value's length in bytes. The value is copied to `buffer`.
    ///
    /// Writes of all peers come in the order of their arrival, each once; the peer has its response by then. They are reported here
    /// and nowhere else: [`Connection::next`] has no [`Event::Write`](crate::Event::Write) or
    /// [`Event::Written`](crate::Event::Written) of such a characteristic, and one that does not capture is not for this call.
    /// Several tasks may wait, for different characteristics or for the same; of those, each write goes to one.
    ///
    /// What finds no room in the buffer of the characteristic is refused (0x11); a write command is dropped, and reported by
    /// [`Event::LostWrites`](crate::Event::LostWrites). A link that has ended meanwhile is a [`Connection`] whose calls fail; one that
    /// nobody else holds ends when the returned [`Connection`] is dropped.
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
    /// [`Error::BufferTooSmall`] if the write is longer than `buffer`: it is not taken, and the error names the greatest length of
    /// the value.
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
