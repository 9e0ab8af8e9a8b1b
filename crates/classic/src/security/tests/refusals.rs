//! Pairings that are refused, before the user is asked if possible.

use bindrune_hci::cmd::classic::{
    IoCapabilityRequestNegativeReply, PinCodeRequestNegativeReply,
    UserConfirmationRequestNegativeReply, UserPasskeyRequestNegativeReply,
};

use super::*;

const NO_IO: HciIo = HciIo::NO_INPUT_NO_OUTPUT;
const YES_NO: HciIo = HciIo::DISPLAY_YES_NO;
const GENERAL: AuthenticationRequirements = AuthenticationRequirements::GENERAL_BONDING;
const GENERAL_MITM: AuthenticationRequirements = AuthenticationRequirements::GENERAL_BONDING_MITM;

fn yes_no() -> Config {
    Config { io: IoCapability::DisplayYesNo, ..Config::DEFAULT }
}

impl Fixture {
    #[track_caller]
    fn expect_refused(&mut self, reason: Status, failure: Failure) {
        self.expect(&IoCapabilityRequestNegativeReply { address: address(PEER), reason });
        let events = self.events();
        let asks = |event: &SecurityEvent| matches!(event, SecurityEvent::Question { .. });
        assert!(!events.iter().any(asks), "{events:?}");
        assert_eq!(result(&events), Some(Err(failure)));
        // The controller reports the end, and the link stays.
        self.pairing_complete(Status::AUTHENTICATION_FAILURE);
        self.idle();
        assert_eq!(self.level(), Level::Open);
    }
}

#[test]
fn without_a_user_no_pairing_is_allowed() {
    for config in [Config::DEFAULT, Config { consent: false, ..yes_no() }] {
        let mut fixture = Fixture::new(config);
        fixture.security.set_user(fixture.now, false);
        fixture.io_response(NO_IO, GENERAL);
        fixture.io_request();
        fixture.expect_refused(Status::PAIRING_NOT_ALLOWED, Failure::NotAllowed);
    }
    // Just Works without consent asks before it replaces a bond.
    let config = Config { consent: false, ..Config::DEFAULT };
    let mut fixture = Fixture::bonded(config, KeyKind::Unauthenticated256);
    fixture.security.set_user(fixture.now, false);
    fixture.io_response(NO_IO, GENERAL);
    fixture.io_request();
    fixture.expect_refused(Status::PAIRING_NOT_ALLOWED, Failure::NotAllowed);
}

#[test]
fn our_own_pairing_needs_a_user_too() {
    let mut fixture = Fixture::new(Config::DEFAULT);
    fixture.security.set_user(fixture.now, false);
    fixture.require(Level::Encrypted);
    fixture.start_pairing();
    let reason = Status::PAIRING_NOT_ALLOWED;
    fixture.expect(&IoCapabilityRequestNegativeReply { address: address(PEER), reason });
    assert_eq!(fixture.outcome(), Err(Failure::NotAllowed));
    fixture.pairing_complete(Status::PAIRING_NOT_ALLOWED);
    fixture.authenticated(Status::PAIRING_NOT_ALLOWED);
    fixture.idle();
}

#[test]
fn while_bonds_are_not_loaded_no_pairing_is_allowed() {
    let mut fixture = Fixture::new(Config::DEFAULT);
    let handle = Handle::new(HANDLE).unwrap();
    fixture.security.link_up(0, LinkUp { handle, peer: PEER });
    fixture.io_response(NO_IO, GENERAL);
    fixture.io_request();
    fixture.expect_refused(Status::PAIRING_NOT_ALLOWED, Failure::NotAllowed);
}

#[test]
fn a_peer_that_failed_waits() {
    let mut fixture = Fixture::new(Config::DEFAULT);
    fixture.security.hold_off(0, Some(fixture.now + Duration::from_secs(4)));
    let early = fixture.security.pair(fixture.now, 0, Requirement::default());
    assert_eq!(early, Err(RequestError::RepeatedAttempts));
    fixture.io_response(NO_IO, GENERAL);
    fixture.io_request();
    fixture.expect_refused(Status::REPEATED_ATTEMPTS, Failure::RepeatedAttempts);
    fixture.now += Duration::from_secs(4);
    fixture.io_response(NO_IO, GENERAL);
    fixture.io_request();
    fixture.expect_io(NO_IO, GENERAL);
}

