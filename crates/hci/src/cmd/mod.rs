//! Commands, in the groups of the specification. [Vol 4] Part E, 7
//!
//! A command is a structure with public fields. [`Command::write`] writes the whole HCI command packet (opcode, length,
//! parameters; no H4 indicator). Each command has `parse`, which reads its parameters back. [`Command::returned`]
//! parses the return parameters of Command Complete.

pub mod baseband;
pub mod classic;
pub mod info;
pub mod le;
pub mod link;
mod opcode;
mod returned;
mod supported;
pub mod vendor;

use core::fmt;

use bindrune_wire::{Malformed, NoRoom, Reader, Writer};

use crate::Status;

pub use opcode::Opcode;
pub use returned::{Accepted, Done, HandleReturn, Unanswered};
pub use supported::SupportedCommands;

/// The longest command packet without its H4 indicator: opcode, length and 255 octets of parameters.
pub const COMMAND_MAX: usize = 258;

/// A command that the host may send.
pub trait Command {
    /// Its opcode.
    const OPCODE: Opcode;

    /// The return parameters of its Command Complete, including the status.
    type Return: Return;

    /// Writes the parameters only.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small.
    fn write_parameters(&self, w: &mut Writer<'_>) -> Result<(), NoRoom>;

    /// Writes the command packet: opcode, parameter length, parameters. [Vol 4] Part E, 5.4.1
    ///
    /// After an error, a part may have been written.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small.
    fn write(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        begin(w, Self::OPCODE)?;
        let start = w.len();
        self.write_parameters(w)?;
        end(w, start)
    }

    /// Parses the return parameters of Command Complete, if the command succeeded.
    ///
    /// A failed command is [`Failure::Status`], whatever octets follow its status. Octets after the last known
    /// parameter are ignored, because a later version of the specification may add parameters.
    ///
    /// # Errors
    ///
    /// [`Failure::Status`] if the controller refused; [`Failure::Malformed`] if the parameters do not match this
    /// command.
    fn returned(parameters: &[u8]) -> Result<Self::Return, Failure> {
        check_status(parameters)?;
        Ok(Self::Return::parse(parameters)?)
    }
}

/// Checks the status at the start of return parameters.
#[inline(never)]
fn check_status(parameters: &[u8]) -> Result<(), Failure> {
    let status = Reader::new(parameters).u8().map(Status)?;
    Ok(status.ok()?)
}

/// Writes the header of a command whose length is not known yet.
#[inline(never)]
fn begin(w: &mut Writer<'_>, opcode: Opcode) -> Result<(), NoRoom> {
    let [low, high] = opcode.0.to_le_bytes();
    w.bytes(&[low, high, 0])
}

/// Sets the length of a command whose parameters begin at `start`.
#[inline(never)]
fn end(w: &mut Writer<'_>, start: usize) -> Result<(), NoRoom> {
    let len = u8::try_from(w.len().saturating_sub(start)).map_err(|_| NoRoom)?;
    let at = start.checked_sub(1).ok_or(NoRoom)?;
    *w.written_mut().get_mut(at).ok_or(NoRoom)? = len;
    Ok(())
}

/// Writes the packet of a command whose parameters are these octets.
///
/// # Errors
///
/// [`NoRoom`] if the buffer is too small.
#[inline(never)]
pub fn write_fixed(w: &mut Writer<'_>, opcode: Opcode, parameters: &[u8]) -> Result<(), NoRoom> {
    RawCommand { opcode, parameters }.write(w)
}

/// The return parameters of a command.
pub trait Return: Sized {
    /// How the controller answers the command.
    const ANSWER: Answer = Answer::Complete;

    /// Parses the return parameters, which begin with the status; ignores octets after the known ones.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the octets end early, are too many, or hold a forbidden value.
    fn parse(parameters: &[u8]) -> Result<Self, Malformed>;

    /// Writes the return parameters, which begin with the status.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small.
    fn write(&self, w: &mut Writer<'_>) -> Result<(), NoRoom>;

    /// Returns the status of the command.
    fn status(&self) -> Status;
}

/// How a controller answers a command. [Vol 4] Part E, 4.4
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// With Command Complete and return parameters.
    Complete,
    /// With Command Status now, and with an event later.
    Status,
    /// With nothing, unless the command is wrong.
    Nothing,
}

/// Reason why a command has no return parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Failure {
    /// The controller refused it.
    Status(Status),
    /// The controller's answer makes no sense.
    Malformed(Malformed),
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Self::Status(status)
    }
}

impl From<Malformed> for Failure {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => status.fmt(f),
            Self::Malformed(malformed) => malformed.fmt(f),
        }
    }
}

impl core::error::Error for Failure {}

/// A command packet in the form that a controller receives: opcode and parameters. [Vol 4] Part E, 5.4.1
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawCommand<'a> {
    /// The opcode.
    pub opcode: Opcode,
    /// The parameters, with the length of the length octet.
    pub parameters: &'a [u8],
}

