use core::fmt;

/// Protocol/Service Multiplexer of BR/EDR: the service that a channel is for. [Vol 3] Part A, 4.2
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Psm(pub u16);

impl Psm {
    /// Service Discovery Protocol.
    pub const SDP: Self = Self(0x0001);
    /// RFCOMM.
    pub const RFCOMM: Self = Self(0x0003);
    /// The lowest PSM that applications may choose.
    pub const DYNAMIC: Self = Self(0x1001);

    /// Returns whether the least significant octet is odd, and bit 0 of the other octet is 0.
    #[must_use]
    pub const fn is_valid(self) -> bool {
        self.0 & 0x0101 == 0x0001
    }

    /// Returns whether the PSM is valid and at least 0x1001, the range for applications.
    #[must_use]
    pub const fn is_dynamic(self) -> bool {
        self.is_valid() && self.0 >= Self::DYNAMIC.0
    }
}

impl fmt::Debug for Psm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:04x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_psm_is_odd_in_the_right_octet() {
        for valid in [0x0001, 0x0003, 0x00ff, 0x1001, 0x1003, 0xfeff] {
            assert!(Psm(valid).is_valid(), "{valid:#06x}");
        }
        for invalid in [0x0000, 0x0002, 0x0101, 0x1000, 0x1101, 0x1102, 0xffff] {
            assert!(!Psm(invalid).is_valid(), "{invalid:#06x}");
        }
        assert!(Psm(0x1001).is_dynamic() && !Psm(0x0fff).is_dynamic() && !Psm(0x1101).is_dynamic());
        assert_eq!(std::format!("{:?}", Psm::SDP), "0x0001");
    }
}
