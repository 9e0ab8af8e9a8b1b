//! Changes between two links of a bonded client: a changed table, and values that arrive before it listens.

use bindrune::{Config, Connection, Event, Service};
use bindrune_pair::{Device, Scene};

use super::{NOTHING, OPEN, STREAM, VAULT, ended, event, reader, safe, with_users};
use crate::table::{find, subscribed};

static OTHER: &[Service] = &[Service::primary(VAULT, &[&OPEN])];

fn run<T>(scene: &Scene, devices: [&Device; 2], app: impl Future<Output = T>) -> T {
    scene.run(&devices, with_users(scene, devices, app))
}

async fn reported(scene: &Scene, link: &mut Connection<'_>) -> Option<(u16, u16)> {
    let change = |event: &Event<'_>| match event {
        Event::ServiceChanged { start, end } => Some((*start, *end)),
        _ => None,
    };
    scene.within(5000, event(link, change)).await
}

/// [Vol 3] Part G, 2.5.2 and 7.1
#[test]
fn a_client_learns_of_a_table_that_changed_while_it_was_away() {
    for (changed, client_restarts) in [(false, false), (true, false), (true, true)] {
        let scene = Scene::new(980);
        let (mut lock, mut phone) = (scene.device(safe(NOTHING)), scene.device(reader(NOTHING)));
        run(&scene, [&lock, &phone], async {
            let (there, here) = scene.connect(&lock, &phone).await;
            here.watch_services().await.unwrap();
            here.pair().await.unwrap();
            ended(there, here).await;
        });
        lock.restart(if changed {
            Config::new("safe").services(OTHER).pairing(NOTHING)
        } else {
            safe(NOTHING)
        });
        if client_restarts {
            phone.restart(reader(NOTHING));
        }
        run(&scene, [&lock, &phone], async {
            lock.host().bonds().loaded().await.unwrap();
            phone.host().bonds().loaded().await.unwrap();
            for again in [false, true] {
                let (there, mut here) = scene.connect(&lock, &phone).await;
                let range = reported(&scene, &mut here).await;
                assert_eq!(range.is_some(), changed && !again, "{range:?}");
                ended(there, here).await;
            }
            assert_eq!(phone.host().stats().unclaimed_notifications, 0);
        });
    }
}

/// The application starts its watch late: the indication is kept until its meaning is known.
#[test]
fn a_watch_that_begins_after_the_indication_still_reports() {
    let scene = Scene::new(981);
    let (mut lock, phone) = (scene.device(safe(NOTHING)), scene.device(reader(NOTHING)));
    run(&scene, [&lock, &phone], async {
        let (there, here) = scene.connect(&lock, &phone).await;
        here.pair().await.unwrap();
        // The client subscribes to Service Changed like to any other value: the host does not know its
        // meaning.
        let gatt = here.service(bindrune::Uuid::new_16(0x1801)).await.unwrap();
        let change = gatt.characteristic(bindrune::Uuid::new_16(0x2a05)).await.unwrap();
        drop(here.subscribe(&change).await.unwrap());
        ended(there, here).await;
    });
    lock.restart(Config::new("safe").services(OTHER).pairing(NOTHING));
    run(&scene, [&lock, &phone], async {
        lock.host().bonds().loaded().await.unwrap();
        let (there, mut here) = scene.connect(&lock, &phone).await;
        assert_eq!(reported(&scene, &mut here).await, None);
        here.watch_services().await.unwrap();
        assert!(reported(&scene, &mut here).await.is_some());
        ended(there, here).await;
    });
}

/// [Vol 3] Part G, 3.3.3.3
#[test]
fn values_that_come_before_the_client_listens_are_kept() {
    let scene = Scene::new(982);
    let (lock, phone) = (scene.device(safe(NOTHING)), scene.device(reader(NOTHING)));
    run(&scene, [&lock, &phone], async {
        let (mut there, here) = scene.connect(&lock, &phone).await;
        here.pair().await.unwrap();
        let stream = find(&here, VAULT, &STREAM).await;
        drop(here.subscribe(&stream).await.unwrap());
        subscribed(&mut there, &STREAM).await;
        ended(there, here).await;
        let unclaimed = || phone.host().stats().unclaimed_notifications;
        for (values, kept) in [(3, 1..=3u8), (6, 3..=6)] {
            let before = unclaimed();
            let (there, here) = scene.connect(&lock, &phone).await;
            here.encrypt().await.unwrap();
            for value in 1..=values {
                there.notify(&STREAM, &[value]).await.unwrap();
            }
            scene.sleep(1000).await;
            let mut subscription = here.listen(stream.handle()).unwrap();
            let mut buffer = [0; 8];
            for value in kept.clone() {
                assert_eq!(subscription.next(&mut buffer).await, Ok(1));
                assert_eq!(buffer[0], value);
            }
            assert_eq!(
                unclaimed() - before,
                u32::from(kept.start() - 1),
                "the oldest value was replaced"
            );
            // The client no longer listens, and needs none of the values that arrive now.
            drop(subscription);
            there.notify(&STREAM, &[9]).await.unwrap();
            scene.sleep(1000).await;
            assert_eq!(unclaimed() - before, u32::from(*kept.start()));
            let mut subscription = here.listen(stream.handle()).unwrap();
            assert!(scene.within(1000, subscription.next(&mut buffer)).await.is_none());
            drop(subscription);
            ended(there, here).await;
        }
    });
}
