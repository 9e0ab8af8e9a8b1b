//! The table as the tester sees it.

use bindrune::{Address, Uuid};
use bindrune_btp::{Status, gatt::OwnAttribute};

use super::{
    table::{Attribute, Kind, Table, bytes},
    tester::Tester,
};

impl Tester {
    /// Returns the attributes of the tester in a range of handles, of one type if it is given.
    pub(super) fn own_attributes(
        &self,
        start: u16,
        end: u16,
        uuid: Option<Uuid>,
    ) -> Vec<OwnAttribute> {
        let table = self.table.borrow();
        let is_wanted = |(handle, a): &(u16, &Attribute)| {
            (start..=end).contains(handle) && uuid.is_none_or(|uuid| a.uuid == uuid)
        };
        let own = |(handle, a): (u16, &Attribute)| OwnAttribute {
            handle,
            permissions: a.permissions,
            uuid: a.uuid,
        };
        table.all().filter(is_wanted).map(own).collect()
    }

    /// Returns the ATT error and the value of an attribute of the tester, as a peer reads it.
    pub(super) fn own_value(&self, peer: Address, handle: u16) -> Result<(u8, Vec<u8>), Status> {
        let table = self.table.borrow();
        let attribute = table.get(handle).ok_or(Status::FAIL)?;
        let value = match attribute.kind {
            Kind::Service { .. } | Kind::Extended => attribute.value.clone(),
            Kind::Include { service } => include(&table, service),
            Kind::Declaration { properties } => {
                let value = handle.saturating_add(1);
                let uuid = table.get(value).ok_or(Status::FAIL)?.uuid;
                [&[properties.bits()][..], &value.to_le_bytes(), &bytes(uuid)].concat()
            }
            Kind::Configuration => self.configuration(&table, peer, handle),
            Kind::Value { .. } | Kind::Descriptor => match table.read(handle) {
                Ok(value) => value.to_vec(),
                Err(error) => return Ok((error.0, Vec::new())),
            },
        };
        Ok((0, value))
    }

    /// Returns what a peer has configured; nothing without a link.
    fn configuration(&self, table: &Table, peer: Address, handle: u16) -> Vec<u8> {
        let value = table.get(handle.saturating_sub(1)).map(|a| a.kind);
        let subscribed = match (value, self.links.find(peer)) {
            (Some(Kind::Value { built: Some(built), .. }), Ok(connection)) => {
                connection.subscribed(built).unwrap_or_default()
            }
            _ => (false, false),
        };
        vec![u8::from(subscribed.0) | u8::from(subscribed.1) << 1, 0]
    }
}

/// Returns the value of an include declaration. [Vol 3] Part G, 3.2
fn include(table: &Table, service: u16) -> Vec<u8> {
    let uuid = table.read_back(service);
    // Only 16-bit UUIDs are part of it.
    let uuid = if uuid.len() == 2 { uuid } else { Vec::new() };
    [&service.to_le_bytes()[..], &table.end_of(service).to_le_bytes(), &uuid].concat()
}
