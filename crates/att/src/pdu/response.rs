use bindrune_wire::{Malformed, NoRoom, Reader, Writer};

use super::{AttributeList, GroupList, HandleRange, Information, ValueList, list, open, whole};
use crate::{ErrorCode, Opcode};

/// The error that answers a failed request. [Vol 3] Part F, 3.4.1.1
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorResponse {
    /// The request's opcode.
    pub request: Opcode,
    /// The attribute that caused the error, or 0.
    pub handle: u16,
    /// The error code.
    pub code: ErrorCode,
}

impl ErrorResponse {
    /// Parses a whole PDU; `None` for any other PDU.
    pub(crate) fn parse(pdu: &[u8]) -> Option<Self> {
        let (opcode, mut r) = open(pdu).ok()?;
        let error = Self::read(&mut r).ok()?;
        (opcode == Opcode::ERROR_RSP && r.finish().is_ok()).then_some(error)
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self { request: Opcode(r.u8()?), handle: r.u16()?, code: ErrorCode(r.u8()?) })
    }

    /// Writes the whole PDU, or nothing if it does not fit.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small; then nothing is written.
    pub fn write(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        whole(w, Opcode::ERROR_RSP, |w| {
            w.u8(self.request.0)?;
            w.u16(self.handle)?;
            w.u8(self.code.0)
        })
    }
}

