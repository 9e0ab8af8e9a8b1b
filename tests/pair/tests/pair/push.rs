//! Notifications and indications: none lost, in order.

use bindrune::{Characteristic, Connection, Error};
use bindrune_pair::Scene;
use embassy_futures::join::{join, join4};

use crate::table::{ALERT, BATTERY, LAB, LAMP, LEVEL, PHONE, STREAM, find, pattern, subscribed};

const COUNT: usize = 1000;
const OCTETS: usize = 244;

/// Subscribes to `of` and expects values numbered from 0.
async fn receive(link: &Connection<'_>, of: &Characteristic, count: usize) {
    let remote = find(link, LAB, of).await;
    let mut values = link.subscribe(&remote).await.unwrap();
    let mut buffer = [0; 512];
    for round in 0..count {
        let len = values.next(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..len], pattern(round, OCTETS), "value {round}");
    }
    assert_eq!(values.lost(), 0);
    values.unsubscribe().await.unwrap();
}

/// Notifies values numbered from 0.
async fn notify(link: &Connection<'_>, count: usize) {
    for round in 0..count {
        link.notify(&STREAM, &pattern(round, OCTETS)).await.unwrap();
    }
}

/// Indicates values numbered from 0.
async fn indicate(link: &Connection<'_>, count: usize) {
    for round in 0..count {
        link.indicate(&ALERT, &pattern(round, OCTETS)).await.unwrap();
    }
}

/// Runs `app` with the two ends of a link, the lamp's first, on an air that loses nothing and on two that lose packets.
fn linked(seed: u64, app: impl AsyncFn(&Scene, &mut Connection<'_>, &Connection<'_>)) {
    for scene in Scene::lossy(seed) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let (mut there, here) = scene.connect(&lamp, &phone).await;
            app(&scene, &mut there, &here).await;
        });
    }
}

#[test]
fn a_thousand_notifications() {
    linked(51, async |_, there, here| {
        let send = async {
            assert_eq!(there.notify(&STREAM, &[1]).await, Err(Error::NotSubscribed));
            subscribed(there, &STREAM).await;
            notify(there, COUNT).await;
            let long = there.notify(&STREAM, &[0; 245]).await;
            assert_eq!(long, Err(Error::TooLong { max: 244 }));
        };
        join(send, receive(here, &STREAM, COUNT)).await;
    });
}

#[test]
fn a_thousand_indications() {
    linked(52, async |_, there, here| {
        let send = async {
            subscribed(there, &ALERT).await;
            indicate(there, COUNT).await;
        };
        join(send, receive(here, &ALERT, COUNT)).await;
    });
}

#[test]
fn several_subscriptions_at_once_in_both_directions() {
    for scene in Scene::lossy(53) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(LAMP));
        scene.run(&[&lamp, &phone], async {
            let (there, here) = scene.connect(&lamp, &phone).await;
            let send = async |link: &Connection<'_>| {
                let mut events = link.clone();
                let mut missing = [true, true];
                while missing != [false, false] {
                    if let bindrune::Event::Subscribed(change) = events.next().await {
                        missing[usize::from(core::ptr::eq(change.characteristic, &ALERT))] = false;
                    }
                }
                join(notify(link, 200), indicate(link, 50)).await;
            };
            let receive_both = async |link: &Connection<'_>| {
                join(receive(link, &STREAM, 200), receive(link, &ALERT, 50)).await;
            };
            join4(send(&there), send(&here), receive_both(&here), receive_both(&there)).await;
        });
    }
}

#[test]
fn indications_of_several_tasks_are_confirmed_each() {
    linked(54, async |scene, there, here| {
        let alert = find(here, LAB, &ALERT).await;
        let mut values = here.subscribe(&alert).await.unwrap();
        subscribed(there, &ALERT).await;
        let task = async |number: u8| {
            // The task that is polled last starts first.
            scene.sleep(3 - u64::from(number)).await;
            for round in 0..20 {
                there.indicate(&ALERT, &[number, round]).await.unwrap();
            }
        };
        let read = async {
            let (mut buffer, mut next) = ([0; 2], [0; 3]);
            for _ in 0..60 {
                assert_eq!(values.next(&mut buffer).await, Ok(2));
                let [number, round] = buffer;
                assert_eq!(round, next[usize::from(number)]);
                next[usize::from(number)] += 1;
            }
        };
        join4(task(0), task(1), task(2), read).await;
    });
}

#[test]
fn a_dropped_indication_does_not_hold_up_the_next() {
    linked(55, async |scene, there, here| {
        let alert = find(here, LAB, &ALERT).await;
        let mut values = here.subscribe(&alert).await.unwrap();
        subscribed(there, &ALERT).await;
        let send = async {
            for round in 0..40 {
                let _ = scene.within(round, there.indicate(&ALERT, &[0])).await;
            }
            there.indicate(&ALERT, &[1]).await.unwrap();
        };
        let read = async {
            let mut buffer = [0; 1];
            while buffer[0] == 0 {
                values.next(&mut buffer).await.unwrap();
            }
        };
        join(send, read).await;
    });
}

#[test]
fn notify_all_reaches_every_subscriber() {
    for scene in Scene::lossy(56) {
        let (lamp, a, b) = (scene.device(LAMP), scene.device(PHONE), scene.device(PHONE));
        scene.run(&[&lamp, &a, &b], async {
            let (mut to_a, here) = scene.connect(&lamp, &a).await;
            let (mut to_b, there) = scene.connect(&lamp, &b).await;
            assert_eq!(lamp.host().gatt().notify_all(&LEVEL, &[1]).await, Ok(0));
            let (x, y) = (find(&here, BATTERY, &LEVEL).await, find(&there, BATTERY, &LEVEL).await);
            let (x, y) = join(here.subscribe(&x), there.subscribe(&y)).await;
            let (mut x, mut y) = (x.unwrap(), y.unwrap());
            join(subscribed(&mut to_a, &LEVEL), subscribed(&mut to_b, &LEVEL)).await;
            let (mut p, mut q) = ([0; 1], [0; 1]);
            let gatt = lamp.host().gatt();
            let notify = gatt.notify_all(&LEVEL, &[55]);
            let keypresses = join(notify, join(x.next(&mut p), y.next(&mut q)));
            assert_eq!(keypresses.await, (Ok(2), (Ok(1), Ok(1))));
            assert_eq!((p, q), ([55], [55]));
        });
    }
}

#[test]
fn values_received_before_the_end_of_the_link_can_still_be_read() {
    let scene = Scene::new(57);
    let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
    scene.run(&[&lamp, &phone], async {
        let (mut there, here) = scene.connect(&lamp, &phone).await;
        let stream = find(&here, LAB, &STREAM).await;
        let mut values = here.subscribe(&stream).await.unwrap();
        subscribed(&mut there, &STREAM).await;
        for round in 0..10 {
            there.notify(&STREAM, &[round]).await.unwrap();
        }
        scene.sleep(500).await;
        there.disconnect().await.unwrap();
        here.disconnected().await;
        let mut buffer = [0; 1];
        for round in 0..10 {
            assert_eq!((values.next(&mut buffer).await, buffer[0]), (Ok(1), round));
        }
        assert!(matches!(values.next(&mut buffer).await, Err(Error::Disconnected(_))));
    });
}
