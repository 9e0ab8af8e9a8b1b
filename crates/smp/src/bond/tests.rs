use proptest::prelude::*;

use super::{layout::seal, record::LABEL, *};
use crate::{
    crypto,
    keys::{Key, LongTermKey},
    pairing::Outcome,
};

fn bond() -> Bond {
    let peer = Address::random([0xc0, 1, 2, 3, 4, 5]);
    let ltk = LongTermKey { key: Key::new([7; 16]), ediv: 0x1234, rand: 0x5678u64.to_le_bytes() };
    let keys = Keys {
        local: Some(ltk),
        peer_irk: Some(Key::new([9; 16])),
        peer_identity: Some(peer),
        ..Keys::default()
    };
    Bond {
        peer,
        local: Address::public([0, 1, 2, 3, 4, 5]),
        method: Method::Passkey { initiator_inputs: true, responder_inputs: false },
        secure: true,
        authenticated: true,
        key_size: 16,
        keys,
        local_sign: 3,
        peer_sign: 0x0102_0304,
        gatt: core::array::from_fn(|at| u8::try_from(at).unwrap_or_default()),
        service_changed: 0x000a,
    }
}

fn written(bond: &Bond) -> [u8; Bond::SIZE] {
    let mut record = [0; Bond::SIZE];
    let mut w = Writer::new(&mut record);
    bond.write(&mut w).unwrap();
    assert_eq!(w.room(), 0);
    record
}

#[test]
fn a_record_is_read_as_it_was_written_or_not_at_all() {
    let bond = bond();
    let record = written(&bond);
    assert_eq!(Bond::read(&record), Ok(bond));
    for at in 0..record.len() {
        assert!(Bond::read(&record[..at]).is_err());
        let mut damaged = record;
        damaged[at] ^= 0x10;
        assert!(Bond::read(&damaged).is_err(), "octet {at}");
    }
    let mut newer = record;
    newer[0] = 3;
    assert_eq!(Bond::read(&newer), Err(BondError::Version(3)));
}

#[test]
fn a_record_of_version_1_is_read() {
    let bond = bond();
    let record = written(&bond);
    let mut old = [0; Bond::SIZE - 2];
    old[0] = 1;
    old[1..Bond::SIZE - 2 - 16].copy_from_slice(&record[1..Bond::SIZE - 2 - 16]);
    seal(LABEL, &mut old);
    assert_eq!(Bond::read(&old), Ok(Bond { service_changed: 0, ..bond }));
}

/// bad_inputs B09
#[test]
fn a_record_that_no_pairing_makes_is_refused() {
    let zero = Some(LongTermKey { key: Key::new([0; 16]), ediv: 0, rand: [0; 8] });
    let with = |keys: Keys| Bond { keys, ..bond() };
    for unsound in [
        with(Keys { local: zero.clone(), ..bond().keys }),
        with(Keys { peer: zero, ..bond().keys }),
        with(Keys { peer_identity: Some(Address::public([1; 6])), ..bond().keys }),
        Bond { key_size: 0, ..bond() },
        Bond { key_size: 6, ..bond() },
        Bond { key_size: 17, ..bond() },
    ] {
        assert_eq!(Bond::read(&written(&unsound)), Err(BondError::Unsound), "{unsound:?}");
    }
    for size in 7..=16 {
        let bond = Bond { key_size: size, ..bond() };
        assert_eq!(Bond::read(&written(&bond)), Ok(bond));
    }
}

/// bad_inputs P41
#[test]
fn a_legacy_passkey_is_read_as_unauthenticated() {
    let old = Bond { secure: false, ..bond() };
    assert_eq!(old.level(), Level::Authenticated);
    assert_eq!(Bond::read(&written(&old)).unwrap().level(), Level::Encrypted);
}

#[test]
fn a_weaker_bond_replaces_no_bond() {
    let strong = Record::from(&bond());
    for weak in [
        Bond { secure: false, ..bond() },
        Bond { authenticated: false, ..bond() },
        Bond { key_size: 15, ..bond() },
    ] {
        let weak = Record::from(&weak);
        assert!(!weak.may_replace(&strong) && strong.may_replace(&weak));
    }
    assert!(strong.may_replace(&strong));
}

#[test]
fn this_device_is_read_as_it_was_written_or_not_at_all() {
    for address in [None, Some(Address::random([0xc0, 1, 2, 3, 4, 5]))] {
        let local = Local { irk: Key::new([5; 16]), address };
        let mut record = [0; Local::SIZE];
        let mut w = Writer::new(&mut record);
        local.write(&mut w).unwrap();
        assert_eq!(w.room(), 0);
        assert_eq!(Local::read(&record), Ok(local));
        assert_eq!(Bond::read(&record), Err(BondError::Damaged));
        for at in 0..record.len() {
            assert!(Local::read(&record[..at]).is_err());
            let mut damaged = record;
            damaged[at] ^= 1;
            assert!(Local::read(&damaged).is_err(), "octet {at}");
        }
    }
    let private = Local { irk: Key::new([5; 16]), address: Some(Address::random([0x40; 6])) };
    let mut record = [0; Local::SIZE];
    private.write(&mut Writer::new(&mut record)).unwrap();
    assert_eq!(Local::read(&record), Err(BondError::Unsound));
}

proptest! {
    #[test]
    fn any_octets_are_survived(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = (Bond::read(&octets), Local::read(&octets));
    }
}

fn made(outcome: &Outcome, local: Address, address: Address) -> Record {
    let mut record = Record::FREE;
    record.set_outcome(outcome, local, address);
    record
}

#[test]
fn a_distributed_identity_is_used_only_behind_a_private_address() {
    let (identity, irk) = (Address::public([1, 2, 3, 4, 5, 6]), Key::new([9; 16]));
    let outcome = |irk: &Key| Outcome {
        method: Method::JustWorks,
        secure: true,
        authenticated: false,
        key_size: 16,
        bonded: true,
        level: Level::Encrypted,
        keys: Keys {
            peer_irk: Some(irk.clone()),
            peer_identity: Some(identity),
            ..Keys::default()
        },
    };
    let local = Address::public([0; 6]);
    for on_air in [Address::public([7; 6]), Address::random([0xc0, 1, 2, 3, 4, 5])] {
        let bond = made(&outcome(&irk), local, on_air);
        assert_eq!((bond.peer(), bond.peer_irk()), (on_air, Some(&irk)));
        assert!(bond.has_shown_identity() && !bond.has_shown_key());
    }
    let private = crypto::resolvable(&irk, [1, 2, 3]);
    let bond = made(&outcome(&irk), local, private);
    assert_eq!(bond.peer(), identity);
    assert!(!bond.has_shown_identity() && bond.has_shown_key());
    let mut aside = bond;
    aside.rename(private);
    assert_eq!(aside.peer(), private);
    assert!(aside.has_shown_identity() && aside.has_shown_key());
    let aside = Bond::from(&aside);
    assert_eq!(Bond::read(&written(&aside)), Ok(aside));
    // The key resolves the addresses of another device.
    let bond = made(&outcome(&Key::new([8; 16])), local, private);
    assert_eq!((bond.peer(), bond.peer_irk()), (identity, None));
}
