use bindrune_wire::{Malformed, NoRoom, Uuid, Writer};

use super::{Handles, attribute_type, open, whole};
use crate::Opcode;

/// A request of a client, which exactly one response or error answers. [Vol 3] Part F, 3.4
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request<'p> {
    /// `ATT_EXCHANGE_MTU_REQ`. [Vol 3] Part F, 3.4.2.1
    ExchangeMtu {
        /// The longest PDU that the client can receive.
        mtu: u16,
    },
    /// `ATT_FIND_INFORMATION_REQ`. [Vol 3] Part F, 3.4.3.1
    FindInformation {
        /// First handle of the range.
        start: u16,
        /// Last handle of the range.
        end: u16,
    },
    /// `ATT_FIND_BY_TYPE_VALUE_REQ`. [Vol 3] Part F, 3.4.3.3
    FindByTypeValue {
        /// First handle of the range.
        start: u16,
        /// Last handle of the range.
        end: u16,
        /// The 16-bit UUID of the attributes to find.
        attribute_type: u16,
        /// The value of the attributes to find.
        value: &'p [u8],
    },
    /// `ATT_READ_BY_TYPE_REQ`. [Vol 3] Part F, 3.4.4.1
    ReadByType {
        /// First handle of the range.
        start: u16,
        /// Last handle of the range.
        end: u16,
        /// The type of the attributes to read.
        attribute_type: Uuid,
    },
    /// `ATT_READ_REQ`. [Vol 3] Part F, 3.4.4.3
    Read {
        /// The attribute.
        handle: u16,
    },
    /// `ATT_READ_BLOB_REQ`. [Vol 3] Part F, 3.4.4.5
    ReadBlob {
        /// The attribute.
        handle: u16,
        /// Offset of the first octet to read.
        offset: u16,
    },
    /// `ATT_READ_MULTIPLE_REQ`. [Vol 3] Part F, 3.4.4.7
    ReadMultiple {
        /// At least two attributes.
        handles: Handles<'p>,
    },
    /// `ATT_READ_BY_GROUP_TYPE_REQ`. [Vol 3] Part F, 3.4.4.9
    ReadByGroupType {
        /// First handle of the range.
        start: u16,
        /// Last handle of the range.
        end: u16,
        /// The type of the groups to read.
        group_type: Uuid,
    },
    /// `ATT_READ_MULTIPLE_VARIABLE_REQ`. [Vol 3] Part F, 3.4.4.11
    ReadMultipleVariable {
        /// At least two attributes.
        handles: Handles<'p>,
    },
    /// `ATT_WRITE_REQ`. [Vol 3] Part F, 3.4.5.1
    Write {
        /// The attribute.
        handle: u16,
        /// Its new value.
        value: &'p [u8],
    },
    /// `ATT_PREPARE_WRITE_REQ`. [Vol 3] Part F, 3.4.6.1
    PrepareWrite {
        /// The attribute.
        handle: u16,
        /// Offset of the part in the attribute's value.
        offset: u16,
        /// The part.
        value: &'p [u8],
    },
    /// `ATT_EXECUTE_WRITE_REQ`. [Vol 3] Part F, 3.4.6.3
    ExecuteWrite {
        /// Whether to write the prepared parts; false cancels them.
        write: bool,
    },
}

