//! Links to a peer with a bond: authentication, encryption, the key size, and the attacks on them.

use bindrune_hci::{
    cmd::classic::{IoCapabilityRequestNegativeReply, UserConfirmationRequestReply},
    event::EncryptionChangeV2,
};

use super::*;

const SC: KeyKind = KeyKind::Authenticated256;
const NO_IO: HciIo = HciIo::NO_INPUT_NO_OUTPUT;
const GENERAL: AuthenticationRequirements = AuthenticationRequirements::GENERAL_BONDING;

#[test]
fn the_key_of_the_bond_encrypts() {
    let legacy = LegacyPairing::Unauthenticated;
    for (kind, cipher, level) in [
        (KeyKind::Combination, 1, Level::Encrypted),
        (KeyKind::Unauthenticated192, 1, Level::Encrypted),
        (KeyKind::Authenticated192, 1, Level::Authenticated),
        (KeyKind::Unauthenticated256, 2, Level::Encrypted),
        (KeyKind::Authenticated256, 2, Level::SecureConnections),
    ] {
        let mut fixture = Fixture::bonded(Config { legacy, ..Config::DEFAULT }, kind);
        fixture.encrypt_with_bond(level, cipher);
        assert_eq!(fixture.level(), Level::Open, "the key size is unknown");
        fixture.key_size(16);
        assert_eq!(fixture.outcome(), Ok(level), "{kind:?}");
        fixture.require(level);
        assert_eq!(fixture.outcome(), Ok(level));
        fixture.idle();
    }
}

#[test]
fn a_peer_that_encrypts_with_secure_connections_is_authenticated() {
    let mut fixture = Fixture::bonded(Config::DEFAULT, SC);
    fixture.link_key_request();
    fixture.expect_key();
    fixture.encryption(Status::SUCCESS, 2);
    fixture.key_size(16);
    assert_eq!(fixture.level(), Level::SecureConnections);
    assert_eq!(fixture.events(), [SecurityEvent::Changed { link: 0 }]);
    fixture.idle();
}

/// BIAS: with E0, the side that starts need not prove that it has the key.
#[test]
fn a_peer_that_encrypts_with_e0_must_prove_its_key_too() {
    let mut fixture = Fixture::bonded(Config::DEFAULT, KeyKind::Authenticated192);
    fixture.link_key_request();
    fixture.expect_key();
    fixture.encryption(Status::SUCCESS, 1);
    fixture.key_size(16);
    assert_eq!(fixture.level(), Level::Open);
    fixture.expect_authentication();
    fixture.link_key_request();
    fixture.expect_key();
    assert_eq!(fixture.level(), Level::Open);
    fixture.authenticated(Status::SUCCESS);
    assert_eq!(fixture.level(), Level::Authenticated);
    fixture.idle();
}

#[test]
fn a_peer_that_does_not_prove_its_key_is_disconnected() {
    for status in [Status::AUTHENTICATION_FAILURE, Status::KEY_MISSING, Status::UNSPECIFIED] {
        let mut fixture = Fixture::bonded(Config::DEFAULT, KeyKind::Authenticated192);
        fixture.link_key_request();
        fixture.expect_key();
        fixture.encryption(Status::SUCCESS, 1);
        fixture.key_size(16);
        fixture.expect_authentication();
        fixture.authenticated(status);
        fixture.ended();
        fixture.quiet();
    }
}

/// BIAS: the downgrade of a peer with a bond of Secure Connections.
#[test]
fn a_bond_of_secure_connections_is_not_used_with_e0() {
    for kind in [SC, KeyKind::Unauthenticated256] {
        let mut fixture = Fixture::bonded(Config::DEFAULT, kind);
        fixture.link_key_request();
        fixture.expect_key();
        fixture.encryption(Status::SUCCESS, 1);
        assert_eq!(fixture.ended(), Failure::Downgrade);
        fixture.quiet();
    }
}

#[test]
fn a_bond_of_secure_connections_is_not_used_with_a_peer_without() {
    let mut fixture = Fixture::bonded(Config::DEFAULT, SC);
    fixture.security.set_features(0, SIMPLE);
    fixture.link_key_request();
    fixture.expect_no_key();
    assert_eq!(fixture.ended(), Failure::Downgrade);
}

