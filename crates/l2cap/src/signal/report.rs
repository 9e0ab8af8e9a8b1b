use core::fmt;

use bindrune_wire::counters;

use super::pdu::Parameters;
use crate::{CloseReason, Violation};

/// Our role on a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Role {
    /// We began the connection and decide its parameters.
    Central,
    /// The peer began the connection.
    Peripheral,
}

/// What the owner must know after a C-frame or a timeout.
///
/// An index names a slot of [`crate::Channels`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub enum Signal {
    /// Nothing.
    #[default]
    None,
    /// The peer asks for this channel: [`crate::Channels::accept`] or [`crate::Channels::refuse`] it.
    Requested(usize),
    /// The channel that we asked for is open.
    Opened(usize),
    /// The channel that we asked for did not come to be.
    Refused(usize, CloseReason),
    /// The channel is gone, or a request of the peer has lapsed. The slot is free unless the application holds it.
    Closed(usize),
    /// The peer granted credits.
    Credits(usize),
    /// The peer broke a rule: the channel is being closed.
    Violation(usize, Violation),
    /// The peripheral asks for these parameters, which are in range: [`crate::Signalling::answer_parameters`].
    ParametersRequested(Parameters),
    /// How our own request for parameters ended.
    ParametersAnswered(UpdateOutcome),
}

/// How our request for connection parameters ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum UpdateOutcome {
    /// The central will apply them.
    Accepted,
    /// The central refused them.
    Rejected,
    /// The central does not take such requests.
    NotSupported,
    /// The central did not answer in 30 s.
    Timeout,
}

/// Why connection parameters cannot be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum RequestError {
    /// Only a peripheral asks; a central updates the connection itself.
    NotPeripheral,
    /// A number is out of range.
    Invalid,
    /// The last request has not been answered.
    Busy,
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotPeripheral => "only a peripheral asks for connection parameters",
            Self::Invalid => "a connection parameter is out of range",
            Self::Busy => "the last request for connection parameters has not been answered",
        })
    }
}

impl core::error::Error for RequestError {}

/// What a deadline of the signalling channel is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Timer {
    /// The central answers our request for connection parameters.
    ParameterUpdate = 1,
    /// The peer answers our request for a channel.
    Connect,
    /// The peer confirms that a channel is closed.
    Disconnect,
    /// The application decides about a channel that the peer asks for.
    Decide,
}

counters! {
    /// What was discarded on a signalling channel, in C-frames.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    #[cfg_attr(feature = "defmt", derive(defmt::Format))]
    pub struct SignalDrops from SignalCounters {
        /// Not one well-formed command that this host knows; rejected where a reject is due.
        malformed,
        /// Requests beyond the bound of answers that are owed, or repeated before they were decided.
        excess,
        /// Responses and indications that match nothing.
        unmatched,
    }
}

impl SignalDrops {
    /// All of them.
    #[must_use]
    pub const fn total(&self) -> u32 {
        self.malformed.saturating_add(self.excess).saturating_add(self.unmatched)
    }
}
