//! Names of attributes, from discoveries in the same capture.

use std::collections::BTreeMap;

use bindrune_wire::Uuid;

use crate::{numbers, words};

/// Attribute tables that are remembered.
const MAX_TABLES: usize = 64;

/// Attributes of one table that are remembered.
const MAX_ATTRIBUTES: usize = 4096;

/// What is known of the attribute tables of all devices.
#[derive(Debug, Default)]
pub(crate) struct Names {
    tables: BTreeMap<String, BTreeMap<u16, String>>,
}

/// The table of one device.
pub(super) struct Table<'n> {
    names: &'n mut Names,
    key: &'n str,
}

impl Names {
    pub(super) const fn table<'n>(&'n mut self, key: &'n str) -> Table<'n> {
        Table { names: self, key }
    }
}

impl Table<'_> {
    /// Remembers the type of an attribute.
    pub(super) fn learn(&mut self, handle: u16, name: String) {
        let tables = &mut self.names.tables;
        if !tables.contains_key(self.key) {
            if tables.len() >= MAX_TABLES {
                tables.pop_first();
            }
            tables.insert(self.key.to_owned(), BTreeMap::new());
        }
        let Some(table) = tables.get_mut(self.key) else { return };
        if table.len() < MAX_ATTRIBUTES || table.contains_key(&handle) {
            table.insert(handle, name);
        }
    }

    /// Returns the name of an attribute, if it was discovered.
    pub(super) fn name(&self, handle: u16) -> Option<&str> {
        self.names.tables.get(self.key)?.get(&handle).map(String::as_str)
    }

    /// Returns a handle with the name of its attribute.
    pub(super) fn handle(&self, handle: u16) -> String {
        self.name(handle)
            .map_or_else(|| format!("{handle:04x}"), |name| format!("{handle:04x} {name}"))
    }
}

/// Returns the name of an attribute type, such as a characteristic.
pub(super) fn attribute(uuid: Uuid) -> String {
    let declaration = match uuid.as_u16() {
        Some(0x2800) => Some("Primary Service"),
        Some(0x2801) => Some("Secondary Service"),
        Some(0x2802) => Some("Include"),
        Some(0x2803) => Some("Characteristic"),
        _ => None,
    };
    let name =
        declaration.or_else(|| numbers::characteristic(uuid)).or_else(|| numbers::descriptor(uuid));
    name.map_or_else(|| uuid.to_string(), str::to_owned)
}

/// Returns the name of the attribute type with the UUID in these octets.
pub(super) fn attribute_of(octets: &[u8]) -> String {
    Uuid::from_le_bytes(octets).map_or_else(|_| words::hex(octets), attribute)
}

/// Returns the name of the service with the UUID in these octets.
pub(super) fn service_of(octets: &[u8]) -> String {
    let Ok(uuid) = Uuid::from_le_bytes(octets) else { return words::hex(octets) };
    numbers::service(uuid).map_or_else(|| uuid.to_string(), str::to_owned)
}
