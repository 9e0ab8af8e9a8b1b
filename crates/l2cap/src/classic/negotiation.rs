use embassy_time::Duration;
use zerocopy::little_endian::U16;

use super::config::{Agreement, ChannelConfig, DEFAULT_MTU, NEVER, milliseconds};
use super::pdu::{Features, Mode, Options, Rejected, Retransmission};

mod peer;
mod request;

pub(super) use peer::Answer;
pub(super) use request::{Failure, Outcome};

/// Configuration Requests of each side that may fail; after them the channel is closed.
const MAX_ROUNDS: u8 = 4;

/// Configuration of one channel: the two directions, each requested by its receiver. [Vol 3] Part A, 7.1
#[derive(Debug)]
pub(super) struct Negotiation {
    config: ChannelConfig,
    /// The mode that both directions must have.
    mode: Mode,
    request: Request,
    /// Mode in our last request.
    requested_mode: Mode,
    /// Our requests that failed.
    rounds: u8,
    /// Whether the peer's response continues, so that our next request is empty.
    is_continued: bool,
    /// Options of the peer's response, over all its parts.
    response: Options,
    peer: Peer,
    /// Timeouts that the peer's response has, in milliseconds.
    timeouts: [u16; 2],
}

/// State of our Configuration Request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    Due,
    Sent,
    Done,
}

/// The peer's Configuration Request.
#[derive(Debug)]
struct Peer {
    /// Options of the request, over all its parts.
    asked: Options,
    rejected: Rejected,
    /// Whether the request has further parts.
    is_continued: bool,
    /// Its requests that failed.
    rounds: u8,
    /// Whether its last request that failed had a mode that this end does not take.
    is_mode_refused: bool,
    /// The accepted values.
    terms: Option<Terms>,
}

/// Values of a request that we accepted.
#[derive(Clone, Copy, Debug)]
struct Terms {
    mtu: u16,
    flush_timeout: u16,
    fcs: bool,
    retransmission: Retransmission,
}

impl Terms {
    /// What a request without options means. [Vol 3] Part A, 5
    const DEFAULT: Self = Self {
        mtu: DEFAULT_MTU,
        flush_timeout: NEVER,
        fcs: true,
        retransmission: Retransmission::BASIC,
    };
}

impl Negotiation {
    pub(super) const fn new(config: ChannelConfig) -> Self {
        Self {
            config,
            mode: config.mode,
            request: Request::Due,
            requested_mode: config.mode,
            rounds: 0,
            is_continued: false,
            response: EMPTY,
            peer: Peer {
                asked: EMPTY,
                rejected: Rejected::NONE,
                is_continued: false,
                rounds: 0,
                is_mode_refused: false,
                terms: None,
            },
            timeouts: [0; 2],
        }
    }

    /// Limits the requested mode to what the peer supports, unless the peer asked for it; false if the application
    /// insists on another one.
    #[must_use]
    pub(super) fn limit(&mut self, features: Features) -> bool {
        if features.has_mode(self.mode) || self.peer.terms.is_some() {
            self.config.fcs |= !features.contains(Features::FCS);
            return true;
        }
        self.mode = Mode::BASIC;
        !self.config.is_mode_required
    }

    /// Returns whether the peer's features must be known before our request.
    pub(super) fn needs_features(&self) -> bool {
        self.mode != Mode::BASIC
    }

    /// Returns whether both directions are configured.
    pub(super) fn is_complete(&self) -> bool {
        self.request == Request::Done && self.peer.terms.is_some() && !self.peer.is_continued
    }

    /// Returns whether the controller must not drop data of the channel.
    pub(super) const fn is_reliable(&self) -> bool {
        self.config.is_reliable
    }

    /// Returns what both ends have agreed on.
    pub(super) fn agreement(&self) -> Agreement {
        let terms = self.peer.terms.unwrap_or(Terms::DEFAULT);
        let enhanced = self.mode != Mode::BASIC;
        let [retransmission, monitor] = self.timeouts;
        let time = |ms: u16, own: Duration| match ms {
            0 => own,
            _ => Duration::from_millis(ms.into()),
        };
        Agreement {
            mode: self.mode,
            fcs: enhanced && (self.config.fcs || terms.fcs),
            rx_mtu: self.config.mtu,
            tx_mtu: terms.mtu,
            rx_window: self.config.tx_window,
            tx_window: terms.retransmission.tx_window,
            rx_mps: self.config.mps,
            tx_mps: terms.retransmission.mps.get(),
            max_transmit: terms.retransmission.max_transmit,
            retransmission_timeout: time(retransmission, self.config.retransmission_timeout),
            monitor_timeout: time(monitor, self.config.monitor_timeout),
            flush_timeout: self.config.flush_timeout,
            peer_flush_timeout: (terms.flush_timeout != NEVER)
                .then(|| Duration::from_millis(terms.flush_timeout.into())),
        }
    }

    /// Returns our own option for retransmission and flow control in `mode`.
    fn retransmission(&self, mode: Mode) -> Retransmission {
        let enhanced = mode == Mode::ENHANCED_RETRANSMISSION;
        Retransmission {
            mode,
            tx_window: if enhanced { self.config.tx_window } else { 0 },
            max_transmit: if enhanced { self.config.max_transmit } else { 0 },
            retransmission_timeout: U16::ZERO,
            monitor_timeout: U16::ZERO,
            mps: U16::new(if mode == Mode::BASIC { 0 } else { self.config.mps }),
        }
    }

    /// Returns our timeouts as fields of a response.
    fn own_timeouts(&self) -> [U16; 2] {
        [self.config.retransmission_timeout, self.config.monitor_timeout]
            .map(|time| U16::new(milliseconds(time).unwrap_or(u16::MAX)))
    }
}

const EMPTY: Options = Options {
    mtu: None,
    flush_timeout: None,
    qos: None,
    retransmission: None,
    fcs: None,
    flow_spec: None,
    window: None,
};
