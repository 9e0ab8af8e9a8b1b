//! Writing values. [Vol 3] Part G, 4.9

use bindrune_att::{Command, MAX_VALUE, Opcode, Request, Response};
use bindrune_wire::Writer;

use super::{ClientError, Procedure, Violation, expect_response, parse_response, write_request};

/// Writes one value that fits in one PDU. [Vol 3] Part G, 4.9.3
#[derive(Clone, Debug)]
pub struct Write<'a> {
    handle: u16,
    value: &'a [u8],
    over: bool,
}

impl<'a> Write<'a> {
    /// Writes `value`, of up to MTU - 3 octets, to the attribute `handle`.
    #[must_use]
    pub const fn new(handle: u16, value: &'a [u8]) -> Self {
        Self { handle, value, over: false }
    }

    /// Returns whether `value` fits in one Write Request or Write Command at this MTU.
    #[must_use]
    pub fn fits(value: &[u8], mtu: u16) -> bool {
        value.len() <= Self::longest(mtu)
    }

    /// Returns the longest value that fits in one Write Request or Write Command at this MTU, in octets.
    #[must_use]
    pub fn longest(mtu: u16) -> usize {
        MAX_VALUE.min(mtu.saturating_sub(3).into())
    }
}

impl Procedure for Write<'_> {
    fn request(&mut self, mtu: u16, w: &mut Writer<'_>) -> Result<Option<Opcode>, ClientError> {
        if self.over {
            return Ok(None);
        }
        if !Self::fits(self.value, mtu) {
            return Err(ClientError::TooLong { max: Self::longest(mtu) });
        }
        write_request(Request::Write { handle: self.handle, value: self.value }, mtu, w)
    }

    fn response(&mut self, pdu: &[u8]) -> Result<(), ClientError> {
        self.over = true;
        expect_response(pdu, Response::Write)
    }
}

/// Writes a Write Command with `value`, of up to MTU - 3 octets. [Vol 3] Part G, 4.9.1
///
/// # Errors
///
/// [`ClientError::TooLong`] if the value is longer than MTU - 3; [`ClientError::NoRoom`] if `w` is too small.
pub fn write_command(
    handle: u16,
    value: &[u8],
    mtu: u16,
    w: &mut Writer<'_>,
) -> Result<(), ClientError> {
    if !Write::fits(value, mtu) {
        return Err(ClientError::TooLong { max: Write::longest(mtu) });
    }
    Ok(Command::Write { handle, value }.write(w)?)
}

/// Writes one value of any length: in one request if it fits, otherwise as [`PreparedWrite`].
#[derive(Clone, Debug)]
pub struct WriteLong<'a> {
    write: Write<'a>,
    prepared: Option<PreparedWrite<'a>>,
}

impl<'a> WriteLong<'a> {
    /// Writes `value`, of up to 512 octets, to the attribute `handle`.
    #[must_use]
    pub const fn new(handle: u16, value: &'a [u8]) -> Self {
        Self { write: Write::new(handle, value), prepared: None }
    }

    /// Returns whether the server may hold prepared parts, as [`PreparedWrite::is_open`].
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.prepared.as_ref().is_some_and(PreparedWrite::is_open)
    }
}

impl Procedure for WriteLong<'_> {
    fn request(&mut self, mtu: u16, w: &mut Writer<'_>) -> Result<Option<Opcode>, ClientError> {
        let Write { handle, value, over } = self.write;
        if self.prepared.is_none() && (over || Write::fits(value, mtu)) {
            return self.write.request(mtu, w);
        }
        self.prepared.get_or_insert(PreparedWrite::long(handle, value)).request(mtu, w)
    }

    fn response(&mut self, pdu: &[u8]) -> Result<(), ClientError> {
        match &mut self.prepared {
            Some(prepared) => prepared.response(pdu),
            None => self.write.response(pdu),
        }
    }
}

/// Writes long values, or several at once: prepares them part by part, compares the server's echo, and executes.
/// After any error, it cancels. [Vol 3] Part G, 4.9.4, 4.9.5
#[derive(Clone, Debug)]
pub struct PreparedWrite<'a> {
    values: Values<'a>,
    index: usize,
    offset: usize,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum Values<'a> {
    One(u16, &'a [u8]),
    Several(&'a [(u16, &'a [u8])]),
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// A part must be prepared, or was sent with this many octets.
    Prepare(usize),
    /// All parts are prepared.
    Execute,
    /// The server's queue must be emptied because of this error.
    Cancel(ClientError),
    /// The procedure is finished.
    Over,
}

/// One part of a value.
struct Part<'a> {
    handle: u16,
    offset: u16,
    octets: &'a [u8],
    is_last: bool,
}