#[test]
fn a_peer_without_the_key_keeps_its_bond_and_is_not_paired_again() {
    for status in [Status::KEY_MISSING, Status::AUTHENTICATION_FAILURE] {
        let mut fixture = Fixture::bonded(Config::DEFAULT, SC);
        for _ in 0..2 {
            fixture.require(Level::Encrypted);
            fixture.expect_authentication();
            fixture.link_key_request();
            fixture.expect_key();
            // The controller would pair at once.
            fixture.io_request();
            let reason = Status::PAIRING_NOT_ALLOWED;
            fixture.expect(&IoCapabilityRequestNegativeReply { address: address(PEER), reason });
            fixture.authenticated(status);
            assert_eq!(fixture.outcome(), Err(Failure::KeyMissing));
            assert!(fixture.security.security(0).bonded);
            fixture.idle();
        }
    }
}

#[test]
fn only_pair_replaces_a_bond_whose_key_is_missing() {
    let mut fixture = Fixture::bonded(Config::DEFAULT, KeyKind::Unauthenticated256);
    fixture.require(Level::Encrypted);
    fixture.expect_authentication();
    fixture.link_key_request();
    fixture.expect_key();
    fixture.authenticated(Status::KEY_MISSING);
    assert_eq!(fixture.outcome(), Err(Failure::KeyMissing));
    fixture.security.pair(fixture.now, 0, Requirement::default()).unwrap();
    fixture.start_pairing();
    fixture.expect_io(NO_IO, AuthenticationRequirements::DEDICATED_BONDING);
    fixture.io_response(NO_IO, GENERAL);
    fixture.confirmation(1);
    let events = fixture.events();
    let [SecurityEvent::Question { serial, replaces: true, .. }] = events[..] else {
        panic!("{events:?}")
    };
    fixture.security.answer(fixture.now, 0, serial, Answer::Yes);
    fixture.expect(&UserConfirmationRequestReply { address: address(PEER) });
    fixture.finish_pairing(true, 7);
    assert_eq!(fixture.outcome(), Ok(Level::Encrypted));
}

#[test]
fn a_short_encryption_key_ends_the_link() {
    let cases = [
        (KeyKind::Authenticated192, 1, 7..=16),
        (KeyKind::Authenticated256, 2, 16..=16),
        (KeyKind::Unauthenticated256, 2, 16..=16),
    ];
    for (kind, cipher, accepted) in cases {
        for size in 0..=u8::MAX {
            let mut fixture = Fixture::bonded(Config::DEFAULT, kind);
            fixture.encrypt_with_bond(Level::Encrypted, cipher);
            fixture.key_size(size);
            if accepted.contains(&size) {
                assert!(fixture.outcome().is_ok(), "{size}");
            } else {
                assert_eq!(fixture.ended(), Failure::KeySize(size));
            }
            fixture.quiet();
        }
    }
}

#[test]
fn the_least_key_size_is_configured_but_never_below_7() {
    for (least, size, is_ok) in [(16, 15, false), (16, 16, true), (1, 6, false), (1, 7, true)] {
        let (min_key_size, min_key_size_secure) = (least, least);
        let config = Config { min_key_size, min_key_size_secure, ..Config::DEFAULT };
        for (kind, cipher) in [(KeyKind::Authenticated192, 1), (SC, 2)] {
            let mut fixture = Fixture::bonded(config, kind);
            fixture.encrypt_with_bond(Level::Encrypted, cipher);
            fixture.key_size(size);
            assert_eq!(fixture.level() > Level::Open, is_ok);
        }
    }
}

#[test]
fn a_short_key_of_secure_connections_is_not_level_4() {
    let config = Config { min_key_size_secure: 7, ..Config::DEFAULT };
    let mut fixture = Fixture::bonded(config, SC);
    fixture.encrypt_with_bond(Level::SecureConnections, 2);
    fixture.key_size(15);
    assert_eq!(fixture.outcome(), Err(Failure::Insufficient(Level::Authenticated)));
    assert_eq!(fixture.level(), Level::Authenticated);
    fixture.idle();
}

#[test]
fn a_requirement_may_need_a_longer_key() {
    let mut fixture = Fixture::bonded(Config::DEFAULT, KeyKind::Authenticated192);
    fixture.encrypt_with_bond(Level::Encrypted, 1);
    fixture.key_size(7);
    assert_eq!(fixture.outcome(), Ok(Level::Authenticated));
    let requirement = Requirement { level: Level::Encrypted, min_key_size: 16 };
    fixture.security.require(fixture.now, 0, requirement).unwrap();
    assert_eq!(fixture.outcome(), Err(Failure::KeySize(7)));
    fixture.idle();
}

