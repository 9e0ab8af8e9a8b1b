//! Hostile peers: the answers of the specification, and a working pairing afterwards.

use std::{vec, vec::Vec};

use bindrune_wire::{Level, time::Instant};
use embassy_time::Duration;
use hex_literal::hex;

use super::open;
use crate::{
    Answer, Config, Event, Failure, IoCapability, Key, LocalOob, Outcome, PublicKey, Role,
    StartError, crypto,
    pdu::{AuthReq, Keypress, Pdu, Reason},
    testing::{Device, NOW, converse, key_of},
};

const REQUEST: [u8; 7] = hex!("01 03 00 09 10 07 07");
const LEGACY: [u8; 7] = hex!("01 03 00 01 10 07 07");
const ZEROS: [u8; 16] = [0; 16];

fn strict() -> Device {
    Device::new(Role::Responder, Config::default())
}

fn failed(reason: u8) -> Vec<Vec<u8>> {
    vec![vec![0x05, reason]]
}

fn tagged(code: u8, value: &[u8]) -> Vec<u8> {
    core::iter::once(code).chain(value.iter().copied()).collect()
}

fn public_key(key: PublicKey) -> Vec<u8> {
    tagged(0x0c, &[key.x, key.y].concat())
}

/// Returns a responder that has exchanged public keys and sent its confirm value.
fn after_keys() -> Device {
    let mut b = strict();
    assert_eq!(b.receive(&REQUEST).len(), 1);
    assert_eq!(b.receive(&public_key(key_of(Role::Initiator).public)).len(), 2);
    b
}

/// Returns both devices after a whole pairing.
fn paired(config: Config) -> (Device, Device) {
    let (mut a, mut b) =
        (Device::new(Role::Initiator, config), Device::new(Role::Responder, config));
    a.pairing.start(NOW).unwrap();
    converse(&mut a, &mut b);
    assert!(a.outcome.is_some() && b.outcome.is_some());
    (a, b)
}

/// Returns both devices just before the initiator encrypts the link.
fn about_to_encrypt(config: Config) -> (Device, Device) {
    let (mut a, mut b) =
        (Device::new(Role::Initiator, config), Device::new(Role::Responder, config));
    a.pairing.start(NOW).unwrap();
    while a.encrypt.is_none() {
        a.settle();
        b.settle();
        a.transmit().into_iter().for_each(|pdu| b.pairing.handle_pdu(NOW, &pdu));
        b.settle();
        b.transmit().into_iter().for_each(|pdu| a.pairing.handle_pdu(NOW, &pdu));
    }
    (a, b)
}

/// Checks that the responder still pairs with a well-behaved peer.
fn still_pairs(b: &mut Device) -> Outcome {
    let mut a = Device::new(Role::Initiator, Config::default());
    (b.failure, b.outcome) = (None, None);
    a.pairing.start(NOW).unwrap();
    converse(&mut a, b);
    b.outcome.clone().unwrap_or_else(|| panic!("{:?} {:?}", a.failure, b.failure))
}

#[test]
fn errors_before_a_pairing_are_answered() {
    for (pdu, answer) in [
        (&[][..], vec![]),
        (&hex!("0b 00"), failed(0x07)),
        (&hex!("01 ff"), failed(0x0a)),
        (&hex!("01 03 00 01 10 01 01 00"), failed(0x0a)),
        (&hex!("0f 00"), vec![]),
        (&hex!("ff"), vec![]),
        (&hex!("01 03 00 01 11 01 01"), failed(0x0a)),
        (&hex!("01 03 00 01 ff 01 01"), failed(0x0a)),
        (&hex!("01 05 00 01 10 01 01"), failed(0x0a)),
        (&hex!("01 03 02 01 10 01 01"), failed(0x0a)),
        (&LEGACY, failed(0x03)),
        (&hex!("01 03 00 09 0f 01 01"), failed(0x06)),
        (&hex!("01 03 00 09 06 01 01"), failed(0x06)),
        (&hex!("01 03 00 09 00 01 01"), failed(0x06)),
        (&hex!("05"), vec![]),
        (&hex!("05 ff"), vec![]),
        (&tagged(0x03, &ZEROS), vec![]),
        (&tagged(0x08, &[0x11; 16]), vec![]),
    ] {
        let mut b = strict();
        assert_eq!(b.receive(pdu), answer, "{pdu:02x?}");
        assert_eq!(still_pairs(&mut b).level, Level::Encrypted);
    }
}

#[test]
fn reserved_bits_are_ignored() {
    let mut b = strict();
    assert_eq!(b.receive(&hex!("01 03 00 c9 10 01 01")), [hex!("02 03 00 09 10 01 01")]);
}

