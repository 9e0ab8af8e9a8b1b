use core::fmt;

use super::pdu::Parameters;
use crate::{CloseReason, Violation};

/// Role of this device on a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Role {
    /// We began the connection and decide its parameters.
    Central,
    /// The peer began the connection.
    Peripheral,
}

/// Result of a C-frame or a timeout, for the owner.
///
/// An index is that of a slot of [`crate::Channels`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub enum Signal {
    /// Nothing.
    #[default]
    None,
    /// The peer requests this channel: [`crate::Channels::accept`] or [`crate::Channels::refuse`] it.
    Requested(usize),
    /// The channel that we requested is open.
    Opened(usize),
    /// The channel that we requested failed to open.
    Refused(usize, CloseReason),
    /// The channel is gone, or a request of the peer expired. The slot is free unless the application holds it.
    Closed(usize),
    /// The peer granted credits.
    Credits(usize),
    /// The peer broke a rule: the channel is being closed.
    Violation(usize, Violation),
    /// The peripheral requests these parameters, which are in range: [`crate::Signalling::answer_parameters`].
    ParametersRequested(Parameters),
    /// Outcome of our request for parameters.
    ParametersAnswered(UpdateOutcome),
}

/// Outcome of our request for connection parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum UpdateOutcome {
    /// The central will apply them.
    Accepted,
    /// The central refused them.
    Rejected,
    /// The central does not support such requests.
    NotSupported,
    /// The central did not answer within 30 s.
    Timeout,
}

/// Reason why connection parameters cannot be requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum RequestError {
    /// Only a peripheral requests parameters; a central updates the connection itself.
    NotPeripheral,
    /// A number is out of range.
    Invalid,
    /// The last request has not been answered.
    Busy,
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotPeripheral => "only a peripheral requests connection parameters",
            Self::Invalid => "a connection parameter is out of range",
            Self::Busy => "the last request for connection parameters has not been answered",
        })
    }
}

impl core::error::Error for RequestError {}

/// Reason of a deadline of the signalling channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Timer {
    /// The central must answer our request for connection parameters.
    ParameterUpdate = 1,
    /// The peer must answer our request for a channel.
    Connect,
    /// The peer must confirm that a channel is closed.
    Disconnect,
    /// The application must decide about the peer's request for a channel.
    Decide,
}
