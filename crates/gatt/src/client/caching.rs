//! Detection of changes of the server's database. [Vol 3] Part G, 2.5.2, 7

use bindrune_att::{Opcode, Request, Response};
use bindrune_wire::{Malformed, Reader, Uuid, Writer};
use bitflags::bitflags;

use super::{ClientError, Procedure, Violation, expect_response, parse_more, write_request};

const CLIENT_SUPPORTED_FEATURES: Uuid = Uuid::new_16(0x2b29);
const DATABASE_HASH: Uuid = Uuid::new_16(0x2b2a);

/// The handle range that a Service Changed indication reports as changed. [Vol 3] Part G, 7.1
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ServiceChanged {
    /// First handle.
    pub start: u16,
    /// Last handle.
    pub end: u16,
}

impl ServiceChanged {
    /// The whole database.
    pub const ALL: Self = Self { start: 1, end: 0xffff };

    /// Parses the indication's value. A value that makes no sense means the whole database.
    #[must_use]
    pub fn from_value(value: &[u8]) -> Self {
        Self::parse(value).unwrap_or(Self::ALL)
    }

    fn parse(value: &[u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(value);
        let (start, end) = (r.u16()?, r.u16()?);
        r.finish()?;
        if start == 0 || end < start { Err(Malformed::Value) } else { Ok(Self { start, end }) }
    }
}

/// Reads the Database Hash. [Vol 3] Part G, 7.3
#[derive(Clone, Debug, Default)]
pub struct ReadDatabaseHash {
    over: bool,
    hash: Option<[u8; 16]>,
}

impl ReadDatabaseHash {
    /// Creates a read that has not started.
    #[must_use]
    pub const fn new() -> Self {
        Self { over: false, hash: None }
    }

    /// Returns the hash as the server sent it; `None` before the response, or if the server has none.
    #[must_use]
    pub const fn hash(&self) -> Option<[u8; 16]> {
        self.hash
    }
}

impl Procedure for ReadDatabaseHash {
    fn request(&mut self, mtu: u16, w: &mut Writer<'_>) -> Result<Option<Opcode>, ClientError> {
        if self.over { Ok(None) } else { read_by_type(DATABASE_HASH, mtu, w) }
    }

    fn response(&mut self, pdu: &[u8]) -> Result<(), ClientError> {
        self.over = true;
        if let Some((_, value)) = first_value(pdu)? {
            self.hash = Some(value.try_into().map_err(|_| Malformed::Value)?);
        }
        Ok(())
    }
}

bitflags! {
    /// Client features that the server can be informed of. [Vol 3] Part G, 7.2
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct ClientFeatures: u8 {
        /// The client answers Database Out Of Sync by finding out what changed.
        const ROBUST_CACHING = 0x01;
        /// The client supports Enhanced ATT bearers.
        const ENHANCED_ATT = 0x02;
        /// The client supports Multiple Handle Value Notifications.
        const MULTIPLE_NOTIFICATIONS = 0x04;
    }
}

/// Writes the Client Supported Features, unless the server has them already. [Vol 3] Part G, 7.2
#[derive(Clone, Debug)]
pub struct EnableFeatures {
    wanted: ClientFeatures,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Read,
    Write { handle: u16, features: u8 },
    Over { enabled: bool },
}

impl EnableFeatures {
    /// Adds `wanted` to the features that the server knows of; never removes one.
    #[must_use]
    pub const fn new(wanted: ClientFeatures) -> Self {
        Self { wanted, state: State::Read }
    }

    /// Returns whether the procedure is over and the server knows the features; false if the server does not support
    /// them.
    #[must_use]
    pub const fn is_enabled(&self) -> bool {
        matches!(self.state, State::Over { enabled: true })
    }

    fn take(&mut self, pdu: &[u8]) -> Result<State, ClientError> {
        match self.state {
            State::Read => Ok(match first_value(pdu)? {
                None => State::Over { enabled: false },
                Some((handle, value)) => {
                    let known = value.first().copied().unwrap_or(0);
                    let features = known | self.wanted.bits();
                    match features == known {
                        true => State::Over { enabled: true },
                        false => State::Write { handle, features },
                    }
                }
            }),
            State::Write { .. } => {
                expect_response(pdu, Response::Write).map(|()| State::Over { enabled: true })
            }
            State::Over { .. } => Err(Violation::Response.into()),
        }
    }
}

impl Procedure for EnableFeatures {
    fn request(&mut self, mtu: u16, w: &mut Writer<'_>) -> Result<Option<Opcode>, ClientError> {
        match self.state {
            State::Read => read_by_type(CLIENT_SUPPORTED_FEATURES, mtu, w),
            State::Write { handle, features } => {
                write_request(Request::Write { handle, value: &[features] }, mtu, w)
            }
            State::Over { .. } => Ok(None),
        }
    }

    fn response(&mut self, pdu: &[u8]) -> Result<(), ClientError> {
        let result = self.take(pdu);
        self.state = result.unwrap_or(State::Over { enabled: false });
        result.map(|_| ())
    }
}

fn read_by_type(uuid: Uuid, mtu: u16, w: &mut Writer<'_>) -> Result<Option<Opcode>, ClientError> {
    write_request(Request::ReadByType { start: 1, end: 0xffff, attribute_type: uuid }, mtu, w)
}

/// Returns the first attribute of a Read By Type Response: its handle, which is never 0, and its value.
fn first_value(pdu: &[u8]) -> Result<Option<(u16, &[u8])>, ClientError> {
    match parse_more(pdu)? {
        None => Ok(None),
        Some(Response::ReadByType(list)) => match list.get(0) {
            Some((1.., _)) => Ok(list.get(0)),
            _ => Err(Violation::Order.into()),
        },
        Some(_) => Err(Violation::Response.into()),
    }
}
