use core::fmt;

use bindrune_wire::{Packet, Writer};

use super::receive::SDU_LENGTH;

/// Reason why a K-frame was not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SendError {
    /// The SDU is longer than the peer's MTU.
    TooLong {
        /// The peer's MTU in octets.
        mtu: u16,
    },
    /// The peer has granted no more credits.
    NoCredit,
    /// The channel is not open.
    Closed,
    /// The packet has no room for an octet of the SDU.
    NoRoom,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { mtu } => write!(f, "the SDU is longer than the peer's MTU of {mtu}"),
            Self::NoCredit => f.write_str("the peer has granted no more credits"),
            Self::Closed => f.write_str("the channel is not open"),
            Self::NoRoom => f.write_str("the packet has no room for an octet of the SDU"),
        }
    }
}

impl core::error::Error for SendError {}

/// The sending end of a channel: the peer's limits and credits.
#[derive(Debug)]
pub(crate) struct Transmit {
    pub(crate) mtu: u16,
    pub(crate) mps: u16,
    pub(crate) credits: u16,
}

impl Transmit {
    pub(crate) const CLOSED: Self = Self { mtu: 0, mps: 0, credits: 0 };

    /// Records what the peer offered when the channel opened.
    pub(crate) fn accept(&mut self, mtu: u16, mps: u16, credits: u16) {
        *self = Self { mtu, mps, credits };
    }

    /// Adds the peer's credits; false if they exceed 65,535. [Vol 3] Part A, 10.1
    #[must_use]
    pub(crate) fn credit(&mut self, credits: u16) -> bool {
        let sum = self.credits.checked_add(credits);
        self.credits = sum.unwrap_or(self.credits);
        sum.is_some()
    }

    /// Writes the K-frame payload that follows the first `sent` octets of `sdu`, and spends a credit.
    pub(crate) fn write_frame(
        &mut self,
        sdu: &[u8],
        sent: usize,
        w: &mut Writer<'_>,
    ) -> Result<usize, SendError> {
        let len = self.fits(sdu.len())?;
        let credits = self.credits.checked_sub(1).ok_or(SendError::NoCredit)?;
        let rest = sdu.get(sent..).unwrap_or_default();
        let prefix = if sent == 0 { SDU_LENGTH } else { 0 };
        let room =
            usize::from(self.mps).min(w.room()).checked_sub(prefix).ok_or(SendError::NoRoom)?;
        let taken = rest.len().min(room);
        if taken == 0 && !sdu.is_empty() {
            return Err(SendError::NoRoom);
        }
        if sent == 0 {
            w.u16(len).map_err(|_| SendError::NoRoom)?;
        }
        w.bytes(rest.get(..taken).unwrap_or_default()).map_err(|_| SendError::NoRoom)?;
        self.credits = credits;
        Ok(taken)
    }

    /// Turns a packet with a whole SDU and headroom for the SDU length into a K-frame payload.
    pub(crate) fn seal(&mut self, packet: &mut Packet) -> Result<(), SendError> {
        let len = self.fits(packet.len())?;
        let credits = self.credits.checked_sub(1).ok_or(SendError::NoCredit)?;
        if packet.len().saturating_add(SDU_LENGTH) > usize::from(self.mps) {
            return Err(SendError::NoRoom);
        }
        packet.push(SDU_LENGTH).ok_or(SendError::NoRoom)?.copy_from_slice(&len.to_le_bytes());
        self.credits = credits;
        Ok(())
    }

    fn fits(&self, sdu: usize) -> Result<u16, SendError> {
        let too_long = SendError::TooLong { mtu: self.mtu };
        u16::try_from(sdu).ok().filter(|&len| len <= self.mtu).ok_or(too_long)
    }
}
