use core::fmt;

use embassy_time::Duration;

use super::mode::{Agreed, Kind};
use super::pdu::{Features, Mode};

/// The smallest MTU of a channel. [Vol 3] Part A, 5.1
pub const MIN_MTU: u16 = 48;

/// The MTU of a channel without an MTU option. [Vol 3] Part A, 5.1
pub const DEFAULT_MTU: u16 = 672;

/// The largest window without extended control fields. [Vol 3] Part A, 5.4
pub(super) const MAX_WINDOW: u8 = 63;

/// Value of the option for data that is never dropped. [Vol 3] Part A, 5.2
pub(super) const NEVER: u16 = 0xffff;

/// What the application requests for a channel; both ends then agree on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelConfig {
    /// Longest SDU that we receive, in octets: 48 to 65,535. An SDU must fit in the received ring, with 2 octets
    /// for its length.
    pub mtu: u16,
    /// The mode. If the peer does not support it, the channel uses Basic mode.
    pub mode: Mode,
    /// Whether the channel closes with [`super::CloseReason::ModeRefused`] if the peer does not support `mode`.
    pub is_mode_required: bool,
    /// Whether the channel uses any other mode that the peer requests, also Streaming mode, which loses data. Has no
    /// effect if `mode` is required.
    pub takes_any_mode: bool,
    /// Whether frames have a check sequence, in other modes than Basic. It is only off if both ends request that.
    pub fcs: bool,
    /// I-frames that the peer may send before we acknowledge one: 1 to 63. Enhanced Retransmission mode only.
    pub tx_window: u8,
    /// Transmissions of one of the peer's I-frames before it closes the channel; 0 is no limit. Enhanced Retransmission
    /// mode only.
    pub max_transmit: u8,
    /// Longest payload of a frame that we receive, in octets, at least 1. Other modes than Basic only.
    pub mps: u16,
    /// Whether our controller keeps the data of the channel until the peer has it, also if the link has a flush
    /// timeout.
    pub is_reliable: bool,
    /// Time after which our controller drops data that the peer did not acknowledge: 1 ms to 65,534 ms, or `None` for
    /// never. The peer is informed; the caller sets the link's flush timeout.
    pub flush_timeout: Option<Duration>,
    /// Time to wait for an acknowledgement: 1 ms to 65,535 ms. Enhanced Retransmission mode only.
    pub retransmission_timeout: Duration,
    /// Time to wait for the response to a poll: 1 ms to 65,535 ms. Enhanced Retransmission mode only.
    pub monitor_timeout: Duration,
}

impl ChannelConfig {
    /// Basic mode with an MTU of 672 octets and no flush timeout.
    pub const BASIC: Self = Self {
        mtu: DEFAULT_MTU,
        mode: Mode::BASIC,
        is_mode_required: false,
        takes_any_mode: false,
        fcs: true,
        tx_window: 32,
        max_transmit: 0,
        mps: 1010,
        is_reliable: false,
        flush_timeout: None,
        retransmission_timeout: Duration::from_secs(2),
        monitor_timeout: Duration::from_secs(12),
    };

    /// Basic mode, without data that the controller drops.
    pub const RELIABLE: Self = Self { is_reliable: true, ..Self::BASIC };

    /// Enhanced Retransmission mode if the peer supports it, with windows of 32 frames.
    pub const ENHANCED: Self = Self { mode: Mode::ENHANCED_RETRANSMISSION, ..Self::BASIC };

    /// Streaming mode if the peer supports it; Enhanced Retransmission mode if the peer requests that. [Vol 3] Part A,
    /// 5.4
    pub const STREAMING: Self = Self { mode: Mode::STREAMING, ..Self::BASIC };

    /// Returns whether every number is in its range, and this host supports the mode.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        let timeouts = [self.retransmission_timeout, self.monitor_timeout];
        self.mtu >= MIN_MTU
            && Features::OWN.has_mode(self.mode)
            && (1..=MAX_WINDOW).contains(&self.tx_window)
            && self.mps > 0
            && self.flush_timeout.is_none_or(|time| milliseconds(time).is_some_and(|ms| ms < NEVER))
            && timeouts.iter().all(|time| milliseconds(*time).is_some())
    }

    /// Returns the flush timeout as the option has it.
    pub(super) fn flush(&self) -> Option<u16> {
        self.flush_timeout.and_then(milliseconds)
    }
}

impl Default for ChannelConfig {
    fn default() -> Self {
        Self::BASIC
    }
}

/// Returns a time as a field of milliseconds; `None` if it is 0 or does not fit.
pub(super) fn milliseconds(time: Duration) -> Option<u16> {
    u16::try_from(time.as_millis()).ok().filter(|ms| *ms > 0)
}

/// What both ends of a channel have agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// Mode of both directions.
    pub mode: Mode,
    /// Whether frames have a check sequence; never in Basic mode.
    pub fcs: bool,
    /// Longest SDU that we receive, in octets.
    pub rx_mtu: u16,
    /// Longest SDU that the peer receives, in octets.
    pub tx_mtu: u16,
    /// I-frames that we receive without acknowledging one.
    pub rx_window: u8,
    /// I-frames that the peer receives without acknowledging one.
    pub tx_window: u8,
    /// Longest frame payload that we receive, in octets.
    pub rx_mps: u16,
    /// Longest frame payload that the peer receives, in octets.
    pub tx_mps: u16,
    /// Transmissions of one of our I-frames; 0 is no limit.
    pub max_transmit: u8,
    /// Time to wait for an acknowledgement.
    pub retransmission_timeout: Duration,
    /// Time to wait for the response to a poll.
    pub monitor_timeout: Duration,
    /// Time after which our controller drops data, or `None` for never.
    pub flush_timeout: Option<Duration>,
    /// Time after which the peer's controller drops data, or `None` for never.
    pub peer_flush_timeout: Option<Duration>,
}

impl From<Agreement> for Agreed {
    fn from(agreement: Agreement) -> Self {
        Self {
            kind: match agreement.mode {
                Mode::ENHANCED_RETRANSMISSION => Kind::Enhanced,
                Mode::STREAMING => Kind::Streaming,
                _ => Kind::Basic,
            },
            fcs: agreement.fcs,
            rx_mtu: agreement.rx_mtu,
            tx_mtu: agreement.tx_mtu,
            rx_mps: agreement.rx_mps,
            tx_mps: agreement.tx_mps,
            rx_window: agreement.rx_window,
            tx_window: agreement.tx_window,
            max_transmit: agreement.max_transmit,
            retransmission_timeout: agreement.retransmission_timeout,
            monitor_timeout: agreement.monitor_timeout,
        }
    }
}

/// Reason why a channel cannot be requested, accepted or used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ChannelError {
    /// A number of the configuration is out of range, the MTU does not fit in the received ring, or the PSM is not
    /// valid.
    Invalid,
    /// Every slot is in use.
    NoSlot,
    /// The channel is not in the state for this.
    State,
}

impl fmt::Display for ChannelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invalid => "a parameter of the channel is out of range",
            Self::NoSlot => "every slot for channels is in use",
            Self::State => "the channel is not in the state for this",
        })
    }
}

impl core::error::Error for ChannelError {}
