use bindrune_wire::counters;

use super::{ConnectionResult, Psm, Violation};

/// Result for the owner. Channels are named by the index of their slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Signal {
    /// The peer requests a channel: [`super::Channels::accept`], [`super::Channels::refuse`] or
    /// [`super::Channels::pend`].
    Requested {
        /// The slot.
        channel: usize,
        /// The service.
        psm: Psm,
    } = 1,
    /// The channel is open.
    Opened(usize),
    /// The parameters of an open channel have changed.
    Reconfigured(usize),
    /// A datagram can be received.
    Readable(usize),
    /// There is room to send again, after [`super::Channels::send`] had too little.
    Writable(usize),
    /// The channel failed to open, or ended. What it had received stays readable until [`super::Channels::release`].
    Closed(usize, CloseReason),
    /// Outcome of [`super::Link::echo`].
    Echoed(EchoOutcome),
}

/// Reason why a channel ended or failed to open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum CloseReason {
    /// The application closed or refused it.
    Local,
    /// The peer closed it.
    Peer,
    /// The link is gone.
    LinkLost,
    /// The peer did not answer in time, or did not finish the configuration in 120 s.
    Timeout,
    /// The application did not decide in time about the peer's request.
    Undecided,
    /// The peer refused it.
    Refused(ConnectionResult),
    /// The peer rejected our request as a command that it does not know.
    NotSupported,
    /// The peer does not support the mode that the application requires.
    ModeRefused,
    /// Both ends found no common parameters in four rounds.
    Disagreement,
    /// The peer accepted the channel or its configuration with values that are not allowed.
    BadResponse,
    /// The peer broke a rule of the channel's mode, or does not answer there.
    Violation(Violation),
}

/// Outcome of an echo request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum EchoOutcome {
    /// The peer returned the data.
    Answered,
    /// The peer answered with other data, or none.
    Different,
    /// The peer rejected the request.
    Rejected,
    /// The peer did not answer in 10 s.
    Timeout,
}

/// Reason why no echo can be requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum EchoError {
    /// The data is longer than 44 octets, which each peer receives.
    TooLong,
    /// The last request has not been answered.
    Busy,
}

impl core::fmt::Display for EchoError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the data of an echo is longer than 44 bytes",
            Self::Busy => "the last echo has not been answered",
        })
    }
}

impl core::error::Error for EchoError {}

/// Octets to send as one ACL packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Fragment {
    /// Number of octets at the start of the buffer.
    pub len: usize,
    /// Whether the fragment starts a PDU.
    pub first: bool,
    /// Whether the controller may drop the PDU after the flush timeout.
    pub flushable: bool,
}

/// Reason of a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Timer {
    /// The peer must answer our Echo Request.
    Echo = 1,
    /// The peer must answer our Information Request.
    Features,
    /// The peer must answer our request about a channel.
    Response,
    /// The application must decide, the configuration must end, or pending data must leave.
    Limit,
    /// A timer of the channel's mode.
    Mode,
}

counters! {
    /// What a link has discarded, by reason.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    #[cfg_attr(feature = "defmt", derive(defmt::Format))]
    pub struct Drops from Counters {
        /// Continuation fragments without a started PDU.
        no_start,
        /// PDUs that were not complete when the next one began.
        unfinished,
        /// PDUs with more octets than their header announced.
        overrun,
        /// Start fragments without octets.
        empty,
        /// PDUs with octets that were lost before they arrived here.
        lost,
        /// PDUs to a CID without an open channel.
        unknown_channel,
        /// PDUs of connectionless data.
        connectionless,
        /// C-frames that are longer than the signalling MTU.
        too_long,
        /// Commands that are unknown or malformed.
        malformed,
        /// Requests beyond the maximum of pending responses; the peer repeats them.
        excess,
        /// Responses that match no request.
        unmatched,
        /// PDUs of ours that the controller flushed.
        flushed,
    }
}
