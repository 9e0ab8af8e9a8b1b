use bindrune_wire::{Malformed, NoRoom, Reader, Writer};
use zerocopy::little_endian::U16;

use super::views;
use crate::{LinkType, Opcode, Status};

/// A command ended, or only the credits changed (opcode 0). [Vol 4] Part E, 7.7.14
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandComplete<'a> {
    /// Number of commands that the controller accepts now.
    pub num_packets: u8,
    /// The command, or [`Opcode::NOP`].
    pub opcode: Opcode,
    /// The return parameters, which begin with the status; see [`crate::Command::returned`].
    pub return_parameters: &'a [u8],
}

impl<'a> CommandComplete<'a> {
    pub(super) fn parse(parameters: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(parameters);
        Ok(Self { num_packets: r.u8()?, opcode: Opcode(r.u16()?), return_parameters: r.rest() })
    }

    pub(super) fn write(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        w.u8(self.num_packets)?;
        w.u16(self.opcode.0)?;
        w.bytes(self.return_parameters)
    }

    /// Returns the status of the command, if there are return parameters.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        self.return_parameters.first().copied().map(Status)
    }
}

views! {
    /// A command started or was refused, or only the credits changed (opcode 0). [Vol 4] Part E,
    /// 7.7.15
    CommandStatus {
        /// Success if the command started.
        status: Status,
        /// Number of commands that the controller accepts now.
        num_packets: u8,
        /// The command; see [`Self::opcode`].
        raw_opcode: U16,
    }

    /// The controller has a hardware failure. [Vol 4] Part E, 7.7.16
    HardwareError {
        /// The vendor's code.
        code: u8,
    }

    /// The host sent more data than the controller's buffers hold. [Vol 4] Part E, 7.7.26
    DataBufferOverflow {
        /// The overflowed buffers.
        link_type: LinkType,
    }
}

impl CommandStatus {
    /// Creates a Command Status event.
    #[must_use]
    pub const fn new(status: Status, num_packets: u8, opcode: Opcode) -> Self {
        Self { status, num_packets, raw_opcode: U16::new(opcode.0) }
    }

    /// Returns the command, or [`Opcode::NOP`].
    #[must_use]
    pub const fn opcode(&self) -> Opcode {
        Opcode(self.raw_opcode.get())
    }
}
