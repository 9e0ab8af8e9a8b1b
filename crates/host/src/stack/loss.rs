//! What happens to the controller, as it is reported.

use core::fmt;

use bindrune_gap::InitError;
use bindrune_hci::Opcode;

/// Why the host resets the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ControllerLoss {
    /// It left this command without an answer for 2 s.
    NoAnswer(Opcode),
    /// It accepted no command for 2 s.
    NoCredit,
    /// The bytes on the line were not HCI packets.
    Framing,
    /// It reported a hardware error, with this code of its vendor. [Vol 4] Part E, 7.7.16
    HardwareError(u8),
    /// It reported that the host sent more data than it can hold. [Vol 4] Part E, 7.7.26
    BufferOverflow,
    /// It could not be set up again. The host tries again, each time after a longer pause.
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

/// What happened to the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ControllerEvent {
    /// It is set up, at first or again: what the application requests is carried out.
    Ready,
    /// It was lost. Links and pending operations have ended, and the host resets it.
    Lost(ControllerLoss),
    /// It does not answer Reset either, or fails again and again, so that it is reset only after a pause. The host goes on trying.
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
