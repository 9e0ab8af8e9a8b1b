//! The Database Hash. [Vol 3] Part G, 7.3

use bindrune_wire::Writer;

use crate::{
    capability::Digest,
    table::{Attribute, DECLARATION_ROOM, Entry, Table},
};

/// Returns the hash of a table, least significant octet first, as it goes on the air. [Vol 3] Part G,
/// 7.3.1
///
/// Without the feature `caching` the hash never leaves the device, and needs no cipher.
#[must_use]
pub fn database_hash(table: &Table) -> [u8; 16] {
    let mut digest = Digest::new();
    for entry in table.entries() {
        update(&mut digest, table, &entry);
    }
    digest.finish()
}

/// Octets of the longest row: handle, type, value.
const ROW: usize = 2 + 16 + DECLARATION_ROOM;

/// Adds handle, type and, for declarations and extended properties, the value. Other values are left out.
fn update(digest: &mut Digest, table: &Table, entry: &Entry) {
    let with_value = match entry.attribute {
        Attribute::Service(_)
        | Attribute::Include(_)
        | Attribute::Declaration(_)
        | Attribute::ExtendedProperties(_) => true,
        Attribute::Cccd(_) | Attribute::UserDescription(_) => false,
        Attribute::Descriptor(descriptor) => match descriptor.uuid().as_u16() {
            Some(0x2900..=0x2905) => false,
            _ => return,
        },
        Attribute::Value(_) => return,
    };
    let mut row = [0; ROW];
    let mut w = Writer::new(&mut row);
    let mut buffer = [0; DECLARATION_ROOM];
    let value = if with_value { table.declaration(entry, &mut buffer) } else { &[] };
    let whole = w.u16(entry.handle).and_then(|()| entry.attribute.uuid().write_att(&mut w));
    if whole.and_then(|()| w.bytes(value)).is_ok() {
        digest.update(w.written());
    }
}

#[cfg(test)]
mod tests;
