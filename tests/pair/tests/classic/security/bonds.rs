//! Bonds, their store, and the size of keys.

use bindrune::{ClassicConfig, ClassicFailure, Config, Error, Level, RecordId};
use bindrune_controller::ClassicConfig as Air;
use bindrune_pair::{MemoryStore, Scene};
use embassy_futures::join::join;
use embassy_time::Duration;

use super::{Says, User, bonded, devices, pair, reconnect, with_user};
use crate::{address, dual};

#[test]
fn the_key_of_the_bond_secures_the_next_link_in_both_directions() {
    for air in [Air::new(), Air::new().secure_connections(false)] {
        let (scene, [lamp, phone]) = bonded(480, &air);
        scene.run(&[&lamp, &phone], async {
            let (result, there) = reconnect(&scene, &lamp, &phone).await;
            assert_eq!(result.map(|security| security.level), Ok(there));
            assert!(there >= Level::Authenticated);
            scene.sleep(5000).await;
            let (result, there) = reconnect(&scene, &phone, &lamp).await;
            assert_eq!(result.map(|security| security.level), Ok(there));
        });
    }
}

#[test]
fn bonds_survive_a_restart_of_both_hosts() {
    let (scene, [mut lamp, mut phone]) = bonded(490, &Air::new());
    lamp.restart(Config::new("lamp"));
    phone.restart(Config::new("phone"));
    scene.run(&[&lamp, &phone], async {
        let (result, there) = reconnect(&scene, &lamp, &phone).await;
        assert_eq!(result.map(|security| security.level), Ok(Level::SecureConnections));
        assert_eq!(there, Level::SecureConnections);
        assert_eq!(lamp.host().classic().bonds().count(), 1);
    });
}

#[test]
fn bonds_are_loaded_without_places_for_those_of_le() {
    let scene = Scene::new(495);
    let config = |name| Config::new(name).bonds(0);
    let device = |name| scene.dual(config(name), ClassicConfig::new());
    let (mut lamp, mut phone) = (device("lamp"), device("phone"));
    for restarted in [false, true] {
        if restarted {
            lamp.restart(config("lamp"));
            phone.restart(config("phone"));
        }
        scene.run(&[&lamp, &phone], async {
            let (there, here) = (lamp.host().classic(), phone.host().classic());
            let at = address(there).await;
            there.set_connectable(true).unwrap();
            let link = here.connect(at).await.unwrap();
            assert_eq!(here.bonds().count(), usize::from(restarted));
            assert!(link.secure(Level::Encrypted).await.is_ok());
            scene.sleep(1000).await;
            assert_eq!(here.bonds().count(), 1);
        });
    }
}

#[test]
fn a_peer_that_lost_its_key_is_an_error_and_the_bond_stays() {
    let (scene, [lamp, phone]) = bonded(500, &Air::new());
    scene.run(&[&lamp, &phone], async {
        let own = address(phone.host().classic()).await;
        assert!(lamp.host().classic().remove_bond(own));
        let user = User::new([Says::Yes; 2]);
        let all = [&lamp, &phone];
        let level = Level::Authenticated;
        let (lost, _) = with_user(&scene, &user, all, pair(&scene, &lamp, &phone, level)).await;
        assert_eq!(lost, Err(Error::ClassicSecurity(ClassicFailure::KeyMissing)));
        assert_eq!((user.asked(0), user.asked(1)), (vec![], vec![]), "no pairing unasked");
        assert_eq!(phone.host().classic().bonds().count(), 1);
        scene.sleep(5000).await;
        let at = address(lamp.host().classic()).await;
        let again = async {
            let link = phone.host().classic().connect(at).await?;
            link.pair(level).await
        };
        let again = with_user(&scene, &user, all, again).await;
        assert_eq!(again.map(|security| security.level), Ok(Level::SecureConnections));
        scene.sleep(5000).await;
        let (result, _) = reconnect(&scene, &lamp, &phone).await;
        assert!(result.is_ok(), "{result:?}");
    });
}

