//! The kind of address on the air, changed while the host runs.

use core::{cell::Cell, future::pending};

use bindrune::{
    Address, AddressKind, AddressMode, Advertisement, Connection, Error, Event, Level, Privacy,
    RunError, Scan,
};
use bindrune_controller::ControllerConfig;
use bindrune_pair::{Device, Scene, Task};
use embassy_futures::{
    join::{join, join3},
    select::{Either, select},
};
use embassy_time::Duration;

use super::{NOTHING, bonded, ended, event, reader, safe, with_users};

const MODES: [AddressMode; 4] =
    [AddressMode::Public, AddressMode::Static, AddressMode::Resolvable, AddressMode::NonResolvable];

/// The kind of an address on the air.
fn mode_of(address: Address) -> AddressMode {
    match address.kind() {
        AddressKind::Public => AddressMode::Public,
        AddressKind::Random if address.is_static() => AddressMode::Static,
        AddressKind::Random if address.is_resolvable() => AddressMode::Resolvable,
        AddressKind::Random => AddressMode::NonResolvable,
    }
}

/// The address of the next advertiser that a device sees.
async fn seen(device: &Device) -> Address {
    let mut scanner = device.host().scan(&Scan::passive()).unwrap();
    scanner.next(&mut [0; 64]).await.unwrap().address.unwrap()
}

/// Links two devices: the central takes the address that it sees.
async fn meet<'d>(peripheral: &'d Device, central: &'d Device) -> (Connection<'d>, Connection<'d>) {
    let advertisement = Advertisement::connectable();
    let (there, here) = join(peripheral.host().advertise(&advertisement), async {
        central.host().connect(&seen(central).await).await
    })
    .await;
    (there.unwrap(), here.unwrap())
}

async fn set(device: &Device, mode: AddressMode) {
    device.host().set_address_mode(mode).await.unwrap();
    assert_eq!(device.host().address_mode(), Some(mode));
}

#[test]
fn a_peer_sees_each_mode_while_the_device_advertises_and_scans() {
    for extended in [true, false] {
        let scene = Scene::new(980);
        let controller = ControllerConfig::new().extended_advertising(extended);
        let tag = scene.device_on(controller, safe(NOTHING).advertising_sets(2));
        let phone = scene.device(reader(NOTHING));
        scene.run(&[&tag, &phone], async {
            assert_eq!(tag.host().address_mode(), None, "the controller is not set up yet");
            let public = scene.address(&tag).await;
            assert_eq!(tag.host().address_mode(), Some(AddressMode::Public));
            let _on = tag.host().broadcast(&Advertisement::scannable().name("tag")).unwrap();
            let _too = extended.then(|| {
                tag.host().broadcast(&Advertisement::non_connectable().name("too")).unwrap()
            });
            // The tag sees what the phone shows, all along.
            let _there = phone.host().broadcast(&Advertisement::non_connectable()).unwrap();
            let mut scanner = tag.host().scan(&Scan { filter_duplicates: false, ..Scan::active() });
            let scanner = scanner.as_mut().unwrap();
            let mut statics = Vec::new();
            for first in MODES {
                for second in MODES {
                    for mode in [first, second] {
                        set(&tag, mode).await;
                        let address = seen(&phone).await;
                        assert_eq!(mode_of(address), mode, "{address:?}");
                        let info = tag.host().controller().await.unwrap();
                        assert_eq!(info.own_address(), address);
                        assert!(mode != AddressMode::Public || address == public);
                        if mode == AddressMode::Static {
                            statics.push(address);
                        }
                        for _ in 0..2 {
                            let mut buffer = [0; 64];
                            let report = scene.within(2000, scanner.next(&mut buffer)).await;
                            report.expect("scanning goes on").unwrap();
                        }
                    }
                }
            }
            statics.dedup();
            assert_eq!(statics.len(), 1, "one static address");
        });
    }
}