/// A response of a server. [Vol 3] Part F, 3.4
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Response<'p> {
    /// `ATT_ERROR_RSP`. [Vol 3] Part F, 3.4.1.1
    Error(ErrorResponse),
    /// `ATT_EXCHANGE_MTU_RSP`. [Vol 3] Part F, 3.4.2.2
    ExchangeMtu {
        /// The longest PDU that the server can receive.
        mtu: u16,
    },
    /// `ATT_FIND_INFORMATION_RSP`. [Vol 3] Part F, 3.4.3.2
    FindInformation(Information<'p>),
    /// `ATT_FIND_BY_TYPE_VALUE_RSP`. [Vol 3] Part F, 3.4.3.4
    FindByTypeValue(&'p [HandleRange]),
    /// `ATT_READ_BY_TYPE_RSP`. [Vol 3] Part F, 3.4.4.2
    ReadByType(AttributeList<'p>),
    /// `ATT_READ_RSP`: the value, or as much as fits. [Vol 3] Part F, 3.4.4.4
    Read {
        /// The value's first octets.
        value: &'p [u8],
    },
    /// `ATT_READ_BLOB_RSP`: the value from an offset, or as much as fits. [Vol 3] Part F, 3.4.4.6
    ReadBlob {
        /// The part of the value.
        value: &'p [u8],
    },
    /// `ATT_READ_MULTIPLE_RSP`: the values in sequence, or as much as fits. [Vol 3] Part F, 3.4.4.8
    ReadMultiple {
        /// The values, without separators: the client must know their lengths.
        values: &'p [u8],
    },
    /// `ATT_READ_BY_GROUP_TYPE_RSP`. [Vol 3] Part F, 3.4.4.10
    ReadByGroupType(GroupList<'p>),
    /// `ATT_READ_MULTIPLE_VARIABLE_RSP`. [Vol 3] Part F, 3.4.4.12
    ReadMultipleVariable(ValueList<'p>),
    /// `ATT_WRITE_RSP`. [Vol 3] Part F, 3.4.5.2
    Write,
    /// `ATT_PREPARE_WRITE_RSP`: the prepared part, as received. [Vol 3] Part F, 3.4.6.2
    PrepareWrite {
        /// The attribute.
        handle: u16,
        /// Offset of the part in the attribute's value.
        offset: u16,
        /// The part.
        value: &'p [u8],
    },
    /// `ATT_EXECUTE_WRITE_RSP`. [Vol 3] Part F, 3.4.6.4
    ExecuteWrite,
}

impl<'p> Response<'p> {
    /// Parses a whole PDU. An opcode that is no response returns [`Malformed::Value`].
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the octets end early, are too many, or hold a forbidden value.
    pub fn parse(pdu: &'p [u8]) -> Result<Self, Malformed> {
        let (opcode, mut r) = open(pdu)?;
        let response = match opcode {
            Opcode::ERROR_RSP => Self::Error(ErrorResponse::read(&mut r)?),
            Opcode::EXCHANGE_MTU_RSP => Self::ExchangeMtu { mtu: r.u16()? },
            Opcode::FIND_INFORMATION_RSP => {
                Self::FindInformation(Information::parse(r.u8()?, r.rest())?)
            }
            Opcode::FIND_BY_TYPE_VALUE_RSP => Self::FindByTypeValue(list::entries(r.rest())?),
            Opcode::READ_BY_TYPE_RSP => Self::ReadByType(AttributeList::parse(r.u8()?, r.rest())?),
            Opcode::READ_RSP => Self::Read { value: r.rest() },
            Opcode::READ_BLOB_RSP => Self::ReadBlob { value: r.rest() },
            Opcode::READ_MULTIPLE_RSP => Self::ReadMultiple { values: r.rest() },
            Opcode::READ_BY_GROUP_TYPE_RSP => {
                Self::ReadByGroupType(GroupList::parse(r.u8()?, r.rest())?)
            }
            Opcode::READ_MULTIPLE_VARIABLE_RSP => {
                Self::ReadMultipleVariable(ValueList::parse(r.rest())?)
            }
            Opcode::WRITE_RSP => Self::Write,
            Opcode::PREPARE_WRITE_RSP => {
                Self::PrepareWrite { handle: r.u16()?, offset: r.u16()?, value: r.rest() }
            }
            Opcode::EXECUTE_WRITE_RSP => Self::ExecuteWrite,
            _ => return Err(Malformed::Value),
        };
        r.finish().map(|()| response)
    }

    /// Writes the whole PDU, or nothing if it does not fit.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small; then nothing is written.
    pub fn write(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        whole(w, self.opcode(), |w| match *self {
            Self::Error(error) => {
                w.u8(error.request.0)?;
                w.u16(error.handle)?;
                w.u8(error.code.0)
            }
            Self::ExchangeMtu { mtu } => w.u16(mtu),
            Self::FindInformation(information) => information.write(w),
            Self::FindByTypeValue(ranges) => w.view(ranges),
            Self::ReadByType(attributes) => attributes.write(w),
            Self::Read { value } | Self::ReadBlob { value } => w.bytes(value),
            Self::ReadMultiple { values } => w.bytes(values),
            Self::ReadByGroupType(groups) => groups.write(w),
            Self::ReadMultipleVariable(values) => w.bytes(values.as_bytes()),
            Self::Write | Self::ExecuteWrite => Ok(()),
            Self::PrepareWrite { handle, offset, value } => {
                w.u16(handle)?;
                w.u16(offset)?;
                w.bytes(value)
            }
        })
    }

    /// Returns the PDU's opcode.
    #[must_use]
    pub const fn opcode(&self) -> Opcode {
        match self {
            Self::Error(_) => Opcode::ERROR_RSP,
            Self::ExchangeMtu { .. } => Opcode::EXCHANGE_MTU_RSP,
            Self::FindInformation(_) => Opcode::FIND_INFORMATION_RSP,
            Self::FindByTypeValue(_) => Opcode::FIND_BY_TYPE_VALUE_RSP,
            Self::ReadByType(_) => Opcode::READ_BY_TYPE_RSP,
            Self::Read { .. } => Opcode::READ_RSP,
            Self::ReadBlob { .. } => Opcode::READ_BLOB_RSP,
            Self::ReadMultiple { .. } => Opcode::READ_MULTIPLE_RSP,
            Self::ReadByGroupType(_) => Opcode::READ_BY_GROUP_TYPE_RSP,
            Self::ReadMultipleVariable(_) => Opcode::READ_MULTIPLE_VARIABLE_RSP,
            Self::Write => Opcode::WRITE_RSP,
            Self::PrepareWrite { .. } => Opcode::PREPARE_WRITE_RSP,
            Self::ExecuteWrite => Opcode::EXECUTE_WRITE_RSP,
        }
    }
}
