//! Out-of-band data: of the peer, of this device, and what a peer only claims.

use bindrune_hci::cmd::classic::{
    IoCapabilityRequestNegativeReply, RemoteOobDataRequestNegativeReply, RemoteOobDataRequestReply,
    RemoteOobExtendedDataRequestReply,
};

use super::{
    models::{check, exchange},
    *,
};

const NO_IO: HciIo = HciIo::NO_INPUT_NO_OUTPUT;
const GENERAL: AuthenticationRequirements = AuthenticationRequirements::GENERAL_BONDING;

fn values(octet: u8) -> OobValues {
    OobValues { commitment: Secret::new([octet; 16]), random: Secret::new([octet + 1; 16]) }
}

/// Data with these values, of which the wire has C and R of P-192, then of P-256.
fn data(p192: Option<u8>, p256: Option<u8>) -> OobData {
    OobData { p192: p192.map(values), p256: p256.map(values) }
}

const EXTENDED: Opcode = Opcode::READ_LOCAL_OOB_EXTENDED_DATA;
const PLAIN: Opcode = Opcode::READ_LOCAL_OOB_DATA;

/// Takes the command that makes data.
#[track_caller]
fn asked(fixture: &mut Fixture, opcode: Opcode) {
    let (sent, octets) = fixture.poll().unwrap();
    assert_eq!((sent, octets[2]), (opcode, 0));
    fixture.quiet();
}

fn octets(groups: [u8; 4]) -> Vec<u8> {
    [0].into_iter().chain(groups.into_iter().flat_map(|octet| [octet; 16])).collect()
}

/// Lets the controller make data of this device.
#[track_caller]
fn make(fixture: &mut Fixture) {
    fixture.security.make_oob(true);
    asked(fixture, EXTENDED);
    assert!(fixture.security.handle_complete(EXTENDED, &octets([3, 4, 7, 8])));
    let made = SecurityEvent::LocalOob(Ok(data(Some(3), Some(7))));
    assert_eq!(fixture.events(), [made]);
}

/// Gives the peer's data to the controller.
#[track_caller]
fn give(fixture: &mut Fixture, given: OobData) {
    let [c192, r192, c256, r256] = [&given.p192, &given.p256]
        .map(|one| {
            one.as_ref()
                .map_or([[0; 16]; 2], |one| [&one.commitment, &one.random].map(|one| *one.octets()))
        })
        .concat()
        .try_into()
        .unwrap();
    fixture.oob_request();
    let (serial, question) = fixture.question();
    assert_eq!(question, Question::Oob { secure: true });
    assert!(fixture.security.answer(fixture.now, 0, serial, Answer::Oob(given)));
    fixture.expect(&RemoteOobExtendedDataRequestReply {
        address: address(PEER),
        commitment_192: SecretKey(c192),
        random_number_192: SecretKey(r192),
        commitment_256: SecretKey(c256),
        random_number_256: SecretKey(r256),
    });
}

/// The peer says that it has data of this device, in the order of the role.
#[track_caller]
fn claim(fixture: &mut Fixture, local: bool) {
    if local {
        fixture.security.pair(fixture.now, 0, Requirement::level(Level::Encrypted)).unwrap();
        fixture.start_pairing();
        fixture.expect_io(NO_IO, AuthenticationRequirements::DEDICATED_BONDING);
    }
    fixture.io_response_oob(NO_IO, GENERAL, 1);
    if !local {
        fixture.io_request();
    }
}

#[test]
fn data_of_the_peer() {
    let both = data(Some(3), Some(7));
    for local in [true, false] {
        for (presence, given) in
            [(OobPresence::P256, data(None, Some(7))), (OobPresence::all(), both.clone())]
        {
            let mut fixture = Fixture::new(Config::DEFAULT);
            fixture.security.set_oob(0, presence);
            assert_eq!(given.presence(), presence);
            exchange(&mut fixture, local, NO_IO, GENERAL);
            give(&mut fixture, given);
            let level = Level::SecureConnections;
            check(&mut fixture, local, Model::OutOfBand, KeyKind::Authenticated256, level);
        }
    }
}

#[test]
fn data_of_the_peer_without_secure_connections() {
    let config = Config { secure_connections: false, ..Config::DEFAULT };
    let mut fixture = Fixture::new(config);
    fixture.security.set_oob(0, OobPresence::all());
    exchange(&mut fixture, false, NO_IO, GENERAL);
    fixture.oob_request();
    let (serial, question) = fixture.question();
    assert_eq!(question, Question::Oob { secure: false });
    let answer = Answer::Oob(data(Some(3), None));
    assert!(fixture.security.answer(fixture.now, 0, serial, answer));
    fixture.expect(&RemoteOobDataRequestReply {
        address: address(PEER),
        commitment: SecretKey([3; 16]),
        random_number: SecretKey([4; 16]),
    });
    let level = Level::Authenticated;
    check(&mut fixture, false, Model::OutOfBand, KeyKind::Authenticated192, level);
}

