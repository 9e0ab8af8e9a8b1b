use bindrune_att::{Opcode, Request, Response};
use bindrune_wire::{Malformed, Reader, Uuid, Writer};

use super::{Service, Sweep, att_uuid};
use crate::{
    client::{ClientError, Discovery, Procedure, Violation, parse_more, write_request},
    table::Properties,
};

const DECLARATION: Uuid = Uuid::new_16(0x2803);

/// A characteristic of the server. [Vol 3] Part G, 3.3
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Characteristic {
    /// Handle of its declaration.
    pub declaration: u16,
    /// Handle of its value.
    pub value: u16,
    /// Its last handle: that of its last descriptor, or of its value.
    pub end: u16,
    /// Permitted operations on its value.
    pub properties: Properties,
    /// Its UUID.
    pub uuid: Uuid,
}

/// Discovers the characteristics of a service. [Vol 3] Part G, 4.6
///
/// A characteristic is returned once the next declaration, or the end of the service, shows where it ends.
#[derive(Clone, Debug)]
pub struct Characteristics {
    sweep: Sweep,
    uuid: Option<Uuid>,
    last: Option<Characteristic>,
}

impl Characteristics {
    /// Discovers all characteristics of `service`. [Vol 3] Part G, 4.6.1
    #[must_use]
    pub fn of(service: &Service) -> Self {
        let sweep = Sweep::behind(service.start, service.end);
        Self { sweep, uuid: None, last: None }
    }

    /// Discovers the characteristics of `service` that have this UUID. [Vol 3] Part G, 4.6.2
    #[must_use]
    pub fn by_uuid(service: &Service, uuid: Uuid) -> Self {
        Self { uuid: Some(uuid), ..Self::of(service) }
    }

    /// Discovers the characteristics declared from `start` to `end`, in any service; if `uuid` is given, only those
    /// with this UUID.
    ///
    /// The last characteristic of a service extends to the next characteristic, so the next service's declaration lies
    /// in its range: [`super::Descriptors::of`] stops there.
    #[must_use]
    pub fn within(start: u16, end: u16, uuid: Option<Uuid>) -> Self {
        Self { sweep: Sweep::new(start, end), uuid, last: None }
    }

    fn take(&mut self, pdu: &[u8]) -> Result<(), ClientError> {
        match parse_more(pdu)? {
            None => self.sweep.finish(),
            Some(Response::ReadByType(list)) => {
                self.sweep.accept(list.iter().map(|(declaration, value)| {
                    let found = parse(declaration, value)?;
                    if found.value == declaration {
                        return Err(Violation::Order.into());
                    }
                    Ok((declaration, found.value))
                }))?;
                // One handle has no room for a declaration and a value.
                if self.sweep.range().is_some_and(|(start, end)| start == end) {
                    self.sweep.finish();
                }
            }
            Some(_) => return Err(Violation::Response.into()),
        }
        Ok(())
    }

    /// Returns the next characteristic whose end is known.
    fn pop(&mut self, response: Option<Response<'_>>) -> Option<Characteristic> {
        loop {
            let found = self.sweep.pop(|row| {
                let Some(Response::ReadByType(list)) = response else { return None };
                let (declaration, value) = list.get(row)?;
                let found = parse(declaration, value).ok()?;
                Some((found.value, found))
            });
            match found {
                Some(found) => {
                    if let Some(last) = self.last.replace(found) {
                        return Some(Characteristic {
                            end: found.declaration.saturating_sub(1),
                            ..last
                        });
                    }
                }
                None if self.sweep.is_over() => {
                    let end = self.sweep.end();
                    return self.last.take().map(|last| Characteristic { end, ..last });
                }
                None => return None,
            }
        }
    }
}

impl Procedure for Characteristics {
    fn request(&mut self, mtu: u16, w: &mut Writer<'_>) -> Result<Option<Opcode>, ClientError> {
        let Some((start, end)) = self.sweep.range() else { return Ok(None) };
        write_request(Request::ReadByType { start, end, attribute_type: DECLARATION }, mtu, w)
    }

    fn response(&mut self, pdu: &[u8]) -> Result<(), ClientError> {
        self.take(pdu).inspect_err(|_| {
            self.sweep.finish();
            self.last = None;
        })
    }
}

impl Discovery for Characteristics {
    type Item = Characteristic;

    fn next(&mut self, pdu: &[u8]) -> Option<Characteristic> {
        let response = Response::parse(pdu).ok();
        loop {
            let found = self.pop(response)?;
            if self.uuid.is_none_or(|uuid| uuid == found.uuid) {
                return Some(found);
            }
        }
    }
}

/// Parses the value of a characteristic declaration; the characteristic's end is not known yet. [Vol 3] Part G, 3.3.1
fn parse(declaration: u16, value: &[u8]) -> Result<Characteristic, Malformed> {
    let mut r = Reader::new(value);
    let properties = Properties::from_bits_retain(r.u8()?);
    let value = r.u16()?;
    let uuid = att_uuid(r.rest())?;
    Ok(Characteristic { declaration, value, end: value, properties, uuid })
}
