//! A serial line of 8 data bits, a start bit and a stop bit. [Vol 4] Part A, 2; Part E, 5.4.2

use crate::Row;

/// Bytes of the packet indicator and of the header of an ACL data packet.
const HEADERS: u32 = 1 + 4;
const BITS: f64 = 10.0;

impl Row {
    /// Returns the bits per second that pass the line of the sending host.
    pub(crate) fn line(&self, baud: u32) -> f64 {
        let bytes: u32 = self.fragments().into_iter().map(|len| HEADERS + u32::from(len)).sum();
        self.payload() * 8.0 * f64::from(baud) / (f64::from(bytes) * BITS)
    }
}