#[test]
fn only_data_for_the_kind_of_key_is_announced() {
    let only = Config { only_secure_connections: true, ..Config::DEFAULT };
    let cases = [
        (Config::DEFAULT, Some(SECURE), OobPresence::P256),
        (Config::DEFAULT, Some(SIMPLE), OobPresence::P192),
        (Config::DEFAULT, None, OobPresence::all()),
        (only, Some(SECURE), OobPresence::P256),
        (only, None, OobPresence::P256),
    ];
    for (config, features, announced) in cases {
        let mut fixture = Fixture::new(config);
        fixture.security.slots[0].features = features;
        fixture.security.set_oob(0, OobPresence::all());
        fixture.io_request();
        fixture.expect(&IoCapabilityRequestReply {
            address: address(PEER),
            capability: NO_IO,
            oob_data_present: announced.bits(),
            requirements: GENERAL,
        });
    }
}

#[test]
fn a_peer_with_data_pairs_with_it_or_not_at_all() {
    for (presence, features) in [(OobPresence::P192, SECURE), (OobPresence::P256, SIMPLE)] {
        let mut fixture = Fixture::new(Config { consent: false, ..Config::DEFAULT });
        fixture.security.set_features(0, features);
        fixture.security.set_oob(0, presence);
        fixture.io_request();
        let reason = Status::AUTHENTICATION_FAILURE;
        fixture.expect(&IoCapabilityRequestNegativeReply { address: address(PEER), reason });
        assert_eq!(result(&fixture.events()), Some(Err(Failure::NoOob)));
        fixture.idle();
    }
    // The controller uses another model, because the peer's features were not what this side expected.
    let mut fixture = Fixture::new(Config { consent: false, ..Config::DEFAULT });
    fixture.security.slots[0].features = None;
    fixture.security.set_oob(0, OobPresence::P192);
    exchange(&mut fixture, false, NO_IO, GENERAL);
    fixture.confirmation(1);
    assert_eq!(result(&fixture.events()), Some(Err(Failure::NoOob)));
    // A PIN proves nothing.
    let legacy = LegacyPairing::Unauthenticated;
    let mut fixture = Fixture::new(Config { legacy, ..Config::DEFAULT });
    fixture.security.set_features(0, PIN_ONLY);
    fixture.security.set_oob(0, OobPresence::P192);
    fixture.pin_request();
    assert_eq!(result(&fixture.events()), Some(Err(Failure::Downgrade)));
}

#[test]
fn data_needs_no_user() {
    let config = Config { io: IoCapability::DisplayYesNo, ..Config::DEFAULT };
    for local in [true, false] {
        let mut fixture = Fixture::new(config);
        fixture.security.set_user(fixture.now, false);
        fixture.security.set_oob(0, OobPresence::P256);
        exchange(&mut fixture, local, NO_IO, GENERAL);
        give(&mut fixture, data(None, Some(7)));
        let level = Level::SecureConnections;
        check(&mut fixture, local, Model::OutOfBand, KeyKind::Authenticated256, level);
    }
    let mut fixture = Fixture::new(config);
    fixture.security.set_user(fixture.now, false);
    make(&mut fixture);
    claim(&mut fixture, false);
    fixture.expect_io(HciIo::DISPLAY_YES_NO, GENERAL);
    let level = Level::SecureConnections;
    check(&mut fixture, false, Model::OutOfBand, KeyKind::Authenticated256, level);
}

#[test]
fn missing_or_wrong_data_fails() {
    for answer in [Answer::No, Answer::Yes, Answer::Oob(data(None, None))] {
        let mut fixture = Fixture::new(Config::DEFAULT);
        fixture.security.set_oob(0, OobPresence::P256);
        exchange(&mut fixture, false, NO_IO, GENERAL);
        fixture.oob_request();
        let (serial, _) = fixture.question();
        fixture.security.answer(fixture.now, 0, serial, answer);
        fixture.expect(&RemoteOobDataRequestNegativeReply { address: address(PEER) });
        assert_eq!(result(&fixture.events()), Some(Err(Failure::NoOob)));
        fixture.idle();
    }
    for local in [true, false] {
        let mut fixture = Fixture::new(Config::DEFAULT);
        fixture.security.set_oob(0, OobPresence::P256);
        exchange(&mut fixture, local, NO_IO, GENERAL);
        give(&mut fixture, data(None, Some(9)));
        fixture.pairing_complete(Status::AUTHENTICATION_FAILURE);
        if local {
            fixture.authenticated(Status::AUTHENTICATION_FAILURE);
        }
        let failed = Err(Failure::Status(Status::AUTHENTICATION_FAILURE));
        let events = fixture.events();
        assert_eq!((result(&events), stored(&events)), (Some(failed), None));
        assert_eq!(fixture.level(), Level::Open);
        fixture.idle();
    }
}

