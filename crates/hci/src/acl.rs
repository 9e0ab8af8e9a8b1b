//! The header of ACL data packets. [Vol 4] Part E, 5.4.2

use bindrune_wire::{Handle, Malformed};

use crate::h4::PacketType;

/// The part of an L2CAP PDU that a packet carries. [Vol 4] Part E, 5.4.2
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Boundary {
    /// The first part, which the controller never flushes: an LE host sends this.
    FirstNonFlushable,
    /// A continuing part.
    Continuing,
    /// The first part, which may be flushed: a controller sends this.
    FirstFlushable,
    /// A whole PDU (AMP only).
    Complete,
}

impl Boundary {
    /// Returns whether an L2CAP PDU begins.
    #[must_use]
    pub const fn is_first(self) -> bool {
        !matches!(self, Self::Continuing)
    }

    const fn from_bits(bits: u16) -> Self {
        match bits & 0b11 {
            0b00 => Self::FirstNonFlushable,
            0b01 => Self::Continuing,
            0b10 => Self::FirstFlushable,
            _ => Self::Complete,
        }
    }

    const fn bits(self) -> u16 {
        match self {
            Self::FirstNonFlushable => 0b00,
            Self::Continuing => 0b01,
            Self::FirstFlushable => 0b10,
            Self::Complete => 0b11,
        }
    }
}

/// The header of an ACL data packet. [Vol 4] Part E, 5.4.2
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct AclHeader {
    /// The link.
    pub handle: Handle,
    /// The part of an L2CAP PDU that follows.
    pub boundary: Boundary,
    /// 0 point to point, 1 broadcast; two bits.
    pub broadcast: u8,
    /// Length of the data in octets.
    pub len: u16,
}

impl AclHeader {
    /// Length of the header without its H4 indicator, in octets.
    pub const LEN: usize = 4;

    /// Creates the header of a point-to-point packet.
    #[must_use]
    pub const fn new(handle: Handle, boundary: Boundary, len: u16) -> Self {
        Self { handle, boundary, broadcast: 0, len }
    }

    /// Parses the header; a handle above 0x0EFF is a forbidden value.
    ///
    /// # Errors
    ///
    /// [`Malformed::Value`].
    pub fn parse([a, b, c, d]: [u8; Self::LEN]) -> Result<Self, Malformed> {
        let word = u16::from_le_bytes([a, b]);
        Ok(Self {
            handle: Handle::new(word & 0x0fff).ok_or(Malformed::Value)?,
            boundary: Boundary::from_bits(word >> 12),
            broadcast: b >> 6,
            len: u16::from_le_bytes([c, d]),
        })
    }

    /// Returns the header's octets.
    #[must_use]
    pub const fn emit(self) -> [u8; Self::LEN] {
        let word = self.handle.get() | self.boundary.bits() << 12;
        let [a, b] = word.to_le_bytes();
        let [c, d] = self.len.to_le_bytes();
        [a, b | self.broadcast << 6, c, d]
    }

    /// Returns the H4 indicator, then the header's octets.
    #[must_use]
    pub const fn emit_h4(self) -> [u8; 5] {
        let [a, b, c, d] = self.emit();
        [PacketType::ACL.0, a, b, c, d]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_valid_header_is_read_back() {
        for word in 0..=u16::MAX {
            let [a, b] = word.to_le_bytes();
            let octets = [a, b, 0x1b, 0x01];
            match AclHeader::parse(octets) {
                Ok(header) => assert_eq!((header.emit(), header.len), (octets, 0x011b)),
                Err(e) => assert!(e == Malformed::Value && word & 0x0fff > 0x0eff),
            }
        }
    }

    #[test]
    fn an_le_host_sends_first_non_flushable() {
        let handle = Handle::new(0x040).unwrap();
        let header = AclHeader::new(handle, Boundary::FirstNonFlushable, 7);
        assert_eq!(header.emit_h4(), [2, 0x40, 0x00, 7, 0]);
        let header = AclHeader::new(handle, Boundary::Continuing, 7);
        assert_eq!(header.emit(), [0x40, 0x10, 7, 0]);
    }
}
