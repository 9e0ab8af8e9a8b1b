use core::fmt;

use bindrune_hci::{Opcode, Status, h4::SyncLost};

/// Reason why a chip could not be brought up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BringUpError<E> {
    /// Reading or writing failed.
    Transport(E),
    /// The other end closed the transport.
    Closed,
    /// The controller did not take all bytes of the command in time.
    NotSent(Opcode),
    /// The controller did not answer the command in time.
    NoAnswer(Opcode),
    /// The controller refused the command.
    Refused {
        /// The command.
        opcode: Opcode,
        /// Its status.
        status: Status,
    },
    /// The answer to the command has no status, or not the return parameters of the command.
    Malformed(Opcode),
    /// The received bytes are no packet; usually the baud rate is wrong.
    Framing(SyncLost),
    /// An earlier command was dropped or not answered: reset the controller.
    ResetFirst,
    /// The command has more than 255 bytes of parameters.
    TooLong,
    /// The last record of the download is cut off.
    Records,
}

impl<E: fmt::Debug> fmt::Display for BringUpError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(error) => write!(f, "the transport failed: {error:?}"),
            Self::Closed => f.write_str("the transport was closed by its other end"),
            Self::NotSent(opcode) => write!(f, "the controller takes no bytes of {opcode:?}"),
            Self::NoAnswer(opcode) => write!(f, "the controller did not answer {opcode:?}"),
            Self::Refused { opcode, status } => {
                write!(f, "the controller refused {opcode:?}: {status}")
            }
            Self::Malformed(opcode) => write!(f, "the answer to {opcode:?} makes no sense"),
            Self::Framing(lost) => {
                write!(f, "the bytes from the controller are no packets: {lost}")
            }
            Self::ResetFirst => {
                f.write_str("an earlier command has no answer; reset the controller")
            }
            Self::TooLong => f.write_str("the command has more than 255 bytes of parameters"),
            Self::Records => f.write_str("the last record of the download is cut"),
        }
    }
}

impl<E: fmt::Debug> core::error::Error for BringUpError<E> {}
