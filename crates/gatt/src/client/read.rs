//! Reading values. [Vol 3] Part G, 4.8

use bindrune_att::{ErrorCode, MAX_VALUE, Opcode, Request, Response};
use bindrune_wire::{Malformed, Uuid, Writer};

use super::{
    ClientError, Procedure, Violation, discover::Sweep, parse_more, parse_response, write_request,
};

/// Reads one value of any length into a buffer: Read, then Read Blob while the responses are full. [Vol 3] Part G,
/// 4.8.1, 4.8.3
///
/// If the server reports, by an error in the middle, that the value changed meanwhile, the read restarts, a few times.
/// ATT offers no other way to notice a change.
#[derive(Debug)]
pub struct ReadLong<'b> {
    handle: u16,
    buffer: &'b mut [u8],
    len: usize,
    state: State,
    restarts: u8,
    /// Offset at which the server already reported the end of the value.
    refused_at: Option<usize>,
}

/// Maximum number of restarts before the server's error is reported.
const MAX_RESTARTS: u8 = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The next part must be requested, or was requested; a response with fewer octets than `full` is the last one.
    Part { full: usize },
    /// The value was read to its end.
    Over,
    /// The read failed.
    Failed,
}

impl<'b> ReadLong<'b> {
    /// Reads the attribute `handle` into `buffer`. No value is longer than 512 octets.
    #[must_use]
    pub const fn new(handle: u16, buffer: &'b mut [u8]) -> Self {
        let state = State::Part { full: usize::MAX };
        Self { handle, buffer, len: 0, state, restarts: 0, refused_at: None }
    }

    /// Returns the number of octets of the value that were received. Octets that do not fit in the buffer are counted,
    /// but not kept.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "it is a count, not a collection")]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Returns whether the buffer holds the whole value; false if the buffer was too short.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.state == State::Over && self.len <= self.buffer.len()
    }

    /// Takes a part of the value.
    fn take(&mut self, part: &[u8], full: usize) {
        let part_len = part.len().min(MAX_VALUE.saturating_sub(self.len));
        let room = self.buffer.get_mut(self.len..).unwrap_or_default();
        for (to, octet) in room.iter_mut().zip(part.iter().take(part_len)) {
            *to = *octet;
        }
        self.len = self.len.saturating_add(part_len);
        let over = self.len >= MAX_VALUE || part.len() < full;
        self.state = if over { State::Over } else { State::Part { full } };
    }

    /// Handles an error response to a request for a part after the first.
    fn take_refusal(&mut self, error: ClientError) -> Result<(), ClientError> {
        let refused = matches!(error, ClientError::Att { code: ErrorCode::INVALID_OFFSET, .. });
        let not_long =
            matches!(error, ClientError::Att { code: ErrorCode::ATTRIBUTE_NOT_LONG, .. });
        let changed = matches!(error, ClientError::Att { code: ErrorCode::UNLIKELY_ERROR, .. });
        // Some servers refuse an offset at the end; others refuse an offset beyond the end of a value that became
        // shorter.
        if not_long || refused && self.refused_at == Some(self.len) {
            self.state = State::Over;
        } else if (refused || changed) && self.restarts < MAX_RESTARTS {
            self.refused_at = refused.then_some(self.len);
            self.restarts = self.restarts.saturating_add(1);
            self.len = 0;
        } else {
            self.state = State::Failed;
            return Err(error);
        }
        Ok(())
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
            (Err(error), 1..) => self.take_refusal(error)?,
            (result, _) => {
                self.state = State::Failed;
                return Err(result.err().unwrap_or(Violation::Response.into()));
            }
        }
        Ok(())
    }
}

/// An attribute and as much of its value as fits in one response.
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

    /// Returns the next value in `pdu`, the last response; `None` if it has no more: then make the next request.
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
    /// The full length of its value in octets.
    pub length: u16,
    /// As much of its value as fits in the response.
    pub value: &'p [u8],
}

impl<'a> ReadMultiple<'a> {
    /// Reads values of known lengths, of at least two attributes. [`Self::values`] returns them in one piece.
    #[must_use]
    pub const fn fixed(handles: &'a [u16]) -> Self {
        Self { handles, variable: false, row: None, over: false }
    }

    /// Reads values of any length, of at least two attributes. `next` pops them.
    #[must_use]
    pub const fn variable(handles: &'a [u16]) -> Self {
        Self { variable: true, ..Self::fixed(handles) }
    }

    /// Returns all values of [`Self::fixed`] in `pdu`, the response, one after another.
    #[must_use]
    pub fn values<'p>(&self, pdu: &'p [u8]) -> Option<&'p [u8]> {
        match Response::parse(pdu) {
            Ok(Response::ReadMultiple { values }) if self.row.is_some() => Some(values),
            _ => None,
        }
    }

    /// Returns the next value of [`Self::variable`] in `pdu`, the response. Values that do not fit in the response are
    /// missing.
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
        if self.handles.len() < 2 {
            return Err(ClientError::TooFewHandles);
        }
        if octets > mtu.into() {
            let max = usize::from(mtu.saturating_sub(1) / 2);
            return Err(ClientError::TooManyHandles { max });
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