impl<'a> RawCommand<'a> {
    /// Parses a command packet without H4 indicator.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the octets end early, are too many, or hold a forbidden value.
    pub fn parse(packet: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(packet);
        let opcode = Opcode(r.u16()?);
        let len = r.u8()?;
        let parameters = r.bytes(len.into())?;
        r.finish()?;
        Ok(Self { opcode, parameters })
    }

    /// Writes the command packet; also for unknown vendor commands.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the buffer is too small.
    pub fn write(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        let len = u8::try_from(self.parameters.len()).map_err(|_| NoRoom)?;
        if w.room() < self.parameters.len().saturating_add(3) {
            return Err(NoRoom);
        }
        w.u16(self.opcode.0)?;
        w.u8(len)?;
        w.bytes(self.parameters)
    }
}

/// Declares commands with parameters of fixed length: one structure parses and writes each command.
macro_rules! commands {
    ($($(#[$meta:meta])* $name:ident = $opcode:ident -> $return:ty
        { $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)? })*) => { $(
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, zerocopy::FromBytes, zerocopy::IntoBytes,
            zerocopy::Immutable, zerocopy::KnownLayout, zerocopy::Unaligned,
        )]
        #[repr(C)]
        pub struct $name { $($(#[$field_meta])* pub $field: $type),* }

        impl $name {
            /// Parses the parameters of this command.
            ///
            /// # Errors
            ///
            /// [`bindrune_wire::Malformed`] if the octets end early, are too many, or hold a forbidden value.
            pub fn parse(parameters: &[u8]) -> Result<Self, bindrune_wire::Malformed> {
                crate::cmd::parse_exactly(parameters)
            }
        }

        impl crate::cmd::Command for $name {
            const OPCODE: crate::Opcode = crate::Opcode::$opcode;
            type Return = $return;

            fn write_parameters(
                &self,
                w: &mut bindrune_wire::Writer<'_>,
            ) -> Result<(), bindrune_wire::NoRoom> {
                w.view(self)
            }

            fn write(
                &self,
                w: &mut bindrune_wire::Writer<'_>,
            ) -> Result<(), bindrune_wire::NoRoom> {
                crate::cmd::write_fixed(w, Self::OPCODE, zerocopy::IntoBytes::as_bytes(self))
            }
        }
    )* };
}
use commands;

/// Declares commands without parameters.
macro_rules! queries {
    ($($(#[$meta:meta])* $name:ident = $opcode:ident -> $return:ty;)*) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name;

        impl $name {
            /// Parses the parameters of this command: there must be none.
            ///
            /// # Errors
            ///
            /// [`bindrune_wire::Malformed`] if the octets end early, are too many, or hold a forbidden value.
            pub const fn parse(parameters: &[u8]) -> Result<Self, bindrune_wire::Malformed> {
                match parameters {
                    [] => Ok(Self),
                    _ => Err(bindrune_wire::Malformed::Trailing),
                }
            }
        }

        impl crate::cmd::Command for $name {
            const OPCODE: crate::Opcode = crate::Opcode::$opcode;
            type Return = $return;

            fn write_parameters(
                &self,
                _: &mut bindrune_wire::Writer<'_>,
            ) -> Result<(), bindrune_wire::NoRoom> {
                Ok(())
            }

            fn write(
                &self,
                w: &mut bindrune_wire::Writer<'_>,
            ) -> Result<(), bindrune_wire::NoRoom> {
                crate::cmd::write_fixed(w, Self::OPCODE, &[])
            }
        }
    )* };
}
use queries;

/// Declares return parameters; the status is added as the first one.
macro_rules! returns {
    ($($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)? })*) => { $(
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, zerocopy::FromBytes, zerocopy::IntoBytes,
            zerocopy::Immutable, zerocopy::KnownLayout, zerocopy::Unaligned,
        )]
        #[repr(C)]
        pub struct $name {
            /// Status of the command.
            pub status: crate::Status,
            $($(#[$field_meta])* pub $field: $type),*
        }

        impl crate::cmd::Return for $name {
            fn parse(parameters: &[u8]) -> Result<Self, bindrune_wire::Malformed> {
                let known = <Self as zerocopy::FromBytes>::read_from_prefix(parameters);
                known.map_or(Err(bindrune_wire::Malformed::Truncated), |(known, _)| Ok(known))
            }

            fn write(
                &self,
                w: &mut bindrune_wire::Writer<'_>,
            ) -> Result<(), bindrune_wire::NoRoom> {
                w.view(self)
            }

            fn status(&self) -> crate::Status {
                self.status
            }
        }
    )* };
}
use returns;

fn parse_exactly<T>(parameters: &[u8]) -> Result<T, Malformed>
where
    T: zerocopy::FromBytes
        + zerocopy::Immutable
        + zerocopy::KnownLayout
        + zerocopy::Unaligned
        + Copy,
{
    let mut r = Reader::new(parameters);
    let value = r.view::<T>().copied()?;
    r.finish()?;
    Ok(value)
}

#[cfg(test)]
mod tests;