#[test]
fn the_controller_asks_twice() {
    let mut fixture = Fixture::new(Config::DEFAULT);
    fixture.security.set_oob(0, OobPresence::P256);
    exchange(&mut fixture, false, NO_IO, GENERAL);
    give(&mut fixture, data(None, Some(7)));
    fixture.oob_request();
    let (serial, question) = fixture.question();
    assert_eq!(question, Question::Oob { secure: true });
    fixture.security.answer(fixture.now, 0, serial, Answer::No);
    fixture.expect(&RemoteOobDataRequestNegativeReply { address: address(PEER) });
    fixture.key(NEW_KEY, 8);
    assert_eq!(fixture.ended(), Failure::OutOfOrder);
}

#[test]
fn data_of_this_device_serves_one_pairing() {
    for local in [true, false] {
        let mut fixture = Fixture::new(Config::DEFAULT);
        make(&mut fixture);
        claim(&mut fixture, local);
        if !local {
            fixture.expect_io(NO_IO, GENERAL);
        }
        let level = Level::SecureConnections;
        check(&mut fixture, local, Model::OutOfBand, KeyKind::Authenticated256, level);
        fixture.security.link_down(0);
        fixture.up(0, HANDLE, PEER, None);
        claim(&mut fixture, false);
        let reason = Status::AUTHENTICATION_FAILURE;
        fixture.expect(&IoCapabilityRequestNegativeReply { address: address(PEER), reason });
        assert_eq!(result(&fixture.events()), Some(Err(Failure::NoOob)));
    }
}

#[test]
fn data_that_this_device_has_not_made_is_refused() {
    let mut fixture = Fixture::new(Config { consent: false, ..Config::DEFAULT });
    claim(&mut fixture, false);
    let reason = Status::AUTHENTICATION_FAILURE;
    fixture.expect(&IoCapabilityRequestNegativeReply { address: address(PEER), reason });
    assert_eq!(result(&fixture.events()), Some(Err(Failure::NoOob)));
    fixture.idle();
    // As the initiator, this side learns of the claim after its own capabilities are out.
    for key in [false, true] {
        let mut fixture = Fixture::new(Config { consent: false, ..Config::DEFAULT });
        claim(&mut fixture, true);
        if key {
            fixture.key(NEW_KEY, 8);
        } else {
            fixture.pairing_complete(Status::SUCCESS);
        }
        let events = fixture.events();
        assert_eq!((result(&events), stored(&events)), (Some(Err(Failure::NoOob)), None));
        assert_eq!(fixture.level(), Level::Open);
    }
    // A reset of the controller loses the data.
    let mut fixture = Fixture::new(Config::DEFAULT);
    make(&mut fixture);
    fixture.security.reset();
    fixture.up(0, HANDLE, PEER, None);
    claim(&mut fixture, false);
    fixture.expect(&IoCapabilityRequestNegativeReply { address: address(PEER), reason });
}

#[test]
fn a_failed_attempt_leaves_the_data_to_the_right_peer() {
    let mut fixture = Fixture::new(Config::DEFAULT);
    make(&mut fixture);
    claim(&mut fixture, false);
    fixture.expect_io(NO_IO, GENERAL);
    fixture.pairing_complete(Status::AUTHENTICATION_FAILURE);
    let failed = Err(Failure::Status(Status::AUTHENTICATION_FAILURE));
    assert_eq!(result(&fixture.events()), Some(failed));
    claim(&mut fixture, false);
    fixture.expect_io(NO_IO, GENERAL);
    let level = Level::SecureConnections;
    check(&mut fixture, false, Model::OutOfBand, KeyKind::Authenticated256, level);
}

