use bindrune_wire::{Malformed, NoRoom, Reader, Writer};

use super::{Answer, Return, returns};
use crate::{RawHandle, Status};

returns! {
    /// Return parameters of a command that returns only its status.
    Done {}

    /// Return parameters of a command for one link.
    HandleReturn {
        /// The link.
        handle: RawHandle,
    }
}

/// Declares answers that consist only of a status.
macro_rules! statuses {
    ($($(#[$meta:meta])* $name:ident by $answer:ident { #[$status_meta:meta] status })*) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name {
            #[$status_meta]
            pub status: Status,
        }

        impl Return for $name {
            const ANSWER: Answer = Answer::$answer;

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
    )* };
}

statuses! {
    /// The answer to a command that Command Status answers, without return parameters.
    Accepted by Status {
        /// Success if the controller has started; an event reports the outcome.
        status
    }

    /// The answer to a command that is answered only if it is wrong.
    Unanswered by Nothing {
        /// The error.
        status
    }
}
