//! Purposes of the SIG's test suite that the other tests do not have: modes of BR/EDR and of both transports, and
//! security.

use bindrune::{
    ChannelConfig, ClassicChannelConfig, ClassicCloseReason, ClassicConfig, ClassicDiscoverable,
    ClassicIoCapability, ClassicPsm, Config, Error, Inquiry, Level, Psm,
};
use bindrune_controller::ClassicConfig as Air;
use bindrune_pair::{Device, Scene};
use embassy_futures::join::join;
use embassy_time::Duration;

use crate::{
    address, channels,
    security::{Says, User, with_user},
    two,
};

const PSM: ClassicPsm = ClassicPsm(0x1015);

/// Returns whether the inquiry of `by` finds one device.
async fn finds(by: &Device, inquiry: Inquiry) -> bool {
    let mut discovery = by.host().classic().discover(inquiry).await.unwrap();
    let found = discovery.next(&mut [0; 240]).await.unwrap().is_some();
    assert!(!found || discovery.next(&mut [0; 240]).await.unwrap().is_none());
    found
}

#[test]
fn each_discoverable_mode_answers_its_inquiries() {
    let modes = [
        (ClassicDiscoverable::No, [false, false]),
        (ClassicDiscoverable::Limited(Duration::from_secs(60)), [true, true]),
        (ClassicDiscoverable::General, [true, false]),
    ];
    for (mode, found) in modes {
        let scene = Scene::new(800);
        let (lamp, phone) = two(&scene);
        scene.run(&[&lamp, &phone], async {
            address(lamp.host().classic()).await;
            lamp.host().classic().set_discoverable(mode).unwrap();
            for (inquiry, found) in [Inquiry::GENERAL, Inquiry::LIMITED].into_iter().zip(found) {
                assert_eq!(finds(&phone, inquiry).await, found, "{mode:?}, {inquiry:?}");
            }
            scene.sleep(60_000).await;
            let is_general = mode == ClassicDiscoverable::General;
            assert_eq!(finds(&phone, Inquiry::GENERAL).await, is_general);
        });
    }
}

#[test]
fn a_device_answers_pages_while_it_is_connectable() {
    let scene = Scene::new(810);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let (there, here) = (lamp.host().classic(), phone.host().classic());
        let at = address(there).await;
        assert!(here.connect(at).await.is_err());
        there.set_connectable(true).unwrap();
        let link = here.connect(at).await.unwrap();
        there.set_connectable(false).unwrap();
        link.disconnect().await.unwrap();
        assert!(here.connect(at).await.is_err());
    });
}

/// Position of the first event of encryption that is on, and of the first request for a channel on [`PSM`].
fn order(octets: &[u8]) -> [Option<usize>; 2] {
    let [low, high] = PSM.0.to_le_bytes();
    let encrypted =
        |event: &[u8]| matches!(event, [4, 8, 4, 0, _, handle, on] if *handle < 16 && *on > 0);
    let requested =
        |frame: &[u8]| matches!(frame, [1, 0, 2, _, 4, 0, a, b] if [*a, *b] == [low, high]);
    [octets.windows(7).position(encrypted), octets.windows(8).position(requested)]
}

