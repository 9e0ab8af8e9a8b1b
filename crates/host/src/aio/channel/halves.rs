//! The halves of a channel.

use super::{End, Outgoing, Piece, Receiver, Sender};
use crate::{Error, waiters::ChannelKey};

impl<'h> Sender<'h> {
    /// Sends what is queued, closes the channel for both halves and waits for the peer's confirmation.
    ///
    /// # Errors
    ///
    /// As for [`crate::Channel::close`].
    ///
    /// # Cancel safety
    ///
    /// As for [`crate::Channel::close`].
    pub async fn close(mut self) -> Result<(), Error> {
        self.flush().await?;
        self.end.close().await
    }

    /// See [`crate::Channel::send`].
    ///
    /// # Errors
    ///
    /// As for [`crate::Channel::send`].
    ///
    /// # Cancel safety
    ///
    /// As for [`crate::Channel::send`].
    pub async fn send(&mut self, sdu: &[u8]) -> Result<(), Error> {
        let mut whole = Whole { end: &self.end, len: sdu.len(), sent: 0 };
        let sent = &mut whole.sent;
        self.end
            .wait(ChannelKey::Send, |stack, channel| stack.poll_send_frames(channel, sdu, sent))
            .await
    }

    /// See [`crate::Channel::reserve`].
    ///
    /// # Errors
    ///
    /// As for [`crate::Channel::reserve`].
    ///
    /// # Cancel safety
    ///
    /// As for [`crate::Channel::reserve`].
    pub async fn reserve(&mut self, len: usize) -> Result<Outgoing<'_, 'h>, Error> {
        let packet =
            self.end.wait(ChannelKey::Send, |stack, channel| stack.poll_reserve(channel, len));
        let packet = packet.await?;
        Ok(Outgoing::new(&self.end, packet))
    }

    /// See [`crate::Channel::send_all`].
    ///
    /// # Errors
    ///
    /// As for [`crate::Channel::send_all`].
    ///
    /// # Cancel safety
    ///
    /// As for [`crate::Channel::send_all`].
    pub async fn send_all(&mut self, bytes: &[u8]) -> Result<(), Error> {
        for sdu in bytes.chunks(self.peer_mtu().max(1)) {
            self.send(sdu).await?;
        }
        Ok(())
    }

    /// See [`crate::Channel::flush`].
    ///
    /// # Errors
    ///
    /// As for [`crate::Channel::flush`].
    ///
    /// # Cancel safety
    ///
    /// As for [`crate::Channel::flush`].
    pub async fn flush(&mut self) -> Result<(), Error> {
        self.end.wait(ChannelKey::Flush, |stack, channel| stack.poll_flushed(channel)).await
    }

    /// Returns the longest SDU that can be sent, in bytes.
    #[must_use]
    pub fn peer_mtu(&self) -> usize {
        self.end.get(|c| c.peer_mtu()).into()
    }
}

impl Receiver<'_> {
    /// See [`crate::Channel::recv`].
    ///
    /// # Errors
    ///
    /// As for [`crate::Channel::recv`].
    ///
    /// # Cancel safety
    ///
    /// As for [`crate::Channel::recv`].
    pub fn recv(&mut self, buffer: &mut [u8]) -> impl Future<Output = Result<usize, Error>> {
        self.end
            .wait(ChannelKey::Receive, move |stack, channel| stack.poll_receive(channel, buffer))
    }

    /// See [`crate::Channel::recv_ref`].
    ///
    /// # Errors
    ///
    /// As for [`crate::Channel::recv_ref`].
    ///
    /// # Cancel safety
    ///
    /// As for [`crate::Channel::recv`].
    pub async fn recv_ref(&mut self) -> Result<Piece<'_>, Error> {
        self.piece(true).await
    }

    /// See [`crate::Channel::next_chunk`].
    ///
    /// # Errors
    ///
    /// As for [`crate::Channel::next_chunk`].
    ///
    /// # Cancel safety
    ///
    /// As for [`crate::Channel::recv`].
    pub async fn next_chunk(&mut self) -> Result<Piece<'_>, Error> {
        self.piece(false).await
    }

    /// See [`crate::Channel::available`].
    #[must_use]
    pub fn available(&self) -> usize {
        let channel = self.end.channel;
        self.end.host.with(|core| core.stack.received(channel))
    }

    async fn piece(&mut self, whole: bool) -> Result<Piece<'_>, Error> {
        let chunk =
            self.end.wait(ChannelKey::Receive, |stack, channel| stack.poll_chunk(channel, whole));
        Ok(Piece::new(&self.end, chunk.await?))
    }
}

/// Closes the channel if an SDU was begun and is not finished.
struct Whole<'e, 'h> {
    end: &'e End<'h>,
    /// Length of the SDU, and how many of its bytes were sent.
    len: usize,
    sent: usize,
}

impl Drop for Whole<'_, '_> {
    fn drop(&mut self) {
        if self.sent > 0 && self.sent < self.len {
            self.end.host.with(|core| core.stack.interrupt_channel(self.end.channel));
        }
    }
}
