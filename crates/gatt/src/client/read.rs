//! Reading values. [Vol 3] Part G, 4.8

use bindrune_att::{ErrorCode, MAX_VALUE, Opcode, Request, Response};
use bindrune_wire::{Malformed, Uuid, Writer};

use super::{
    ClientError, Procedure, Violation, discover::Sweep, parse_more, parse_response, write_request,
};

/// Reads one value of any length into a buffer: Read, then Read Blob as long as the responses are full.
/// [Vol 3] Part G, 4.8.1, 4.8.3
#[derive(Debug)]
pub struct ReadLong<'b> {
    handle: u16,
    buffer: &'b mut [u8],
    len: usize,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The next part is to be asked for, or was: a response with fewer octets than `full` is the last.
    Part { full: usize },
    /// The whole value was read.
    Whole,
    /// The buffer is full, and the value may go on.
    Cut,
    /// The read failed.
    Failed,
}

impl<'b> ReadLong<'b> {
    /// Reads the attribute `handle` into `buffer`. No value is longer than 512 octets.
    #[must_use]
    pub const fn new(handle: u16, buffer: &'b mut [u8]) -> Self {
        Self { handle, buffer, len: 0, state: State::Part { full: usize::MAX } }
    }

    /// Octets of the value that stand in the buffer.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "it is a count, not a collection")]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// True when the buffer holds the whole value; false when it was too short for it.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.state == State::Whole
    }

    /// Takes a part of the value.
    fn take(&mut self, part: &[u8], full: usize) {
        let room = MAX_VALUE.min(self.buffer.len()).saturating_sub(self.len);
        let taken = part.get(..room).unwrap_or(part);
        let end = self.len.saturating_add(taken.len());
        if let Some(place) = self.buffer.get_mut(self.len..end) {
            place.copy_from_slice(taken);
            self.len = end;
        }
        self.state = if self.len >= MAX_VALUE || part.len() <= room && part.len() < full {
            State::Whole
        } else if part.len() >= room {
            State::Cut
        } else {
            State::Part { full }
        };
    }
}

impl Procedure for ReadLong<'_> {
    fn request(&mut self, mtu: u16, w: &mut Writer<'_>) -> Result<Option<Opcode>, ClientError> {
        if !matches!(self.state, State::Part { .. }) {
            return Ok(None);
        }
        self.state = State::Part { full: usize::from(mtu.saturating_sub(1)) };
        let (handle, offset) = (self.handle, u16::try_from(self.len).unwrap_or(u16::MAX));
        let request = match offset {
            0 => Request::Read { handle },
            _ => Request::ReadBlob { handle, offset },
        };
        write_request(request, mtu, w)
    }

    fn response(&mut self, pdu: &[u8]) -> Result<(), ClientError> {
        let State::Part { full } = self.state else { return Err(Violation::Response.into()) };
        match (parse_response(pdu), self.len) {
            (Ok(Response::Read { value }), 0) => self.take(value, full),
            (Ok(Response::ReadBlob { value }), 1..) => self.take(value, full),
            (result, len) => {
                let error = result.err().unwrap_or(Violation::Response.into());
                if len == 0 || !is_end(error) {
                    self.state = State::Failed;
                    return Err(error);
                }
                self.state = State::Whole;
            }
        }
        Ok(())
    }
}

/// True for the errors of a server whose value ended with the last part. [Vol 3] Part F, 3.4.4.5
const fn is_end(error: ClientError) -> bool {
    matches!(
        error,
        ClientError::Att { code: ErrorCode::ATTRIBUTE_NOT_LONG | ErrorCode::INVALID_OFFSET, .. }
    )
}

/// An attribute and as much of its value as fitted into one response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttributeValue<'p> {
    /// The attribute.
    pub handle: u16,
    /// Its value.
    pub value: &'p [u8],
}

/// Reads all values of one UUID. [Vol 3] Part G, 4.8.2
#[derive(Clone, Debug)]
pub struct ReadByUuid {
    sweep: Sweep,
    uuid: Uuid,
}

impl ReadByUuid {
    /// Reads the attributes of type `uuid` from handle `start` to `end`.
    #[must_use]
    pub fn new(start: u16, end: u16, uuid: Uuid) -> Self {
        Self { sweep: Sweep::new(start, end), uuid }
    }

