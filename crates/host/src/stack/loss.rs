//! Reported changes of the controller's state.

use core::fmt;

use bindrune_gap::InitError;
use bindrune_hci::Opcode;

/// Reason why the host resets the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ControllerLoss {
    /// The controller did not answer this command within 2 s.
    NoAnswer(Opcode),
    /// The controller accepted no command for 2 s.
    NoCredit,
    /// The bytes on the line were not HCI packets.
    Framing,
    /// The controller reported a hardware error with this vendor-specific code. [Vol 4] Part E, 7.7.16
    HardwareError(u8),
    /// The controller reported that the host sent more data than it can hold. [Vol 4] Part E, 7.7.26
    BufferOverflow,
    /// The controller could not be set up again. The host tries again, each time after a longer pause.
    Setup(InitError),
}

impl fmt::Display for ControllerLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer(opcode) => {
                write!(f, "it did not answer the command {:#06x} within 2 s", opcode.0)
            }
            Self::NoCredit => f.write_str("it accepted no command for 2 s"),
            Self::Framing => f.write_str("the bytes on the line are not HCI packets"),
            Self::HardwareError(code) => write!(f, "it reported hardware error {code:#04x}"),
            Self::BufferOverflow => f.write_str("it reported an overflow of its data buffers"),
            Self::Setup(error) => write!(f, "it could not be set up: {error}"),
        }
    }
}

/// Change of the controller's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ControllerEvent {
    /// The controller is set up, for the first time or again. The application's requests are in effect.
    Ready,
    /// The controller was lost. Links and pending operations have ended, and the host resets it.
    Lost(ControllerLoss),
    /// The controller does not answer Reset, or fails repeatedly, so the host resets it only after a pause. The host
    /// keeps trying.
    Silent,
}

impl fmt::Display for ControllerEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready => f.write_str("the controller is ready"),
            Self::Lost(loss) => write!(f, "the controller was lost and is being reset: {loss}"),
            Self::Silent => f.write_str(
                "the controller does not answer Reset, or fails each time; trying again",
            ),
        }
    }
}
