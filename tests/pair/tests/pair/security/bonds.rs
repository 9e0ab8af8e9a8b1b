//! Bonds: their effect on the next link, and how they are lost, kept and removed.

use bindrune::{
    Config, Error, ErrorCode, Event, IoCapability, Level, PairingConfig, PairingFailure, Reason,
};
use bindrune_pair::Scene;

use super::{
    NOTHING, OPEN, SECRET, VAULT, between, bonded, ended, event, failure, reader, refused, safe,
    try_read, with_io, with_users,
};
use crate::table::{find, subscribed};

const SIMPLE: [Config; 2] = [safe(NOTHING), reader(NOTHING)];

#[test]
fn a_bonded_central_encrypts_before_anything_else_and_subscriptions_are_restored() {
    let scene = Scene::new(910);
    between(&scene, SIMPLE, async |lock, phone| {
        let (mut there, here) = scene.connect(lock, phone).await;
        here.pair().await.unwrap();
        let secret = find(&here, VAULT, &SECRET).await;
        let updates = here.subscribe(&secret).await.unwrap();
        subscribed(&mut there, &SECRET).await;
        drop(updates);
        let handle = secret.handle();
        ended(there, here).await;
        let (there, mut here) = scene.connect(lock, phone).await;
        // The first read of the application waits for encryption.
        let open = find(&here, VAULT, &OPEN).await;
        let security = here.security().unwrap();
        assert!(security.bonded && security.level == Level::Encrypted);
        assert_eq!(try_read(&here, &open).await, Ok(1));
        event(&mut here, |event| matches!(event, Event::Encrypted(_)).then_some(())).await;
        // No client subscribed on this link: the bond has the subscription.
        let secret = find(&here, VAULT, &SECRET).await;
        assert_eq!(secret.handle(), handle);
        there.notify(&SECRET, &[9]).await.unwrap();
        assert_eq!(here.identity(), here.peer().ok());
    });
}

#[test]
fn bonds_outlive_both_hosts_in_their_stores() {
    let scene = Scene::new(911);
    let [mut lock, mut phone] = SIMPLE.map(|config| scene.device(config));
    scene.run(
        &[&lock, &phone],
        with_users(&scene, [&lock, &phone], async {
            bonded(&scene, &lock, &phone).await;
            let bond = lock.host().bonds().next().unwrap();
            assert_eq!(bond.level, Level::Encrypted);
            assert_eq!(bond.identity, scene.address(&phone).await);
        }),
    );
    let [of_lock, of_phone] = SIMPLE;
    lock.restart(of_lock);
    phone.restart(of_phone);
    scene.run(&[&lock, &phone], async {
        lock.host().bonds().loaded().await.unwrap();
        assert_eq!(lock.host().bonds().count(), 1);
        let (there, here) = scene.connect(&lock, &phone).await;
        assert_eq!(here.secure(Level::Encrypted).await.map(|s| s.bonded), Ok(true));
        assert_eq!(there.security().unwrap().level, Level::Encrypted);
    });
}

#[test]
fn a_lost_bond_is_reported_and_nothing_is_read_until_the_application_decides() {
    let scene = Scene::new(912);
    between(&scene, SIMPLE, async |lock, phone| {
        bonded(&scene, lock, phone).await;
        let of_phone = scene.address(phone).await;
        lock.host().bonds().remove(&of_phone).await.unwrap();
        let missing = lock.host().bonds().remove(&of_phone).await;
        assert_eq!(missing, Err(Error::NotBonded));
        let (there, mut here) = scene.connect(lock, phone).await;
        event(&mut here, |event| matches!(event, Event::BondLost).then_some(())).await;
        assert_eq!(here.service(VAULT).await.map(|_| ()), Err(Error::BondLost));
        assert_eq!(here.security().unwrap().level, Level::Open);
        assert_eq!(phone.host().bonds().count(), 1);
        assert_eq!(there.security().unwrap().level, Level::Open);
        // The application pairs again, and everything works.
        here.pair().await.unwrap();
        let secret = find(&here, VAULT, &SECRET).await;
        assert_eq!(try_read(&here, &secret).await, Ok(2));
        assert_eq!((lock.host().bonds().count(), phone.host().bonds().count()), (1, 1));
    });
}

#[test]
fn a_device_that_lost_an_authenticated_bond_pairs_again_at_the_same_level() {
    let plain = PairingConfig { mitm: false, ..with_io(IoCapability::DisplayYesNo) };
    let scene = Scene::new(918);
    let [lock, phone] = [safe(plain), reader(plain)].map(|config| scene.device(config));
    let best = Level::SecureConnections;
    scene.run(&[&lock, &phone], async {
        let first = async {
            let (there, here) = scene.connect(&lock, &phone).await;
            assert_eq!(here.secure(best).await.map(|security| security.level), Ok(best));
            ended(there, here).await;
        };
        with_users(&scene, [&lock, &phone], first).await;
        // The central keeps its half, then the peripheral.
        for [loses, keeps] in [[&lock, &phone], [&phone, &lock]] {
            let lost = scene.address(keeps).await;
            loses.host().bonds().remove(&lost).await.unwrap();
            let again = async {
                let (there, here) = scene.connect(&lock, &phone).await;
                assert_eq!(here.pair().await.map(|paired| paired.level), Ok(best));
                ended(there, here).await;
            };
            with_users(&scene, [&lock, &phone], again).await;
        }
    });
}

