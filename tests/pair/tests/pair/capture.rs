//! Captured writes: each once, in order, with its writer.

use bindrune::{Characteristic, Config, Error, ErrorCode, Event, Service, Uuid};
use bindrune_pair::Scene;
use embassy_futures::{
    join::join3,
    select::{Either, select},
};

use crate::table::{LEVEL, PHONE, find, pattern};

const SHOP: Uuid = Uuid::new_16(0xff20);
static ORDERS: Characteristic = Characteristic::new(Uuid::new_16(0xff21))
    .read()
    .write()
    .write_without_response()
    .max_len(512)
    .capture(600);
static NOTES: Characteristic = Characteristic::new(Uuid::new_16(0xff22)).write().capture(40);
static LOG: Characteristic = Characteristic::new(Uuid::new_16(0xff23)).write().append(40);
static SERVICES: &[Service] = &[Service::primary(SHOP, &[&ORDERS, &NOTES, &LOG])];
const LAMP: Config = Config::new("shop").services(SERVICES).prepare_bytes(600);

#[test]
fn each_task_takes_the_writes_of_its_characteristic() {
    for scene in Scene::lossy(211) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let (mut there, here) = scene.connect(&lamp, &phone).await;
            let (orders, notes) =
                (find(&here, SHOP, &ORDERS).await, find(&here, SHOP, &NOTES).await);
            let gatt = lamp.host().gatt();
            let write = async {
                for round in 0..20usize {
                    here.write(&orders, &pattern(round, 60 + round)).await.unwrap();
                    here.write(&notes, &[round as u8]).await.unwrap();
                }
                let long = pattern(99, 500);
                here.write(&orders, &long).await.unwrap();
            };
            let take_orders = async {
                let mut buffer = [0; 512];
                for round in 0..20 {
                    let (link, len) = gatt.written(&ORDERS, &mut buffer).await.unwrap();
                    assert_eq!(&buffer[..len], pattern(round, 60 + round));
                    assert_eq!(link.peer(), there.peer());
                }
                let (_, len) = gatt.written(&ORDERS, &mut buffer).await.unwrap();
                assert_eq!(&buffer[..len], pattern(99, 500));
            };
            let take_notes = async {
                let mut buffer = [0; 33];
                for round in 0..20 {
                    let (_, len) = gatt.written(&NOTES, &mut buffer).await.unwrap();
                    assert_eq!(buffer[..len], [round]);
                }
            };
            join3(write, take_orders, take_notes).await;
            // The value is that of the last write, and the link's events contain none of these
            // writes.
            let mut buffer = [0; 512];
            assert_eq!(gatt.read(&ORDERS, &mut buffer), Ok(500));
            here.disconnect().await.unwrap();
            loop {
                match there.next().await {
                    Event::Disconnected(_) => return,
                    Event::Write(_) | Event::Written(_) | Event::LostWrites(_) => {
                        panic!("reported twice")
                    }
                    _ => {}
                }
            }
        });
    }
}

#[test]
fn writes_of_several_links_come_in_the_order_of_arrival() {
    let scene = Scene::new(212);
    let (lamp, phone, watch) = (scene.device(LAMP), scene.device(PHONE), scene.device(PHONE));
    scene.run(&[&lamp, &phone, &watch], async {
        let (for_phone, of_phone) = scene.connect(&lamp, &phone).await;
        let (for_watch, of_watch) = scene.connect(&lamp, &watch).await;
        let (a, b) = (find(&of_phone, SHOP, &ORDERS).await, find(&of_watch, SHOP, &ORDERS).await);
        let mut expected = Vec::new();
        for round in 0..6usize {
            let (link, to, peer) = if round % 3 == 1 {
                (&of_watch, &b, for_watch.peer().unwrap())
            } else {
                (&of_phone, &a, for_phone.peer().unwrap())
            };
            link.write(to, &pattern(round, 9)).await.unwrap();
            expected.push((peer, pattern(round, 9)));
        }
        let (gatt, mut buffer) = (lamp.host().gatt(), [0; 9]);
        for (peer, value) in expected {
            let (link, len) = gatt.written(&ORDERS, &mut buffer).await.unwrap();
            assert_eq!((link.peer().unwrap(), buffer[..len].to_vec()), (peer, value));
        }
        let more = select(gatt.written(&ORDERS, &mut buffer), scene.sleep(1000)).await;
        assert!(matches!(more, Either::Second(())));
    });
}

#[test]
fn writes_without_room_are_refused_or_reported_and_captured_writes_outlive_their_link() {
    let scene = Scene::new(213);
    let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
    scene.run(&[&lamp, &phone], async {
        let (mut there, here) = scene.connect(&lamp, &phone).await;
        let orders = find(&here, SHOP, &ORDERS).await;
        let full = Err(Error::Att(ErrorCode::INSUFFICIENT_RESOURCES));
        for round in 0..3 {
            here.write(&orders, &pattern(round, 180)).await.unwrap();
        }
        assert_eq!(here.write(&orders, &pattern(3, 180)).await, full);
        here.write_without_response(&orders, &pattern(4, 180)).await.unwrap();
        loop {
            match there.next().await {
                Event::LostWrites(count) => break assert_eq!(count, 1),
                Event::Disconnected(reason) => panic!("{reason}"),
                _ => {}
            }
        }
        let (gatt, mut buffer) = (lamp.host().gatt(), [0; 512]);
        let too_small = gatt.written(&ORDERS, &mut [0; 179]).await.map(drop);
        assert_eq!(too_small, Err(Error::BufferTooSmall { needed: 512 }));
        let (link, _) = gatt.written(&ORDERS, &mut buffer).await.unwrap();
        assert!(link.is_connected());
        here.write(&orders, &pattern(5, 180)).await.unwrap();
        here.disconnect().await.unwrap();
        drop((link, there));
        // Another peer uses the slot now; the captured writes belong to the ended link.
        let (_there, _here) = scene.connect(&lamp, &phone).await;
        for round in [1, 2, 5] {
            let (link, len) = gatt.written(&ORDERS, &mut buffer).await.unwrap();
            assert_eq!(buffer[..len], pattern(round, 180));
            assert!(matches!(link.peer(), Err(Error::Disconnected(_))));
        }
        for other in [&LEVEL, &LOG] {
            let refused = gatt.written(other, &mut buffer).await.map(drop);
            assert_eq!(refused, Err(Error::UnknownAttribute));
        }
    });
}
