use bindrune_wire::Reader;

use super::{Code, Command, Reject};
use crate::signal::pdu::CommandHeader;

/// Reads the commands of one C-frame, which has one or more. [Vol 3] Part A, 4
#[derive(Clone, Copy, Debug)]
pub struct CFrame<'a> {
    rest: Reader<'a>,
}

/// A command that is unknown or malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadCommand {
    /// The command's identifier.
    pub identifier: u8,
    /// The response; `None` for none.
    pub reply: Option<Reject>,
}

impl<'a> CFrame<'a> {
    /// Creates a reader of the commands in the payload of a C-frame.
    #[must_use]
    pub const fn new(payload: &'a [u8]) -> Self {
        Self { rest: Reader::new(payload) }
    }

    /// Returns the identifier of the first command that has a response, even if it is not complete: a longer frame
    /// than the signalling MTU is rejected with it. [Vol 3] Part A, 4.1
    #[must_use]
    pub fn first_request(mut self) -> Option<u8> {
        while let Ok(header) = self.rest.view::<CommandHeader>() {
            if header.identifier != 0 && !header.code.is_final() {
                return Some(header.identifier);
            }
            self.rest.bytes(header.len.get().into()).ok()?;
        }
        None
    }

    /// Reads the header and the data of the next command. Its length must fit in the frame.
    fn command(&mut self) -> Result<(u8, Command<'a>), BadCommand> {
        let silent = BadCommand { identifier: 0, reply: None };
        let Ok(header) = self.rest.view::<CommandHeader>() else {
            self.rest = Reader::new(&[]);
            return Err(silent);
        };
        let (code, identifier) = (header.code, header.identifier);
        let data = self.rest.bytes(header.len.get().into());
        if data.is_err() {
            self.rest = Reader::new(&[]);
        }
        if identifier == 0 {
            return Err(silent);
        }
        data.ok()
            .and_then(|data| Command::parse(code, data))
            .map(|command| (identifier, command))
            .ok_or(BadCommand { identifier, reply: reply(code) })
    }
}

/// A malformed response has no answer.
fn reply(code: Code) -> Option<Reject> {
    (!code.is_final()).then_some(Reject::NotUnderstood)
}

impl<'a> Iterator for CFrame<'a> {
    type Item = Result<(u8, Command<'a>), BadCommand>;

    fn next(&mut self) -> Option<Self::Item> {
        (!self.rest.is_empty()).then(|| self.command())
    }
}
