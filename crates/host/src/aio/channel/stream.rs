//! Channels as byte streams, without the boundaries of SDUs.

use embedded_io_async::{ErrorType, Read, Write};

use super::{Channel, Receiver, Sender};
use crate::{Error, waiters::ChannelKey};

impl ErrorType for Channel<'_> {
    type Error = Error;
}

impl ErrorType for Sender<'_> {
    type Error = Error;
}

impl ErrorType for Receiver<'_> {
    type Error = Error;
}

impl Read for Channel<'_> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        self.receiver.read(buffer).await
    }
}

/// Dropping a `read` loses no byte.
impl Read for Receiver<'_> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        self.end.wait(ChannelKey::Receive, |stack, channel| stack.poll_read(channel, buffer)).await
    }
}

impl Write for Channel<'_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        self.sender.write(bytes).await
    }

    async fn flush(&mut self) -> Result<(), Error> {
        self.sender.flush().await
    }
}

/// If a `write` is dropped in the middle of its SDU, the channel closes, as for [`Channel::send`]. Writing no bytes
/// sends no SDU.
impl Write for Sender<'_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        let len = bytes.len().min(self.peer_mtu());
        match bytes.get(..len) {
            Some(sdu) if !bytes.is_empty() => self.send(sdu).await.map(|()| len),
            Some(_) | None => Ok(0),
        }
    }

    async fn flush(&mut self) -> Result<(), Error> {
        Sender::flush(self).await
    }
}