#[test]
fn a_short_encryption_key_ends_the_link() {
    for (air, size) in [
        (Air::new().encryption_key_size(1).secure_connections(false), 1),
        (Air::new().encryption_key_size(6).secure_connections(false), 6),
        (Air::new().encryption_key_size(15), 15),
    ] {
        let scene = Scene::new(510);
        let [lamp, phone] = devices(&scene, &air, [ClassicConfig::new(); 2]);
        scene.run(&[&lamp, &phone], async {
            let at = address(lamp.host().classic()).await;
            lamp.host().classic().set_connectable(true).unwrap();
            let link = phone.host().classic().connect(at).await.unwrap();
            let weak = link.secure(Level::Encrypted).await;
            let expected = ClassicFailure::KeySize(size);
            assert_eq!(weak, Err(Error::ClassicSecurity(expected)), "{size}");
            let reason = scene.within(3000, link.disconnected()).await;
            assert!(reason.is_some(), "{size}: the link is up");
            assert!(link.security().is_err());
        });
    }
    let enough = Air::new().encryption_key_size(7).secure_connections(false);
    let scene = Scene::new(511);
    let [lamp, phone] = devices(&scene, &enough, [ClassicConfig::new(); 2]);
    scene.run(&[&lamp, &phone], async {
        let (result, _) = pair(&scene, &lamp, &phone, Level::Encrypted).await;
        assert_eq!(result.map(|security| security.key_size), Ok(7));
    });
}

#[test]
fn a_removed_bond_is_gone_from_the_store() {
    let (scene, [mut lamp, mut phone]) = bonded(520, &Air::new());
    scene.run(&[&lamp, &phone], async {
        let (at, own) =
            (address(lamp.host().classic()).await, address(phone.host().classic()).await);
        assert_eq!(phone.store().ids(), [RecordId::Classic(at)]);
        assert!(phone.host().classic().remove_bond(at));
        assert!(!phone.host().classic().remove_bond(at));
        assert!(lamp.host().classic().remove_bond(own));
        assert_eq!(phone.host().classic().bonds().count(), 0);
        scene.sleep(100).await;
    });
    for device in [&mut lamp, &mut phone] {
        assert_eq!(device.store().ids(), []);
        device.restart(Config::new("again"));
    }
    scene.run(&[&lamp, &phone], async {
        address(lamp.host().classic()).await;
        assert_eq!(lamp.host().classic().bonds().count(), 0);
        let (result, _) = reconnect(&scene, &lamp, &phone).await;
        // Without a user, there is no comparison.
        assert!(matches!(result, Err(Error::ClassicSecurity(_))), "{result:?}");
    });
}

#[test]
fn a_bond_that_is_removed_while_it_is_being_stored_is_gone() {
    let scene = Scene::new(530);
    let lamp = dual(&scene, "lamp");
    let slow = MemoryStore::new().slow_to_store(scene.clock(), Duration::from_millis(500));
    let phone = dual(&scene, "phone").with_store(slow);
    scene.run(&[&lamp, &phone], async {
        let (result, _) = pair(&scene, &lamp, &phone, Level::Encrypted).await;
        assert!(result.is_ok(), "{result:?}");
        let at = address(lamp.host().classic()).await;
        assert_eq!(phone.store().ids(), []);
        assert!(phone.host().classic().remove_bond(at));
        scene.sleep(3000).await;
        assert_eq!(phone.store().ids(), []);
    });
}

#[test]
fn two_pairings_with_one_device_do_not_disturb_each_other() {
    let scene = Scene::new(540);
    let hub = dual(&scene, "hub");
    let others = ["one", "two"].map(|name| dual(&scene, name));
    let [one, two] = &others;
    scene.run(&[&hub, one, two], async {
        let level = Level::Encrypted;
        let (first, second) =
            join(pair(&scene, &hub, one, level), pair(&scene, &hub, two, level)).await;
        assert!(first.0.is_ok() && second.0.is_ok(), "{first:?} {second:?}");
        assert_eq!(hub.host().classic().bonds().count(), 2);
    });
}
