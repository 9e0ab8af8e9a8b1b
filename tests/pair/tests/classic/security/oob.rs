//! Pairing by out-of-band data: in one direction, in both, with wrong data and without.

use bindrune::{
    Address, ClassicConfig, ClassicFailure, ClassicIoCapability, ClassicOob, ClassicSecret,
    ClassicSecurity, Config, Error, KeyKind, Level, Status,
};
use bindrune_controller::ClassicConfig as Air;
use bindrune_pair::{Device, Scene};

use super::{devices, io, pair, reconnect};
use crate::{address, dual, three};

/// Creates data of a device.
async fn made(of: &Device) -> ClassicOob {
    of.host().classic().oob().await.unwrap()
}

/// Sets data that came from a device.
async fn set(at: &Device, from: &Device, data: ClassicOob) {
    let device = address(from.host().classic()).await;
    at.host().classic().set_peer_oob(device, Some(data)).unwrap();
}

/// Brings new data of a device to another one.
async fn bring(from: &Device, to: &Device) {
    set(to, from, made(from).await).await;
}

fn check(security: ClassicSecurity, secure: bool) {
    let (level, kind) = if secure {
        (Level::SecureConnections, KeyKind::Authenticated256)
    } else {
        (Level::Authenticated, KeyKind::Authenticated192)
    };
    assert_eq!((security.level, security.kind), (level, Some(kind)));
    assert!(security.bonded && security.key_size == 16, "{security:?}");
}

fn failed(failure: ClassicFailure) -> Result<ClassicSecurity, Error> {
    Err(Error::ClassicSecurity(failure))
}

const WRONG: ClassicFailure = ClassicFailure::Status(Status::AUTHENTICATION_FAILURE);

/// Checks that a device has no bond, and stored none.
fn unbonded(device: &Device) {
    assert_eq!(device.host().classic().bonds().count(), 0);
    assert_eq!(device.store().ids(), []);
}

#[test]
fn data_of_either_side_or_of_both_authenticates() {
    for secure in [true, false] {
        for (to_lamp, to_phone) in [(true, false), (false, true), (true, true)] {
            for capability in
                [ClassicIoCapability::NoInputNoOutput, ClassicIoCapability::DisplayYesNo]
            {
                let scene = Scene::new(600);
                let air = Air::new().secure_connections(secure);
                let [lamp, phone] =
                    devices(&scene, &air, [ClassicConfig::new().io_capability(capability); 2]);
                scene.run(&[&lamp, &phone], async {
                    if to_lamp {
                        bring(&phone, &lamp).await;
                    }
                    if to_phone {
                        bring(&lamp, &phone).await;
                    }
                    // Without a user, the side that begins must know that there will be no question.
                    let by_lamp = to_lamp && !to_phone;
                    let (there, here) = if by_lamp { (&phone, &lamp) } else { (&lamp, &phone) };
                    let (own, other) = pair(&scene, there, here, Level::Authenticated).await;
                    check(own.unwrap(), secure);
                    check(other, secure);
                    for device in [&lamp, &phone] {
                        assert_eq!(device.host().classic().bonds().count(), 1);
                    }
                });
            }
        }
    }
}

#[test]
fn the_side_that_only_gave_data_can_begin() {
    let scene = Scene::new(601);
    let [lamp, phone] = devices(&scene, &Air::new(), [ClassicConfig::new(); 2]);
    scene.run(&[&lamp, &phone], async {
        bring(&phone, &lamp).await;
        let (own, other) = pair(&scene, &lamp, &phone, Level::Encrypted).await;
        check(own.unwrap(), true);
        check(other, true);
    });
}

#[test]
fn wrong_data_fails_at_both_sides() {
    for secure in [true, false] {
        for at_lamp in [true, false] {
            for commitment in [true, false] {
                let scene = Scene::new(610);
                let air = Air::new().secure_connections(secure);
                let [lamp, phone] = devices(&scene, &air, [ClassicConfig::new(); 2]);
                scene.run(&[&lamp, &phone], async {
                    let (from, to) = if at_lamp { (&phone, &lamp) } else { (&lamp, &phone) };
                    let mut data = made(from).await;
                    for values in [&mut data.p192, &mut data.p256].into_iter().flatten() {
                        let value =
                            if commitment { &mut values.commitment } else { &mut values.random };
                        let mut octets = *value.octets();
                        octets[15] ^= 1;
                        *value = ClassicSecret::new(octets);
                    }
                    set(to, from, data).await;
                    let (own, other) = pair(&scene, &lamp, &phone, Level::Encrypted).await;
                    assert_eq!(own, failed(WRONG));
                    assert_eq!(other.level, Level::Open);
                    unbonded(&lamp);
                    unbonded(&phone);
                });
            }
        }
    }
}

