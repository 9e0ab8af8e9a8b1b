use bindrune_wire::{Malformed, NoRoom, Reader, Writer};

use super::{Answer, Return, returns};
use crate::{RawHandle, Status};

returns! {
    /// Return parameters of a command that returns only its status.
    Done {}

    /// Return parameters of a command that concerns one link.
    HandleReturn {
        /// The link.
        handle: RawHandle,
    }
}

/// The answer to a command that Command Status answers: there are no return parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Success where the controller began; the outcome comes in an event.
    pub status: Status,
}

/// The answer to a command that is never answered, unless it is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unanswered {
    /// What is wrong with it.
    pub status: Status,
}

impl Return for Accepted {
    const ANSWER: Answer = Answer::Status;

    fn parse(parameters: &[u8]) -> Result<Self, Malformed> {
        Ok(Self { status: Status(Reader::new(parameters).u8()?) })
    }

    fn write(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        w.u8(self.status.0)
    }

    fn status(&self) -> Status {
        self.status
    }
}

impl Return for Unanswered {
    const ANSWER: Answer = Answer::Nothing;

    fn parse(parameters: &[u8]) -> Result<Self, Malformed> {
        Ok(Self { status: Status(Reader::new(parameters).u8()?) })
    }

    fn write(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        w.u8(self.status.0)
    }

    fn status(&self) -> Status {
        self.status
    }
}
