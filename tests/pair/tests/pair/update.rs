//! Sending of current host-held values; notifications without a subscription; values of descriptors.

use bindrune::{Characteristic, Config, Descriptor, Error, Event, Level, Service, Uuid};
use bindrune_pair::Scene;
use embassy_futures::join::{join, join4};

use crate::table::{COMMAND, PHONE, find, pattern, subscribed};

const WEATHER: Uuid = Uuid::new_16(0x181a);
static RANGE: Descriptor = Descriptor::new(Uuid::new_16(0x2906)).read().value(&[0, 9]).max_len(4);
static ASKED: Descriptor = Descriptor::new(Uuid::new_16(0xff2f)).read();
static HUMIDITY: Characteristic = Characteristic::new(Uuid::new_16(0x2a6f))
    .read()
    .notify()
    .indicate()
    .value(&[50])
    .max_len(400)
    .descriptors(&[&RANGE, &ASKED]);
static SECRET: Characteristic = Characteristic::new(Uuid::new_16(0xff2e))
    .read()
    .notify()
    .value(&[1])
    .permission(Level::Encrypted);
static PRESSURE: Characteristic = Characteristic::new(Uuid::new_16(0x2a6d)).indicate().value(&[7]);
static QUIET: Characteristic = Characteristic::new(Uuid::new_16(0xff2d)).read().value(&[1]);
static SERVICES: &[Service] =
    &[Service::primary(WEATHER, &[&HUMIDITY, &SECRET, &PRESSURE, &QUIET])];
const LAMP: Config = Config::new("weather").services(SERVICES);

#[test]
fn one_call_writes_a_value_and_sends_it_to_all_subscribers() {
    for scene in Scene::lossy(221) {
        let (lamp, phone, watch) = (scene.device(LAMP), scene.device(PHONE), scene.device(PHONE));
        scene.run(&[&lamp, &phone, &watch], async {
            let (mut for_phone, of_phone) = scene.connect(&lamp, &phone).await;
            let (mut for_watch, of_watch) = scene.connect(&lamp, &watch).await;
            let (a, b) = (
                find(&of_phone, WEATHER, &HUMIDITY).await,
                find(&of_watch, WEATHER, &HUMIDITY).await,
            );
            let gatt = lamp.host().gatt();
            assert_eq!(gatt.update(&HUMIDITY, &[51]).await, Ok(0));
            let (values, indicated, ..) =
                join(async { of_phone.subscribe(&a).await.unwrap() }, async {
                    of_watch.subscribe_to_indications(&b).await.unwrap()
                })
                .await;
            let (mut values, mut indicated) = (values, indicated);
            join(subscribed(&mut for_phone, &HUMIDITY), subscribed(&mut for_watch, &HUMIDITY))
                .await;
            let long = pattern(1, 300);
            assert_eq!(gatt.update(&HUMIDITY, &long).await, Ok(2));
            let mut buffer = [0; 400];
            for next in [values.next(&mut buffer).await, indicated.next(&mut [0; 400]).await] {
                assert_eq!(next, Ok(244));
            }
            assert_eq!(buffer[..244], long[..244]);
            assert_eq!(of_phone.read(&a, &mut buffer).await, Ok(300));
            assert_eq!(buffer[..300], long);
            let max = Err(Error::TooLong { max: 400 });
            assert_eq!(gatt.update(&HUMIDITY, &[0; 401]).await, max);
            let unknown = Err(Error::UnknownAttribute);
            assert_eq!(gatt.update(&COMMAND, &[1]).await, unknown);
        });
    }
}

#[test]
fn updates_that_overlap_end_with_the_value_that_the_host_holds() {
    for scene in Scene::lossy(222) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let (mut there, here) = scene.connect(&lamp, &phone).await;
            let humidity = find(&here, WEATHER, &HUMIDITY).await;
            let (values, ()) = join(
                async { here.subscribe(&humidity).await.unwrap() },
                subscribed(&mut there, &HUMIDITY),
            )
            .await;
            let mut values = values;
            let gatt = lamp.host().gatt();
            let up = async |from: u8| {
                for value in (from..90).step_by(3) {
                    gatt.update(&HUMIDITY, &[value]).await.unwrap();
                }
            };
            let read = async {
                let mut buffer = [0; 1];
                while let Some(next) = scene.within(5000, values.next(&mut buffer)).await {
                    assert_eq!(next, Ok(1));
                }
                buffer
            };
            let (.., buffer) = join4(up(0), up(1), up(2), read).await;
            let mut last = [0; 1];
            assert_eq!(gatt.read(&HUMIDITY, &mut last), Ok(1));
            assert_eq!(buffer, last);
        });
    }
}

