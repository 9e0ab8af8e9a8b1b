use bindrune_att::{ErrorCode, Opcode, Request, Response, pdu::HandleRange};
use bindrune_wire::{Uuid, Writer};

use super::{Sweep, att_uuid};
use crate::client::{ClientError, Discovery, Procedure, Violation, parse_more, write_request};

const PRIMARY: u16 = 0x2800;
const SECONDARY: u16 = 0x2801;

/// A service of the server. [Vol 3] Part G, 3.1
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Service {
    /// The handle of its declaration.
    pub start: u16,
    /// Its last handle.
    pub end: u16,
    /// Its UUID.
    pub uuid: Uuid,
}

/// Discovers services. [Vol 3] Part G, 4.4
#[derive(Clone, Debug)]
pub struct Services {
    sweep: Sweep,
    wanted: Wanted,
}

#[derive(Clone, Copy, Debug)]
enum Wanted {
    Primary,
    Secondary,
    ByUuid(Uuid),
}

impl Services {
    /// Discovers all primary services. [Vol 3] Part G, 4.4.1
    #[must_use]
    pub fn primary() -> Self {
        Self::new(Wanted::Primary)
    }

    /// Discovers all secondary services.
    #[must_use]
    pub fn secondary() -> Self {
        Self::new(Wanted::Secondary)
    }

    /// Discovers the primary services with one UUID. [Vol 3] Part G, 4.4.2
    #[must_use]
    pub fn primary_by_uuid(uuid: Uuid) -> Self {
        Self::new(Wanted::ByUuid(uuid))
    }

    fn new(wanted: Wanted) -> Self {
        Self { sweep: Sweep::new(1, 0xffff), wanted }
    }

    fn take(&mut self, pdu: &[u8]) -> Result<(), ClientError> {
        match (parse_more(pdu)?, self.wanted) {
            (None, _) => self.sweep.finish(),
            (Some(Response::FindByTypeValue(list)), Wanted::ByUuid(_)) => {
                self.sweep.accept(list.iter().map(|row| Ok((row.start.get(), row.end.get()))))?;
            }
            (Some(Response::ReadByGroupType(list)), Wanted::Primary | Wanted::Secondary) => {
                self.sweep.accept(list.iter().map(|(start, end, uuid)| {
                    att_uuid(uuid)?;
                    Ok((start, end))
                }))?;
            }
            (Some(_), _) => return Err(Violation::Response.into()),
        }
        Ok(())
    }
}

impl Procedure for Services {
    fn request(&mut self, mtu: u16, w: &mut Writer<'_>) -> Result<Option<Opcode>, ClientError> {
        let Some((start, end)) = self.sweep.range() else { return Ok(None) };
        let group = |uuid| Request::ReadByGroupType { start, end, group_type: Uuid::new_16(uuid) };
        match self.wanted {
            Wanted::Primary => write_request(group(PRIMARY), mtu, w),
            Wanted::Secondary => write_request(group(SECONDARY), mtu, w),
            Wanted::ByUuid(uuid) => {
                let mut octets = [0; 16];
                let mut value = Writer::new(&mut octets);
                uuid.write_att(&mut value)?;
                let value = value.written();
                let find = Request::FindByTypeValue { start, end, attribute_type: PRIMARY, value };
                write_request(find, mtu, w)
            }
        }
    }

    fn response(&mut self, pdu: &[u8]) -> Result<(), ClientError> {
        let result = match (self.take(pdu), self.wanted) {
            (
                Err(ClientError::Att { code: ErrorCode::UNSUPPORTED_GROUP_TYPE, .. }),
                Wanted::Secondary,
            ) => {
                self.sweep.finish();
                Ok(())
            }
            (result, _) => result,
        };
        result.inspect_err(|_| self.sweep.finish())
    }
}

impl Discovery for Services {
    type Item = Service;

    fn next(&mut self, pdu: &[u8]) -> Option<Service> {
        let response = Response::parse(pdu).ok()?;
        let wanted = self.wanted;
        self.sweep.pop(|row| {
            let service = match (response, wanted) {
                (Response::FindByTypeValue(list), Wanted::ByUuid(uuid)) => {
                    let &HandleRange { start, end } = list.get(row)?;
                    Service { start: start.get(), end: end.get(), uuid }
                }
                (Response::ReadByGroupType(list), Wanted::Primary | Wanted::Secondary) => {
                    let (start, end, uuid) = list.get(row)?;
                    Service { start, end, uuid: att_uuid(uuid).ok()? }
                }
                _ => return None,
            };
            Some((service.end, service))
        })
    }
}
