use core::fmt;

use bindrune_wire::counters;
use embassy_time::Duration;

/// Mode of a channel. [Vol 3] Part A, 2.4
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Kind {
    /// Basic mode: each SDU is one PDU, without sequence numbers.
    Basic,
    /// Enhanced Retransmission mode: the peer acknowledges each frame, and lost frames are sent again.
    Enhanced,
    /// Streaming mode: frames have numbers, and lost frames stay lost.
    Streaming,
}

/// Parameters of a channel that both ends have agreed on. [Vol 3] Part A, 5
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// Mode of both directions.
    pub kind: Kind,
    /// Whether frames have a check sequence; has no effect in Basic mode.
    pub fcs: bool,
    /// Longest SDU that we receive, in bytes. A smaller receiving ring lowers it.
    pub rx_mtu: u16,
    /// Longest SDU that the peer receives, in bytes.
    pub tx_mtu: u16,
    /// Longest payload of an I-frame that we receive, in bytes.
    pub rx_mps: u16,
    /// Longest payload of an I-frame that the peer receives, in bytes.
    pub tx_mps: u16,
    /// I-frames that we receive without acknowledging one: 1 to 63.
    pub rx_window: u8,
    /// I-frames that the peer receives without acknowledging one: 1 to 63.
    pub tx_window: u8,
    /// Transmissions of one of our I-frames, or of a poll, before the channel closes; 0 is no limit.
    pub max_transmit: u8,
    /// Time to wait for an acknowledgement before we poll the peer.
    pub retransmission_timeout: Duration,
    /// Time to wait for the response to a poll.
    pub monitor_timeout: Duration,
}

impl Agreed {
    /// Basic mode with an MTU of 672 bytes in both directions.
    pub const BASIC: Self = Self {
        kind: Kind::Basic,
        fcs: true,
        rx_mtu: 672,
        tx_mtu: 672,
        rx_mps: 672,
        tx_mps: 672,
        rx_window: 32,
        tx_window: 32,
        max_transmit: 0,
        retransmission_timeout: Duration::from_secs(2),
        monitor_timeout: Duration::from_secs(12),
    };
}

/// Result of a received PDU, or of a timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Outcome {
    /// Nothing changed for the application.
    Nothing,
    /// The application can read an SDU, or write again, or both.
    Changed {
        /// Whether an SDU became readable.
        readable: bool,
        /// Whether the peer acknowledged an SDU, which freed memory to send.
        acknowledged: bool,
    },
    /// The PDU was invalid or there was no room for it, so it was discarded and counted.
    Discarded,
    /// The peer broke a rule, or does not answer: the caller must close the channel.
    Violation(Violation),
}

/// Reason to close a channel. [Vol 3] Part A, 3.3.7, 8.4 and 8.6
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Violation {
    /// The SDU is longer than our MTU.
    SduTooLong,
    /// The payload of the frame is longer than our MPS.
    FrameTooLong,
    /// The segments of an SDU arrived in an order that is not possible.
    Segmentation,
    /// The segments of an SDU have another length than the SDU.
    SduLength,
    /// The acknowledgement is for a frame that we did not send.
    ReqSeq,
    /// The frame is outside of the window.
    TxSeq,
    /// The frame must be sent again, but was sent as often as the peer allows.
    TooManyTransmissions,
    /// The peer answered none of the polls.
    NoResponse,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SduTooLong => "the peer sent an SDU that is longer than the MTU",
            Self::FrameTooLong => "the peer sent a frame that is longer than the MPS",
            Self::Segmentation => "the peer sent the segments of an SDU in a wrong order",
            Self::SduLength => "the peer sent segments that are not as long as their SDU",
            Self::ReqSeq => "the peer acknowledged a frame that was not sent",
            Self::TxSeq => "the peer sent a frame outside of the window",
            Self::TooManyTransmissions => "a frame was sent as often as the peer allows",
            Self::NoResponse => "the peer answers no poll",
        })
    }
}

impl core::error::Error for Violation {}

/// Reason why an SDU was not taken to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SendError {
    /// There is no memory now. Wait until SDUs are sent, or acknowledged in Enhanced Retransmission mode.
    Full,
    /// The SDU is longer than the peer's MTU or than the memory to send.
    TooLong {
        /// Longest SDU, in bytes.
        longest: u16,
    },
    /// The channel is not open.
    Closed,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("there is no memory for the SDU now"),
            Self::TooLong { longest } => write!(f, "an SDU may have at most {longest} bytes"),
            Self::Closed => f.write_str("the channel is not open"),
        }
    }
}

impl core::error::Error for SendError {}

counters! {
    /// Data of a channel that was discarded, by reason. The unit is a PDU if nothing else is said.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    #[cfg_attr(feature = "defmt", derive(defmt::Format))]
    pub struct TransferDrops from Counters {
        /// No room in the receiving ring. In Enhanced Retransmission mode the peer sends it again.
        no_room,
        /// Longer than the MTU or the MPS.
        too_long,
        /// Wrong check sequence.
        bad_fcs,
        /// Too short, too long for its kind, cut, or with a control field that is not allowed now.
        invalid,
        /// Received before, or outside of the window.
        duplicate,
        /// Behind a missing frame. In Enhanced Retransmission mode the peer sends it again.
        out_of_sequence,
        /// Streaming mode: frames that did not arrive.
        missing,
        /// Streaming mode: SDUs of which a part was received and the rest was lost.
        incomplete,
        /// SDUs to send that were flushed.
        flushed,
        /// I-frames that were sent again.
        retransmitted,
    }
}