impl<'a> PreparedWrite<'a> {
    /// Writes `value`, of up to 512 octets, to the attribute `handle`.
    #[must_use]
    pub const fn long(handle: u16, value: &'a [u8]) -> Self {
        Self::new(Values::One(handle, value))
    }

    /// Writes each value, of up to 512 octets, to the attribute before it in the list; all of them or none.
    #[must_use]
    pub const fn reliable(values: &'a [(u16, &'a [u8])]) -> Self {
        Self::new(Values::Several(values))
    }

    /// Returns whether the server may hold prepared parts. A caller that gives up now must send an Execute Write
    /// Request that cancels them: see [`Self::cancel`].
    #[must_use]
    pub const fn is_open(&self) -> bool {
        match self.state {
            State::Prepare(sent) => sent != 0 || self.has_prepared(),
            State::Execute | State::Cancel(_) => true,
            State::Over => false,
        }
    }

    /// Writes the request that empties the server's queue.
    ///
    /// # Errors
    ///
    /// [`ClientError::NoRoom`] if `w` is too small.
    pub fn cancel(w: &mut Writer<'_>) -> Result<Opcode, ClientError> {
        let cancel = Request::ExecuteWrite { write: false };
        cancel.write(w)?;
        Ok(cancel.opcode())
    }

    const fn new(values: Values<'a>) -> Self {
        Self { values, index: 0, offset: 0, state: State::Prepare(0) }
    }

    const fn has_prepared(&self) -> bool {
        self.index > 0 || self.offset > 0
    }

    fn value(&self) -> Option<(u16, &'a [u8])> {
        match self.values {
            Values::One(handle, value) => Some((handle, value)).filter(|_| self.index == 0),
            Values::Several(values) => values.get(self.index).copied(),
        }
    }

    /// Returns the next part, of at most `limit` octets.
    fn part(&self, limit: usize) -> Option<Part<'a>> {
        let (handle, value) = self.value()?;
        let rest = value.get(self.offset..)?;
        let (octets, is_last) = match rest.get(..limit) {
            Some(octets) => (octets, octets.len() == rest.len()),
            None => (rest, true),
        };
        Some(Part { handle, offset: u16::try_from(self.offset).ok()?, octets, is_last })
    }

    fn is_too_long(&self) -> bool {
        match self.values {
            Values::One(_, value) => value.len() > MAX_VALUE,
            Values::Several(values) => values.iter().any(|(_, value)| value.len() > MAX_VALUE),
        }
    }

    /// Compares the echo of the part of `sent` octets, and continues with the next part.
    fn prepared(&mut self, pdu: &[u8], sent: usize) -> Result<(), ClientError> {
        let part = self.part(sent).ok_or(Violation::Response)?;
        let Response::PrepareWrite { handle, offset, value } = parse_response(pdu)? else {
            return Err(Violation::Response.into());
        };
        if (handle, offset, value) != (part.handle, part.offset, part.octets) {
            return Err(Violation::Echo.into());
        }
        if part.is_last {
            self.index = self.index.saturating_add(1);
            self.offset = 0;
        } else {
            self.offset = self.offset.saturating_add(sent);
        }
        Ok(())
    }
}

impl Procedure for PreparedWrite<'_> {
    fn request(&mut self, mtu: u16, w: &mut Writer<'_>) -> Result<Option<Opcode>, ClientError> {
        let write = match self.state {
            State::Over => return Ok(None),
            State::Cancel(_) => false,
            State::Execute => true,
            State::Prepare(_) => {
                if self.is_too_long() {
                    self.state = State::Over;
                    return Err(ClientError::TooLong { max: MAX_VALUE });
                }
                let limit = usize::from(mtu.saturating_sub(5));
                let Some(Part { handle, offset, octets: value, .. }) = self.part(limit) else {
                    self.state = State::Over;
                    return Ok(None);
                };
                let prepare = Request::PrepareWrite { handle, offset, value };
                let written = write_request(prepare, mtu, w)?;
                self.state = State::Prepare(limit);
                return Ok(written);
            }
        };
        write_request(Request::ExecuteWrite { write }, mtu, w)
    }

    fn response(&mut self, pdu: &[u8]) -> Result<(), ClientError> {
        match self.state {
            State::Prepare(limit) => match self.prepared(pdu, limit) {
                Ok(()) if self.value().is_none() => self.state = State::Execute,
                Ok(()) => self.state = State::Prepare(0),
                Err(error @ ClientError::Att { .. }) if !self.has_prepared() => {
                    self.state = State::Over;
                    return Err(error);
                }
                Err(error) => self.state = State::Cancel(error),
            },
            State::Execute => {
                self.state = State::Over;
                return expect_response(pdu, Response::ExecuteWrite);
            }
            State::Cancel(error) => {
                self.state = State::Over;
                return Err(error);
            }
            State::Over => return Err(Violation::Response.into()),
        }
        Ok(())
    }
}