#[test]
fn a_channel_is_requested_only_on_a_secure_link() {
    for (user, level) in [
        (ClassicIoCapability::NoInputNoOutput, Level::Encrypted),
        (ClassicIoCapability::DisplayYesNo, Level::Authenticated),
        (ClassicIoCapability::DisplayYesNo, Level::SecureConnections),
    ] {
        let scene = Scene::new(820);
        let config = ClassicConfig::new().io_capability(user);
        let [lamp, phone] = ["lamp", "phone"].map(|name| scene.dual(Config::new(name), config));
        // The second time the bond is used.
        for is_bonded in [false, true] {
            let before = scene.trace().octets().len();
            let user = User::new([Says::Yes; 2]);
            scene.run(&[&lamp, &phone], async {
                let at = address(lamp.host().classic()).await;
                let config = ClassicChannelConfig::BASIC.level(level);
                let mut listener = lamp.host().classic().listen(PSM, config).unwrap();
                let classic = phone.host().classic();
                let open = classic.open_channel(at, PSM, config);
                let both = join(listener.accept(), open);
                let (there, here) = with_user(&scene, &user, [&lamp, &phone], both).await;
                assert!(there.is_ok() && here.is_ok(), "{there:?} {here:?}");
                let link = classic.connect(at).await.unwrap();
                assert!(link.security().unwrap().level >= level);
            });
            let [encrypted, requested] = order(&scene.trace().octets()[before..]);
            assert!(encrypted.is_some() && encrypted < requested, "{encrypted:?} {requested:?}");
            let asked = user.asked(0).len() + user.asked(1).len();
            assert_eq!(asked > 0, level > Level::Encrypted && !is_bonded);
        }
    }
}

#[test]
fn a_key_is_raised_for_a_service_that_needs_more() {
    let scene = Scene::new(830);
    let config = ClassicConfig::new().io_capability(ClassicIoCapability::DisplayYesNo);
    let [lamp, phone] = ["lamp", "phone"].map(|name| scene.dual(Config::new(name), config));
    scene.run(&[&lamp, &phone], async {
        let user = User::new([Says::Yes; 2]);
        let at = address(lamp.host().classic()).await;
        let low = ClassicChannelConfig::BASIC;
        let high = low.level(Level::Authenticated);
        let next = ClassicPsm(PSM.0 + 2);
        let mut first = lamp.host().classic().listen(PSM, low).unwrap();
        let mut second = lamp.host().classic().listen(next, high).unwrap();
        let classic = phone.host().classic();
        let open = async {
            let one = join(first.accept(), classic.open_channel(at, PSM, low)).await;
            let link = classic.connect(at).await.unwrap();
            let before = link.security().unwrap().level;
            let two = join(second.accept(), classic.open_channel(at, next, high)).await;
            let all = one.0.is_ok() && one.1.is_ok() && two.0.is_ok() && two.1.is_ok();
            (before, link.security().unwrap().level, all)
        };
        let (before, after, all) = with_user(&scene, &user, [&lamp, &phone], open).await;
        assert!(before >= Level::Encrypted && after >= Level::Authenticated && all);
    });
}

/// Opens a channel for which the side `strict` requires `level`; the phone requests it. Twice: new, and with what was
/// kept.
fn channel_of(sc: bool, strict: usize, only: bool, level: Level) -> [Result<(), Error>; 2] {
    let scene = Scene::new(840);
    let config = ClassicConfig::new().io_capability(ClassicIoCapability::DisplayYesNo).mitm(true);
    let with_sc = Air::new();
    let devices: [_; 2] = core::array::from_fn(|side| {
        let is_strict = side == strict;
        let air = if is_strict { with_sc.clone() } else { Air::new().secure_connections(sc) };
        let config = if only && is_strict { config.only_secure_connections() } else { config };
        scene.dual_on(air, Config::new("device"), config)
    });
    let [lamp, phone] = &devices;
    core::array::from_fn(|_| {
        scene.run(&[lamp, phone], async {
            let user = User::new([Says::Yes; 2]);
            let at = address(lamp.host().classic()).await;
            let basic = ClassicChannelConfig::BASIC;
            let of = |side| if side == strict { basic.level(level) } else { basic };
            let mut listener = lamp.host().classic().listen(PSM, of(0)).unwrap();
            let classic = phone.host().classic();
            let open = async {
                match embassy_futures::select::select(classic.open_channel(at, PSM, of(1)), async {
                    let _accepted = listener.accept().await;
                    core::future::pending::<()>().await;
                })
                .await
                {
                    embassy_futures::select::Either::First(opened) => opened.map(drop),
                    embassy_futures::select::Either::Second(()) => panic!("a listener has ended"),
                }
            };
            let result = with_user(&scene, &user, [lamp, phone], open).await;
            scene.sleep(5000).await;
            result
        })
    })
}