#[test]
fn a_key_size_that_cannot_be_read_ends_the_link() {
    let handle = RawHandle::new(HANDLE);
    for status in
        [Status::UNKNOWN_COMMAND, Status::UNKNOWN_CONNECTION, Status::INSUFFICIENT_SECURITY]
    {
        let mut fixture = Fixture::bonded(Config::DEFAULT, SC);
        fixture.encrypt_with_bond(Level::Encrypted, 2);
        fixture.answer(&ReadEncryptionKeySize { handle }, status, &[]);
        assert_eq!(fixture.ended(), Failure::KeySize(0));
        fixture.quiet();
    }
    // The answer is for another link.
    let mut fixture = Fixture::bonded(Config::DEFAULT, SC);
    fixture.encrypt_with_bond(Level::Encrypted, 2);
    fixture.answer(&ReadEncryptionKeySize { handle }, Status::SUCCESS, &[9, 0, 16]);
    assert_eq!(fixture.ended(), Failure::KeySize(0));
}

#[test]
fn version_2_of_the_event_contains_the_key_size() {
    for (key_size, is_ok) in [(16, true), (7, false)] {
        let mut fixture = Fixture::bonded(Config::DEFAULT, SC);
        fixture.link_key_request();
        fixture.expect_key();
        let (status, handle) = (Status::SUCCESS, RawHandle::new(HANDLE));
        let event = EncryptionChangeV2 { status, handle, enabled: 2, key_size };
        assert!(fixture.security.handle_event(fixture.now, &Hci::EncryptionChangeV2(&event)));
        fixture.quiet();
        assert_eq!(fixture.level() == Level::SecureConnections, is_ok);
    }
}

#[test]
fn encryption_that_is_turned_off_ends_the_link() {
    let mut fixture = Fixture::bonded(Config::DEFAULT, SC);
    fixture.encrypt_with_bond(Level::Encrypted, 2);
    fixture.key_size(16);
    fixture.events();
    fixture.encryption(Status::SUCCESS, 0);
    assert_eq!(fixture.ended(), Failure::EncryptionOff);
    // Nothing raises the link again.
    fixture.encryption(Status::SUCCESS, 2);
    assert_eq!(fixture.level(), Level::Open);
    fixture.quiet();
    let refused = fixture.security.require(fixture.now, 0, Requirement::level(Level::Encrypted));
    assert_eq!(refused, Err(RequestError::NoLink));
}

#[test]
fn a_renewed_key_is_measured_again() {
    for (size, is_ok) in [(16, true), (7, false)] {
        let mut fixture = Fixture::bonded(Config::DEFAULT, SC);
        fixture.encrypt_with_bond(Level::Encrypted, 2);
        fixture.key_size(16);
        fixture.events();
        fixture.refreshed(Status::SUCCESS);
        assert_eq!(fixture.level(), Level::SecureConnections);
        fixture.key_size(size);
        assert_eq!(fixture.level() == Level::SecureConnections, is_ok);
    }
}

#[test]
fn a_link_is_raised_by_pairing_if_the_bond_is_too_weak() {
    for refresh in [true, false] {
        let config = Config { io: IoCapability::DisplayYesNo, ..Config::DEFAULT };
        let mut fixture = Fixture::bonded(config, KeyKind::Unauthenticated256);
        fixture.encrypt_with_bond(Level::Encrypted, 2);
        fixture.key_size(16);
        fixture.events();
        fixture.require(Level::SecureConnections);
        fixture.start_pairing();
        let mitm = AuthenticationRequirements::GENERAL_BONDING_MITM;
        fixture.expect_io(HciIo::DISPLAY_YES_NO, mitm);
        fixture.io_response(HciIo::DISPLAY_YES_NO, GENERAL);
        fixture.confirmation(7);
        let (serial, _) = fixture.question();
        fixture.security.answer(fixture.now, 0, serial, Answer::Yes);
        fixture.expect(&UserConfirmationRequestReply { address: address(PEER) });
        fixture.pairing_complete(Status::SUCCESS);
        fixture.key(NEW_KEY, 8);
        fixture.authenticated(Status::SUCCESS);
        assert_eq!(fixture.level(), Level::Encrypted, "the old key still encrypts");
        fixture.expect_encryption();
        if refresh {
            fixture.refreshed(Status::SUCCESS);
        } else {
            fixture.encryption(Status::SUCCESS, 2);
        }
        assert_eq!(fixture.level(), Level::Encrypted, "the size is unknown");
        fixture.key_size(16);
        assert_eq!(fixture.outcome(), Ok(Level::SecureConnections));
        fixture.idle();
    }
}

