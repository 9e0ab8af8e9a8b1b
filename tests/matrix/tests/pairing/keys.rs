//! The bonds that the two devices have before they pair, and those that they keep.

use bindrune::{Address, Method, RecordId};
use bindrune_pair::Device;
use bindrune_smp::{Bond, Key, Keys, LongTermKey};
use bindrune_wire::Writer;

use super::table::Strength;

const PHONE: Address = Address::random([0xc0, 0, 0, 0, 0, 2]);
const LOCK: Address = Address::random([0xc0, 0, 0, 0, 0, 1]);
/// The devices in the order of all pairs here: the central, then the peripheral.
pub(super) const NAMES: [Address; 2] = [PHONE, LOCK];

/// A bond between the two, as the device `at` keeps it.
pub(super) fn bond(strength: Strength, at: usize) -> Bond {
    let Strength { secure, authenticated, key_size } = strength;
    let (ediv, rand) = if secure { (0, 0u64) } else { (7, 9) };
    let ltk = LongTermKey {
        key: Key::new([0x77; 16]).shortened(key_size),
        ediv,
        rand: rand.to_le_bytes(),
    };
    let (peer, local) = (NAMES[1 - at], NAMES[at]);
    let keys = Keys {
        local: Some(ltk.clone()),
        peer: Some(ltk),
        peer_identity: Some(peer),
        ..Keys::default()
    };
    let method = match (authenticated, secure) {
        (false, _) => Method::JustWorks,
        (true, false) => Method::OutOfBand,
        (true, true) => Method::NumericComparison,
    };
    Bond {
        peer,
        local,
        method,
        secure,
        authenticated,
        key_size,
        keys,
        local_sign: 0,
        peer_sign: 0,
        gatt: [0; Bond::GATT],
        service_changed: 0,
    }
}

pub(super) fn record(bond: &Bond) -> [u8; Bond::SIZE] {
    let mut record = [0; Bond::SIZE];
    bond.write(&mut Writer::new(&mut record)).unwrap();
    record
}

/// Returns the bond in the store of the device `at`, without the server's data.
pub(super) fn stored(device: &Device, at: usize) -> Option<Bond> {
    let record = device.store().record(RecordId::Peer(NAMES[1 - at]))?;
    Some(Bond { gatt: [0; Bond::GATT], ..Bond::read(&record).unwrap() })
}
