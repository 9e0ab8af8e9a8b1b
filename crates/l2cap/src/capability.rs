//! Capabilities that this crate was built with.

use crate::Channel;

/// Whether credit-based channels are built in.
pub(crate) const CHANNELS: bool = cfg!(feature = "channels");

/// Whether this side may be the central of a link.
pub(crate) const CENTRAL: bool = cfg!(feature = "central");

/// Proof that requests for connection parameters are built in. Without it no value of this type exists, so the compiler
/// removes the code that needs one.
#[cfg(feature = "updates")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HasUpdates;
/// Proof that requests for connection parameters are built in. Without it no value of this type exists, so the compiler
/// removes the code that needs one.
#[cfg(not(feature = "updates"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HasUpdates {}

/// Requests for connection parameters, if they are built in.
#[cfg(feature = "updates")]
pub(crate) const UPDATES: Option<HasUpdates> = Some(HasUpdates);
/// Requests for connection parameters, if they are built in.
#[cfg(not(feature = "updates"))]
pub(crate) const UPDATES: Option<HasUpdates> = None;

/// Slots of all channels.
#[cfg(feature = "channels")]
pub(crate) type Slots = &'static mut [Channel];
/// No slots: a lookup finds no channel, and the code for channels is not in the image.
#[cfg(not(feature = "channels"))]
pub(crate) type Slots = [Channel; 0];

/// Returns the slots for channels.
#[cfg(feature = "channels")]
pub(crate) const fn slots(all: &'static mut [Channel]) -> Slots {
    all
}

/// Returns no slots.
#[cfg(not(feature = "channels"))]
pub(crate) const fn slots(_all: &'static mut [Channel]) -> Slots {
    []
}