    /// The next value in `pdu`, the last response; `None` when it holds no more: then make the next request.
    pub fn next<'p>(&mut self, pdu: &'p [u8]) -> Option<AttributeValue<'p>> {
        let Ok(Response::ReadByType(list)) = Response::parse(pdu) else { return None };
        self.sweep.pop(|row| {
            let (handle, value) = list.get(row)?;
            Some((handle, AttributeValue { handle, value }))
        })
    }

    fn take(&mut self, pdu: &[u8]) -> Result<(), ClientError> {
        match parse_more(pdu)? {
            None => self.sweep.finish(),
            Some(Response::ReadByType(list)) => {
                self.sweep.accept(list.iter().map(|(handle, _)| Ok((handle, handle))))?;
            }
            Some(_) => return Err(Violation::Response.into()),
        }
        Ok(())
    }
}

impl Procedure for ReadByUuid {
    fn request(&mut self, mtu: u16, w: &mut Writer<'_>) -> Result<Option<Opcode>, ClientError> {
        let Some((start, end)) = self.sweep.range() else { return Ok(None) };
        write_request(Request::ReadByType { start, end, attribute_type: self.uuid }, mtu, w)
    }

    fn response(&mut self, pdu: &[u8]) -> Result<(), ClientError> {
        self.take(pdu).inspect_err(|_| self.sweep.finish())
    }
}

/// Reads several values at once. [Vol 3] Part G, 4.8.4, 4.8.5
#[derive(Clone, Debug)]
pub struct ReadMultiple<'a> {
    handles: &'a [u16],
    variable: bool,
    row: Option<usize>,
    over: bool,
}

/// One value of a Read Multiple Variable Response. [Vol 3] Part F, 3.4.4.12
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VariableValue<'p> {
    /// The attribute.
    pub handle: u16,
    /// The full length of its value, in octets.
    pub length: u16,
    /// As much of its value as fitted into the response.
    pub value: &'p [u8],
}

impl<'a> ReadMultiple<'a> {
    /// Values of known lengths, of two attributes or more. [`Self::values`] gives them in one piece.
    #[must_use]
    pub const fn fixed(handles: &'a [u16]) -> Self {
        Self { handles, variable: false, row: None, over: false }
    }

    /// Values of any length, of two attributes or more, popped by `next`.
    #[must_use]
    pub const fn variable(handles: &'a [u16]) -> Self {
        Self { variable: true, ..Self::fixed(handles) }
    }

    /// All values of [`Self::fixed`] in `pdu`, the response, one after the other.
    #[must_use]
    pub fn values<'p>(&self, pdu: &'p [u8]) -> Option<&'p [u8]> {
        match Response::parse(pdu) {
            Ok(Response::ReadMultiple { values }) if self.row.is_some() => Some(values),
            _ => None,
        }
    }

    /// The next value of [`Self::variable`] in `pdu`, the response. Values that did not fit are missing.
    pub fn next<'p>(&mut self, pdu: &'p [u8]) -> Option<VariableValue<'p>> {
        let Ok(Response::ReadMultipleVariable(list)) = Response::parse(pdu) else { return None };
        let row = self.row?;
        let &handle = self.handles.get(row)?;
        let (length, value) = list.iter().nth(row)?;
        self.row = row.checked_add(1);
        Some(VariableValue { handle, length, value })
    }
}

impl Procedure for ReadMultiple<'_> {
    fn request(&mut self, mtu: u16, w: &mut Writer<'_>) -> Result<Option<Opcode>, ClientError> {
        if self.over {
            return Ok(None);
        }
        let octets = self.handles.len().saturating_mul(2).saturating_add(1);
        if self.handles.len() < 2 || octets > mtu.into() {
            return Err(ClientError::TooLong);
        }
        if octets > w.room() {
            return Err(ClientError::NoRoom);
        }
        let opcode = match self.variable {
            true => Opcode::READ_MULTIPLE_VARIABLE_REQ,
            false => Opcode::READ_MULTIPLE_REQ,
        };
        w.u8(opcode.0)?;
        for &handle in self.handles {
            w.u16(handle)?;
        }
        Ok(Some(opcode))
    }

    fn response(&mut self, pdu: &[u8]) -> Result<(), ClientError> {
        self.over = true;
        match (parse_response(pdu)?, self.variable) {
            (Response::ReadMultiple { .. }, false) => {}
            (Response::ReadMultipleVariable(list), true) => {
                if list.iter().nth(self.handles.len()).is_some() {
                    return Err(Malformed::Trailing.into());
                }
            }
            _ => return Err(Violation::Response.into()),
        }
        self.row = Some(0);
        Ok(())
    }
}
