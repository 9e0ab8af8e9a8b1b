use bindrune_wire::{NoRoom, Writer};

use super::{Attribute, Characteristic, Entry, Service, Table};

/// Length of the longest constant that is not borrowed from a static, in octets: a characteristic
/// declaration.
pub(crate) const DECLARATION_ROOM: usize = 19;

impl Table {
    /// Returns the value of an attribute that the table itself determines; empty for every other
    /// attribute.
    pub(crate) fn declaration<'a>(
        &self,
        entry: &Entry,
        buffer: &'a mut [u8; DECLARATION_ROOM],
    ) -> &'a [u8] {
        let mut w = Writer::new(buffer);
        let written = match entry.attribute {
            Attribute::Service(service) => service.uuid().write_att(&mut w),
            Attribute::Include(service) => self.include(service, &mut w),
            Attribute::Declaration(c) => declaration(entry.handle, c, &mut w),
            Attribute::ExtendedProperties(c) => w.u16(c.extended_properties().bits().into()),
            Attribute::UserDescription(c) => {
                return c.description().unwrap_or_default().as_bytes();
            }
            Attribute::Value(_) | Attribute::Cccd(_) | Attribute::Descriptor(_) => Ok(()),
        };
        let len = if written.is_ok() { w.len() } else { 0 };
        buffer.get(..len).unwrap_or_default()
    }

    /// Writes start, end, and the UUID if it has 16 bits. [Vol 3] Part G, 3.2
    fn include(&self, service: &Service, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        let (start, end) = self.service(service).unwrap_or_default();
        w.u16(start)?;
        w.u16(end)?;
        service.uuid().as_u16().map_or(Ok(()), |short| w.u16(short))
    }
}

/// Writes properties, value handle and UUID. [Vol 3] Part G, 3.3.1
fn declaration(handle: u16, c: &Characteristic, w: &mut Writer<'_>) -> Result<(), NoRoom> {
    w.u8(c.properties().bits())?;
    w.u16(handle.saturating_add(1))?;
    c.uuid().write_att(w)
}