#[test]
fn links_stay_and_a_bond_of_the_resolvable_mode_is_found_by_identity() {
    for lists in [[8, 8], [0, 0], [8, 0]] {
        let scene = Scene::new(981);
        let [a, b] = lists.map(|size| ControllerConfig::new().resolving_list(size));
        let lock = scene.device_on(a, safe(NOTHING));
        let phone = scene.device_on(b, reader(NOTHING));
        scene.run(
            &[&lock, &phone],
            with_users(&scene, [&lock, &phone], async {
                let (there, here) = scene.connect(&lock, &phone).await;
                let on_air = here.peer().unwrap();
                for mode in MODES {
                    set(&lock, mode).await;
                    assert_eq!((here.peer().unwrap(), there.is_connected()), (on_air, true));
                    assert!(here.rssi().await.is_ok() && there.rssi().await.is_ok());
                }
                ended(there, here).await;
                set(&lock, AddressMode::Resolvable).await;
                set(&phone, AddressMode::Resolvable).await;
                let (mut there, here) = meet(&lock, &phone).await;
                assert!(there.peer().unwrap().is_resolvable());
                assert!(here.pair().await.unwrap().bonded);
                event(&mut there, |event| matches!(event, Event::Paired(_)).then_some(())).await;
                let identities = (here.identity().unwrap(), there.identity().unwrap());
                let own = (scene.address(&lock).await, scene.address(&phone).await);
                assert_eq!(identities, own);
                ended(there, here).await;
                for _ in 0..3 {
                    // At once, another address.
                    set(&lock, AddressMode::Resolvable).await;
                    set(&phone, AddressMode::Resolvable).await;
                    let (there, here) = scene.connect(&lock, &phone).await;
                    let security = here.secure(Level::Encrypted).await.unwrap();
                    assert!(security.bonded && security.level == Level::Encrypted);
                    assert_eq!((here.peer(), there.peer()), (Ok(own.0), Ok(own.1)));
                    ended(there, here).await;
                }
                // Without private addresses they know each other too.
                set(&lock, AddressMode::Public).await;
                set(&phone, AddressMode::Public).await;
                let (there, here) = scene.connect(&lock, &phone).await;
                assert!(here.secure(Level::Encrypted).await.unwrap().bonded);
                ended(there, here).await;
            }),
        );
    }
}

#[test]
fn non_resolvable_addresses_change_in_time_and_on_demand() {
    let scene = Scene::new(982);
    let tag = safe(NOTHING).privacy(Privacy::On { rotate: Duration::from_secs(60) });
    let (tag, phone) = (scene.device(tag), scene.device(reader(NOTHING)));
    scene.run(&[&tag, &phone], async {
        set(&tag, AddressMode::NonResolvable).await;
        let _on = tag.host().broadcast(&Advertisement::non_connectable()).unwrap();
        let mut addresses = Vec::new();
        for round in 0..8 {
            let address = seen(&phone).await;
            assert!(address.is_non_resolvable(), "{address:?}");
            addresses.push(address);
            // The address stays for its time, and no longer.
            scene.sleep(58_000).await;
            assert_eq!(seen(&phone).await, address);
            if round < 4 {
                scene.sleep(2000).await;
            } else {
                set(&tag, AddressMode::NonResolvable).await;
            }
        }
        addresses.sort_unstable();
        addresses.dedup();
        assert_eq!(addresses.len(), 8, "an address was used twice");
    });
}

#[test]
fn non_resolvable_addresses_make_no_links() {
    let scene = Scene::new(983);
    let (tag, phone) = (scene.device(safe(NOTHING)), scene.device(reader(NOTHING)));
    scene.run(&[&tag, &phone], async {
        let (host, peer) = (tag.host(), scene.address(&phone).await);
        let connectable = Advertisement::connectable();
        // What may make a link is in the way.
        let non_resolvable = host.set_address_mode(AddressMode::NonResolvable);
        match select(host.advertise(&connectable), non_resolvable).await {
            Either::Second(result) => assert_eq!(result, Err(Error::Busy)),
            Either::First(_) => panic!("a peer connected"),
        }
        let non_resolvable = host.set_address_mode(AddressMode::NonResolvable);
        match select(host.connect(&peer), non_resolvable).await {
            Either::Second(result) => assert_eq!(result, Err(Error::Busy)),
            Either::First(_) => panic!("a peer advertised"),
        }
        set(&tag, AddressMode::NonResolvable).await;
        let refused = Some(Error::NonResolvable);
        assert_eq!(host.advertise(&connectable).await.err(), refused);
        assert_eq!(host.advertise(&Advertisement::directed(peer)).await.err(), refused);
        assert_eq!(host.broadcast(&connectable).err(), refused);
        assert_eq!(host.connect(&peer).await.err(), refused);
        set(&tag, AddressMode::Resolvable).await;
        let (there, here) = meet(&tag, &phone).await;
        ended(there, here).await;
    });
}

#[test]
fn a_bond_belongs_to_the_identity_that_it_was_made_with() {
    let scene = Scene::new(984);
    let (lock, phone) = (scene.device(safe(NOTHING)), scene.device(reader(NOTHING)));
    scene.run(
        &[&lock, &phone],
        with_users(&scene, [&lock, &phone], async {
            bonded(&scene, &lock, &phone).await;
            let (public, peer) = (scene.address(&phone).await, scene.address(&lock).await);
            set(&phone, AddressMode::Static).await;
            let own = scene.address(&phone).await;
            assert!(own.is_static() && own != public);
            let (there, here) = scene.connect(&lock, &phone).await;
            let other = Error::OtherAddress { bonded: public, own };
            assert_eq!(here.encrypt().await.err(), Some(other));
            ended(there, here).await;
            set(&phone, AddressMode::Public).await;
            let (there, here) = scene.connect(&lock, &phone).await;
            assert!(here.encrypt().await.unwrap().bonded);
            assert_eq!(here.identity(), Some(peer));
            ended(there, here).await;
        }),
    );
}

