//! LE and BR/EDR at once: neither takes all of the host.

use bindrune::{
    Characteristic, ClassicChannelConfig, ClassicConfig, ClassicPsm, Config, Event, Service, Uuid,
};
use bindrune_pair::{Device, Scene};
use embassy_futures::{
    join::join,
    select::{Either, select},
};

use crate::{channels, dual, random};

const PSM: ClassicPsm = ClassicPsm(0x100b);
const LAB: Uuid = Uuid::new_16(0xfff0);
static STREAM: Characteristic = Characteristic::new(Uuid::new_16(0xfff1)).notify();
static VALUE: Characteristic = Characteristic::new(Uuid::new_16(0xfff2)).read().value(&[7; 20]);
static SERVICES: &[Service] = &[Service::primary(LAB, &[&STREAM, &VALUE])];

/// Time of each measurement.
const SECONDS: u64 = 5;

/// Streams over BR/EDR for a while; returns the bytes that arrived.
async fn stream(scene: &Scene, lamp: &Device, speaker: &Device) -> usize {
    let config = ClassicChannelConfig::BASIC.mtu(1017);
    let (there, here) = channels(speaker, lamp, PSM, config).await;
    let data = random(700, 1017);
    let mut received = 0;
    let send = async {
        loop {
            here.send(&data).await.unwrap();
        }
    };
    let receive = async {
        let mut buffer = [0; 1017];
        loop {
            received += there.recv(&mut buffer).await.unwrap();
        }
    };
    scene.within(SECONDS * 1000, join(send, receive)).await;
    received
}

/// Notifies and reads over LE for a while; returns the number of notifications and of reads.
async fn serve(scene: &Scene, lamp: &Device, phone: &Device) -> (usize, usize) {
    let (mut there, here) = scene.connect(lamp, phone).await;
    let lab = here.service(LAB).await.unwrap();
    let stream = lab.characteristic(STREAM.uuid()).await.unwrap();
    let value = lab.characteristic(VALUE.uuid()).await.unwrap();
    let mut values = here.subscribe(&stream).await.unwrap();
    while !matches!(there.next().await, Event::Subscribed(_)) {}
    let (mut notified, mut reads) = (0, 0);
    let notify = async {
        loop {
            there.notify(&STREAM, &[1; 20]).await.unwrap();
        }
    };
    let take = async {
        let mut buffer = [0; 64];
        loop {
            values.next(&mut buffer).await.unwrap();
            notified += 1;
        }
    };
    let read = async {
        let mut buffer = [0; 64];
        loop {
            assert_eq!(here.read(&value, &mut buffer).await, Ok(20));
            reads += 1;
        }
    };
    let all = embassy_futures::join::join3(notify, take, read);
    scene.within(SECONDS * 1000, all).await;
    (notified, reads)
}

fn devices(scene: &Scene) -> (Device, Device, Device) {
    let config = Config::new("lamp").services(SERVICES);
    let lamp = scene.dual(config, ClassicConfig::new());
    (lamp, scene.device(Config::new("phone")), dual(scene, "speaker"))
}

#[test]
fn neither_takes_the_share_of_the_other() {
    for scene in Scene::lossy(700) {
        let (lamp, phone, speaker) = devices(&scene);
        scene.run(&[&lamp, &phone, &speaker], async {
            let (notified, reads) = serve(&scene, &lamp, &phone).await;
            scene.sleep(3000).await;
            let bytes = stream(&scene, &lamp, &speaker).await;
            scene.sleep(3000).await;
            let (le, classic) =
                join(serve(&scene, &lamp, &phone), stream(&scene, &lamp, &speaker)).await;
            println!("alone: {notified} notifications, {reads} reads, {bytes} bytes");
            println!("together: {le:?}, {classic} bytes");
            // The air of this simulation does not share its time, so each gets almost all of what it has alone.
            assert!(le.0 * 10 >= notified * 8, "{le:?} of {notified}");
            assert!(le.1 * 10 >= reads * 8, "{le:?} of {reads}");
            assert!(classic * 10 >= bytes * 8, "{classic} of {bytes}");
        });
    }
}

#[test]
fn a_slow_reader_of_one_does_not_stop_the_other() {
    let scene = Scene::new(710);
    let (lamp, phone, speaker) = devices(&scene);
    scene.run(&[&lamp, &phone, &speaker], async {
        let config = ClassicChannelConfig::ENHANCED.require_mode();
        // The lamp does not read what the speaker sends.
        let (unread, here) = channels(&lamp, &speaker, PSM, config).await;
        let flood = async {
            loop {
                here.send(&[5; 600]).await.unwrap();
            }
        };
        let measured = select(serve(&scene, &lamp, &phone), flood).await;
        let Either::First((notified, reads)) = measured;
        assert!(notified > 100 && reads > 20, "{notified} {reads}");
        assert_eq!(unread.recv(&mut [0; 672]).await, Ok(600));
    });
}