#[test]
fn terms_that_cannot_be_reached_are_refused_before_the_user_is_asked() {
    let auth = Level::Authenticated;
    let secure = Level::SecureConnections;
    let cases = [
        (Config { require: auth, ..yes_no() }, NO_IO, SECURE),
        (Config { require: auth, ..Config::DEFAULT }, YES_NO, SECURE),
        (Config { require: secure, ..yes_no() }, YES_NO, SIMPLE),
        (Config { only_secure_connections: true, ..yes_no() }, YES_NO, SIMPLE),
        (Config { require: secure, secure_connections: false, ..yes_no() }, YES_NO, SECURE),
    ];
    for (config, peer, features) in cases {
        let mut fixture = Fixture::new(config);
        fixture.security.set_features(0, features);
        fixture.io_response(peer, GENERAL_MITM);
        fixture.io_request();
        fixture.expect_refused(Status::INSUFFICIENT_SECURITY, Failure::Terms);
    }
}

#[test]
fn terms_below_the_bond_are_refused_before_the_user_is_asked() {
    let mut fixture = Fixture::bonded(yes_no(), KeyKind::Authenticated192);
    fixture.io_response(NO_IO, GENERAL);
    fixture.io_request();
    fixture.expect_refused(Status::INSUFFICIENT_SECURITY, Failure::BondKept);
    let mut fixture = Fixture::bonded(yes_no(), KeyKind::Unauthenticated256);
    fixture.security.set_features(0, SIMPLE);
    fixture.io_response(YES_NO, GENERAL);
    fixture.io_request();
    fixture.expect_refused(Status::INSUFFICIENT_SECURITY, Failure::Downgrade);
    assert!(fixture.security.security(0).bonded);
}

#[test]
fn as_initiator_the_next_step_is_refused() {
    let mut fixture = Fixture::new(yes_no());
    fixture.require(Level::Authenticated);
    fixture.start_pairing();
    fixture.expect_io(YES_NO, GENERAL_MITM);
    fixture.io_response(NO_IO, GENERAL);
    fixture.confirmation(5);
    fixture.expect(&UserConfirmationRequestNegativeReply { address: address(PEER) });
    assert_eq!(fixture.outcome(), Err(Failure::Terms));
    fixture.pairing_complete(Status::AUTHENTICATION_FAILURE);
    fixture.authenticated(Status::AUTHENTICATION_FAILURE);
    fixture.idle();
    // A passkey that is shown cannot be refused: the link ends.
    let mut fixture = Fixture::bonded(yes_no(), KeyKind::Unauthenticated256);
    fixture.require(Level::Authenticated);
    fixture.start_pairing();
    fixture.expect_io(YES_NO, GENERAL_MITM);
    fixture.security.set_features(0, SIMPLE);
    fixture.io_response(HciIo::KEYBOARD_ONLY, GENERAL);
    fixture.passkey_shown(5);
    assert_eq!(fixture.ended(), Failure::Downgrade);
}

#[test]
fn a_user_who_says_no_ends_the_pairing() {
    let mut fixture = Fixture::new(Config::DEFAULT);
    fixture.io_response(NO_IO, GENERAL);
    fixture.io_request();
    fixture.expect_io(NO_IO, GENERAL);
    fixture.confirmation(1);
    let (serial, _) = fixture.question();
    assert!(fixture.security.answer(fixture.now, 0, serial, Answer::No));
    fixture.expect(&UserConfirmationRequestNegativeReply { address: address(PEER) });
    assert_eq!(result(&fixture.events()), Some(Err(Failure::Refused)));
    fixture.idle();
    // A key after that ends the link.
    fixture.key(NEW_KEY, 7);
    assert_eq!(fixture.ended(), Failure::OutOfOrder);
}

#[test]
fn an_answer_that_does_not_fit_counts_as_no() {
    let keyboard = Config { io: IoCapability::KeyboardOnly, ..Config::DEFAULT };
    for answer in [Answer::Yes, Answer::No, Answer::Passkey(1_000_000)] {
        let mut fixture = Fixture::new(keyboard);
        fixture.io_response(HciIo::DISPLAY_ONLY, GENERAL_MITM);
        fixture.io_request();
        fixture.expect_io(HciIo::KEYBOARD_ONLY, GENERAL);
        fixture.passkey_request();
        let (serial, _) = fixture.question();
        fixture.security.answer(fixture.now, 0, serial, answer);
        fixture.expect(&UserPasskeyRequestNegativeReply { address: address(PEER) });
        fixture.idle();
    }
}