#[test]
fn the_current_value_is_notified_and_indicated() {
    let scene = Scene::new(223);
    let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
    scene.run(&[&lamp, &phone], async {
        let (mut there, here) = scene.connect(&lamp, &phone).await;
        let pressure = find(&here, WEATHER, &PRESSURE).await;
        let not = Err(Error::NotSubscribed);
        assert_eq!(there.notify_current(&HUMIDITY).await, not);
        assert_eq!(there.indicate_current(&PRESSURE).await, not);
        assert_eq!(there.notify_current(&COMMAND).await, Err(Error::UnknownAttribute));
        let humidity = find(&here, WEATHER, &HUMIDITY).await;
        let mut values = here.subscribe(&humidity).await.unwrap();
        let mut pressures = here.subscribe(&pressure).await.unwrap();
        subscribed(&mut there, &PRESSURE).await;
        let mut buffer = [0; 400];
        there.notify_current(&HUMIDITY).await.unwrap();
        assert_eq!((values.next(&mut buffer).await, buffer[0]), (Ok(1), 50));
        lamp.host().gatt().write(&HUMIDITY, &[7; 400]).unwrap();
        there.notify_current(&HUMIDITY).await.unwrap();
        assert_eq!(values.next(&mut buffer).await, Ok(244));
        there.indicate_current(&PRESSURE).await.unwrap();
        assert_eq!((pressures.next(&mut buffer).await, buffer[0]), (Ok(1), 7));
    });
}

#[test]
fn a_peer_without_a_subscription_is_notified_on_request() {
    let scene = Scene::new(224);
    let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
    scene.run(&[&lamp, &phone], async {
        let (there, here) = scene.connect(&lamp, &phone).await;
        let humidity = find(&here, WEATHER, &HUMIDITY).await;
        let mut values = here.listen(humidity.handle()).unwrap();
        assert_eq!(there.notify(&HUMIDITY, b"no").await, Err(Error::NotSubscribed));
        there.notify_unsubscribed(&HUMIDITY, b"yes").await.unwrap();
        let mut buffer = [0; 8];
        assert_eq!(values.next(&mut buffer).await, Ok(3));
        assert_eq!(&buffer[..3], b"yes");
        let refused = there.notify_unsubscribed(&SECRET, b"?").await;
        assert!(matches!(refused, Err(Error::Att(_))), "{refused:?}");
        let refused = there.notify_unsubscribed(&QUIET, b"?").await;
        assert_eq!(refused, Err(Error::InvalidParameters));
        let long = there.notify_unsubscribed(&HUMIDITY, &[0; 245]).await;
        assert_eq!(long, Err(Error::TooLong { max: 244 }));
    });
}

#[test]
fn local_descriptor_values_are_read_and_written() {
    let scene = Scene::new(225);
    let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
    scene.run(&[&lamp, &phone], async {
        let (mut there, here) = scene.connect(&lamp, &phone).await;
        let (gatt, mut buffer) = (lamp.host().gatt(), [0; 8]);
        assert_eq!(gatt.read_descriptor(&RANGE, &mut buffer), Ok(2));
        assert_eq!(buffer[..2], [0, 9]);
        gatt.write_descriptor(&RANGE, &[1, 2, 3, 4]).unwrap();
        let too_long = gatt.write_descriptor(&RANGE, &[0; 5]);
        assert_eq!(too_long, Err(Error::TooLong { max: 4 }));
        let too_small = gatt.read_descriptor(&RANGE, &mut [0; 3]);
        assert_eq!(too_small, Err(Error::BufferTooSmall { needed: 4 }));
        assert_eq!(gatt.write_descriptor(&ASKED, &[0]), Err(Error::UnknownAttribute));
        let humidity = find(&here, WEATHER, &HUMIDITY).await;
        let mut descriptors = humidity.descriptors();
        let range = loop {
            let descriptor = descriptors.next().await.unwrap().unwrap();
            if descriptor.uuid() == RANGE.uuid() {
                break descriptor;
            }
        };
        assert_eq!(here.read(&range, &mut buffer).await, Ok(4));
        assert_eq!(buffer[..4], [1, 2, 3, 4]);
        here.disconnect().await.unwrap();
        while !matches!(there.next().await, Event::Disconnected(_)) {}
    });
}