#[test]
fn encryption_that_does_not_start_is_a_failure() {
    for (status, failure) in [
        (Status::KEY_MISSING, Failure::KeyMissing),
        (Status::UNSUPPORTED_FEATURE, Failure::Encryption(Status::UNSUPPORTED_FEATURE)),
    ] {
        let mut fixture = Fixture::bonded(Config::DEFAULT, SC);
        fixture.require(Level::Encrypted);
        fixture.expect_authentication();
        fixture.link_key_request();
        fixture.expect_key();
        fixture.authenticated(Status::SUCCESS);
        fixture.expect_encryption();
        fixture.encryption(status, 0);
        assert_eq!(fixture.outcome(), Err(failure));
        assert_eq!(fixture.level(), Level::Open);
        fixture.idle();
    }
}

#[test]
fn a_collision_is_tried_again_a_bounded_number_of_times() {
    let status = Status::DIFFERENT_TRANSACTION_COLLISION;
    let mut fixture = Fixture::bonded(Config::DEFAULT, SC);
    fixture.require(Level::Encrypted);
    for _ in 0..3 {
        fixture.expect_authentication();
        fixture.authenticated(status);
        fixture.quiet();
        let pause = fixture.now + Duration::from_millis(500);
        assert_eq!(fixture.security.poll_timeout(), Some((pause, Timer::Step)));
        fixture.wait(1);
    }
    fixture.expect_authentication();
    fixture.authenticated(status);
    assert_eq!(fixture.outcome(), Err(Failure::Status(status)));
    fixture.idle();
}

#[test]
fn a_collision_does_not_stop_what_the_peer_does() {
    let mut fixture = Fixture::bonded(Config::DEFAULT, KeyKind::Authenticated192);
    fixture.require(Level::Encrypted);
    fixture.expect_authentication();
    fixture.authenticated(Status::LL_PROCEDURE_COLLISION);
    fixture.link_key_request();
    fixture.expect_key();
    fixture.encryption(Status::SUCCESS, 1);
    fixture.key_size(16);
    fixture.quiet();
    fixture.wait(1);
    fixture.expect_authentication();
    fixture.authenticated(Status::SUCCESS);
    assert_eq!(fixture.outcome(), Ok(Level::Authenticated));
    fixture.idle();
}

#[test]
fn a_procedure_that_the_controller_does_not_start_is_a_failure() {
    let handle = RawHandle::new(HANDLE);
    let status = Status::COMMAND_DISALLOWED;
    let mut fixture = Fixture::bonded(Config::DEFAULT, SC);
    fixture.require(Level::Encrypted);
    fixture.answer(&AuthenticationRequested { handle }, status, &[]);
    assert_eq!(fixture.outcome(), Err(Failure::Status(status)));
    fixture.idle();
    fixture.require(Level::Encrypted);
    fixture.expect_authentication();
    fixture.link_key_request();
    fixture.expect_key();
    fixture.authenticated(Status::SUCCESS);
    let status = Status::UNSUPPORTED_FEATURE;
    fixture.answer(&SetConnectionEncryption { handle, enable: 1 }, status, &[]);
    assert_eq!(fixture.outcome(), Err(Failure::Encryption(status)));
    fixture.idle();
}

#[test]
fn encryption_that_the_peer_starts_too_is_awaited() {
    let handle = RawHandle::new(HANDLE);
    for (status, peer_succeeds) in [
        (Status::COMMAND_DISALLOWED, true),
        (Status::LL_PROCEDURE_COLLISION, true),
        (Status::COMMAND_DISALLOWED, false),
    ] {
        let mut fixture = Fixture::bonded(Config::DEFAULT, SC);
        fixture.require(Level::Encrypted);
        fixture.expect_authentication();
        fixture.link_key_request();
        fixture.expect_key();
        fixture.authenticated(Status::SUCCESS);
        fixture.answer(&SetConnectionEncryption { handle, enable: 1 }, status, &[]);
        fixture.quiet();
        if !peer_succeeds {
            fixture.wait(1);
            fixture.expect_encryption();
        }
        fixture.encryption(Status::SUCCESS, 2);
        fixture.key_size(16);
        assert_eq!(fixture.outcome(), Ok(Level::SecureConnections));
        fixture.wait(2);
        fixture.idle();
    }
}

#[test]
fn an_open_requirement_needs_nothing() {
    let mut fixture = Fixture::new(Config::DEFAULT);
    fixture.require(Level::Open);
    assert_eq!(fixture.outcome(), Ok(Level::Open));
    fixture.idle();
}

#[test]
fn two_requirements_have_one_outcome() {
    let mut fixture = Fixture::bonded(Config::DEFAULT, SC);
    fixture.require(Level::Encrypted);
    fixture.encrypt_with_bond(Level::SecureConnections, 2);
    fixture.key_size(16);
    assert_eq!(fixture.outcome(), Ok(Level::SecureConnections));
    fixture.idle();
}
