//! Link keys: those that are provided, and those that are refused.

use bindrune_hci::cmd::classic::{PinCodeRequestReply, UserConfirmationRequestReply};

use super::*;

const NO_IO: HciIo = HciIo::NO_INPUT_NO_OUTPUT;
const GENERAL: AuthenticationRequirements = AuthenticationRequirements::GENERAL_BONDING;

/// A pairing of the peer, up to the key: Just Works, or Numeric Comparison.
fn paired_up_to_the_key(config: Config, old: Option<KeyKind>, capability: HciIo) -> Fixture {
    let mut fixture = Fixture::new(config);
    fixture.security.set_bond(0, old.map(bond).as_ref());
    fixture.io_response(capability, GENERAL);
    fixture.io_request();
    assert!(fixture.poll().is_some());
    fixture.security.handle_complete(Opcode::IO_CAPABILITY_REQUEST_REPLY, &[0; 7]);
    fixture.confirmation(1);
    let (serial, _) = fixture.question();
    fixture.security.answer(fixture.now, 0, serial, Answer::Yes);
    fixture.expect(&UserConfirmationRequestReply { address: address(PEER) });
    fixture.pairing_complete(Status::SUCCESS);
    fixture
}

fn yes_no(mitm: bool) -> Config {
    Config { io: IoCapability::DisplayYesNo, mitm, ..Config::DEFAULT }
}

#[test]
fn keys_of_refused_kinds_end_the_link() {
    for kind in [1, 2, 3, 9, 0xff] {
        let mut fixture = paired_up_to_the_key(Config::DEFAULT, None, NO_IO);
        fixture.key(NEW_KEY, kind);
        let events = fixture.events();
        assert_eq!(result(&events), Some(Err(Failure::BadKey)), "{kind}");
        assert!(stored(&events).is_none());
        fixture.encryption(Status::SUCCESS, 2);
        assert_eq!(fixture.level(), Level::Open);
        fixture.link_key_request();
        fixture.expect_no_key();
    }
}

#[test]
fn a_key_of_zeros_is_refused_unless_configured() {
    let mut fixture = paired_up_to_the_key(Config::DEFAULT, None, NO_IO);
    fixture.key([0; 16], 7);
    assert_eq!(fixture.ended(), Failure::BadKey);
    let config = Config { zero_keys: true, ..Config::DEFAULT };
    let mut fixture = paired_up_to_the_key(config, None, NO_IO);
    fixture.key([0; 16], 7);
    let kept = stored(&fixture.events()).unwrap();
    assert!(kept.key.is_zero());
    // A host without that setting does not use the stored bond.
    let mut fixture = Fixture::new(Config::DEFAULT);
    fixture.security.set_bond(0, Some(&kept));
    fixture.link_key_request();
    fixture.expect_no_key();
}

#[test]
fn encryption_without_a_request_for_the_key_ends_the_link_unless_configured() {
    for (zero_keys, level) in [(false, Level::Open), (true, Level::Encrypted)] {
        let mut fixture = Fixture::new(Config { zero_keys, ..Config::DEFAULT });
        fixture.security.set_bond(0, Some(&bond(KeyKind::Unauthenticated256)));
        fixture.encryption(Status::SUCCESS, 2);
        if zero_keys {
            fixture.key_size(16);
        } else {
            assert_eq!(fixture.ended(), Failure::OutOfOrder);
        }
        assert_eq!(fixture.level(), level);
    }
}

#[test]
fn a_key_claims_no_more_than_its_method() {
    // Just Works, and the controller says that the key is authenticated.
    let mut fixture = paired_up_to_the_key(yes_no(false), None, HciIo::DISPLAY_YES_NO);
    fixture.finish_pairing(false, 8);
    let bond = stored(&fixture.events()).unwrap();
    assert_eq!((bond.authenticated, bond.level()), (false, Level::Encrypted));
    assert_eq!(fixture.level(), Level::Encrypted);
    // Numeric Comparison, and the controller says that it is not.
    let mut fixture = paired_up_to_the_key(yes_no(true), None, HciIo::DISPLAY_YES_NO);
    fixture.finish_pairing(false, 7);
    assert_eq!(fixture.level(), Level::Encrypted);
}

