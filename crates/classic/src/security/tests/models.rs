//! Each association model, in both roles.

use bindrune_hci::{
    PinCode,
    cmd::classic::{
        PinCodeRequestReply, SendKeypressNotification, UserConfirmationRequestReply,
        UserPasskeyRequestReply,
    },
};

use super::*;

const GENERAL: AuthenticationRequirements = AuthenticationRequirements::GENERAL_BONDING;
const GENERAL_MITM: AuthenticationRequirements = AuthenticationRequirements::GENERAL_BONDING_MITM;

fn config(io: IoCapability, mitm: bool) -> Config {
    Config { io, mitm, ..Config::DEFAULT }
}

/// Exchanges the capabilities, in the order of the role.
#[track_caller]
pub(super) fn exchange(
    fixture: &mut Fixture,
    local: bool,
    peer: HciIo,
    requirements: AuthenticationRequirements,
) {
    let config = fixture.security.config;
    let own = if config.mitm { GENERAL_MITM } else { GENERAL };
    if local {
        fixture.require(Level::Encrypted);
        fixture.start_pairing();
        fixture.expect_io(config.io.to_wire(), own);
        fixture.io_response(peer, requirements);
    } else {
        fixture.io_response(peer, requirements);
        fixture.io_request();
        fixture.expect_io(config.io.to_wire(), own);
    }
    fixture.quiet();
}

/// Checks the result of a pairing.
#[track_caller]
pub(super) fn check(fixture: &mut Fixture, local: bool, model: Model, kind: KeyKind, level: Level) {
    fixture.finish_pairing(local, kind.to_wire());
    let events = fixture.events();
    let authenticated = kind.is_authenticated();
    let paired = Paired { model, kind, authenticated, bonded: true };
    assert_eq!(result(&events), Some(Ok(paired)));
    let bond = Bond::new(PEER, LOCAL, Secret::new(NEW_KEY), kind, authenticated);
    assert_eq!(stored(&events), Some(bond));
    assert_eq!(fixture.level(), level);
    let outcomes = events
        .iter()
        .filter(|e| matches!(e, SecurityEvent::Outcome { result: Ok(s), .. } if s.level == level));
    assert_eq!(outcomes.count(), usize::from(local));
    fixture.idle();
    assert_eq!(fixture.security.unexpected(), 0);
}

#[test]
fn just_works() {
    for local in [true, false] {
        for (kind, features) in
            [(KeyKind::Unauthenticated192, SIMPLE), (KeyKind::Unauthenticated256, SECURE)]
        {
            let mut fixture = Fixture::new(Config::DEFAULT);
            fixture.security.set_features(0, features);
            exchange(&mut fixture, local, HciIo::DISPLAY_YES_NO, GENERAL);
            fixture.confirmation(123_456);
            fixture.quiet();
            let (serial, question) = fixture.question();
            assert_eq!(question, Question::Confirm);
            assert!(fixture.security.answer(fixture.now, 0, serial, Answer::Yes));
            fixture.expect(&UserConfirmationRequestReply { address: address(PEER) });
            check(&mut fixture, local, Model::JustWorks, kind, Level::Encrypted);
        }
    }
}

#[test]
fn just_works_without_consent_asks_no_user() {
    let mut fixture = Fixture::new(Config { consent: false, ..Config::DEFAULT });
    fixture.security.set_user(fixture.now, false);
    exchange(&mut fixture, false, HciIo::NO_INPUT_NO_OUTPUT, GENERAL);
    fixture.confirmation(1);
    fixture.expect(&UserConfirmationRequestReply { address: address(PEER) });
    check(&mut fixture, false, Model::JustWorks, KeyKind::Unauthenticated256, Level::Encrypted);
}

#[test]
fn numeric_comparison() {
    for local in [true, false] {
        for (kind, level) in [
            (KeyKind::Authenticated192, Level::Authenticated),
            (KeyKind::Authenticated256, Level::SecureConnections),
        ] {
            let mut fixture = Fixture::new(config(IoCapability::DisplayYesNo, true));
            exchange(&mut fixture, local, HciIo::DISPLAY_YES_NO, GENERAL);
            fixture.confirmation(999_999);
            let (serial, question) = fixture.question();
            assert_eq!(question, Question::Compare(999_999));
            assert!(!fixture.security.answer(fixture.now, 0, serial.wrapping_sub(1), Answer::Yes));
            assert!(fixture.security.answer(fixture.now, 0, serial, Answer::Yes));
            assert!(!fixture.security.answer(fixture.now, 0, serial, Answer::Yes));
            fixture.expect(&UserConfirmationRequestReply { address: address(PEER) });
            check(&mut fixture, local, Model::NumericComparison, kind, level);
        }
    }
}

#[test]
fn a_passkey_that_this_device_shows() {
    for local in [true, false] {
        let mut fixture = Fixture::new(config(IoCapability::DisplayOnly, false));
        exchange(&mut fixture, local, HciIo::KEYBOARD_ONLY, GENERAL_MITM);
        fixture.passkey_shown(42);
        let (_, question) = fixture.question();
        assert_eq!(question, Question::Display(42));
        fixture.keypress(Keypress::DIGIT_ENTERED);
        let pressed = SecurityEvent::Keypress { link: 0, keypress: Keypress::DIGIT_ENTERED };
        assert_eq!(fixture.events(), [pressed]);
        let level = Level::SecureConnections;
        check(&mut fixture, local, Model::PasskeyDisplay, KeyKind::Authenticated256, level);
    }
}