#[test]
fn a_stranger_with_wrong_data_harms_no_other_peer() {
    let scene = Scene::new(620);
    let [lamp, phone, thief] = three(&scene);
    scene.run(&[&lamp, &phone, &thief], async {
        let own = made(&lamp).await;
        set(&thief, &lamp, made(&thief).await).await;
        let (stolen, _) = pair(&scene, &lamp, &thief, Level::Encrypted).await;
        assert_eq!(stolen, failed(WRONG));
        set(&phone, &lamp, own.clone()).await;
        let (right, other) = pair(&scene, &lamp, &phone, Level::Authenticated).await;
        check(right.unwrap(), true);
        check(other, true);
        // The data has served its pairing, so that even the right one is refused now.
        scene.sleep(5000).await;
        set(&thief, &lamp, own).await;
        let (late, _) = pair(&scene, &lamp, &thief, Level::Encrypted).await;
        assert_eq!(late, failed(WRONG));
        assert_eq!(lamp.host().classic().bonds().count(), 1);
        unbonded(&thief);
    });
}

#[test]
fn a_failed_attempt_does_not_open_another_way_to_pair() {
    let scene = Scene::new(625);
    let [lamp, phone] = devices(&scene, &Air::new(), [io(ClassicIoCapability::NoInputNoOutput); 2]);
    scene.run(&[&lamp, &phone], async {
        let (at, right) = (address(lamp.host().classic()).await, made(&lamp).await);
        let mut wrong = right.clone();
        for values in [&mut wrong.p192, &mut wrong.p256].into_iter().flatten() {
            values.commitment = ClassicSecret::new([7; 16]);
        }
        set(&phone, &lamp, wrong).await;
        let (first, _) = pair(&scene, &lamp, &phone, Level::Encrypted).await;
        assert_eq!(first, failed(WRONG));
        // Without the data that is used, Just Works would be next. The phone still insists on data.
        scene.sleep(5000).await;
        let (second, _) = pair(&scene, &lamp, &phone, Level::Encrypted).await;
        assert_eq!(second, failed(ClassicFailure::NoOob));
        unbonded(&phone);
        scene.sleep(20_000).await;
        phone.host().classic().set_peer_oob(at, Some(right)).unwrap();
        let (third, _) = pair(&scene, &lamp, &phone, Level::Authenticated).await;
        check(third.unwrap(), true);
    });
}

#[test]
fn data_is_used_once() {
    let scene = Scene::new(630);
    let [lamp, phone] = devices(&scene, &Air::new(), [io(ClassicIoCapability::NoInputNoOutput); 2]);
    scene.run(&[&lamp, &phone], async {
        bring(&lamp, &phone).await;
        let (first, _) = pair(&scene, &lamp, &phone, Level::Authenticated).await;
        check(first.unwrap(), true);
        let (at, own) =
            (address(lamp.host().classic()).await, address(phone.host().classic()).await);
        scene.sleep(5000).await;
        assert!(phone.host().classic().remove_bond(at) && lamp.host().classic().remove_bond(own));
        // Without data, nothing protects the next pairing.
        let (second, _) = pair(&scene, &lamp, &phone, Level::Authenticated).await;
        assert_eq!(second, failed(ClassicFailure::Terms));
        scene.sleep(5000).await;
        bring(&lamp, &phone).await;
        let (third, _) = pair(&scene, &lamp, &phone, Level::Authenticated).await;
        check(third.unwrap(), true);
    });
}

#[test]
fn without_data_there_is_no_authentication() {
    let scene = Scene::new(640);
    let (lamp, phone) = (dual(&scene, "lamp"), dual(&scene, "phone"));
    scene.run(&[&lamp, &phone], async {
        // Data that did not reach the other side changes nothing.
        let (_of_lamp, of_phone) = (made(&lamp).await, made(&phone).await);
        set(&lamp, &phone, of_phone).await;
        let at = address(phone.host().classic()).await;
        lamp.host().classic().set_peer_oob(at, None).unwrap();
        let (own, _) = pair(&scene, &lamp, &phone, Level::Authenticated).await;
        assert_eq!(own, failed(ClassicFailure::Terms));
        scene.sleep(5000).await;
        let (own, other) = pair(&scene, &lamp, &phone, Level::Encrypted).await;
        assert_eq!(
            (own.unwrap().kind, other.level),
            (Some(KeyKind::Unauthenticated256), Level::Encrypted)
        );
    });
}

