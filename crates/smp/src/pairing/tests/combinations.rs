//! Both roles against each other, with everything that two devices can offer.

use std::vec::Vec;

use bindrune_wire::Level;

use super::open;
use crate::{
    Answer, Bond, Config, IoCapability, Key, LocalOob, Method, Record, Role,
    method::level,
    testing::{CENTRAL, Device, NOW, PERIPHERAL, converse, key_of},
};

#[test]
fn every_combination_agrees() {
    let (mut count, mut bonds) = (0u32, Vec::new());
    for a_io in IoCapability::ALL {
        for b_io in IoCapability::ALL {
            for bits in 0..128u8 {
                let bit = |n: u8| bits >> n & 1 == 1;
                let a = Config {
                    io: a_io,
                    mitm: bit(0),
                    secure_connections: bit(1),
                    oob: bit(2),
                    ..open()
                };
                let b = Config {
                    io: b_io,
                    mitm: bit(3),
                    secure_connections: bit(4),
                    oob: bit(5),
                    max_key_size: if bit(6) { 7 } else { 16 },
                    ..open()
                };
                let bond = pair(a, b);
                if !bonds.iter().any(|known| has_the_same_level(known, &bond)) {
                    bonds.push(bond);
                }
                count += 1;
            }
        }
    }
    std::println!("{count} combinations, {} kinds of bonds", bonds.len());
    assert_eq!((count, bonds.len()), (3200, 8));
    for old in &bonds {
        for new in &bonds {
            paired_before(old, new);
        }
    }
}

/// Two bonded devices pair again: no bond replaces a stronger one.
fn paired_before(old: &Bond, new: &Bond) {
    let [old_record, new_record] = [old, new].map(Record::from);
    let replaces = new_record.may_replace(&old_record);
    let weaker = new.level() < old.level() || new.key_size < old.key_size;
    assert!(!(weaker && replaces), "{new:?} for {old:?}");
    let same = has_the_same_level(old, new);
    assert!(!same || replaces);
    assert!(same || !(replaces && old_record.may_replace(&new_record)));
}

fn has_the_same_level(a: &Bond, b: &Bond) -> bool {
    (a.secure, a.authenticated, a.key_size) == (b.secure, b.authenticated, b.key_size)
}

fn local_oob(role: Role) -> LocalOob {
    let octet = if role == Role::Initiator { 0xaa } else { 0xbb };
    LocalOob { key: key_of(role), random: Key::new([octet; 16]) }
}

/// Returns the bond that the initiator keeps.
fn pair(a_config: Config, b_config: Config) -> Bond {
    let secure = a_config.secure_connections && b_config.secure_connections;
    let (mut a, mut b) =
        (Device::new(Role::Initiator, a_config), Device::new(Role::Responder, b_config));
    for device in [&mut a, &mut b] {
        let peer = local_oob(device.role.other());
        device.pairing.set_local_oob(Some(local_oob(device.role)));
        device.oob = Some(if secure {
            Answer::Oob { confirm: peer.confirm(), random: peer.random.clone() }
        } else {
            Answer::TemporaryKey(Key::new([0x77; 16]))
        });
        let both = [a_config.io, b_config.io] == [IoCapability::KeyboardOnly; 2];
        device.passkey = both.then_some(123_456);
    }
    a.pairing.start(NOW).unwrap();
    converse(&mut a, &mut b);
    let what = std::format!("{a_config:?} {b_config:?} {:?} {:?}", a.failure, b.failure);
    let (Some(mine), Some(theirs)) = (&a.outcome, &b.outcome) else { panic!("{what}") };
    assert_eq!((mine.secure, mine.method), (secure, theirs.method), "{what}");
    assert_eq!(mine.level, theirs.level);
    assert_eq!(mine.key_size, b_config.max_key_size);
    let size = usize::from(mine.key_size);
    assert!(a.used.as_ref().unwrap().octets()[size..].iter().all(|&octet| octet == 0));
    assert_eq!(mine.keys.local, theirs.keys.peer, "{what}");
    assert_eq!(mine.keys.peer, theirs.keys.local, "{what}");
    assert_eq!(mine.keys.local_csrk, theirs.keys.peer_csrk);
    assert!(mine.keys.peer.is_some() && mine.keys.peer_identity.is_some());

    let oob = if secure { a_config.oob || b_config.oob } else { a_config.oob && b_config.oob };
    let mitm = a_config.mitm || b_config.mitm;
    assert_eq!(mine.method == Method::OutOfBand, oob, "{what}");
    assert!(oob || mitm || mine.method == Method::JustWorks, "{what}");
    let authenticated = match mine.method {
        Method::JustWorks => false,
        Method::Passkey { .. } => secure,
        Method::NumericComparison | Method::OutOfBand => true,
    };
    assert_eq!(mine.level, level(secure, authenticated, mine.key_size), "{what}");
    assert!(mine.level < Level::SecureConnections || secure && size == 16);
    match mine.method {
        Method::NumericComparison => assert!(a.shown.is_some() && a.shown == b.shown),
        Method::Passkey { .. } => assert!(a.passkey.or(a.shown) == b.passkey.or(b.shown)),
        Method::JustWorks | Method::OutOfBand => assert_eq!((a.shown, b.shown), (None, None)),
    }
    assert!(mine.bonded);
    let mut record = Record::FREE;
    record.set_outcome(mine, CENTRAL, PERIPHERAL);
    Bond::from(&record)
}
