//! A bond with the peer of the links, and its record.

use bindrune::{Level, Method, RecordId};
use bindrune_hostile::Controller;
use bindrune_smp::{Bond, Key, Keys, LongTermKey, Outcome, Record};
use bindrune_wire::Writer;
use hex_literal::hex;

use crate::scene::PEER;

pub(crate) const LTK: [u8; 16] = [0x5a; 16];
/// LE Long Term Key Request for a key of LE Secure Connections.
pub(crate) const KEY_REQUEST: [u8; 16] = hex!("043e0d05 4000 0000000000000000 0000");
pub(crate) const ENCRYPTED: [u8; 7] = hex!("040804 00 4000 01");

/// Returns the bond that Just Works of LE Secure Connections creates.
pub(crate) fn bond() -> Bond {
    let ltk = Some(LongTermKey { key: Key::new(LTK), ediv: 0, rand: [0; 8] });
    let outcome = Outcome {
        method: Method::JustWorks,
        secure: true,
        authenticated: false,
        key_size: 16,
        bonded: true,
        level: Level::Encrypted,
        keys: Keys { local: ltk.clone(), peer: ltk, peer_identity: Some(PEER), ..Keys::default() },
    };
    let mut record = Record::FREE;
    record.set_outcome(&outcome, Controller::ADDRESS, PEER);
    Bond::from(&record)
}

/// Returns a bond in the form of a store.
pub(crate) fn stored(bond: &Bond) -> (RecordId, Vec<u8>) {
    let mut record = [0; Bond::SIZE];
    bond.write(&mut Writer::new(&mut record)).unwrap();
    (RecordId::Peer(bond.peer), record.to_vec())
}