#[test]
fn a_key_below_the_requirement_is_refused() {
    let config = Config { require: Level::Authenticated, ..yes_no(true) };
    let mut fixture = paired_up_to_the_key(config, None, HciIo::DISPLAY_YES_NO);
    fixture.key(NEW_KEY, 7);
    assert_eq!(fixture.ended(), Failure::Insufficient(Level::Encrypted));
    let config = Config { require: Level::SecureConnections, ..yes_no(true) };
    let mut fixture = paired_up_to_the_key(config, None, HciIo::DISPLAY_YES_NO);
    fixture.key(NEW_KEY, 5);
    assert_eq!(fixture.ended(), Failure::Insufficient(Level::Authenticated));
}

#[test]
fn a_weaker_key_never_replaces_the_bond() {
    let cases = [
        (KeyKind::Authenticated256, 5),
        (KeyKind::Authenticated256, 7),
        (KeyKind::Unauthenticated256, 4),
        (KeyKind::Unauthenticated256, 5),
        (KeyKind::Authenticated192, 7),
        (KeyKind::Authenticated192, 4),
    ];
    for (old, new) in cases {
        let mut fixture = paired_up_to_the_key(yes_no(true), Some(old), HciIo::DISPLAY_YES_NO);
        fixture.key(NEW_KEY, new);
        let events = fixture.events();
        assert_eq!(result(&events), Some(Err(Failure::BondKept)), "{old:?} {new}");
        assert!(stored(&events).is_none());
        assert_eq!(fixture.security.slots[0].bond, Some(bond(old)));
    }
    for (old, new) in [(KeyKind::Unauthenticated192, 5), (KeyKind::Authenticated192, 8)] {
        let mut fixture = paired_up_to_the_key(yes_no(true), Some(old), HciIo::DISPLAY_YES_NO);
        fixture.key(NEW_KEY, new);
        assert!(stored(&fixture.events()).is_some());
    }
}

#[test]
fn only_secure_connections_refuses_other_keys_and_ciphers() {
    let config = Config { only_secure_connections: true, ..yes_no(true) };
    let mut fixture = paired_up_to_the_key(config, None, HciIo::DISPLAY_YES_NO);
    fixture.key(NEW_KEY, 5);
    assert_eq!(fixture.ended(), Failure::Downgrade);
    let mut fixture = paired_up_to_the_key(config, None, HciIo::DISPLAY_YES_NO);
    fixture.key(NEW_KEY, 8);
    fixture.encryption(Status::SUCCESS, 1);
    assert_eq!(fixture.ended(), Failure::Downgrade);
    // An older bond is not used.
    let mut fixture = Fixture::bonded(config, KeyKind::Authenticated192);
    fixture.link_key_request();
    fixture.expect_no_key();
    fixture.pin_request();
    assert_eq!(fixture.poll().unwrap().0, Opcode::PIN_CODE_REQUEST_NEGATIVE_REPLY);
}

#[test]
fn a_key_of_the_other_kind_of_pairing_is_refused() {
    let mut fixture = paired_up_to_the_key(Config::DEFAULT, None, NO_IO);
    fixture.key(NEW_KEY, 0);
    assert_eq!(fixture.ended(), Failure::Downgrade);
    let legacy = LegacyPairing::Unauthenticated;
    let mut fixture = Fixture::new(Config { legacy, ..Config::DEFAULT });
    fixture.security.set_features(0, PIN_ONLY);
    fixture.pin_request();
    let (serial, _) = fixture.question();
    let answer = Answer::Pin(Pin::new(b"1234").unwrap());
    fixture.security.answer(fixture.now, 0, serial, answer);
    let mut pin = [0; 16];
    pin[..4].copy_from_slice(b"1234");
    let pin = bindrune_hci::PinCode(pin);
    fixture.expect(&PinCodeRequestReply { address: address(PEER), len: 4, pin });
    fixture.key(NEW_KEY, 8);
    assert_eq!(fixture.ended(), Failure::Downgrade);
}

