//! A record as the parts of a bond.

use core::fmt;

use super::{
    AUTHENTICATED, LOCAL_CSRK, LOCAL_LTK, PEER_CSRK, PEER_IDENTITY, Record, SECURE, method_octet,
};
use crate::{bond::Bond, keys::Key, pairing::Keys};

impl From<&Bond> for Record {
    fn from(bond: &Bond) -> Self {
        let mut record = Self::FREE;
        record.method = method_octet(bond.method);
        record.key_size = bond.key_size;
        record.set(SECURE, bond.secure);
        record.set(AUTHENTICATED, bond.authenticated);
        record.local.set(bond.local);
        record.peer.set(bond.peer);
        record.set_keys(&bond.keys);
        record.local_sign = bond.local_sign.to_le_bytes();
        record.peer_sign = bond.peer_sign.to_le_bytes();
        record.gatt = bond.gatt;
        record.service_changed = bond.service_changed.to_le_bytes();
        record
    }
}

impl From<&Record> for Bond {
    fn from(record: &Record) -> Self {
        let key = |flag: u8, key: &Key| record.has(flag).then(|| key.clone());
        Self {
            peer: record.peer(),
            local: record.local(),
            method: record.method(),
            secure: record.is_secure(),
            authenticated: record.is_authenticated(),
            key_size: record.key_size,
            keys: Keys {
                local: record.has(LOCAL_LTK).then(|| record.local_ltk.get()),
                peer: record.peer_ltk(),
                peer_irk: record.peer_irk().cloned(),
                peer_identity: record.has(PEER_IDENTITY).then(|| record.peer_identity.get()),
                local_csrk: key(LOCAL_CSRK, &record.local_csrk),
                peer_csrk: key(PEER_CSRK, &record.peer_csrk),
            },
            local_sign: u32::from_le_bytes(record.local_sign),
            peer_sign: u32::from_le_bytes(record.peer_sign),
            gatt: record.gatt,
            service_changed: record.service_changed(),
        }
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Bond::from(self).fmt(f)
    }
}