#[test]
fn a_step_that_is_not_due_fails_the_pairing() {
    for pdu in [REQUEST.to_vec(), tagged(0x03, &ZEROS), tagged(0x04, &ZEROS), tagged(0x0d, &ZEROS)]
    {
        let mut b = strict();
        assert_eq!(b.receive(&REQUEST).len(), 1);
        assert_eq!(b.receive(&pdu), failed(0x08), "{pdu:02x?}");
        still_pairs(&mut b);
    }
    let mut b = Device::new(Role::Responder, open());
    assert_eq!(b.receive(&LEGACY).len(), 1);
    assert_eq!(b.receive(&tagged(0x04, &[0x11; 16])), failed(0x08));
}

#[test]
fn malformed_steps_fail_the_pairing() {
    let key = public_key(key_of(Role::Initiator).public);
    let mut long = key.clone();
    long.push(0);
    for (pdu, reason) in [(&key[..64], 0x0a), (&long, 0x0a), (&[0x0f, 0], 0x07)] {
        let mut b = strict();
        b.receive(&REQUEST);
        assert_eq!(b.receive(pdu), failed(reason));
        still_pairs(&mut b);
    }
}

#[test]
fn reflected_debug_and_invalid_keys_are_refused() {
    let own = key_of(Role::Responder).public;
    let negated = PublicKey { x: own.x, y: negate(own.y) };
    let debug = PublicKey {
        x: crypto::DEBUG_KEY_X,
        y: crate::testing::reversed(hex!(
            "dc809c49652aeb6d63329abf5a52155c766345c28fed3024741c8ed01589d28b"
        )),
    };
    assert!(crypto::is_valid(&negated) && crypto::is_valid(&debug));
    for key in [
        own,
        negated,
        debug,
        PublicKey { x: own.x, y: [0; 32] },
        PublicKey { x: [0; 32], y: [0; 32] },
    ] {
        let mut b = strict();
        b.receive(&REQUEST);
        assert_eq!(b.receive(&public_key(key)), failed(0x0b));
        still_pairs(&mut b);
        // As the initiator.
        let mut a = Device::new(Role::Initiator, Config::default());
        a.key = key_of(Role::Responder);
        a.start();
        assert_eq!(a.receive(&hex!("02 03 00 09 10 03 03"))[0][0], 0x0c);
        assert_eq!(a.receive(&public_key(key)), failed(0x0b));
    }
    // If the debug key is allowed, the key still protects against no attacker.
    let (io, require) = (IoCapability::DisplayYesNo, Level::Authenticated);
    let lax = Config { io, mitm: true, debug_keys: true, require, ..Config::default() };
    let mut b = Device::new(Role::Responder, lax);
    b.receive(&hex!("01 01 00 0d 10 07 07"));
    assert_eq!(b.receive(&public_key(debug)), failed(0x0b));
}

/// Returns p - y, least significant octet first.
fn negate(y: [u8; 32]) -> [u8; 32] {
    let p = crate::testing::reversed(hex!(
        "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
    ));
    let mut borrow = 0i32;
    core::array::from_fn(|at| {
        let difference = i32::from(p[at]) - i32::from(y[at]) - borrow;
        borrow = i32::from(difference < 0);
        u8::try_from(difference.rem_euclid(256)).unwrap()
    })
}

#[test]
fn a_reflected_legacy_confirm_value_is_refused() {
    let mut a = Device::new(Role::Initiator, open());
    a.start();
    let sent = a.receive(&hex!("02 03 00 01 10 00 00"));
    assert_eq!(a.receive(&sent[0]), failed(0x04));
}

#[test]
fn a_wrong_dhkey_check_installs_nothing() {
    let mut b = after_keys();
    assert_eq!(b.receive(&tagged(0x04, &ZEROS)).len(), 1);
    assert_eq!(b.receive(&tagged(0x0d, &ZEROS)), failed(0x0b));
    assert!(b.pairing.long_term_key(0, 0).is_none());
    still_pairs(&mut b);
}

#[test]
fn a_wrong_passkey_fails_in_its_first_wrong_round() {
    let config = Config { io: IoCapability::KeyboardOnly, mitm: true, ..Config::default() };
    let (mut a, mut b) =
        (Device::new(Role::Initiator, config), Device::new(Role::Responder, config));
    (a.passkey, b.passkey) = (Some(0b0100), Some(0b0000));
    a.pairing.start(NOW).unwrap();
    let trace = converse(&mut a, &mut b);
    // Two correct rounds, and the third up to the initiator's random number.
    assert_eq!(trace.len(), 4 + 2 * 4 + 3 + 1);
    assert_eq!(trace.last().unwrap(), &[0x05, 0x04]);
    assert_eq!(a.failure, Some(Failure::Peer(Reason::CONFIRM_VALUE_FAILED)));
}

