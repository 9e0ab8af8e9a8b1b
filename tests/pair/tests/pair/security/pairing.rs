//! Pairing with every method, and the access that it gives.

use bindrune::{
    ClientSecurity, Error, ErrorCode, Event, IoCapability, Level, Method, PairingConfig,
    PairingFailure, Question, Reason,
};
use bindrune_pair::Scene;
use embassy_futures::join::join3;

use super::{
    AUTHENTIC, NOTHING, OPEN, SECRET, VAULT, between, event, failure, reader, refused, safe,
    try_read, with_io,
};
use crate::table::find;

/// Pairs a central with a peripheral of these capabilities; returns the method and the level.
fn paired(seed: u64, central: PairingConfig, peripheral: PairingConfig) -> (Method, Level) {
    let scene = Scene::new(seed);
    between(&scene, [safe(peripheral), reader(central)], async |lock, phone| {
        let (mut there, here) = scene.connect(lock, phone).await;
        let (open, secret) = (find(&here, VAULT, &OPEN).await, find(&here, VAULT, &SECRET).await);
        let authentic = find(&here, VAULT, &AUTHENTIC).await;
        assert_eq!(try_read(&here, &open).await, Ok(1));
        let before = refused(ErrorCode::INSUFFICIENT_AUTHENTICATION);
        assert_eq!(try_read(&here, &secret).await, before);
        let paired = here.pair().await.unwrap();
        let keypresses = event(&mut there, |event| match event {
            Event::Paired(paired) => Some(*paired),
            _ => None,
        })
        .await;
        assert_eq!((keypresses.method, keypresses.level), (paired.method, paired.level));
        for link in [&here, &there] {
            let security = link.security().unwrap();
            assert_eq!(security.level, paired.level);
            assert_eq!((security.method, security.bonded), (Some(paired.method), true));
        }
        assert!(paired.bonded && paired.secure_connections);
        assert_eq!(try_read(&here, &secret).await, Ok(2));
        let strict = try_read(&here, &authentic).await;
        let expected = if paired.authenticated {
            Ok(3)
        } else {
            refused(ErrorCode::INSUFFICIENT_AUTHENTICATION)
        };
        assert_eq!(strict, expected);
        assert_eq!(lock.host().bonds().count(), 1);
        assert_eq!(phone.host().bonds().count(), 1);
        (paired.method, paired.level)
    })
}

#[test]
fn just_works_with_consent_gives_encryption() {
    assert_eq!(paired(900, NOTHING, NOTHING), (Method::JustWorks, Level::Encrypted));
}

#[test]
fn numeric_comparison_gives_the_highest_level() {
    let both = with_io(IoCapability::DisplayYesNo);
    assert_eq!(paired(901, both, both), (Method::NumericComparison, Level::SecureConnections));
}

#[test]
fn a_passkey_is_entered_on_either_side() {
    let (display, keyboard) =
        (with_io(IoCapability::DisplayOnly), with_io(IoCapability::KeyboardOnly));
    for (central, peripheral, initiator_inputs) in
        [(display, keyboard, false), (keyboard, display, true)]
    {
        let method = Method::Passkey { initiator_inputs, responder_inputs: !initiator_inputs };
        assert_eq!(paired(902, central, peripheral), (method, Level::SecureConnections));
    }
}

#[test]
fn without_a_user_pairing_is_not_supported() {
    let scene = Scene::new(903);
    let (lock, phone) = (scene.device(safe(NOTHING)), scene.device(reader(NOTHING)));
    scene.run(&[&lock, &phone], async {
        let (mut there, here) = scene.connect(&lock, &phone).await;
        let reason = Reason::PAIRING_NOT_SUPPORTED;
        let failed = Err(Error::Pairing(PairingFailure::Peer(reason)));
        assert_eq!(here.pair().await, failed);
        assert_eq!(failure(&mut there).await, PairingFailure::Local(reason));
        assert_eq!(here.security().unwrap().level, Level::Open);
        // The next attempt comes too soon for the central's own back-off.
        assert_eq!(here.pair().await, Err(Error::Pairing(PairingFailure::TooSoon)));
    });
}

