//! A link with the buffers of its controllers, and what limits it.

/// Traffic from one end of a link to the other, without pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Traffic {
    /// Values without an answer: notifications, or write commands.
    Values,
    /// SDUs of one K-frame, on a channel with this window.
    Channel {
        /// Credits of the sender at the start.
        window: u16,
    },
    /// Write requests, each after the response to the one before.
    Requests,
}

/// The controller of one end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Bytes of an ACL buffer.
    pub bytes: u16,
    /// ACL buffers.
    pub buffers: u16,
    /// Bits per second of the serial line to the host, if there is one.
    pub baud: Option<u32>,
}

/// What limits a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bottleneck {
    /// The serial line between a host and its controller.
    Uart,
    /// The ACL buffers of a controller.
    Buffers,
    /// The window of a channel: the sender waits for credits.
    Window,
    /// The connection interval: each answer waits for a connection event.
    Interval,
    /// The air: its packets follow each other without a gap.
    Airtime,
}

/// A link and its traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The traffic.
    pub traffic: Traffic,
    /// Whether the central sends it.
    pub by_central: bool,
    /// LE 2M, or LE 1M.
    pub two_mbit: bool,
    /// Whether the link is encrypted.
    pub encrypted: bool,
    /// Connection interval in units of 1.25 ms.
    pub interval: u16,
    /// Longest payload of the link layer, in bytes.
    pub data_length: u16,
    /// Bytes of an L2CAP PDU, with its headers.
    pub pdu: u16,
    /// Bytes of the application in an L2CAP PDU.
    pub payload: u16,
    /// The end that sends.
    pub sender: End,
    /// The end that receives.
    pub receiver: End,
}

/// Shortest connection interval, in units of 1.25 ms. [Vol 6] Part B, 4.5.1
const SHORTEST: u16 = 6;
/// ACL buffers and windows that never limit.
const PLENTY: u16 = 1000;
/// Bytes of the longest L2CAP PDU without fragments.
const LONGEST: u16 = 251;
/// A limit counts as the bottleneck if the link would be faster than this without it.
const GAIN: f64 = 1.05;

impl Link {
    /// Returns the bits of the application per second that the link allows this host, which reacts at once.
    ///
    /// It runs the link's connection events one by one: controllers decide about a PDU when the PDU before it ends, and
    /// return a buffer once its packet is acknowledged.
    #[must_use]
    pub fn bound(&self) -> f64 {
        crate::run::rate(self)
    }

    /// Returns the limit without which the link would be fastest. If no limit matters, that is the air; for requests,
    /// each of which waits for connection events, it is the interval.
    #[must_use]
    pub fn bottleneck(&self) -> Bottleneck {
        let now = self.bound();
        let limits =
            [Bottleneck::Uart, Bottleneck::Buffers, Bottleneck::Window, Bottleneck::Interval];
        let mut best = (GAIN * now, None);
        for limit in limits {
            let without = self.without(limit);
            if without != *self {
                let rate = without.bound();
                if rate > best.0 {
                    best = (rate, Some(limit));
                }
            }
        }
        best.1.unwrap_or(match self.traffic {
            Traffic::Requests => Bottleneck::Interval,
            Traffic::Values | Traffic::Channel { .. } => Bottleneck::Airtime,
        })
    }

    /// Returns the link without a limit.
    fn without(&self, limit: Bottleneck) -> Self {
        let mut link = *self;
        match limit {
            Bottleneck::Uart => {
                link.sender.baud = None;
                link.receiver.baud = None;
            }
            Bottleneck::Buffers => {
                let roomy = |end: End| End {
                    bytes: end.bytes.max(LONGEST),
                    buffers: end.buffers.max(PLENTY),
                    ..end
                };
                link.sender = roomy(link.sender);
                link.receiver = roomy(link.receiver);
            }
            Bottleneck::Window => {
                if let Traffic::Channel { window } = &mut link.traffic {
                    *window = PLENTY.max(*window);
                }
            }
            Bottleneck::Interval => link.interval = link.interval.min(SHORTEST),
            Bottleneck::Airtime => {}
        }
        link
    }
}

#[cfg(test)]
mod tests;
