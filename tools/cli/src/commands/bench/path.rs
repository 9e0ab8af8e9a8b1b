//! The measured paths.

use bindrune::Error;

use super::{
    lab::Lab,
    report::{Measured, Skipped},
    ways,
};
use crate::{bench::Facts, failure::Failure};

/// A path to or from the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Path {
    ChannelSend,
    ChannelReceive,
    Notifications,
    WriteWithoutResponse,
    Write,
}

/// Why a path was not measured.
#[derive(Debug)]
pub(super) enum Missing {
    /// The device does not have it.
    Lacks(&'static str),
    /// The measurement failed.
    Failed(Failure),
}

impl From<Failure> for Missing {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Path {
    pub(super) const ALL: [Self; 5] = [
        Self::ChannelSend,
        Self::ChannelReceive,
        Self::Notifications,
        Self::WriteWithoutResponse,
        Self::Write,
    ];

    /// Names it for scripts.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::ChannelSend => "channel-send",
            Self::ChannelReceive => "channel-receive",
            Self::Notifications => "notifications",
            Self::WriteWithoutResponse => "write-without-response",
            Self::Write => "write",
        }
    }

    /// Names it for users.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::ChannelSend => "channel, to the device",
            Self::ChannelReceive => "channel, from the device",
            Self::Notifications => "notifications",
            Self::WriteWithoutResponse => "writes without response",
            Self::Write => "writes with response",
        }
    }

    /// Measures it.
    pub(super) async fn measure(self, lab: &Lab<'_>, facts: &Facts) -> Result<Measured, Missing> {
        match self {
            Self::ChannelSend => ways::channel_send(lab, facts).await,
            Self::ChannelReceive => ways::channel_receive(lab, facts).await,
            Self::Notifications => ways::notifications(lab, facts).await,
            Self::WriteWithoutResponse => ways::write_commands(lab, facts).await,
            Self::Write => ways::writes(lab, facts).await,
        }
    }

    /// Reports that the device does not have it.
    pub(super) fn missing(self, missing: Missing) -> Result<Skipped, Failure> {
        match missing {
            Missing::Lacks(what) => Ok(Skipped::new(self, what)),
            Missing::Failed(failure) => Err(failure),
        }
    }
}

/// Returns the word for a missing part of the device, instead of its error.
pub(super) fn lacks<T>(
    result: Result<T, Error>,
    what: &'static str,
) -> Result<Result<T, Error>, Missing> {
    match result {
        Err(Error::NotFound | Error::Refused(_)) => Err(Missing::Lacks(what)),
        other => Ok(other),
    }
}
