use bindrune_wire::{Malformed, NoRoom, Writer};

use super::{open, whole};
use crate::Opcode;

/// The authentication signature of a signed write: sign counter, then MAC. [Vol 3] Part F, 3.3.1
pub type Signature = [u8; 12];

/// A PDU of a client that needs no response. [Vol 3] Part F, 3.4.5
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command<'p> {
    /// `ATT_WRITE_CMD`. [Vol 3] Part F, 3.4.5.3
    Write {
        /// The attribute.
        handle: u16,
        /// Its new value.
        value: &'p [u8],
    },
    /// `ATT_SIGNED_WRITE_CMD`. [Vol 3] Part F, 3.4.5.4
    ///
    /// The signature covers everything before it; this crate does not check it.
    SignedWrite {
        /// The attribute.
        handle: u16,
        /// Its new value.
        value: &'p [u8],
        /// The last octets of the PDU.
        signature: &'p Signature,
    },
}

impl<'p> Command<'p> {
    /// Parses a whole PDU. An opcode that is no command returns [`Malformed::Value`].
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the octets end early, are too many, or hold a forbidden value.
    pub fn parse(pdu: &'p [u8]) -> Result<Self, Malformed> {
        let (opcode, mut r) = open(pdu)?;
        match opcode {
            Opcode::WRITE_CMD => Ok(Self::Write { handle: r.u16()?, value: r.rest() }),
            Opcode::SIGNED_WRITE_CMD => {
                let handle = r.u16()?;
                let (value, signature) = r.rest().split_last_chunk().ok_or(Malformed::Truncated)?;
                Ok(Self::SignedWrite { handle, value, signature })
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
            Self::Write { handle, value } => {
                w.u16(handle)?;
                w.bytes(value)
            }
            Self::SignedWrite { handle, value, signature } => {
                w.u16(handle)?;
                w.bytes(value)?;
                w.bytes(signature)
            }
        })
    }

    /// Returns the PDU's opcode.
    #[must_use]
    pub const fn opcode(&self) -> Opcode {
        match self {
            Self::Write { .. } => Opcode::WRITE_CMD,
            Self::SignedWrite { .. } => Opcode::SIGNED_WRITE_CMD,
        }
    }
}
