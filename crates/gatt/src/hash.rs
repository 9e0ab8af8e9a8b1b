//! The Database Hash. [Vol 3] Part G, 7.3

use aes::Aes128;
use bindrune_wire::Writer;
use cmac::{Cmac, KeyInit, Mac};

use crate::table::{Attribute, Entry, Table};

/// The hash of a table, least significant octet first, as it goes on air. [Vol 3] Part G, 7.3.1
#[must_use]
pub fn database_hash(table: &Table) -> [u8; 16] {
    let mut mac = Cmac::<Aes128>::new(&[0; 16].into());
    for entry in table.entries() {
        update(&mut mac, table, &entry);
    }
    let mut hash: [u8; 16] = mac.finalize().into_bytes().into();
    hash.reverse();
    hash
}

/// Adds handle, type and, for declarations and extended properties, the value. Other values are left out.
fn update(mac: &mut Cmac<Aes128>, table: &Table, entry: &Entry) {
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
    mac.update(&entry.handle.to_le_bytes());
    let mut buffer = [0; 19];
    let mut w = Writer::new(&mut buffer);
    if entry.attribute.uuid().write_att(&mut w).is_ok() {
        mac.update(w.written());
    }
    if with_value {
        let mut buffer = [0; 19];
        mac.update(table.declaration(entry, &mut buffer));
    }
}

#[cfg(test)]
mod tests;