#[test]
fn of_two_peers_with_the_same_data_one_pairs() {
    let mut fixture = Fixture::new(Config::DEFAULT);
    make(&mut fixture);
    fixture.up(1, OTHER_HANDLE, OTHER, None);
    let other = IoCapabilityResponse {
        address: address(OTHER),
        capability: NO_IO,
        oob_data_present: 1,
        requirements: GENERAL,
    };
    fixture.classic(&ClassicEvent::IoCapabilityResponse(&other));
    let request = IoCapabilityRequest { address: address(OTHER) };
    fixture.classic(&ClassicEvent::IoCapabilityRequest(&request));
    let (opcode, _) = fixture.poll().unwrap();
    assert_eq!(opcode, Opcode::IO_CAPABILITY_REQUEST_REPLY);
    fixture.security.handle_complete(opcode, &[0; 7]);
    claim(&mut fixture, false);
    fixture.expect_io(NO_IO, GENERAL);
    fixture.finish_pairing(false, KeyKind::Authenticated256.to_wire());
    assert!(matches!(result(&fixture.events()), Some(Ok(Paired { model: Model::OutOfBand, .. }))));
    let key = LinkKeyNotification {
        address: address(OTHER),
        key: SecretKey(NEW_KEY),
        key_type: LinkKeyType(8),
    };
    fixture.classic(&ClassicEvent::LinkKeyNotification(&key));
    let events = fixture.events();
    assert!(stored(&events).is_none());
    assert_eq!(result(&events), Some(Err(Failure::NoOob)));
    let ends = |event: &SecurityEvent| matches!(event, SecurityEvent::Disconnect { link: 1, .. });
    assert!(events.iter().any(ends), "{events:?}");
}

#[test]
fn data_of_this_device_is_made_or_not() {
    let refused = |status| SecurityEvent::LocalOob(Err(status));
    let ok = |p192, p256| SecurityEvent::LocalOob(Ok(data(p192, p256)));
    let only = Config { only_secure_connections: true, ..Config::DEFAULT };
    let unknown = octets([0; 4])[..1].iter().map(|_| 1).collect::<Vec<u8>>();
    let cases = [
        (Config::DEFAULT, true, octets([3, 4, 7, 8]), ok(Some(3), Some(7))),
        (Config::DEFAULT, true, octets([0, 0, 7, 8]), ok(None, Some(7))),
        (only, true, octets([3, 4, 7, 8]), ok(None, Some(7))),
        (only, true, octets([3, 4, 0, 0]), refused(Status::UNSPECIFIED)),
        (Config::DEFAULT, false, octets([3, 4, 0, 0]), ok(Some(3), None)),
        (Config::DEFAULT, true, octets([0; 4]), refused(Status::UNSPECIFIED)),
        (Config::DEFAULT, true, octets([3, 4, 7, 8])[..64].to_vec(), refused(Status::UNSPECIFIED)),
        (Config::DEFAULT, false, octets([3, 4, 7, 8])[..32].to_vec(), refused(Status::UNSPECIFIED)),
        (Config::DEFAULT, true, Vec::new(), refused(Status::UNSPECIFIED)),
        (Config::DEFAULT, true, unknown, refused(Status::UNKNOWN_COMMAND)),
    ];
    for (config, extended, answer, event) in cases {
        let mut fixture = Fixture::new(config);
        fixture.security.make_oob(extended);
        let opcode = if extended { EXTENDED } else { PLAIN };
        asked(&mut fixture, opcode);
        assert!(fixture.security.handle_complete(opcode, &answer));
        let made = matches!(event, SecurityEvent::LocalOob(Ok(_)));
        assert_eq!(fixture.events(), [event], "{answer:?}");
        claim(&mut fixture, false);
        assert_eq!(result(&fixture.events()).is_none(), made);
    }
}

#[test]
fn the_last_request_for_data_counts() {
    let mut fixture = Fixture::new(Config::DEFAULT);
    fixture.security.make_oob(true);
    asked(&mut fixture, EXTENDED);
    fixture.security.make_oob(true);
    assert!(fixture.security.handle_complete(EXTENDED, &octets([1, 2, 3, 4])));
    assert_eq!(fixture.events(), []);
    asked(&mut fixture, EXTENDED);
    assert!(fixture.security.handle_complete(EXTENDED, &octets([3, 4, 7, 8])));
    assert_eq!(fixture.events(), [SecurityEvent::LocalOob(Ok(data(Some(3), Some(7))))]);
    // Without new data, the earlier one is still lost: the controller may have begun.
    fixture.security.make_oob(true);
    asked(&mut fixture, EXTENDED);
    assert!(fixture.security.handle_status(EXTENDED, Status::HARDWARE_FAILURE));
    assert_eq!(fixture.events(), [SecurityEvent::LocalOob(Err(Status::HARDWARE_FAILURE))]);
    claim(&mut fixture, false);
    assert_eq!(result(&fixture.events()), Some(Err(Failure::NoOob)));
}