#[test]
fn a_passkey_that_our_user_enters() {
    for local in [true, false] {
        for peer in [HciIo::DISPLAY_ONLY, HciIo::KEYBOARD_ONLY] {
            let mut fixture = Fixture::new(config(IoCapability::KeyboardOnly, true));
            exchange(&mut fixture, local, peer, GENERAL);
            fixture.passkey_request();
            let (serial, question) = fixture.question();
            assert_eq!(question, Question::Input);
            let keypress = Keypress::STARTED;
            fixture.security.send_keypress(0, serial, keypress);
            fixture.expect(&SendKeypressNotification { address: address(PEER), keypress });
            assert!(fixture.security.answer(fixture.now, 0, serial, Answer::Passkey(42)));
            let passkey = Passkey::new(42);
            fixture.expect(&UserPasskeyRequestReply { address: address(PEER), passkey });
            let level = Level::Authenticated;
            check(&mut fixture, local, Model::PasskeyInput, KeyKind::Authenticated192, level);
        }
    }
}

#[test]
fn a_pin() {
    let pins: [(LegacyPairing, &[u8], Level); 4] = [
        (LegacyPairing::Unauthenticated, b"0000", Level::Encrypted),
        (LegacyPairing::Unauthenticated, b"0123456789abcdef", Level::Encrypted),
        (LegacyPairing::SixteenDigits, b"0000", Level::Encrypted),
        (LegacyPairing::SixteenDigits, b"0123456789abcdef", Level::Authenticated),
    ];
    for (legacy, pin, level) in pins {
        for local in [true, false] {
            let mut fixture = Fixture::new(Config { legacy, ..Config::DEFAULT });
            fixture.security.set_features(0, PIN_ONLY);
            if local {
                fixture.require(Level::Encrypted);
                fixture.expect_authentication();
                fixture.link_key_request();
                fixture.expect_no_key();
            }
            fixture.pin_request();
            let (serial, question) = fixture.question();
            assert_eq!(question, Question::Pin { sixteen: false });
            let answer = Answer::Pin(Pin::new(pin).unwrap());
            assert!(fixture.security.answer(fixture.now, 0, serial, answer));
            let mut octets = [0; 16];
            octets[..pin.len()].copy_from_slice(pin);
            let len = u8::try_from(pin.len()).unwrap();
            fixture.expect(&PinCodeRequestReply {
                address: address(PEER),
                len,
                pin: PinCode(octets),
            });
            fixture.key(NEW_KEY, 0);
            if local {
                fixture.authenticated(Status::SUCCESS);
                fixture.expect_encryption();
            }
            fixture.encryption(Status::SUCCESS, 1);
            fixture.key_size(16);
            let events = fixture.events();
            assert!(matches!(result(&events), Some(Ok(paired)) if paired.model == Model::Pin));
            assert_eq!(fixture.level(), level);
            assert_eq!(stored(&events).unwrap().level(), level);
            fixture.idle();
        }
    }
}

#[test]
fn the_local_user_requests_dedicated_bonding() {
    let mut fixture = Fixture::new(config(IoCapability::DisplayYesNo, false));
    let requirement = Requirement::level(Level::Authenticated);
    fixture.security.pair(fixture.now, 0, requirement).unwrap();
    fixture.start_pairing();
    let dedicated = AuthenticationRequirements::DEDICATED_BONDING_MITM;
    fixture.expect_io(HciIo::DISPLAY_YES_NO, dedicated);
    fixture.io_response(HciIo::DISPLAY_YES_NO, GENERAL);
    fixture.confirmation(1);
    let (serial, _) = fixture.question();
    fixture.security.answer(fixture.now, 0, serial, Answer::Yes);
    fixture.expect(&UserConfirmationRequestReply { address: address(PEER) });
    let level = Level::SecureConnections;
    check(&mut fixture, true, Model::NumericComparison, KeyKind::Authenticated256, level);
}

#[test]
fn a_side_that_keeps_no_key_has_no_bond() {
    for own in [true, false] {
        let mut fixture = Fixture::new(Config { bonding: own, ..Config::DEFAULT });
        let no = AuthenticationRequirements::NO_BONDING;
        fixture.io_response(HciIo::NO_INPUT_NO_OUTPUT, if own { no } else { GENERAL });
        fixture.io_request();
        fixture.expect_io(HciIo::NO_INPUT_NO_OUTPUT, if own { GENERAL } else { no });
        fixture.confirmation(1);
        let (serial, _) = fixture.question();
        fixture.security.answer(fixture.now, 0, serial, Answer::Yes);
        fixture.expect(&UserConfirmationRequestReply { address: address(PEER) });
        fixture.finish_pairing(false, 7);
        let events = fixture.events();
        assert!(matches!(result(&events), Some(Ok(Paired { bonded: false, .. }))));
        assert_eq!((stored(&events), fixture.level()), (None, Level::Encrypted));
        assert!(!fixture.security.security(0).bonded);
        // The link authenticates again with the key that it has.
        fixture.link_key_request();
        let key = SecretKey(NEW_KEY);
        fixture.expect(&LinkKeyRequestReply { address: address(PEER), key });
    }
}
