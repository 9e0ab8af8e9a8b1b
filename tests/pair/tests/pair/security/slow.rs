//! Slow cryptography does not delay other tasks.

use core::cell::RefCell;

use bindrune::{Channel, ChannelConfig, Connection, Psm};
use bindrune_pair::{KnownCrypto, Scene, Task};
use embassy_futures::join::{join, join4};
use embassy_time::Duration;

use super::{NOTHING, STREAM, VAULT, reader, safe, with_users};
use crate::table::{find, subscribed};

const PSM: Psm = Psm(0x81);
const ROUNDS: u8 = 150;
/// A connection interval, and the time that events of other links may take.
const TOLERANCE: u64 = 60_000;
const MULTIPLICATION: Duration = Duration::from_millis(300);

async fn receive_all(scene: &Scene, channel: &mut Channel<'_>, times: &RefCell<Vec<u64>>) {
    let mut buffer = [0; 200];
    for round in 0..ROUNDS {
        assert_eq!(channel.recv(&mut buffer).await, Ok(100));
        assert_eq!(buffer[0], round);
        times.borrow_mut().push(scene.now().as_micros());
    }
}

async fn pair_slowly(scene: &Scene, link: &Connection<'_>) {
    let begun = scene.now();
    link.pair().await.unwrap();
    let took = scene.now() - begun;
    assert!(took > MULTIPLICATION, "{took:?}");
}

/// Returns when the other links' peers received their values, in microseconds; with or without a pairing of a third
/// link.
fn deliveries(pairing: bool) -> [Vec<u64>; 2] {
    let scene = Scene::new(930);
    let hub = scene.device(safe(NOTHING));
    let others = [(); 3].map(|()| scene.device(reader(NOTHING)));
    let [a, b, c] = &others;
    let slow = |private| KnownCrypto::new(private).slow(scene.clock(), MULTIPLICATION);
    let drivers = vec![
        Task::new(hub.drive_with(slow([0x31; 32]))),
        Task::new(a.drive_with(KnownCrypto::new([0x32; 32]))),
        Task::new(b.drive_with(KnownCrypto::new([0x33; 32]))),
        Task::new(c.drive_with(KnownCrypto::new([0x34; 32]))),
    ];
    let (notified, received) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
    scene.run_driven(drivers, &[&hub, a, b, c], async {
        let app = async {
            let (mut to_a, at_a) = scene.connect(&hub, a).await;
            let (to_b, _at_b) = scene.connect(&hub, b).await;
            let (_to_c, at_c) = scene.connect(&hub, c).await;
            let stream = find(&at_a, VAULT, &STREAM).await;
            let mut updates = at_a.subscribe(&stream).await.unwrap();
            subscribed(&mut to_a, &STREAM).await;
            let config = ChannelConfig::default();
            let mut listener = b.host().listen(PSM, config).unwrap();
            let (near, far) = join(to_b.open_channel(PSM, config), listener.accept()).await;
            let (mut near, mut far) = (near.unwrap(), far.unwrap().1);
            let send = async {
                for round in 0..ROUNDS {
                    to_a.notify(&STREAM, &[round]).await.unwrap();
                    near.send(&[round; 100]).await.unwrap();
                    scene.sleep(20).await;
                }
            };
            let at_notified = async {
                let mut buffer = [0; 32];
                for round in 0..ROUNDS {
                    assert_eq!(updates.next(&mut buffer).await, Ok(1));
                    assert_eq!(buffer[0], round);
                    notified.borrow_mut().push(scene.now().as_micros());
                }
            };
            let at_received = receive_all(&scene, &mut far, &received);
            let third = async {
                if pairing {
                    pair_slowly(&scene, &at_c).await;
                }
            };
            join4(send, at_notified, at_received, third).await;
        };
        with_users(&scene, [&hub, c], app).await;
    });
    [notified.into_inner(), received.into_inner()]
}

#[test]
fn other_links_go_on_while_one_pairs_slowly() {
    let (without, with) = (deliveries(false), deliveries(true));
    for (without, with) in without.iter().zip(&with) {
        let late = without.iter().zip(with).map(|(a, b)| b.saturating_sub(*a));
        let latest = late.max().unwrap();
        println!("{} deliveries, {latest} µs later at most", with.len());
        assert_eq!(with.len(), usize::from(ROUNDS));
        assert!(latest < TOLERANCE, "{latest} µs");
    }
}
