use core::fmt;

use bindrune_wire::open_enum;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned, little_endian::U16};

open_enum! {
    /// A channel identifier: one end of a channel on one link. [Vol 3] Part A, 2.1
    pub struct Cid(u16) {
        /// No channel.
        NULL = 0x0000,
        /// Attribute protocol.
        ATT = 0x0004,
        /// LE signalling.
        SIGNALLING = 0x0005,
        /// Security Manager protocol.
        SMP = 0x0006,
    }
}

impl Cid {
    /// The lowest CID that is assigned at run time.
    pub const DYNAMIC: Self = Self(0x0040);

    /// Number of CIDs that can be assigned at run time.
    pub const DYNAMIC_COUNT: usize = 64;

    /// Returns whether the CID is 0x0040 to 0x007F, the range of credit-based channels.
    #[must_use]
    pub const fn is_dynamic(self) -> bool {
        matches!(self.0, 0x0040..=0x007f)
    }
}

/// A Simplified Protocol/Service Multiplexer: the service that a credit-based channel is for. [Vol 3]
/// Part A, 4.22
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Psm(pub u16);

impl Psm {
    /// Returns whether the PSM is 0x01 to 0xFF, the range of LE.
    #[must_use]
    pub const fn is_valid(self) -> bool {
        matches!(self.0, 0x01..=0xff)
    }

    /// Returns whether the PSM is 0x80 to 0xFF, the range that applications may choose from.
    #[must_use]
    pub const fn is_dynamic(self) -> bool {
        matches!(self.0, 0x80..=0xff)
    }
}

impl fmt::Debug for Psm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:02x}", self.0)
    }
}

/// The basic L2CAP header. [Vol 3] Part A, 3.1
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct Header {
    len: U16,
    cid: U16,
}

impl Header {
    /// Returns the channel and the payload if `pdu` is exactly one whole PDU.
    #[must_use]
    pub fn of_whole(pdu: &[u8]) -> Option<(Cid, &[u8])> {
        match *pdu {
            [a, b, c, d, ref payload @ ..]
                if payload.len() == usize::from(u16::from_le_bytes([a, b])) =>
            {
                Some((Cid(u16::from_le_bytes([c, d])), payload))
            }
            _ => None,
        }
    }

    /// Length of the header in octets.
    pub const LEN: usize = 4;

    /// Creates the header of a payload of `len` octets to channel `cid`.
    #[must_use]
    pub const fn new(len: u16, cid: Cid) -> Self {
        Self { len: U16::new(len), cid: U16::new(cid.0) }
    }

    /// Returns the length of the payload in octets.
    #[must_use]
    pub const fn payload(&self) -> usize {
        self.len.get() as usize
    }

    /// Returns the receiver's CID.
    #[must_use]
    pub const fn cid(&self) -> Cid {
        Cid(self.cid.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_four_octets_little_endian() {
        let header = Header::new(0x0102, Cid::SMP);
        assert_eq!(header.as_bytes(), [0x02, 0x01, 0x06, 0x00]);
        assert_eq!(Header::read_from_bytes(header.as_bytes()), Ok(header));
        assert_eq!((header.payload(), header.cid()), (0x0102, Cid::SMP));
    }

    #[test]
    fn ranges_of_identifiers() {
        assert!(Cid(0x40).is_dynamic() && Cid(0x7f).is_dynamic());
        assert!(!Cid(0x3f).is_dynamic() && !Cid(0x80).is_dynamic() && !Cid::ATT.is_dynamic());
        assert!(Psm(1).is_valid() && Psm(0xff).is_valid() && !Psm(0).is_valid());
        assert!(!Psm(0x100).is_valid() && Psm(0x80).is_dynamic() && !Psm(0x7f).is_dynamic());
    }
}
