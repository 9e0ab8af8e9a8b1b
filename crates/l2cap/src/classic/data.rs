use core::fmt;

use super::{Channel, Channels};

/// Reason why a datagram cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SendError {
    /// The channel is not open.
    NotOpen,
    /// The datagram is longer than the peer's MTU, or than the ring of data to send.
    TooLong,
    /// There is too little room now. [`super::Signal::Writable`] reports that there is more.
    Full,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotOpen => "the channel is not open",
            Self::TooLong => "the datagram is longer than the channel can send",
            Self::Full => "the channel has too little room now",
        })
    }
}

impl core::error::Error for SendError {}

impl Channels {
    /// Takes a datagram to send, of 0 octets up to the peer's MTU.
    ///
    /// # Errors
    ///
    /// [`SendError`]; then nothing is sent.
    pub fn send(&mut self, index: usize, datagram: &[u8]) -> Result<(), SendError> {
        let open = |c: &&mut Channel| c.is_open();
        let channel = self.slot(index).filter(open).ok_or(SendError::NotOpen)?;
        if datagram.len() > channel.longest() {
            return Err(SendError::TooLong);
        }
        channel.is_blocked = !channel.transfer.send(datagram);
        channel.blocked_len = datagram.len();
        if channel.is_blocked { Err(SendError::Full) } else { Ok(()) }
    }

    /// Returns the first received datagram. It stays until [`Self::consume`], also after the end of the channel.
    pub fn received(&mut self, index: usize) -> Option<&[u8]> {
        self.slot(index)?.transfer.received()
    }

    /// Frees the first received datagram; false if there is none.
    pub fn consume(&mut self, index: usize) -> bool {
        self.slot(index).is_some_and(|channel| channel.transfer.consume())
    }
}

impl Channel {
    /// Returns the length of the longest datagram that can be sent, in octets.
    #[must_use]
    pub fn longest(&self) -> usize {
        let mtu = self.agreement().tx_mtu;
        self.transfer.longest().map_or(0, |longest| longest.min(mtu).into())
    }
}