#[test]
fn data_for_the_other_kind_of_key_is_no_data() {
    let scene = Scene::new(650);
    let (lamp, phone) = (dual(&scene, "lamp"), dual(&scene, "phone"));
    scene.run(&[&lamp, &phone], async {
        let data = made(&lamp).await;
        assert!(data.p192.is_some() && data.p256.is_some());
        set(&phone, &lamp, ClassicOob { p256: None, ..data }).await;
        let (own, _) = pair(&scene, &lamp, &phone, Level::Encrypted).await;
        assert_eq!(own, failed(ClassicFailure::NoOob));
        unbonded(&phone);
    });
}

#[test]
fn a_bond_of_out_of_band_data_survives_a_restart_of_both() {
    let scene = Scene::new(660);
    let [mut lamp, mut phone] = devices(&scene, &Air::new(), [ClassicConfig::new(); 2]);
    scene.run(&[&lamp, &phone], async {
        bring(&lamp, &phone).await;
        let (own, _) = pair(&scene, &lamp, &phone, Level::Authenticated).await;
        check(own.unwrap(), true);
    });
    lamp.restart(Config::new("lamp"));
    phone.restart(Config::new("phone"));
    scene.run(&[&lamp, &phone], async {
        for (there, here) in [(&lamp, &phone), (&phone, &lamp)] {
            let (own, other) = reconnect(&scene, there, here).await;
            check(own.unwrap(), true);
            assert_eq!(other, Level::SecureConnections);
            scene.sleep(5000).await;
        }
    });
}

#[test]
fn a_restart_invalidates_data_of_this_device() {
    let scene = Scene::new(670);
    let [mut lamp, phone] = devices(&scene, &Air::new(), [ClassicConfig::new(); 2]);
    let data = scene.run(&[&lamp, &phone], async { made(&lamp).await });
    lamp.restart(Config::new("lamp"));
    scene.run(&[&lamp, &phone], async {
        set(&phone, &lamp, data).await;
        let (own, _) = pair(&scene, &lamp, &phone, Level::Encrypted).await;
        assert_eq!(own, failed(WRONG));
        scene.sleep(5000).await;
        bring(&lamp, &phone).await;
        let (own, _) = pair(&scene, &lamp, &phone, Level::Encrypted).await;
        check(own.unwrap(), true);
    });
}

#[test]
fn calls_have_bounds_and_errors() {
    let scene = Scene::new(680);
    let lamp = dual(&scene, "lamp");
    let plain = scene.device(Config::new("plain"));
    let old =
        scene.dual_on(Air::new().simple_pairing(false), Config::new("old"), ClassicConfig::new());
    let p192 = scene.dual_on(
        Air::new().secure_connections(false),
        Config::new("p192"),
        ClassicConfig::new(),
    );
    let only = ClassicConfig::new().only_secure_connections();
    let strict = scene.dual(Config::new("strict"), only);
    scene.run(&[&lamp, &plain, &old, &p192, &strict], async {
        let data = made(&lamp).await;
        let classic = lamp.host().classic();
        let peer = |last| Address::public([1, 2, 3, 4, 5, last]);
        for last in 0..4 {
            classic.set_peer_oob(peer(last), Some(data.clone())).unwrap();
        }
        assert_eq!(classic.set_peer_oob(peer(4), Some(data.clone())), Err(Error::Busy));
        assert_eq!(
            classic.set_peer_oob(peer(3), Some(data.clone())),
            Ok(()),
            "it replaces its own"
        );
        assert_eq!(classic.set_peer_oob(peer(2), None), Ok(()));
        assert_eq!(classic.set_peer_oob(peer(4), Some(data.clone())), Ok(()));
        assert_eq!(classic.set_peer_oob(peer(9), None), Ok(()));
        let random = Address::random([1, 2, 3, 4, 5, 0xc6]);
        let invalid = Err(Error::InvalidParameters);
        assert_eq!(classic.set_peer_oob(random, Some(data.clone())), invalid);
        let empty = ClassicOob { p192: None, p256: None };
        assert_eq!(classic.set_peer_oob(peer(0), Some(empty)), invalid);
        assert_eq!(format!("{data:?}").matches("Secret(..)").count(), 4);

        let unsupported = Err(Error::Unsupported);
        assert_eq!(plain.host().classic().set_peer_oob(peer(0), None), unsupported);
        assert_eq!(plain.host().classic().oob().await, Err(Error::Unsupported));
        assert_eq!(old.host().classic().oob().await, Err(Error::Unsupported));
        let p192 = made(&p192).await;
        assert!(p192.p192.is_some() && p192.p256.is_none());
        let strict = made(&strict).await;
        assert!(strict.p192.is_none() && strict.p256.is_some());
        // Each call makes other data; two calls at once make one.
        assert_ne!(made(&lamp).await, data);
        let (one, other) = embassy_futures::join::join(made(&lamp), made(&lamp)).await;
        assert_eq!(one, other);
    });
}
