//! Capabilities that this crate was built with.

use crate::Channel;

/// Whether credit-based channels are built in.
pub(crate) const CHANNELS: bool = cfg!(feature = "channels");

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