#[test]
fn a_static_address_is_made_once_and_kept_with_the_bonds() {
    let scene = Scene::new(985);
    let given = Address::random([0xc5, 0, 0, 0, 0, 7]);
    let mut tag = scene.device(safe(NOTHING));
    let made = scene.run(&[&tag], async {
        set(&tag, AddressMode::Static).await;
        scene.address(&tag).await
    });
    tag.restart(safe(NOTHING));
    let again = scene.run(&[&tag], async {
        assert_ne!(scene.address(&tag).await, made, "the configuration says public");
        set(&tag, AddressMode::Static).await;
        scene.address(&tag).await
    });
    assert_eq!(again, made);
    // The one of the configuration comes first.
    tag.restart(safe(NOTHING).address(given));
    scene.run(&[&tag], async {
        assert_eq!(scene.address(&tag).await, given);
        set(&tag, AddressMode::Public).await;
        set(&tag, AddressMode::Static).await;
        assert_eq!(scene.address(&tag).await, given);
    });
}

#[test]
fn a_controller_without_a_public_address_says_so() {
    let scene = Scene::new(986);
    let tag = scene.device_on(ControllerConfig::new().no_public_address(), safe(NOTHING));
    scene.run(&[&tag], async {
        let made = scene.address(&tag).await;
        let public = tag.host().set_address_mode(AddressMode::Public).await;
        assert_eq!(public, Err(Error::NoPublicAddress));
        assert_eq!(tag.host().address_mode(), Some(AddressMode::Static));
        for mode in [AddressMode::NonResolvable, AddressMode::Resolvable, AddressMode::Static] {
            set(&tag, mode).await;
        }
        assert_eq!(scene.address(&tag).await, made);
    });
}

#[test]
fn calls_at_once_are_served_one_after_another_and_dropped_ones_go_on() {
    for steps in 0..12 {
        let scene = Scene::new(987);
        let (tag, phone) = (scene.device(safe(NOTHING)), scene.device(reader(NOTHING)));
        scene.run(&[&tag, &phone], async {
            let host = tag.host();
            let _on = host.broadcast(&Advertisement::non_connectable()).unwrap();
            let [a, b, c] = [AddressMode::Static, AddressMode::Resolvable, AddressMode::Public]
                .map(|mode| host.set_address_mode(mode));
            assert_eq!(join3(a, b, c).await, (Ok(()), Ok(()), Ok(())));
            let mode = host.address_mode().unwrap();
            assert_eq!(mode_of(seen(&phone).await), mode);
            // It is dropped at some await, or over by then.
            let dropped = host.set_address_mode(AddressMode::NonResolvable);
            scene.within(steps, dropped).await;
            set(&tag, AddressMode::Resolvable).await;
            assert!(seen(&phone).await.is_resolvable());
            scene.sleep(2000).await;
            assert_eq!(host.address_mode(), Some(AddressMode::Resolvable));
            assert!(seen(&phone).await.is_resolvable());
        });
    }
}

#[test]
fn the_mode_stays_when_the_radio_goes_off_and_on() {
    let scene = Scene::new(988);
    let (tag, phone) = (scene.device(safe(NOTHING)), scene.device(reader(NOTHING)));
    let offs = Cell::new(0);
    let switched = async {
        loop {
            assert_eq!(tag.drive().await, RunError::ShutDown);
            offs.set(offs.get() + 1);
            scene.sleep(1000).await;
        }
    };
    let always_on = async {
        phone.drive().await;
        pending::<()>().await;
    };
    scene.run_driven(vec![Task::new(switched), Task::new(always_on)], &[&tag, &phone], async {
        for mode in MODES {
            set(&tag, mode).await;
            tag.host().shutdown().await.unwrap();
            // It waits until the radio is on again.
            tag.host().controller().await.unwrap();
            assert_eq!(tag.host().address_mode(), Some(mode));
            let on = tag.host().broadcast(&Advertisement::non_connectable()).unwrap();
            assert_eq!(mode_of(seen(&phone).await), mode);
            drop(on);
            // A change that begins while it is off comes with it.
            let next = tag.host().set_address_mode(AddressMode::Static);
            let (off, changed) = join(tag.host().shutdown(), next).await;
            assert_eq!((off, changed), (Ok(()), Ok(())));
            assert_eq!(tag.host().address_mode(), Some(AddressMode::Static));
        }
        assert_eq!(offs.get(), 8);
    });
}
