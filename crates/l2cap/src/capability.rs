//! What this crate was built with.

use crate::Channel;

/// Credit-based channels.
pub(crate) const CHANNELS: bool = cfg!(feature = "channels");

/// The slots of all channels.
#[cfg(feature = "channels")]
pub(crate) type Slots = &'static mut [Channel];
/// No slot: what looks for a channel finds none, and is not in the image.
#[cfg(not(feature = "channels"))]
pub(crate) type Slots = [Channel; 0];

/// The slots that the channels use.
#[cfg(feature = "channels")]
pub(crate) const fn slots(all: &'static mut [Channel]) -> Slots {
    all
}

/// The slots that the channels use.
#[cfg(not(feature = "channels"))]
pub(crate) const fn slots(_all: &'static mut [Channel]) -> Slots {
    []
}