#[test]
fn a_changed_key_keeps_its_kind() {
    for kind in [KeyKind::Unauthenticated256, KeyKind::Authenticated256] {
        let mut fixture = Fixture::bonded(Config::DEFAULT, kind);
        fixture.encrypt_with_bond(Level::Encrypted, 2);
        fixture.key_size(16);
        let level = fixture.outcome().unwrap();
        fixture.key(NEW_KEY, 6);
        let events = fixture.events();
        let changed = Bond { key: Secret::new(NEW_KEY), ..bond(kind) };
        assert_eq!(stored(&events), Some(changed));
        assert_eq!(result(&events), None);
        assert_eq!(fixture.level(), level);
        fixture.idle();
    }
}

#[test]
fn a_changed_key_of_a_peer_that_has_proven_none_ends_the_link() {
    let mut fixture = Fixture::bonded(Config::DEFAULT, KeyKind::Authenticated256);
    fixture.key(NEW_KEY, 6);
    assert_eq!(fixture.ended(), Failure::OutOfOrder);
    let mut fixture = Fixture::bonded(Config::DEFAULT, KeyKind::Authenticated256);
    fixture.link_key_request();
    fixture.expect_key();
    fixture.key(NEW_KEY, 6);
    assert_eq!(fixture.ended(), Failure::OutOfOrder);
    assert!(stored(&fixture.events()).is_none());
}

#[test]
fn a_request_for_the_key_waits_for_the_bonds() {
    let mut fixture = Fixture::new(Config::DEFAULT);
    let handle = Handle::new(HANDLE).unwrap();
    fixture.security.link_up(0, LinkUp { handle, peer: PEER });
    let early = fixture.security.require(fixture.now, 0, Requirement::level(Level::Encrypted));
    assert_eq!(early, Err(RequestError::NotLoaded));
    fixture.link_key_request();
    fixture.link_key_request();
    fixture.quiet();
    fixture.security.set_bond(0, Some(&bond(KeyKind::Authenticated256)));
    fixture.expect_key();
    fixture.idle();
    // The store is never loaded.
    fixture.security.link_up(0, LinkUp { handle, peer: PEER });
    fixture.link_key_request();
    fixture.wait(30);
    fixture.expect_no_key();
    fixture.idle();
}

#[test]
fn a_bond_is_for_its_peer_and_for_this_device() {
    let other = Bond::new(OTHER, LOCAL, Secret::new(KEY), KeyKind::Authenticated256, true);
    let moved = Bond::new(PEER, OTHER, Secret::new(KEY), KeyKind::Authenticated256, true);
    for bond in [other, moved] {
        let mut fixture = Fixture::new(Config::DEFAULT);
        fixture.security.set_bond(0, Some(&bond));
        fixture.link_key_request();
        fixture.expect_no_key();
    }
}

#[test]
fn a_key_below_the_configuration_is_not_provided() {
    let cases = [
        (KeyKind::Combination, Config::DEFAULT),
        (KeyKind::Unauthenticated256, Config { require: Level::Authenticated, ..Config::DEFAULT }),
        (
            KeyKind::Authenticated192,
            Config { require: Level::SecureConnections, ..Config::DEFAULT },
        ),
    ];
    for (kind, config) in cases {
        let mut fixture = Fixture::bonded(config, kind);
        fixture.link_key_request();
        fixture.expect_no_key();
        assert!(fixture.security.security(0).bonded);
    }
}

#[test]
fn no_debug_output_contains_a_key() {
    let mut fixture = Fixture::bonded(Config::DEFAULT, KeyKind::Authenticated256);
    fixture.link_key_request();
    let text =
        std::format!("{:?} {:?}", fixture.security, Answer::Pin(Pin::new(&[0x5a; 9]).unwrap()));
    assert!(!text.contains("5a, ") && !text.contains("90, 90"), "{text}");
}
