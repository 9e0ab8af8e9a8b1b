//! Pairing by each method, and the levels of listeners.

use bindrune::{
    ClassicChannelConfig, ClassicCloseReason, ClassicConfig, ClassicFailure, ClassicIoCapability,
    ClassicPsm, ClassicSecurity, Error, KeyKind, LegacyPairing, Level, Question,
};
use bindrune_controller::ClassicConfig as Air;
use bindrune_pair::Scene;
use embassy_futures::join::join;

use super::{PSM, Says, User, devices, io, pair, with_user};
use crate::{address, dual};

/// Pairs; returns the security and the questions of lamp and phone.
fn paired(
    seed: u64,
    air: &Air,
    configs: [ClassicConfig; 2],
    level: Level,
) -> (ClassicSecurity, [Vec<Question>; 2]) {
    let scene = Scene::new(seed);
    let [lamp, phone] = devices(&scene, air, configs);
    let user = User::new([Says::Yes; 2]);
    scene.run(&[&lamp, &phone], async {
        let all = [&lamp, &phone];
        let (here, there) = with_user(&scene, &user, all, pair(&scene, &lamp, &phone, level)).await;
        let here = here.unwrap();
        assert_eq!(here, there);
        assert!(here.bonded && here.level >= level && here.key_size == 16, "{here:?}");
        for device in [&lamp, &phone] {
            let bonds: Vec<_> = device.host().classic().bonds().collect();
            assert_eq!(bonds.len(), 1);
            assert_eq!(device.store().ids().len(), 1);
        }
        (here, [user.asked(0), user.asked(1)])
    })
}

#[test]
fn just_works_asks_nothing_or_for_consent() {
    let plain = ClassicConfig::new();
    for (consent, count) in [([false, false], [0, 0]), ([true, false], [1, 0]), ([true; 2], [1, 1])]
    {
        let configs = consent.map(|consent| plain.consent(consent));
        let (security, asked) = paired(400, &Air::new(), configs, Level::Encrypted);
        assert_eq!(security.level, Level::Encrypted);
        assert_eq!(security.kind, Some(KeyKind::Unauthenticated256));
        assert_eq!(asked.each_ref().map(Vec::len), count);
        assert!(asked.iter().flatten().all(|question| *question == Question::Confirm));
    }
    let p192 = Air::new().secure_connections(false);
    let (security, _) = paired(401, &p192, [plain; 2], Level::Encrypted);
    assert_eq!(security.kind, Some(KeyKind::Unauthenticated192));
}

#[test]
fn numeric_comparison() {
    let both = [io(ClassicIoCapability::DisplayYesNo); 2];
    let (security, asked) = paired(410, &Air::new(), both, Level::SecureConnections);
    assert_eq!(security.level, Level::SecureConnections);
    assert!(matches!(asked[0][..], [Question::Compare(_)]), "{asked:?}");
    assert_eq!(asked[0], asked[1]);
    let p192 = Air::new().secure_connections(false);
    let (security, _) = paired(411, &p192, both, Level::Authenticated);
    assert_eq!(security.level, Level::Authenticated);
    assert_eq!(security.kind, Some(KeyKind::Authenticated192));
}

#[test]
fn a_passkey_is_entered_on_either_side() {
    let (display, keyboard) =
        (io(ClassicIoCapability::DisplayOnly), io(ClassicIoCapability::KeyboardOnly));
    for (configs, enters) in [([display, keyboard], 1), ([keyboard, display], 0)] {
        let (security, asked) = paired(420, &Air::new(), configs, Level::Authenticated);
        assert_eq!(security.level, Level::SecureConnections);
        assert_eq!(asked[enters], [Question::Input]);
        assert!(matches!(asked[1 - enters][..], [Question::Display(_)]), "{asked:?}");
    }
}

#[test]
fn a_pin_for_peers_without_simple_pairing() {
    let old = Air::new().simple_pairing(false).secure_connections(false);
    let config = ClassicConfig::new();
    let short = config.legacy_pairing(LegacyPairing::Unauthenticated);
    let (security, asked) = paired(430, &old, [short; 2], Level::Encrypted);
    assert_eq!((security.level, security.kind), (Level::Encrypted, Some(KeyKind::Combination)));
    assert_eq!(asked, [[Question::Pin { sixteen: false }], [Question::Pin { sixteen: false }]]);
    let long = config.legacy_pairing(LegacyPairing::SixteenDigits);
    let scene = Scene::new(431);
    let [lamp, phone] = devices(&scene, &old, [config, long]);
    scene.run(&[&lamp, &phone], async {
        let user = User::new([Says::Yes; 2]);
        let pairing = pair(&scene, &lamp, &phone, Level::Encrypted);
        let (here, there) = with_user(&scene, &user, [&lamp, &phone], pairing).await;
        assert!(matches!(here, Err(Error::ClassicSecurity(_))), "{here:?}");
        assert_eq!(there.level, Level::Open);
        assert_eq!(user.asked(0), []);
    });
}

