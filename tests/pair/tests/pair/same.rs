//! The same seed gives the same trace, and a host that was reset behaves like a new one.

use bindrune::{ChannelConfig, Host, Psm};
use bindrune_pair::{Scene, Trace, new_host};
use embassy_futures::join::{join, join3};

use crate::table::{BATTERY, LAB, LAMP, LEVEL, PHONE, STREAM, find, pattern, subscribed};

/// Runs a bit of everything on these hosts; returns the trace and the hosts.
fn everything(seed: u64, lamp: Host, phone: Host) -> (Trace, Host, Host) {
    let scene = Scene::with_loss(seed, 10);
    let (lamp, phone) = (scene.device_of(lamp, LAMP), scene.device_of(phone, PHONE));
    scene.run(&[&lamp, &phone], async {
        let (mut there, here) = scene.connect(&lamp, &phone).await;
        let level = find(&here, BATTERY, &LEVEL).await;
        let stream = find(&here, LAB, &STREAM).await;
        assert_eq!(here.read(&level, &mut [0; 4]).await, Ok(1));
        let mut values = here.subscribe(&stream).await.unwrap();
        subscribed(&mut there, &STREAM).await;
        let mut listener = lamp.host().listen(Psm(0x80), ChannelConfig::default()).unwrap();
        let opening = here.open_channel(Psm(0x80), ChannelConfig::default());
        let (near, far) = join(opening, listener.accept()).await;
        let (mut near, mut far) = (near.unwrap(), far.unwrap().1);
        let notify = async {
            for round in 0..50 {
                there.notify(&STREAM, &pattern(round, 100)).await.unwrap();
            }
        };
        let send = async {
            for round in 0..20 {
                near.send(&pattern(round, 1000)).await.unwrap();
            }
        };
        let receive = async {
            let mut buffer = [0; 1024];
            for _ in 0..50 {
                assert_eq!(values.next(&mut buffer).await, Ok(100));
            }
            for _ in 0..20 {
                assert_eq!(far.recv(&mut buffer).await, Ok(1000));
            }
        };
        join3(notify, send, receive).await;
        assert!(here.rssi().await.is_ok());
    });
    (scene.trace(), lamp.into_host(), phone.into_host())
}

#[test]
fn the_same_seed_gives_the_same_trace_and_another_seed_another() {
    let (first, ..) = everything(121, new_host(LAMP), new_host(PHONE));
    let (second, ..) = everything(121, new_host(LAMP), new_host(PHONE));
    let (third, ..) = everything(122, new_host(LAMP), new_host(PHONE));
    assert!(first.len() > 500, "{} reads and writes", first.len());
    assert!(first == second);
    assert!(first != third);
}

#[test]
fn a_host_that_was_reset_behaves_like_a_new_one() {
    let (new, lamp, phone) = everything(123, new_host(LAMP), new_host(PHONE));
    let (_, mut lamp, mut phone) = everything(124, phone_as_lamp(lamp), phone);
    lamp.reset(LAMP).unwrap();
    phone.reset(PHONE).unwrap();
    let (again, ..) = everything(123, lamp, phone);
    assert!(new == again);
}

/// Leaves requests, values and a listener in the host; a reset must remove them all.
fn phone_as_lamp(mut lamp: Host) -> Host {
    lamp.reset(LAMP).unwrap();
    lamp.gatt().write(&LEVEL, &[1]).unwrap();
    core::mem::forget(lamp.listen(Psm(0x80), ChannelConfig::default()).unwrap());
    core::mem::forget(lamp.scan(&bindrune::Scan::active()).unwrap());
    lamp.gatt().replace(crate::table::MOVED).unwrap();
    lamp.reset(LAMP).unwrap();
    lamp
}
