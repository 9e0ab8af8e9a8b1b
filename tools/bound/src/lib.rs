//! The goodput of a link, from the packet times of the specification.
//!
//! [`Row::bound`] is what the link layer and the serial lines allow any host, and has enough buffers. [`Link::bound`]
//! is what a link allows this host, with the buffers that the controllers have, and [`Link::bottleneck`] names what
//! limits it.
#![forbid(unsafe_code)]

mod credits;
mod line;
mod link;
mod radio;
mod run;
mod window;

pub use link::{Bottleneck, End, Link, Traffic};

/// Kind of traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// SDUs of eight K-frames with an MPS of 247, and the window of the receiver.
    Channel(u16),
    /// Notifications of 244 bytes.
    Notification,
    /// Write commands of 244 bytes.
    WriteCommand,
}

/// Frames of an SDU. The SDU's length takes two bytes.
pub const SDU_FRAMES: u16 = 8;
/// Bytes of an SDU.
pub const SDU: u16 = SDU_FRAMES * 247 - 2;
/// Bytes of an L2CAP PDU of any flow, headers included.
const PDU: u16 = 251;

/// A link, the controller's buffers, and the traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Kind of traffic.
    pub flow: Flow,
    /// LE 2M, or LE 1M.
    pub two_mbit: bool,
    /// Connection interval in units of 1.25 ms.
    pub interval: u16,
    /// Bytes of an ACL buffer of the controller.
    pub bytes: u16,
    /// ACL buffers of the controller.
    pub buffers: u8,
    /// Whether the link is encrypted.
    pub encrypted: bool,
    /// Bits per second of the serial line, if the controller is behind one.
    pub baud: Option<u32>,
}

impl Row {
    /// Returns bits of values or SDUs per second: the smallest of what the radio, the serial line, and the window
    /// during a round trip over the line allow.
    #[must_use]
    pub fn bound(&self) -> f64 {
        let radio = self.radio();
        self.baud.map_or(radio, |baud| radio.min(self.line(baud)).min(self.window(baud)))
    }

    /// Returns the connection interval.
    fn microseconds(&self) -> f64 {
        f64::from(self.interval) * 1250.0
    }

    /// Returns the application's bytes in one L2CAP PDU.
    fn payload(&self) -> f64 {
        match self.flow {
            Flow::Channel(_) => f64::from(SDU) / f64::from(SDU_FRAMES),
            Flow::Notification | Flow::WriteCommand => 244.0,
        }
    }

    /// Returns the bytes of each packet of one L2CAP PDU.
    fn fragments(&self) -> Vec<u16> {
        pieces(PDU, self.bytes)
    }
}

/// Returns the lengths of the pieces of at most `most` bytes.
pub(crate) fn pieces(bytes: u16, most: u16) -> Vec<u16> {
    let most = most.max(1);
    let mut left = bytes;
    let mut pieces = Vec::new();
    while left > 0 {
        let piece = left.min(most);
        pieces.push(piece);
        left = left.saturating_sub(piece);
    }
    pieces
}

#[cfg(test)]
mod tests;
