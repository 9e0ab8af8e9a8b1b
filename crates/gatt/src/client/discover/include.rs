use bindrune_att::{Opcode, Request, Response};
use bindrune_wire::{Malformed, Reader, Uuid, Writer};

use super::{Service, Sweep, att_uuid};
use crate::client::{
    ClientError, Discovery, Procedure, Violation, parse_more, parse_response, write_request,
};

const INCLUDE: Uuid = Uuid::new_16(0x2802);

/// A service that another one includes. [Vol 3] Part G, 3.2
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Include {
    /// The handle of the include declaration.
    pub handle: u16,
    /// The handle of the included service's declaration.
    pub start: u16,
    /// The included service's last handle.
    pub end: u16,
    /// UUID of the included service; `None` if the server refused to read it.
    pub uuid: Option<Uuid>,
}

/// Discovers the services that a service includes. [Vol 3] Part G, 4.5.1
///
/// An include with a 128-bit UUID needs an additional Read of the included service's declaration.
#[derive(Clone, Debug)]
pub struct Includes {
    sweep: Sweep,
    found: Option<Found>,
}

/// An include that was popped from the list.
#[derive(Clone, Copy, Debug)]
enum Found {
    /// Its UUID must be read.
    Nameless(Include),
    /// It is complete.
    Whole(Include),
}

impl Includes {
    /// Discovers the includes of `service`.
    #[must_use]
    pub fn of(service: &Service) -> Self {
        let sweep = Sweep::behind(service.start, service.end);
        Self { sweep, found: None }
    }

    fn take_list(&mut self, pdu: &[u8]) -> Result<(), ClientError> {
        match parse_more(pdu)? {
            None => self.sweep.finish(),
            Some(Response::ReadByType(list)) => {
                self.sweep.accept(list.iter().map(|(handle, value)| {
                    let include = parse(handle, value)?;
                    if include.end < include.start {
                        return Err(Violation::Range.into());
                    }
                    Ok((handle, handle))
                }))?;
            }
            Some(_) => return Err(Violation::Response.into()),
        }
        Ok(())
    }
}

impl Procedure for Includes {
    fn request(&mut self, mtu: u16, w: &mut Writer<'_>) -> Result<Option<Opcode>, ClientError> {
        if let Some(Found::Nameless(include)) = self.found {
            return write_request(Request::Read { handle: include.start }, mtu, w);
        }
        let Some((start, end)) = self.sweep.range() else { return Ok(None) };
        write_request(Request::ReadByType { start, end, attribute_type: INCLUDE }, mtu, w)
    }

    fn response(&mut self, pdu: &[u8]) -> Result<(), ClientError> {
        let result = match self.found.take() {
            Some(Found::Nameless(include)) => take_uuid(pdu)
                .map(|uuid| self.found = Some(Found::Whole(Include { uuid, ..include }))),
            Some(Found::Whole(_)) | None => self.take_list(pdu),
        };
        result.inspect_err(|_| self.sweep.finish())
    }
}

impl Discovery for Includes {
    type Item = Include;

    fn next(&mut self, pdu: &[u8]) -> Option<Include> {
        match self.found {
            Some(Found::Whole(include)) => {
                self.found = None;
                return Some(include);
            }
            Some(Found::Nameless(_)) => return None,
            None => {}
        }
        let Ok(Response::ReadByType(list)) = Response::parse(pdu) else { return None };
        let include = self.sweep.pop(|row| {
            let (handle, value) = list.get(row)?;
            Some((handle, parse(handle, value).ok()?))
        })?;
        if include.uuid.is_none() {
            self.found = Some(Found::Nameless(include));
            return None;
        }
        Some(include)
    }
}

/// Returns the value of a service declaration; `None` if the server refuses. [Vol 3] Part G, 3.1
fn take_uuid(pdu: &[u8]) -> Result<Option<Uuid>, ClientError> {
    match parse_response(pdu) {
        Ok(Response::Read { value }) => Ok(Some(att_uuid(value)?)),
        Ok(_) => Err(Violation::Response.into()),
        Err(ClientError::Att { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Parses the value of an include declaration. [Vol 3] Part G, 3.2
fn parse(handle: u16, value: &[u8]) -> Result<Include, Malformed> {
    let mut r = Reader::new(value);
    let (start, end) = (r.u16()?, r.u16()?);
    let uuid = if r.is_empty() { None } else { Some(Uuid::new_16(r.u16()?)) };
    r.finish().map(|()| Include { handle, start, end, uuid })
}
