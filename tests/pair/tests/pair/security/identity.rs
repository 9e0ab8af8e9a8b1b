//! The identity of this device, while the address mode changes.

use core::future::pending;

use bindrune::{
    Address, AddressMode, Advertisement, Error, Event, Privacy, RecordId, RunError, Scan,
};
use bindrune_pair::{Device, MemoryStore, Scene, Task};
use embassy_futures::{
    join::join,
    select::{Either, select},
};
use embassy_time::Duration;

use super::{NOTHING, ended, event, reader, safe, with_users};

async fn set(device: &Device, mode: AddressMode) {
    device.host().set_address_mode(mode).await.unwrap();
}

async fn seen(device: &Device) -> Address {
    let mut scanner = device.host().scan(&Scan::passive()).unwrap();
    scanner.next(&mut [0; 64]).await.unwrap().address.unwrap()
}

/// Checks that the bond of the two devices is of the public address of the phone.
async fn is_of_public(scene: &Scene, lock: &Device, phone: &Device, public: Address) {
    for _ in 0..2 {
        set(phone, AddressMode::Public).await;
        let (there, here) = scene.connect(lock, phone).await;
        assert!(here.encrypt().await.unwrap().bonded);
        ended(there, here).await;
        set(phone, AddressMode::Static).await;
        let own = scene.address(phone).await;
        let (there, here) = scene.connect(lock, phone).await;
        let other = Error::OtherAddress { bonded: public, own };
        assert_eq!(here.encrypt().await.err(), Some(other));
        ended(there, here).await;
    }
}

#[test]
fn a_change_during_a_pairing_does_not_change_its_identity() {
    let scene = Scene::new(1010);
    let (lock, phone) = (scene.device(safe(NOTHING)), scene.device(reader(NOTHING)));
    scene.run(&[&lock, &phone], async {
        let public = scene.address(&phone).await;
        let (mut there, here) = scene.connect(&lock, &phone).await;
        let mut at_lock = lock.host().pairing_requests().unwrap();
        let mut at_phone = phone.host().pairing_requests().unwrap();
        let accept = async {
            let mut request = at_lock.next().await;
            set(&phone, AddressMode::Static).await;
            request.accept();
            pending::<()>().await;
        };
        let agree = async {
            loop {
                at_phone.next().await.accept();
            }
        };
        let paired = async {
            let paired = here.pair().await;
            event(&mut there, |event| matches!(event, Event::Paired(_)).then_some(())).await;
            paired
        };
        match select(paired, join(accept, agree)).await {
            Either::First(paired) => assert!(paired.unwrap().bonded),
            Either::Second(_) => panic!("users never end"),
        }
        drop((at_lock, at_phone));
        ended(there, here).await;
        is_of_public(&scene, &lock, &phone, public).await;
    });
}

#[test]
fn a_link_keeps_the_identity_that_it_was_made_with() {
    let scene = Scene::new(1011);
    let (lock, phone) = (scene.device(safe(NOTHING)), scene.device(reader(NOTHING)));
    scene.run(
        &[&lock, &phone],
        with_users(&scene, [&lock, &phone], async {
            let public = scene.address(&phone).await;
            let (mut there, here) = scene.connect(&lock, &phone).await;
            set(&phone, AddressMode::Static).await;
            assert!(here.pair().await.unwrap().bonded);
            event(&mut there, |event| matches!(event, Event::Paired(_)).then_some(())).await;
            ended(there, here).await;
            is_of_public(&scene, &lock, &phone, public).await;
        }),
    );
}

#[test]
fn a_static_address_is_stored_although_the_key_is_being_stored() {
    for off in [false, true] {
        let scene = Scene::new(1012);
        let store = MemoryStore::new().slow_to_store(scene.clock(), Duration::from_secs(1));
        let mut tag = scene.device(safe(NOTHING).privacy(Privacy::ON)).with_store(store.clone());
        let driver = Task::new(async {
            tag.drive().await;
            pending::<()>().await;
        });
        let made = scene.run_driven(vec![driver], &[&tag], async {
            scene.address(&tag).await;
            scene.sleep(300).await;
            assert!(store.record(RecordId::Local).is_none(), "the key is being stored");
            set(&tag, AddressMode::Static).await;
            let made = scene.address(&tag).await;
            if off {
                tag.host().shutdown().await.unwrap();
            } else {
                scene.sleep(5000).await;
            }
            made
        });
        tag.restart(safe(NOTHING));
        scene.run(&[&tag], async {
            set(&tag, AddressMode::Static).await;
            assert_eq!(scene.address(&tag).await, made, "{off}");
        });
    }
}

#[test]
fn a_static_address_is_stored_once_the_store_can_be_read() {
    let scene = Scene::new(1013);
    let mut tag = scene.device(safe(NOTHING).privacy(Privacy::ON));
    scene.run(&[&tag], async {
        scene.address(&tag).await;
        scene.sleep(3000).await;
        assert!(tag.store().record(RecordId::Local).is_some());
    });
    tag.restart(safe(NOTHING));
    tag.store().set_broken(true);
    let made = scene.run(&[&tag], async {
        set(&tag, AddressMode::Static).await;
        scene.address(&tag).await
    });
    tag.store().set_broken(false);
    scene.run(&[&tag], async {
        assert_eq!(scene.address(&tag).await, made);
        scene.sleep(3000).await;
    });
    tag.restart(safe(NOTHING));
    scene.run(&[&tag], async {
        set(&tag, AddressMode::Static).await;
        assert_eq!(scene.address(&tag).await, made);
    });
}

#[test]
fn an_expired_private_address_does_not_come_back_when_the_radio_is_on_again() {
    for mode in [AddressMode::Resolvable, AddressMode::NonResolvable] {
        let scene = Scene::new(1014);
        let rotate = Duration::from_secs(60);
        let store = MemoryStore::new().slow(scene.clock(), Duration::from_secs(2));
        let config = safe(NOTHING).privacy(Privacy::On { rotate });
        let tag = scene.device(config).with_store(store);
        let phone = scene.device(reader(NOTHING));
        let switched = async {
            loop {
                assert_eq!(tag.drive().await, RunError::ShutDown);
                scene.sleep(100_000).await;
            }
        };
        let always_on = async {
            phone.drive().await;
            pending::<()>().await;
        };
        scene.run_driven(vec![Task::new(switched), Task::new(always_on)], &[&tag, &phone], async {
            let advertisement = Advertisement::non_connectable();
            set(&tag, mode).await;
            let on = tag.host().broadcast(&advertisement).unwrap();
            let before = seen(&phone).await;
            drop(on);
            tag.host().shutdown().await.unwrap();
            tag.host().controller().await.unwrap();
            let _on = tag.host().broadcast(&advertisement).unwrap();
            let after = seen(&phone).await;
            assert_ne!(after, before, "{mode:?}");
            scene.sleep(61_000).await;
            assert_ne!(seen(&phone).await, after, "{mode:?}");
        });
    }
}

#[test]
fn an_ended_request_does_not_keep_non_resolvable_addresses_away() {
    let scene = Scene::new(1015);
    let tag = scene.device(safe(NOTHING));
    scene.run(&[&tag], async {
        let advertisement = Advertisement::connectable().timeout(Duration::from_secs(1));
        let mut on = tag.host().broadcast(&advertisement).unwrap();
        let busy = tag.host().set_address_mode(AddressMode::NonResolvable).await;
        assert_eq!(busy, Err(Error::Busy));
        assert_eq!(on.ended().await, Error::Timeout);
        set(&tag, AddressMode::NonResolvable).await;
    });
}