#[test]
fn a_user_who_leaves_answers_no() {
    let mut fixture = Fixture::new(Config::DEFAULT);
    fixture.io_response(NO_IO, GENERAL);
    fixture.io_request();
    fixture.expect_io(NO_IO, GENERAL);
    fixture.confirmation(1);
    fixture.security.set_user(fixture.now, false);
    fixture.expect(&UserConfirmationRequestNegativeReply { address: address(PEER) });
    assert_eq!(result(&fixture.events()), Some(Err(Failure::NotAllowed)));
    fixture.idle();
}

#[test]
fn a_cancelled_pairing_ends() {
    let mut fixture = Fixture::new(Config::DEFAULT);
    fixture.require(Level::Encrypted);
    fixture.start_pairing();
    fixture.expect_io(NO_IO, GENERAL);
    fixture.io_response(NO_IO, GENERAL);
    fixture.confirmation(1);
    fixture.security.cancel(fixture.now, 0);
    fixture.expect(&UserConfirmationRequestNegativeReply { address: address(PEER) });
    assert_eq!(fixture.outcome(), Err(Failure::Cancelled));
    fixture.authenticated(Status::AUTHENTICATION_FAILURE);
    fixture.idle();
    // Without an open question only the end of the link stops the pairing.
    fixture.io_response(NO_IO, GENERAL);
    fixture.security.cancel(fixture.now, 0);
    assert_eq!(fixture.ended(), Failure::Cancelled);
}

#[test]
fn legacy_pairing_is_refused_unless_configured() {
    let unauthenticated = LegacyPairing::Unauthenticated;
    let sixteen = LegacyPairing::SixteenDigits;
    let with = |legacy| Config { legacy, ..Config::DEFAULT };
    let need = Config { require: Level::Authenticated, ..with(unauthenticated) };
    let need_4 = Config { require: Level::SecureConnections, ..with(sixteen) };
    let cases = [
        (Config::DEFAULT, PIN_ONLY, None, Failure::NotAllowed),
        (with(unauthenticated), SIMPLE, None, Failure::Downgrade),
        (with(unauthenticated), PIN_ONLY, Some(KeyKind::Unauthenticated192), Failure::BondKept),
        (need, PIN_ONLY, None, Failure::Terms),
        (need_4, PIN_ONLY, None, Failure::Terms),
    ];
    for (config, features, old, failure) in cases {
        let mut fixture = Fixture::new(config);
        fixture.security.set_features(0, features);
        fixture.security.set_bond(0, old.map(bond).as_ref());
        fixture.pin_request();
        fixture.expect(&PinCodeRequestNegativeReply { address: address(PEER) });
        assert_eq!(result(&fixture.events()), Some(Err(failure)));
        fixture.idle();
    }
}

#[test]
fn an_authenticated_pin_has_16_octets() {
    let legacy = LegacyPairing::SixteenDigits;
    let mut fixture =
        Fixture::new(Config { legacy, require: Level::Authenticated, ..Config::DEFAULT });
    fixture.security.set_features(0, PIN_ONLY);
    fixture.pin_request();
    let (serial, question) = fixture.question();
    assert_eq!(question, Question::Pin { sixteen: true });
    let answer = Answer::Pin(Pin::new(b"0123456789abcde").unwrap());
    fixture.security.answer(fixture.now, 0, serial, answer);
    fixture.expect(&PinCodeRequestNegativeReply { address: address(PEER) });
    fixture.idle();
    assert_eq!((Pin::new(&[]), Pin::new(&[1; 17])), (None, None));
}

#[test]
fn a_peer_that_ends_the_pairing_is_reported() {
    let mut fixture = Fixture::new(Config::DEFAULT);
    fixture.require(Level::Encrypted);
    fixture.start_pairing();
    fixture.expect_io(NO_IO, GENERAL);
    fixture.pairing_complete(Status::PAIRING_NOT_ALLOWED);
    assert_eq!(fixture.outcome(), Err(Failure::Status(Status::PAIRING_NOT_ALLOWED)));
    fixture.authenticated(Status::AUTHENTICATION_FAILURE);
    fixture.idle();
}

#[test]
fn a_reply_that_the_controller_does_not_accept_ends_the_pairing() {
    let mut fixture = Fixture::new(Config::DEFAULT);
    fixture.io_response(NO_IO, GENERAL);
    fixture.io_request();
    assert!(fixture.poll().is_some());
    fixture.security.handle_complete(Opcode::IO_CAPABILITY_REQUEST_REPLY, &[0x12]);
    let failure = Failure::Status(Status::INVALID_PARAMETERS);
    assert_eq!(result(&fixture.events()), Some(Err(failure)));
    fixture.idle();
}
