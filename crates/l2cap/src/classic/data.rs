use super::{Channel, Channels, SendError};

impl Channels {
    /// Takes a datagram to send, of 0 bytes up to the peer's MTU. After [`SendError::Full`],
    /// [`super::Signal::Writable`] reports that there is room for it.
    ///
    /// # Errors
    ///
    /// [`SendError`]; then nothing is sent.
    pub fn send(&mut self, index: usize, datagram: &[u8]) -> Result<(), SendError> {
        self.send_parts(index, &[datagram])
    }

    /// Takes a datagram to send, which consists of `parts` one behind the other.
    ///
    /// # Errors
    ///
    /// [`SendError`]; then nothing is sent.
    pub fn send_parts(&mut self, index: usize, parts: &[&[u8]]) -> Result<(), SendError> {
        let open = |c: &&mut Channel| c.is_open();
        let channel = self.slot(index).filter(open).ok_or(SendError::Closed)?;
        let sent = channel.transfer.send_parts(parts);
        let len = parts.iter().fold(0usize, |sum, part| sum.saturating_add(part.len()));
        channel.blocked = (sent == Err(SendError::Full)).then_some(len);
        sent
    }

    /// Returns the first received datagram. It stays until [`Self::consume`], also after the end of the channel.
    pub fn received(&mut self, index: usize) -> Option<&[u8]> {
        self.slot(index)?.transfer.front_contiguous()
    }

    /// Frees the first received datagram; false if there is none. A PDU may be due afterwards: see
    /// [`super::Link::interest`].
    pub fn consume(&mut self, index: usize) -> bool {
        self.slot(index).is_some_and(|channel| channel.transfer.pop())
    }
}