#[test]
fn each_side_may_refuse() {
    use Says::{No, Nothing, Yes};
    let compare = [io(ClassicIoCapability::DisplayYesNo); 2];
    let consent = [ClassicConfig::new().consent(true); 2];
    for configs in [compare, consent] {
        for says in [[No, Yes], [Yes, No], [No, No], [Nothing, Yes], [Yes, Nothing]] {
            let scene = Scene::new(440);
            let [lamp, phone] = devices(&scene, &Air::new(), configs);
            scene.run(&[&lamp, &phone], async {
                let user = User::new(says);
                let pairing = pair(&scene, &lamp, &phone, Level::Encrypted);
                let (here, there) = with_user(&scene, &user, [&lamp, &phone], pairing).await;
                let failure = match here {
                    Err(Error::ClassicSecurity(failure)) => failure,
                    other => panic!("{says:?}: {other:?}"),
                };
                let expected = match says {
                    [_, No] => matches!(failure, ClassicFailure::Refused),
                    [_, Nothing] => matches!(failure, ClassicFailure::NotAllowed),
                    _ => matches!(failure, ClassicFailure::Status(_)),
                };
                assert!(expected, "{says:?}: {failure:?}");
                assert_eq!(there.level, Level::Open);
                for device in [&lamp, &phone] {
                    assert_eq!(device.host().classic().bonds().count(), 0);
                    assert_eq!(device.store().ids(), []);
                }
            });
        }
    }
}

#[test]
fn failures_delay_the_next_pairing() {
    let scene = Scene::new(450);
    let compare = [io(ClassicIoCapability::DisplayYesNo); 2];
    let [lamp, phone] = devices(&scene, &Air::new(), compare);
    scene.run(&[&lamp, &phone], async {
        let refuses = User::new([Says::No, Says::Yes]);
        let all = [&lamp, &phone];
        let level = Level::Encrypted;
        let first = with_user(&scene, &refuses, all, pair(&scene, &lamp, &phone, level)).await.0;
        assert!(
            matches!(first, Err(Error::ClassicSecurity(ClassicFailure::Status(_)))),
            "{first:?}"
        );
        let agrees = User::new([Says::Yes; 2]);
        let soon = with_user(&scene, &agrees, all, pair(&scene, &lamp, &phone, level)).await.0;
        let too_soon = Err(Error::ClassicSecurity(ClassicFailure::RepeatedAttempts));
        assert_eq!(soon, too_soon);
        assert_eq!(agrees.asked(0).len() + agrees.asked(1).len(), 0);
        scene.sleep(2000).await;
        let later = with_user(&scene, &agrees, all, pair(&scene, &lamp, &phone, level)).await.0;
        assert_eq!(later.map(|security| security.level), Ok(Level::SecureConnections));
    });
}

#[test]
fn a_listener_refuses_what_cannot_reach_its_level() {
    let scene = Scene::new(460);
    let (lamp, phone) = (dual(&scene, "lamp"), dual(&scene, "phone"));
    scene.run(&[&lamp, &phone], async {
        let at = address(lamp.host().classic()).await;
        let config = ClassicChannelConfig::BASIC;
        let _listener =
            lamp.host().classic().listen(PSM, config.level(Level::Authenticated)).unwrap();
        let classic = phone.host().classic();
        for level in [Level::Open, Level::Encrypted] {
            let refused = classic.open_channel(at, PSM, config.level(level)).await;
            let Err(Error::ClassicClosed(ClassicCloseReason::Refused(result))) = refused else {
                panic!("{level:?}: {refused:?}");
            };
            assert_eq!(result.0, 3, "security block: {result:?}");
            // The failed pairing delays the next one.
            scene.sleep(3000).await;
        }
        let own = classic.open_channel(at, PSM, config.level(Level::Authenticated)).await;
        // No user can compare numbers here.
        assert_eq!(own.map(drop), Err(Error::ClassicSecurity(ClassicFailure::NotAllowed)));
        scene.sleep(3000).await;
        // Nothing listens here.
        let none = classic.open_channel(at, ClassicPsm(0x1007), config).await;
        let none = none.map(drop);
        let Err(Error::ClassicClosed(ClassicCloseReason::Refused(result))) = none else {
            panic!("{none:?}");
        };
        assert_eq!(result.0, 2, "PSM not supported: {result:?}");
    });
}

#[test]
fn the_listener_secures_the_link_itself() {
    for level in [Level::Encrypted, Level::Authenticated, Level::SecureConnections] {
        let scene = Scene::new(470);
        let both = [io(ClassicIoCapability::DisplayYesNo); 2];
        let [lamp, phone] = devices(&scene, &Air::new(), both);
        scene.run(&[&lamp, &phone], async {
            let at = address(lamp.host().classic()).await;
            let config = ClassicChannelConfig::BASIC;
            let mut listener = lamp.host().classic().listen(PSM, config.level(level)).unwrap();
            let user = User::new([Says::Yes; 2]);
            let classic = phone.host().classic();
            let open =
                join(listener.accept(), classic.open_channel(at, PSM, config.level(Level::Open)));
            let (there, here) = with_user(&scene, &user, [&lamp, &phone], open).await;
            let (there, here) = (there.unwrap(), here.unwrap());
            here.send(b"secured").await.unwrap();
            assert_eq!(there.recv(&mut [0; 672]).await, Ok(7));
            let link = classic.connect(at).await.unwrap();
            assert_eq!(link.security().unwrap().level, Level::SecureConnections);
            assert_eq!(user.asked(1).len(), 1);
        });
    }
}
