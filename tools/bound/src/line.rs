//! A serial line of 8 data bits, a start bit and a stop bit. [Vol 4] Part A, 2; Part E, 5.4.2

use crate::Row;

/// Bytes of the packet indicator and of the header of an ACL data packet.
pub(crate) const HEADERS: u32 = 1 + 4;
/// Bits of a byte on the line.
pub(crate) const BITS: u32 = 10;

impl Row {
    /// Returns the bits per second that pass the line of the sending host.
    pub(crate) fn line(&self, baud: u32) -> f64 {
        let bytes: u32 =
            self.fragments().into_iter().map(|len| HEADERS.saturating_add(u32::from(len))).sum();
        self.payload() * 8.0 * f64::from(baud) / (f64::from(bytes) * f64::from(BITS))
    }
}
