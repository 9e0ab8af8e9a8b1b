//! The frame check sequence: CRC-8 with the polynomial x^8 + x^2 + x + 1, least significant bit first. [TS 07.10]
//! 5.2.1.6

/// Returns the FCS of `octets`.
pub(crate) fn fcs(octets: &[u8]) -> u8 {
    const REVERSED: u8 = 0xe0;
    let shift = |crc: u8, _: u8| if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ REVERSED };
    let crc = octets.iter().fold(0xff, |crc, octet| (0..8).fold(crc ^ octet, shift));
    !crc
}
