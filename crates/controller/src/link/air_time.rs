//! Duration of packets. [Vol 6] Part B, 2.1

use bindrune_hci::Phy;
use embassy_time::Duration;

/// The PHY of one direction of a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LinkPhy {
    #[default]
    One,
    Two,
}

impl LinkPhy {
    pub(crate) const fn to_hci(self) -> Phy {
        match self {
            Self::One => Phy::LE_1M,
            Self::Two => Phy::LE_2M,
        }
    }

    /// Returns the microseconds for each octet.
    const fn octet(self) -> u64 {
        match self {
            Self::One => 8,
            Self::Two => 4,
        }
    }

    /// Returns the octets of preamble, access address, header and CRC.
    const fn frame(self) -> u64 {
        match self {
            Self::One => 1 + 4 + 2 + 3,
            Self::Two => 2 + 4 + 2 + 3,
        }
    }
}

/// Time between two packets of a connection event (T_IFS). [Vol 6] Part B, 4.1.1
pub(crate) const IFS: Duration = Duration::from_micros(150);

/// Returns the air time of a data channel PDU with `octets` of payload; an encrypted one has a MIC, unless it
/// is empty.
pub(crate) fn pdu(phy: LinkPhy, octets: usize, encrypted: bool) -> Duration {
    let mic = if encrypted && octets > 0 { MIC } else { 0 };
    let octets = u64::try_from(octets).unwrap_or(u64::MAX);
    let all = octets.saturating_add(mic).saturating_add(phy.frame());
    Duration::from_micros(all.saturating_mul(phy.octet()))
}

/// Returns the largest payload that takes at most `micros` on the air, including room for a MIC.
pub(crate) fn octets_in(phy: LinkPhy, micros: u16) -> u16 {
    let all = u64::from(micros).checked_div(phy.octet()).unwrap_or(0);
    let octets = all.saturating_sub(phy.frame()).saturating_sub(MIC);
    u16::try_from(octets).unwrap_or(u16::MAX)
}

/// Length of a message integrity code in octets.
const MIC: u64 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_specification() {
        assert_eq!(pdu(LinkPhy::One, 0, true).as_micros(), 80);
        assert_eq!(pdu(LinkPhy::One, 27, true).as_micros(), 328);
        assert_eq!(pdu(LinkPhy::One, 251, true).as_micros(), 2120);
        assert_eq!(pdu(LinkPhy::Two, 251, true).as_micros(), 1064);
        assert_eq!(octets_in(LinkPhy::One, 328), 27);
        assert_eq!(octets_in(LinkPhy::One, 2120), 251);
        assert_eq!(octets_in(LinkPhy::Two, 1064), 251);
    }
}
