//! Channels to a bonded peer: requested once the link is encrypted, and not in the clear.

use bindrune::{Channel, ChannelConfig, Connection, Error, Level, Psm};
use bindrune_pair::{Device, MemoryStore, Scene};
use embassy_futures::join::join;
use embassy_time::Duration;

use super::{NOTHING, between, bonded, reader, safe, with_users};

const PSM: Psm = Psm(0x81);

/// Returns the security level at which the listener got the channel, and the channel.
async fn open<'d>(lock: &'d Device, here: &Connection<'d>) -> (Level, Result<Channel<'d>, Error>) {
    let config = ChannelConfig::default();
    let mut listener = lock.host().listen(PSM, config).unwrap();
    let accept = async {
        let (there, _channel) = listener.accept().await.unwrap();
        there.security().unwrap().level
    };
    let (result, level) = join(here.open_channel(PSM, config), accept).await;
    (level, result)
}

#[test]
fn a_channel_to_a_bonded_peer_waits_for_encryption() {
    for scene in Scene::lossy(960) {
        between(&scene, [safe(NOTHING), reader(NOTHING)], async |lock, phone| {
            bonded(&scene, lock, phone).await;
            let (_there, here) = scene.connect(lock, phone).await;
            assert_eq!(here.security().unwrap().level, Level::Open);
            let (level, channel) = open(lock, &here).await;
            assert_eq!(level, Level::Encrypted);
            channel.unwrap().close().await.unwrap();
        });
    }
}

#[test]
fn a_channel_waits_until_the_bonds_are_loaded() {
    let scene = Scene::new(965);
    let store = MemoryStore::new();
    let (lock, mut phone) = (scene.device(safe(NOTHING)), scene.device(reader(NOTHING)));
    phone = phone.with_store(store.clone());
    let devices = [&lock, &phone];
    scene.run(&devices, with_users(&scene, devices, bonded(&scene, &lock, &phone)));
    phone.restart(reader(NOTHING));
    let phone = phone.with_store(store.slow(scene.clock(), Duration::from_secs(2)));
    scene.run(&[&lock, &phone], async {
        let (_there, here) = scene.connect(&lock, &phone).await;
        let (level, channel) = open(&lock, &here).await;
        assert_eq!(level, Level::Encrypted);
        assert!(scene.now() > Duration::from_secs(2));
        drop(channel.unwrap());
    });
}

#[test]
fn a_channel_without_a_bond_does_not_wait() {
    let scene = Scene::new(961);
    between(&scene, [safe(NOTHING), reader(NOTHING)], async |lock, phone| {
        let (_there, here) = scene.connect(lock, phone).await;
        let (level, channel) = open(lock, &here).await;
        assert_eq!(level, Level::Open);
        drop(channel.unwrap());
    });
}

#[test]
fn a_channel_that_is_no_longer_awaited_is_not_requested() {
    let scene = Scene::new(962);
    between(&scene, [safe(NOTHING), reader(NOTHING)], async |lock, phone| {
        bonded(&scene, lock, phone).await;
        let config = ChannelConfig::default();
        let mut listener = lock.host().listen(PSM, config).unwrap();
        let (_there, here) = scene.connect(lock, phone).await;
        assert!(scene.within(1, here.open_channel(PSM, config)).await.is_none());
        assert_eq!(here.security().unwrap().level, Level::Open);
        assert_eq!(phone.host().channels(), 0);
        assert!(scene.within(2000, listener.accept()).await.is_none());
        assert_eq!(here.security().unwrap().level, Level::Encrypted);
    });
}

#[test]
fn no_channel_is_opened_to_a_peer_that_lost_the_bond() {
    let scene = Scene::new(963);
    between(&scene, [safe(NOTHING), reader(NOTHING)], async |lock, phone| {
        bonded(&scene, lock, phone).await;
        lock.host().bonds().clear().await.unwrap();
        let config = ChannelConfig::default();
        let (_there, here) = scene.connect(lock, phone).await;
        let refused = Some(Error::BondLost);
        assert_eq!(here.open_channel(PSM, config).await.err(), refused);
        assert_eq!(here.open_channel(PSM, config).await.err(), refused);
        assert_eq!(phone.host().channels(), 0);
        // The application pairs again, and everything works.
        here.pair().await.unwrap();
        let (level, channel) = open(lock, &here).await;
        assert_eq!(level, Level::Encrypted);
        drop(channel.unwrap());
    });
}

#[test]
fn a_link_that_ends_before_it_is_encrypted_ends_the_wait() {
    let scene = Scene::new(964);
    between(&scene, [safe(NOTHING), reader(NOTHING)], async |lock, phone| {
        bonded(&scene, lock, phone).await;
        let (_there, here) = scene.connect(lock, phone).await;
        scene.world().set_reachable(lock.id(), phone.id(), false);
        let answer = here.open_channel(PSM, ChannelConfig::default()).await.err();
        assert!(matches!(answer, Some(Error::Disconnected(_))), "{answer:?}");
        assert_eq!(phone.host().channels(), 0);
    });
}