#[test]
fn a_user_who_refuses_ends_the_pairing() {
    let yes_no = Config { io: IoCapability::DisplayYesNo, mitm: true, ..Config::default() };
    for (config, reason) in [
        (yes_no, Reason::NUMERIC_COMPARISON_FAILED),
        (Config::default(), Reason::UNSPECIFIED_REASON),
    ] {
        let (mut a, mut b) =
            (Device::new(Role::Initiator, config), Device::new(Role::Responder, config));
        b.agrees = false;
        a.pairing.start(NOW).unwrap();
        converse(&mut a, &mut b);
        assert_eq!(b.failure, Some(Failure::Local(reason)));
        assert_eq!((a.failure, a.used), (Some(Failure::Peer(reason)), None));
    }
}

#[test]
fn a_wrong_commitment_fails_before_our_random_number_leaves() {
    let config = Config { oob: true, ..Config::default() };
    let mut a = Device::new(Role::Initiator, config);
    a.oob = Some(Answer::Oob { random: Key::new([1; 16]), confirm: [2; 16] });
    let key = key_of(Role::Initiator);
    a.pairing.set_local_oob(Some(LocalOob { key, random: Key::new([3; 16]) }));
    a.start();
    assert_eq!(a.receive(&hex!("02 03 01 09 10 00 00")).len(), 1);
    assert_eq!(a.receive(&public_key(key_of(Role::Responder).public)), failed(0x04));
}

#[test]
fn keys_that_were_not_negotiated_are_not_stored() {
    let (_, mut b) = paired(Config { accept: Default::default(), ..Config::default() });
    assert_eq!(b.outcome.take().unwrap().keys.peer_irk, None);
    for code in [0x08, 0x06] {
        assert_eq!(b.receive(&tagged(code, &[0x11; 16])), failed(0x08));
        assert_eq!((&b.outcome, b.failure), (&None, None));
    }
}

#[test]
fn keys_are_taken_only_on_the_encrypted_link_and_checked() {
    for (encrypted, pdu, reason) in [
        (false, tagged(0x08, &[0x11; 16]), 0x08),
        (true, hex!("09 00").to_vec(), 0x0a),
        (true, hex!("09 02 66 55 44 33 22 11").to_vec(), 0x0a),
        (true, hex!("09 01 66 55 44 33 22 01").to_vec(), 0x0a),
        (true, tagged(0x06, &[0x22; 16]), 0x08),
    ] {
        let (_, mut b) = about_to_encrypt(Config::default());
        if encrypted {
            assert!(b.pairing.long_term_key(0, 0).is_some());
            b.pairing.handle_encryption(NOW, true);
        }
        let answers = b.receive(&pdu);
        assert_eq!(answers.last(), failed(reason).last());
        assert_eq!((&b.outcome, b.failure), (&None, Some(Failure::Local(Reason(reason)))));
    }
}

#[test]
fn a_legacy_key_of_zeros_is_refused() {
    let legacy = Config { secure_connections: false, ..open() };
    for (octets, refused) in [([0; 16], true), ([1; 16], false)] {
        let (_, mut b) = about_to_encrypt(legacy);
        assert!(b.pairing.long_term_key(0, 0).is_some());
        b.pairing.handle_encryption(NOW, true);
        let refusal = Some(Failure::Local(Reason::INVALID_PARAMETERS)).filter(|_| refused);
        let answers = b.receive(&tagged(0x06, &octets));
        assert_eq!(answers.last() == failed(0x0a).last(), refused);
        assert_eq!((&b.outcome, b.failure), (&None, refusal));
    }
}

#[test]
fn encryption_with_an_older_key_is_not_that_of_the_pairing() {
    let (mut a, mut b) = about_to_encrypt(Config::default());
    assert_eq!(b.pairing.long_term_key(0x1234, 5), None);
    b.pairing.handle_encryption(NOW, true);
    assert_eq!(b.transmit(), None);
    converse(&mut a, &mut b);
    assert!(a.outcome.is_some() && b.outcome.is_some());
}

#[test]
fn failures_of_the_peer_end_the_pairing_without_an_answer() {
    for pdu in [&hex!("05")[..], &hex!("05 ff"), &hex!("05 00"), &hex!("05 08")] {
        let mut b = after_keys();
        assert!(b.receive(pdu).is_empty());
        assert!(matches!(b.failure, Some(Failure::Peer(_))));
        still_pairs(&mut b);
    }
    let (_, mut b) = paired(Config::default());
    assert!(b.receive(&hex!("05 0f")).is_empty());
    assert_eq!(b.failure, Some(Failure::Peer(Reason::KEY_REJECTED)));
}

