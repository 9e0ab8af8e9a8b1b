//! Connection events. [Vol 6] Part B, 2.1, 4.1.1, 4.5.1

use crate::{PDU, Row, credits::INDICATION};

/// Time between two packets (T_IFS), in microseconds.
pub(crate) const IFS: u32 = 150;
/// Bytes of a message integrity code.
const MIC: u32 = 4;

impl Row {
    /// Returns the bits per second that fit the connection events.
    ///
    /// An event is full of exchanges: a data PDU, T_IFS, an empty PDU of the other side, T_IFS. As long as there is
    /// room for the longest one, another begins. A PDU of the other side that carries credits is longer than an empty
    /// one.
    pub(crate) fn radio(&self) -> f64 {
        let pdus = self.with_credits(|indications| self.pdus(indications));
        pdus * self.payload() * 8e6 / self.microseconds()
    }

    /// Returns the L2CAP PDUs that fit a connection event beside a number of credit indications.
    fn pdus(&self, indications: u32) -> f64 {
        let fragments = self.fragments();
        let interval = u32::from(self.interval).saturating_mul(1250);
        let longest = self.exchange(PDU);
        let longer = self.packet(INDICATION).saturating_sub(self.packet(0));
        let mut time = indications.saturating_mul(longer);
        let mut exchanges = 0u32;
        for bytes in fragments.iter().cycle() {
            if time.saturating_add(longest) > interval && exchanges > 0 {
                break;
            }
            time = time.saturating_add(self.exchange(*bytes));
            exchanges = exchanges.saturating_add(1);
        }
        f64::from(exchanges) / fragments.len() as f64
    }

    /// Returns the microseconds of an exchange with this payload, in bytes.
    pub(crate) fn exchange(&self, bytes: u16) -> u32 {
        [self.packet(bytes), IFS, self.packet(0), IFS].into_iter().fold(0, u32::saturating_add)
    }

    /// Returns the microseconds of a packet with this payload, in bytes.
    pub(crate) fn packet(&self, bytes: u16) -> u32 {
        packet(self.two_mbit, self.encrypted, bytes)
    }
}

/// Returns the microseconds of a packet: preamble, access address, header, payload, MIC and CRC. An empty packet has no
/// MIC.
pub(crate) fn packet(two_mbit: bool, encrypted: bool, bytes: u16) -> u32 {
    let (preamble, byte) = if two_mbit { (2, 4) } else { (1u32, 8) };
    let mic = if encrypted && bytes > 0 { MIC } else { 0 };
    [4, 2, u32::from(bytes), mic, 3]
        .into_iter()
        .fold(preamble, u32::saturating_add)
        .saturating_mul(byte)
}
