//! Frames of TS 07.10, as RFCOMM uses them. [RFCOMM 1.2] 4.1 and 5; [TS 07.10] 5.2

use bindrune_wire::{Malformed, NoRoom, Reader, Writer, open_enum};

use crate::fcs::fcs;

/// The most octets that a frame has around its information, with a credit octet.
pub(crate) const OVERHEAD: usize = 6;

/// Information octets whose length takes one octet.
const SHORT: usize = 0x7f;

open_enum! {
    /// Control field without its P/F bit. [TS 07.10] 5.2.1.3
    pub struct FrameType(u8) {
        /// Set Asynchronous Balanced Mode: a command that opens a DLC.
        SABM = 0x2f,
        /// Unnumbered Acknowledgement: the response that accepts SABM or DISC.
        UA = 0x63,
        /// Disconnected Mode: the response that refuses a command.
        DM = 0x0f,
        /// Disconnect: a command that closes a DLC.
        DISC = 0x43,
        /// Unnumbered Information with Header check: data.
        UIH = 0xef,
    }
}

impl FrameType {
    const POLL_FINAL: u8 = 0x10;

    const fn is_known(self) -> bool {
        matches!(self, Self::SABM | Self::UA | Self::DM | Self::DISC | Self::UIH)
    }

    /// Returns whether the frame is a response; SABM, DISC and UIH are commands.
    pub(crate) const fn is_response(self) -> bool {
        matches!(self, Self::UA | Self::DM)
    }
}

/// Data Link Connection Identifier: a server channel, and a bit for the device that has the server. [RFCOMM 1.2] 5.4
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Dlci(pub u8);

impl Dlci {
    /// The multiplexer's control channel.
    pub const CONTROL: Self = Self(0);

    /// Returns the DLCI of a server channel of this device (`is_ours`) or of the peer, in a session that this device
    /// opened (`is_initiator`) or not.
    #[must_use]
    pub const fn of_server(channel: u8, is_ours: bool, is_initiator: bool) -> Self {
        Self((channel << 1) & 0x3e | (is_ours == is_initiator) as u8)
    }

    /// Returns the server channel.
    #[must_use]
    pub const fn channel(self) -> u8 {
        self.0 >> 1
    }

    /// Returns whether the DLCI is one of a server channel, 2 to 61.
    #[must_use]
    pub const fn is_server(self) -> bool {
        matches!(self.0, 2..=61)
    }

    /// Returns whether the server channel is one of this device.
    #[must_use]
    pub const fn is_ours(self, is_initiator: bool) -> bool {
        (self.0 & 1 != 0) == is_initiator
    }

    /// Returns the bit of a set of DLCIs.
    pub(crate) const fn bit(self) -> u64 {
        1 << (self.0 & 0x3f)
    }
}

/// A frame with its information.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The DLC that the frame belongs to.
    pub dlci: Dlci,
    /// C/R bit of the address.
    pub command_response: bool,
    /// Type of the frame.
    pub kind: FrameType,
    /// P/F bit of the control field.
    pub poll_final: bool,
    /// Credits of a UIH frame with P/F = 1.
    pub credits: Option<u8>,
    /// User data, or commands of the multiplexer.
    pub information: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Parses a whole frame, which is the payload of one L2CAP PDU.
    ///
    /// # Errors
    ///
    /// [`Malformed::Truncated`] or [`Malformed::Trailing`] if the length field does not match the octets;
    /// [`Malformed::Value`] for an address of two octets, an unknown type, an FCS that does not match, or information
    /// in a frame that has none.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(octets);
        let (address, control) = (r.u8()?, r.u8()?);
        let kind = FrameType(control & !FrameType::POLL_FINAL);
        if address & 1 == 0 || !kind.is_known() {
            return Err(Malformed::Value);
        }
        let poll_final = control & FrameType::POLL_FINAL != 0;
        let len = length(&mut r)?;
        let header = octets.len().saturating_sub(r.remaining());
        let has_credits =
            kind == FrameType::UIH && poll_final && r.remaining() == len.saturating_add(2);
        let credits = if has_credits { Some(r.u8()?) } else { None };
        let information = r.bytes(len)?;
        let check = r.u8()?;
        r.finish()?;
        if kind != FrameType::UIH && !information.is_empty() {
            return Err(Malformed::Value);
        }
        let covered = if kind == FrameType::UIH { 2 } else { header };
        if fcs(octets.get(..covered).unwrap_or_default()) != check {
            return Err(Malformed::Value);
        }
        let (dlci, command_response) = (Dlci(address >> 2), address & 2 != 0);
        Ok(Self { dlci, command_response, kind, poll_final, credits, information })
    }

    /// Writes the frame.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small, or the information is longer than 32,767 octets; then nothing is written.
    pub fn write(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        let header = self.header();
        if header.total(self.information.len()) > w.room() {
            return Err(NoRoom);
        }
        header.write(self.information.len(), w)?;
        w.bytes(self.information)?;
        w.u8(header.fcs(self.information.len()))
    }

    const fn header(&self) -> Header {
        let Self { dlci, command_response, kind, poll_final, credits, .. } = *self;
        Header { dlci, command_response, kind, poll_final, credits }
    }
}

/// A frame without its information.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    pub(crate) dlci: Dlci,
    pub(crate) command_response: bool,
    pub(crate) kind: FrameType,
    pub(crate) poll_final: bool,
    pub(crate) credits: Option<u8>,
}

impl Header {
    const fn address(self) -> u8 {
        self.dlci.0 << 2 | (self.command_response as u8) << 1 | 1
    }

    const fn control(self) -> u8 {
        if self.poll_final { self.kind.0 | FrameType::POLL_FINAL } else { self.kind.0 }
    }

    /// Returns the length of the frame with `len` octets of information.
    const fn total(self, len: usize) -> usize {
        let length = if len > SHORT { 2 } else { 1 };
        len.saturating_add(3).saturating_add(length).saturating_add(self.credits.is_some() as usize)
    }

    /// Writes what comes before `len` octets of information.
    pub(crate) fn write(self, len: usize, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        let short = len <= SHORT;
        let field = u16::try_from(len).ok().filter(|&len| len < 0x8000).ok_or(NoRoom)?;
        let field = field << 1 | u16::from(short);
        w.bytes(&[self.address(), self.control()])?;
        w.bytes(field.to_le_bytes().get(..if short { 1 } else { 2 }).unwrap_or_default())?;
        self.credits.map_or(Ok(()), |credits| w.u8(credits))
    }

    /// Returns the FCS. It covers the length of frames other than UIH, which have no information.
    pub(crate) fn fcs(self, len: usize) -> u8 {
        let [low, ..] = len.to_le_bytes();
        let all = [self.address(), self.control(), low << 1 | 1];
        fcs(all.get(..if self.kind == FrameType::UIH { 2 } else { 3 }).unwrap_or_default())
    }
}

/// Reads a length of one or two octets. [TS 07.10] 5.2.1.5
pub(crate) fn length(r: &mut Reader<'_>) -> Result<usize, Malformed> {
    let low = r.u8()?;
    let high = if low & 1 == 0 { r.u8()? } else { 0 };
    Ok(usize::from(low >> 1) | usize::from(high) << 7)
}

#[cfg(test)]
mod tests;