#[test]
fn a_dropped_question_is_answered_with_no_and_a_dialog_learns_of_the_end() {
    let scene = Scene::new(904);
    let both = with_io(IoCapability::DisplayYesNo);
    let (lock, phone) = (scene.device(safe(both)), scene.device(reader(both)));
    scene.run(&[&lock, &phone], async {
        let (there, here) = scene.connect(&lock, &phone).await;
        let mut at_lock = lock.host().pairing_requests().unwrap();
        let mut at_phone = phone.host().pairing_requests().unwrap();
        assert!(matches!(phone.host().pairing_requests(), Err(Error::Busy)));
        let dialog = async {
            let request = at_phone.next().await;
            assert!(matches!(request.question(), Question::Compare(_)));
            assert!(request.is_of(&here));
            request.ended().await;
        };
        let refusal = async { drop(at_lock.next().await) };
        let (result, ..) = join3(here.pair(), dialog, refusal).await;
        let reason = Reason::NUMERIC_COMPARISON_FAILED;
        assert_eq!(result, Err(Error::Pairing(PairingFailure::Peer(reason))));
        assert!(there.is_connected());
    });
}

#[test]
fn a_peripheral_requests_security_and_gets_the_result() {
    let scene = Scene::new(905);
    let phone = reader(NOTHING).client_security(ClientSecurity::Pair);
    between(&scene, [safe(NOTHING), phone], async |lock, phone| {
        let (there, here) = scene.connect(lock, phone).await;
        let paired = there.pair().await.unwrap();
        assert_eq!(paired.level, Level::Encrypted);
        assert_eq!(here.security().unwrap().level, Level::Encrypted);
        assert_eq!(there.secure(Level::Encrypted).await.unwrap().level, Level::Encrypted);
    });
}

#[test]
fn a_level_that_cannot_be_reached_is_an_error() {
    let scene = Scene::new(906);
    let (lock, phone) = (scene.device(safe(NOTHING)), scene.device(reader(NOTHING)));
    scene.run(&[&lock, &phone], async {
        let _absent = phone.host().pairing_requests().unwrap();
        let _there_too = lock.host().pairing_requests().unwrap();
        let (_there, here) = scene.connect(&lock, &phone).await;
        let reason = Reason::AUTHENTICATION_REQUIREMENTS;
        let failed = Err(Error::Pairing(PairingFailure::Local(reason)));
        assert_eq!(here.secure(Level::Authenticated).await, failed);
        assert_eq!(here.security().unwrap().level, Level::Open);
    });
}

#[test]
fn out_of_band_data_authenticates_both_sides() {
    let scene = Scene::new(907);
    let oob = PairingConfig { oob: true, ..NOTHING };
    let (lock, phone) = (scene.device(safe(oob)), scene.device(reader(oob)));
    scene.run(&[&lock, &phone], async {
        let (_there, here) = scene.connect(&lock, &phone).await;
        let of_lock = lock.host().oob().await.unwrap();
        let of_phone = phone.host().oob().await.unwrap();
        let mut at_lock = lock.host().pairing_requests().unwrap();
        let mut at_phone = phone.host().pairing_requests().unwrap();
        let one = async {
            let mut request = at_lock.next().await;
            assert_eq!(request.question(), Question::Oob { secure: true });
            request.oob(of_phone.0, of_phone.1);
        };
        let other = async {
            let mut request = at_phone.next().await;
            request.oob(of_lock.0, of_lock.1);
        };
        let (result, ..) = join3(here.pair(), one, other).await;
        let paired = result.unwrap();
        assert_eq!((paired.method, paired.level), (Method::OutOfBand, Level::SecureConnections));
    });
}