#[test]
fn secure_connections_only_refuses_a_peer_without_them() {
    for strict in [0, 1] {
        for result in channel_of(false, strict, true, Level::Authenticated) {
            assert!(result.is_err(), "{strict}: {result:?}");
        }
        for result in channel_of(true, strict, true, Level::Authenticated) {
            assert_eq!(result, Ok(()), "{strict}");
        }
    }
}

#[test]
fn a_peer_without_secure_connections_reaches_level_3_and_not_4() {
    for strict in [0, 1] {
        for result in channel_of(false, strict, false, Level::Authenticated) {
            assert_eq!(result, Ok(()), "{strict}");
        }
        for result in channel_of(false, strict, false, Level::SecureConnections) {
            let is_refused = match result {
                Err(Error::ClassicClosed(ClassicCloseReason::Refused(result))) => result.0 == 3,
                Err(Error::ClassicSecurity(_)) => true,
                _ => false,
            };
            assert!(is_refused, "{strict}: {result:?}");
        }
    }
}

/// Each device is central or peripheral of LE, and requests or accepts the link of BR/EDR.
#[test]
fn both_transports_connect_in_every_combination_of_roles() {
    for swapped in [false, true] {
        for le_first in [false, true] {
            let scene = Scene::new(850);
            let (lamp, phone) = two(&scene);
            scene.run(&[&lamp, &phone], async {
                let (there, here) = if swapped { (&phone, &lamp) } else { (&lamp, &phone) };
                let at = address(there.host().classic()).await;
                there.host().classic().set_connectable(true).unwrap();
                let le = if le_first { Some(scene.connect(&lamp, &phone).await) } else { None };
                let link = here.host().classic().connect(at).await.unwrap();
                let le = match le {
                    Some(le) => le,
                    None => scene.connect(&lamp, &phone).await,
                };
                assert_eq!(link.secure(Level::Encrypted).await.unwrap().level, Level::Encrypted);
                assert!(le.0.mtu().is_ok() && le.1.mtu().is_ok());
                let back = address(here.host().classic()).await;
                assert!(there.host().classic().connect(back).await.is_ok());
                link.disconnect().await.unwrap();
                assert!(le.0.mtu().is_ok() && le.1.mtu().is_ok());
            });
        }
    }
}

/// Each transport begins with the same CID.
#[test]
fn channels_of_both_transports_may_have_the_same_ids() {
    let scene = Scene::new(860);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let (there, here) = channels(&lamp, &phone, PSM, ClassicChannelConfig::BASIC).await;
        let (_lamp_link, phone_link) = scene.connect(&lamp, &phone).await;
        let config = ChannelConfig::default();
        let mut listener = lamp.host().listen(Psm(0x81), config).unwrap();
        let opened = join(listener.accept(), phone_link.open_channel(Psm(0x81), config)).await;
        let ((_link, mut le_there), mut le_here) = (opened.0.unwrap(), opened.1.unwrap());
        // The CIDs of all four ends, as each device requests and confirms them.
        let octets = scene.trace();
        let ids = |code: u8| {
            let is_one = move |frame: &&[u8]| frame[0] == code && frame[4..6] == [0x40, 0];
            octets.octets().windows(8).find(is_one).is_some()
        };
        assert!(ids(0x03) && ids(0x15));
        for number in 0..20u8 {
            here.send(&[number; 30]).await.unwrap();
            le_here.send(&[number, 0xff]).await.unwrap();
            let mut buffer = [0; 672];
            assert_eq!(there.recv(&mut buffer).await, Ok(30));
            assert_eq!(buffer[..30], [number; 30]);
            assert_eq!(le_there.recv(&mut buffer).await, Ok(2));
            assert_eq!(buffer[..2], [number, 0xff]);
        }
    });
}
