use bindrune_att::{Opcode, Request, Response};
use bindrune_wire::{Uuid, Writer};

use super::{Characteristic, Sweep};
use crate::client::{ClientError, Discovery, Procedure, Violation, parse_more, write_request};

/// A descriptor of a characteristic. [Vol 3] Part G, 3.3.3
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Descriptor {
    /// Its handle.
    pub handle: u16,
    /// Its UUID.
    pub uuid: Uuid,
}

/// Discovers the descriptors of a characteristic. [Vol 3] Part G, 4.7
///
/// Sends no request if no handle follows the characteristic's value.
#[derive(Clone, Debug)]
pub struct Descriptors {
    sweep: Sweep,
    /// Whether the next declaration ends the discovery.
    until_declaration: bool,
}

impl Descriptors {
    /// Discovers all descriptors of `characteristic`. The discovery ends at the next declaration of a service or
    /// characteristic, whatever the range of `characteristic` is.
    #[must_use]
    pub fn of(characteristic: &Characteristic) -> Self {
        let sweep = Sweep::behind(characteristic.value, characteristic.end);
        Self { sweep, until_declaration: true }
    }

    /// Discovers all attributes from `start` to `end`, of any type. [Vol 3] Part F, 3.4.3.1
    #[must_use]
    pub fn within(start: u16, end: u16) -> Self {
        Self { sweep: Sweep::new(start, end), until_declaration: false }
    }

    fn take(&mut self, pdu: &[u8]) -> Result<(), ClientError> {
        match parse_more(pdu)? {
            None => self.sweep.finish(),
            Some(Response::FindInformation(list)) => {
                let handles = (0..).map_while(|row| list.get(row)).map(|(handle, _)| handle);
                self.sweep.accept(handles.map(|handle| Ok((handle, handle))))?;
            }
            Some(_) => return Err(Violation::Response.into()),
        }
        Ok(())
    }
}

impl Procedure for Descriptors {
    fn request(&mut self, mtu: u16, w: &mut Writer<'_>) -> Result<Option<Opcode>, ClientError> {
        let Some((start, end)) = self.sweep.range() else { return Ok(None) };
        write_request(Request::FindInformation { start, end }, mtu, w)
    }

    fn response(&mut self, pdu: &[u8]) -> Result<(), ClientError> {
        self.take(pdu).inspect_err(|_| self.sweep.finish())
    }
}

impl Discovery for Descriptors {
    type Item = Descriptor;

    fn next(&mut self, pdu: &[u8]) -> Option<Descriptor> {
        let Ok(Response::FindInformation(list)) = Response::parse(pdu) else { return None };
        let found = self.sweep.pop(|row| {
            let (handle, uuid) = list.get(row)?;
            Some((handle, Descriptor { handle, uuid }))
        })?;
        if self.until_declaration && is_declaration(found.uuid) {
            self.sweep.finish();
            return None;
        }
        Some(found)
    }
}

/// Returns whether the UUID is the type of a service, include or characteristic declaration. [Vol 3] Part G, 3.4
fn is_declaration(uuid: Uuid) -> bool {
    matches!(uuid.as_u16(), Some(0x2800..=0x2803))
}