#[test]
fn silence_of_30_seconds_is_the_end_until_a_new_link() {
    let mut b = after_keys();
    let (at, _) = b.pairing.poll_timeout().unwrap();
    assert_eq!(at, NOW + Duration::from_secs(30));
    b.pairing.handle_timeout(at - Duration::from_ticks(1));
    assert!(b.pairing.is_active());
    b.pairing.handle_timeout(at);
    assert_eq!(b.pairing.poll_event(), Some(Event::Failed(Failure::Timeout)));
    for pdu in [tagged(0x04, &ZEROS), REQUEST.to_vec()] {
        assert!(b.receive(&pdu).is_empty());
    }
    assert_eq!(b.pairing.dropped(), 2);
    let asked = b.pairing.request_security(AuthReq::BONDING);
    assert_eq!(asked, Err(StartError::TimedOut));
}

#[test]
fn security_requests_are_for_idle_centrals() {
    let mut a = Device::new(Role::Initiator, Config::default());
    a.pairing.handle_pdu(NOW, &hex!("0b 0d"));
    let auth = AuthReq::BONDING | AuthReq::MITM | AuthReq::SECURE_CONNECTIONS;
    assert_eq!(a.pairing.poll_event(), Some(Event::SecurityRequest(auth)));
    a.start();
    a.pairing.handle_pdu(NOW, &hex!("0b 05"));
    assert_eq!((a.pairing.poll_event(), a.pairing.dropped()), (None, 1));
    assert!(a.pairing.is_active());
    let mut b = strict();
    b.pairing.request_security(AuthReq::BONDING).unwrap();
    assert_eq!(b.transmit().unwrap(), hex!("0b 01"));
}

#[test]
fn our_policy_decides_and_not_the_request_of_the_peer() {
    let policy = Config {
        io: IoCapability::DisplayYesNo,
        mitm: true,
        require: Level::Authenticated,
        ..Config::default()
    };
    let mut b = Device::new(Role::Responder, policy);
    assert_eq!(b.receive(&hex!("01 04 00 09 10 01 01")), [hex!("02 01 00 0d 10 01 01")]);
    let mut b = Device::new(Role::Responder, policy);
    assert_eq!(b.receive(&REQUEST), failed(0x03));
}

#[test]
fn repeated_attempts_are_refused() {
    let mut b = strict();
    b.pairing.hold_off(Some(NOW + Duration::from_secs(1)));
    assert_eq!(b.receive(&REQUEST), failed(0x09));
    assert_eq!(b.failure, None);
    b.pairing.hold_off(Some(Instant::from_secs(0)));
    still_pairs(&mut b);
}

#[test]
fn a_result_of_a_pairing_that_ended_is_dropped() {
    let mut b = strict();
    b.pairing.handle_pdu(NOW, &REQUEST);
    let (old, _) = b.pairing.poll_job().unwrap();
    b.pairing.handle_pdu(NOW, &hex!("05 08"));
    b.pairing.handle_pdu(NOW, &REQUEST);
    b.pairing.handle_job(NOW, old, &crate::JobDone::Failed);
    assert!(b.pairing.is_active());
}

#[test]
fn keypresses_are_sent_if_both_support_them() {
    let config = Config { keypress: true, mitm: true, ..Config::default() };
    let keyboard = Config { io: IoCapability::KeyboardOnly, ..config };
    let display = Config { io: IoCapability::DisplayOnly, ..config };
    let (mut a, mut b) =
        (Device::new(Role::Initiator, keyboard), Device::new(Role::Responder, display));
    let request = a.start();
    let response = b.receive(&request[0]);
    a.receive(&response[0]);
    let many = [Keypress::DIGIT_ENTERED; 20];
    for keypress in [Keypress::STARTED].into_iter().chain(many).chain([Keypress::COMPLETED]) {
        a.pairing.send_keypress(keypress);
    }
    // They leave in order. If there was no room, the newest replaced the one before it.
    for at in 0..16 {
        let keypress = [Keypress::STARTED, many[0], Keypress::COMPLETED]
            [usize::from(at > 0) + usize::from(at == 15)];
        let pdu = a.transmit().unwrap();
        assert_eq!(Pdu::parse(&pdu), Ok(Pdu::Keypress(keypress)));
        b.pairing.handle_pdu(NOW, &pdu);
        assert_eq!(b.pairing.poll_event(), Some(Event::Keypress(keypress)));
    }
    assert!(a.transmit().is_none_or(|pdu| pdu[0] != 0x0e));
}
