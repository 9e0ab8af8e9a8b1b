use bindrune_wire::{Malformed, NoRoom, Writer};

use super::{Notifications, open, whole};
use crate::Opcode;

/// A PDU that a server sends on its own initiative. [Vol 3] Part F, 3.4.7
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Push<'p> {
    /// `ATT_HANDLE_VALUE_NTF`. [Vol 3] Part F, 3.4.7.1
    Notification {
        /// The attribute.
        handle: u16,
        /// Its value.
        value: &'p [u8],
    },
    /// `ATT_HANDLE_VALUE_IND`: a confirmation answers it. [Vol 3] Part F, 3.4.7.2
    Indication {
        /// The attribute.
        handle: u16,
        /// Its value.
        value: &'p [u8],
    },
    /// `ATT_MULTIPLE_HANDLE_VALUE_NTF`. [Vol 3] Part F, 3.4.7.4
    MultipleNotification(Notifications<'p>),
}

impl<'p> Push<'p> {
    /// Parses a whole PDU. An opcode that is neither notification nor indication returns
    /// [`Malformed::Value`].
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the octets end early, are too many, or hold a forbidden value.
    pub fn parse(pdu: &'p [u8]) -> Result<Self, Malformed> {
        let (opcode, mut r) = open(pdu)?;
        match opcode {
            Opcode::NOTIFICATION => Ok(Self::Notification { handle: r.u16()?, value: r.rest() }),
            Opcode::INDICATION => Ok(Self::Indication { handle: r.u16()?, value: r.rest() }),
            Opcode::MULTIPLE_NOTIFICATION => {
                Notifications::parse(r.rest()).map(Self::MultipleNotification)
            }
            _ => Err(Malformed::Value),
        }
    }

    /// Writes the whole PDU, or nothing if it does not fit.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small; then nothing is written.
    pub fn write(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        whole(w, self.opcode(), |w| match *self {
            Self::Notification { handle, value } | Self::Indication { handle, value } => {
                w.u16(handle)?;
                w.bytes(value)
            }
            Self::MultipleNotification(notifications) => w.bytes(notifications.as_bytes()),
        })
    }

    /// Returns the PDU's opcode.
    #[must_use]
    pub const fn opcode(&self) -> Opcode {
        match self {
            Self::Notification { .. } => Opcode::NOTIFICATION,
            Self::Indication { .. } => Opcode::INDICATION,
            Self::MultipleNotification(_) => Opcode::MULTIPLE_NOTIFICATION,
        }
    }
}

/// Writes an `ATT_HANDLE_VALUE_CFM`. [Vol 3] Part F, 3.4.7.3
///
/// # Errors
///
/// [`NoRoom`] if the buffer is too small; then nothing is written.
pub fn write_confirmation(w: &mut Writer<'_>) -> Result<(), NoRoom> {
    w.u8(Opcode::CONFIRMATION.0)
}