#[test]
fn a_full_table_refuses_and_evicts_no_bond() {
    let scene = Scene::new(913);
    let two = scene.device(reader(NOTHING).bonds(2));
    let [lock, one] = [safe(NOTHING).bonds(1), reader(NOTHING)].map(|config| scene.device(config));
    scene.run(&[&lock, &one, &two], async {
        with_users(&scene, [&lock, &one], bonded(&scene, &lock, &one)).await;
        let full = async {
            let (mut there, here) = scene.connect(&lock, &two).await;
            assert!(matches!(here.pair().await, Err(Error::Pairing(_))));
            assert_eq!(failure(&mut there).await, PairingFailure::BondsFull);
        };
        with_users(&scene, [&lock, &two], full).await;
        let kept = lock.host().bonds().next().unwrap().identity;
        assert_eq!(kept, scene.address(&one).await);
        assert_eq!(two.host().bonds().count(), 0);
    });
}

#[test]
fn a_weaker_pairing_leaves_the_bond_unchanged() {
    let scene = Scene::new(914);
    let capable = with_io(IoCapability::DisplayYesNo);
    let [lock, mut phone] = [safe(capable), reader(capable)].map(|config| scene.device(config));
    let before = scene.run(
        &[&lock, &phone],
        with_users(&scene, [&lock, &phone], async {
            let (there, here) = scene.connect(&lock, &phone).await;
            assert_eq!(here.pair().await.unwrap().level, Level::SecureConnections);
            ended(there, here).await;
            phone.host().bonds().next()
        }),
    );
    // The central's capabilities are now lower than the level of the bond.
    phone.restart(reader(NOTHING));
    scene.run(
        &[&lock, &phone],
        with_users(&scene, [&lock, &phone], async {
            let (mut there, here) = scene.connect(&lock, &phone).await;
            let _encrypted = here.encrypt().await.unwrap();
            assert!(matches!(here.pair().await, Err(Error::Pairing(PairingFailure::Peer(_)))));
            let kept = PairingFailure::BondKept(there.identity().unwrap());
            assert_eq!(failure(&mut there).await, kept);
            assert_eq!(phone.host().bonds().next(), before);
            assert_eq!(there.security().unwrap().level, Level::SecureConnections);
        }),
    );
}

#[test]
fn a_store_that_fails_fails_the_pairing() {
    let scene = Scene::new(915);
    between(&scene, SIMPLE, async |lock, phone| {
        let (_there, here) = scene.connect(lock, phone).await;
        phone.store().set_broken(true);
        assert_eq!(here.pair().await, Err(Error::BondStore));
        assert_eq!(phone.host().bonds().count(), 0);
        assert!(!here.security().unwrap().bonded);
    });
}

#[test]
fn a_bonded_peer_that_does_not_encrypt_gets_a_security_request() {
    let scene = Scene::new(916);
    between(&scene, SIMPLE, async |lock, phone| {
        bonded(&scene, lock, phone).await;
        let of_lock = scene.address(lock).await;
        phone.host().bonds().remove(&of_lock).await.unwrap();
        let (_there, here) = scene.connect(lock, phone).await;
        let secret = find(&here, VAULT, &SECRET).await;
        assert_eq!(try_read(&here, &secret).await, refused(ErrorCode::INSUFFICIENT_ENCRYPTION));
    });
}

#[test]
fn a_bond_is_not_replaced_without_consent() {
    let scene = Scene::new(917);
    let silent = PairingConfig { consent: false, ..NOTHING };
    let [lock, phone] = [safe(silent), reader(NOTHING)].map(|config| scene.device(config));
    scene.run(&[&lock, &phone], async {
        // No user is asked: at first there is no bond to lose.
        let _user = phone.host().pairing_requests().unwrap();
        let (there, here) = scene.connect(&lock, &phone).await;
        assert_eq!(here.pair().await.unwrap().level, Level::Encrypted);
        ended(there, here).await;
        let bond = lock.host().bonds().next();
        let (_there, here) = scene.connect(&lock, &phone).await;
        let refused = PairingFailure::Peer(Reason::PAIRING_NOT_SUPPORTED);
        assert_eq!(here.pair().await, Err(Error::Pairing(refused)));
        assert_eq!(lock.host().bonds().next(), bond);
    });
}