impl<'p> Request<'p> {
    /// Parses a whole PDU. An opcode that is no request returns [`Malformed::Value`].
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the octets end early, are too many, or hold a forbidden value.
    pub fn parse(pdu: &'p [u8]) -> Result<Self, Malformed> {
        let (opcode, mut r) = open(pdu)?;
        let request = match opcode {
            Opcode::EXCHANGE_MTU_REQ => Self::ExchangeMtu { mtu: r.u16()? },
            Opcode::FIND_INFORMATION_REQ => {
                Self::FindInformation { start: r.u16()?, end: r.u16()? }
            }
            Opcode::FIND_BY_TYPE_VALUE_REQ => Self::FindByTypeValue {
                start: r.u16()?,
                end: r.u16()?,
                attribute_type: r.u16()?,
                value: r.rest(),
            },
            Opcode::READ_BY_TYPE_REQ => Self::ReadByType {
                start: r.u16()?,
                end: r.u16()?,
                attribute_type: attribute_type(&mut r)?,
            },
            Opcode::READ_REQ => Self::Read { handle: r.u16()? },
            Opcode::READ_BLOB_REQ => Self::ReadBlob { handle: r.u16()?, offset: r.u16()? },
            Opcode::READ_MULTIPLE_REQ => Self::ReadMultiple { handles: Handles::parse(r.rest())? },
            Opcode::READ_BY_GROUP_TYPE_REQ => Self::ReadByGroupType {
                start: r.u16()?,
                end: r.u16()?,
                group_type: attribute_type(&mut r)?,
            },
            Opcode::READ_MULTIPLE_VARIABLE_REQ => {
                Self::ReadMultipleVariable { handles: Handles::parse(r.rest())? }
            }
            Opcode::WRITE_REQ => Self::Write { handle: r.u16()?, value: r.rest() },
            Opcode::PREPARE_WRITE_REQ => {
                Self::PrepareWrite { handle: r.u16()?, offset: r.u16()?, value: r.rest() }
            }
            Opcode::EXECUTE_WRITE_REQ => Self::ExecuteWrite { write: flags(r.u8()?)? },
            _ => return Err(Malformed::Value),
        };
        r.finish().map(|()| request)
    }

    /// Writes the whole PDU, or nothing if it does not fit.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small; then nothing is written.
    pub fn write(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        whole(w, self.opcode(), |w| match *self {
            Self::ExchangeMtu { mtu } => w.u16(mtu),
            Self::FindInformation { start, end } => pair(w, start, end),
            Self::FindByTypeValue { start, end, attribute_type, value } => {
                pair(w, start, end)?;
                w.u16(attribute_type)?;
                w.bytes(value)
            }
            Self::ReadByType { start, end, attribute_type: uuid }
            | Self::ReadByGroupType { start, end, group_type: uuid } => {
                pair(w, start, end)?;
                uuid.write_att(w)
            }
            Self::Read { handle } => w.u16(handle),
            Self::ReadBlob { handle, offset } => pair(w, handle, offset),
            Self::ReadMultiple { handles } | Self::ReadMultipleVariable { handles } => {
                w.bytes(handles.as_bytes())
            }
            Self::Write { handle, value } => {
                w.u16(handle)?;
                w.bytes(value)
            }
            Self::PrepareWrite { handle, offset, value } => {
                pair(w, handle, offset)?;
                w.bytes(value)
            }
            Self::ExecuteWrite { write } => w.u8(u8::from(write)),
        })
    }

    /// Returns the PDU's opcode.
    #[must_use]
    pub const fn opcode(&self) -> Opcode {
        match self {
            Self::ExchangeMtu { .. } => Opcode::EXCHANGE_MTU_REQ,
            Self::FindInformation { .. } => Opcode::FIND_INFORMATION_REQ,
            Self::FindByTypeValue { .. } => Opcode::FIND_BY_TYPE_VALUE_REQ,
            Self::ReadByType { .. } => Opcode::READ_BY_TYPE_REQ,
            Self::Read { .. } => Opcode::READ_REQ,
            Self::ReadBlob { .. } => Opcode::READ_BLOB_REQ,
            Self::ReadMultiple { .. } => Opcode::READ_MULTIPLE_REQ,
            Self::ReadByGroupType { .. } => Opcode::READ_BY_GROUP_TYPE_REQ,
            Self::ReadMultipleVariable { .. } => Opcode::READ_MULTIPLE_VARIABLE_REQ,
            Self::Write { .. } => Opcode::WRITE_REQ,
            Self::PrepareWrite { .. } => Opcode::PREPARE_WRITE_REQ,
            Self::ExecuteWrite { .. } => Opcode::EXECUTE_WRITE_REQ,
        }
    }
}

/// Parses the flags of an Execute Write: 0 cancels, 1 writes. [Vol 3] Part F, 3.4.6.3
const fn flags(flags: u8) -> Result<bool, Malformed> {
    match flags {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Malformed::Value),
    }
}

fn pair(w: &mut Writer<'_>, first: u16, second: u16) -> Result<(), NoRoom> {
    w.u16(first)?;
    w.u16(second)
}
