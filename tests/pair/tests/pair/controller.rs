//! The controller's own cryptography: random numbers, AES-128 and P-256.

use core::pin::pin;

use bindrune::{Config, Controller, ControllerCrypto, ControllerOnlyCrypto, Crypto, Error, Key};
use bindrune_controller::ControllerConfig;
use bindrune_pair::{Device, Scene};
use embassy_futures::{
    join::{join, join4},
    select::{Either, select},
};
use embassy_time::Duration;

/// Returns a scene with one device on this controller.
fn alone(seed: u64, controller: ControllerConfig) -> (Scene, Device) {
    let scene = Scene::new(seed);
    let device = scene.device_on(controller, Config::new("alone"));
    (scene, device)
}

fn reversed<const N: usize>(mut octets: [u8; N]) -> [u8; N] {
    octets.reverse();
    octets
}

/// FIPS 197, appendix C.1, through LE Encrypt.
async fn check_encrypt(controller: &Controller<'_>) {
    let key = Key::new(core::array::from_fn(|i| 15 - i as u8));
    let plain = core::array::from_fn(|i| 0x11 * (15 - i as u8));
    let cipher = 0x69c4_e0d8_6a7b_0430_d8cd_b780_70b4_c55a_u128.to_be_bytes();
    assert_eq!(controller.encrypt(&key, plain).await, Ok(reversed(cipher)));
}

#[test]
fn random_numbers_blocks_and_keys_come_in_the_order_of_requests() {
    let (scene, device) = alone(201, ControllerConfig::new());
    scene.run(&[&device], async {
        let controller = Controller::new(device.host());
        check_encrypt(&controller).await;
        let (first, key, second, block) = join4(
            controller.rand(),
            controller.p256_public_key(),
            controller.rand(),
            check_encrypt(&controller),
        )
        .await;
        assert_ne!(first.unwrap(), second.unwrap());
        let again = controller.p256_public_key().await.unwrap();
        assert_ne!(key.unwrap(), again, "a key pair is fresh");
        block
    });
}

#[test]
fn two_controllers_and_two_programs_agree_on_a_key() {
    let scene = Scene::new(202);
    let (lamp, phone) = (scene.device(Config::new("lamp")), scene.device(Config::new("phone")));
    scene.run(&[&lamp, &phone], async {
        let (here, there) = (Controller::new(lamp.host()), Controller::new(phone.host()));
        for mut cryptos in [
            [ControllerCrypto::new(), ControllerCrypto::new()],
            [ControllerCrypto::new(), ControllerCrypto::random_only()],
            [ControllerCrypto::random_only(), ControllerCrypto::random_only()],
        ] {
            let [ours, theirs] = &mut cryptos;
            agree((&here, ours), (&there, theirs)).await;
        }
        let mut random_only = ControllerCrypto::random_only();
        agree((&here, &mut ControllerOnlyCrypto), (&there, &mut ControllerOnlyCrypto)).await;
        agree((&here, &mut ControllerOnlyCrypto), (&there, &mut random_only)).await;
    });
}

/// Lets both generate a key pair, and compare their Diffie-Hellman keys.
async fn agree(
    (here, ours): (&Controller<'_>, &mut impl Crypto),
    (there, theirs): (&Controller<'_>, &mut impl Crypto),
) {
    let (own, peer) = join(ours.key_pair(here), theirs.key_pair(there)).await;
    let (own, peer) = (own.unwrap(), peer.unwrap());
    let (a, b) =
        join(ours.dh_key(here, &own, &peer.public), theirs.dh_key(there, &peer, &own.public)).await;
    assert_eq!(a.unwrap(), b.unwrap());
    assert_ne!(ours.random(here).await.unwrap(), ours.random(here).await.unwrap());
}

#[test]
fn a_replaced_key_pair_makes_no_key() {
    let (scene, device) = alone(203, ControllerConfig::new());
    scene.run(&[&device], async {
        let controller = Controller::new(device.host());
        let mut crypto = ControllerCrypto::new();
        let older = crypto.key_pair(&controller).await.unwrap();
        let newer = crypto.key_pair(&controller).await.unwrap();
        assert_eq!(controller.dh_key(&older.public, &newer.public).await, Err(Error::Busy));
        assert_eq!(crypto.dh_key(&controller, &older, &newer.public).await, None);
        assert!(crypto.dh_key(&controller, &newer, &older.public).await.is_some());
    });
}

#[test]
fn without_p256_in_the_controller_keys_are_made_in_software() {
    let (scene, device) = alone(204, ControllerConfig::new().p256(false));
    scene.run(&[&device], async {
        let controller = Controller::new(device.host());
        assert_eq!(controller.p256_public_key().await, Err(Error::Unsupported));
        let key = ControllerCrypto::new().key_pair(&controller).await.unwrap();
        assert!(key.private.is_some());
        assert_eq!(
            ControllerOnlyCrypto.key_pair(&controller).await,
            None,
            "the host has no key either"
        );
    });
}

#[test]
fn a_controller_that_never_finishes_is_given_up_after_10_s() {
    let config = ControllerConfig::new().p256_time(Duration::from_secs(30));
    let (scene, device) = alone(205, config);
    scene.run(&[&device], async {
        let controller = Controller::new(device.host());
        let began = scene.now();
        let key = ControllerCrypto::new().key_pair(&controller).await.unwrap();
        assert!(key.private.is_some(), "the key is computed in software");
        let waited = (scene.now() - began).as_millis();
        assert!((10_000..10_100).contains(&waited), "{waited} ms");
        // A late answer is not taken as the answer to the next request.
        assert_eq!(controller.p256_public_key().await, Err(Error::Unsupported));
        check_encrypt(&controller).await;
        scene.sleep(25_000).await;
        assert_eq!(controller.p256_public_key().await, Err(Error::Timeout));
    });
}

#[test]
fn a_request_that_is_dropped_half_way_blocks_no_other() {
    let (scene, device) = alone(206, ControllerConfig::new());
    scene.run(&[&device], async {
        let controller = Controller::new(device.host());
        controller.rand().await.unwrap();
        for milliseconds in 0..60 {
            let dropped = scene.within(milliseconds, controller.p256_public_key()).await;
            let (octets, key) = join(controller.rand(), controller.p256_public_key()).await;
            assert!(octets.is_ok() && dropped.is_none_or(|old| old != key));
            controller.dh_key(&key.unwrap(), &key.unwrap()).await.unwrap();
        }
    });
}

#[test]
fn a_lost_controller_ends_the_request_and_has_no_key_afterwards() {
    let config = ControllerConfig::new().p256_time(Duration::from_secs(2));
    let (scene, device) = alone(207, config);
    scene.world().block_on(async {
        let controller = Controller::new(device.host());
        let key = {
            let mut drive = Box::pin(device.drive());
            let key = match select(drive.as_mut(), controller.p256_public_key()).await {
                Either::First(error) => panic!("{error}"),
                Either::Second(key) => key.unwrap(),
            };
            let mut request = pin!(controller.dh_key(&key, &key));
            assert!(scene.within(500, select(drive, request.as_mut())).await.is_none());
            assert_eq!(request.await, Err(Error::ControllerLost));
            key
        };
        let after = async {
            assert_eq!(controller.dh_key(&key, &key).await, Err(Error::Busy));
            check_encrypt(&controller).await;
        };
        assert!(matches!(select(device.drive(), after).await, Either::Second(())));
    });
}
