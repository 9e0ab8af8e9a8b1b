//! The device's name, set once and changed at run time; scanning that ends by itself, and that finds a service.

use bindrune::{Advertisement, Config, Error, Scan, Uuid};
use bindrune_pair::{Device, Scene};
use embassy_futures::join::join;
use embassy_time::Duration;

use crate::table::{BATTERY, PHONE, SERVICES};

const LAMP: Config = Config::new("Lamp").appearance(0x0341).services(SERVICES);

/// Returns the name and appearance that an active scanner finds.
async fn seen(phone: &Device) -> (Option<String>, Option<u16>) {
    let mut buffer = [0; 100];
    let mut scanner = phone.host().scan(&Scan::active()).unwrap();
    let report = scanner.next(&mut buffer).await.unwrap();
    let ad = report.ad();
    (ad.name().and_then(|name| name.text().map(String::from)), ad.appearance())
}

#[test]
fn name_and_appearance_are_configured_once_and_the_name_changes_at_run_time() {
    for scene in Scene::lossy(241) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            // One constant is advertised repeatedly.
            const LAST: Advertisement<'_> = Advertisement::connectable().service(BATTERY);
            let host = lamp.host();
            let mut buffer = [0; 64];
            assert_eq!(host.device_name(&mut buffer), Ok(4));
            let on = host.broadcast(&LAST).unwrap();
            assert_eq!(seen(&phone).await, (Some("Lamp".into()), Some(0x0341)));
            host.set_device_name("Kitchen").unwrap();
            assert_eq!(
                seen(&phone).await.0,
                Some("Lamp".into()),
                "the advertisement keeps its name"
            );
            drop(on);
            let on = host.broadcast(&LAST).unwrap();
            assert_eq!(seen(&phone).await, (Some("Kitchen".into()), Some(0x0341)));
            drop(on);
            let on = host.broadcast(&LAST.name("other").appearance(0x0342)).unwrap();
            assert_eq!(seen(&phone).await, (Some("other".into()), Some(0x0342)));
            drop(on);
            let on = host.broadcast(&LAST.without_name()).unwrap();
            assert_eq!(seen(&phone).await, (None, None));
            drop(on);
            let (_there, here) = scene.connect(&lamp, &phone).await;
            let gap = here.service(Uuid::new_16(0x1800)).await.unwrap();
            let name = gap.characteristic(Uuid::new_16(0x2a00)).await.unwrap();
            assert_eq!(here.read(&name, &mut buffer).await, Ok(7));
            assert_eq!(&buffer[..7], b"Kitchen");
            let long = "x".repeat(65);
            assert_eq!(host.set_device_name(&long), Err(Error::TooLong { max: 64 }));
            assert_eq!(host.device_name(&mut [0; 6]), Err(Error::BufferTooSmall { needed: 7 }));
            // A name longer than any PDU, and an empty one: neither is an error.
            for name in [&long[..64], ""] {
                host.set_device_name(name).unwrap();
                drop(host.broadcast(&LAST).unwrap());
            }
        });
    }
}

#[test]
fn scanning_ends_by_itself_with_a_clear_result() {
    for scene in Scene::lossy(242) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            scene.address(&lamp).await;
            scene.address(&phone).await;
            let mut buffer = [0; 100];
            for scan in [Scan::active(), Scan::passive()] {
                let on = lamp.host().broadcast(&Advertisement::connectable()).unwrap();
                let begin = scene.now();
                let scan = scan.timeout(Duration::from_secs(3));
                let mut scanner = phone.host().scan(&scan).unwrap();
                let mut reports = 0;
                let end = loop {
                    match scanner.next(&mut buffer).await {
                        Ok(_) => reports += 1,
                        Err(end) => break end,
                    }
                };
                let took = (scene.now() - begin).as_millis();
                assert!(end == Error::Timeout && reports > 0, "{end:?} after {reports}");
                assert!((3000..3300).contains(&took), "{took} ms");
                assert_eq!(scanner.next(&mut buffer).await.err(), Some(Error::Timeout));
                // Scanning is off although the scanner exists; another scan may begin once the
                // scanner is dropped.
                assert_eq!(phone.host().scan(&scan).err(), Some(Error::Busy));
                drop((scanner, on));
            }
        });
    }
}

#[test]
fn a_scanner_finds_the_connectable_device_that_advertises_a_service() {
    for scene in Scene::lossy(244) {
        let (lamp, other, phone) = (scene.device(LAMP), scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &other, &phone], async {
            let find = async || {
                let scan = Scan::active().timeout(Duration::from_secs(5));
                phone.host().scan(&scan).unwrap().find_service(BATTERY).await
            };
            let beacon = Advertisement::non_connectable().service(BATTERY);
            let beacon = other.host().broadcast(&beacon).unwrap();
            let heart_rate = Advertisement::connectable().service(Uuid::new_16(0x180d));
            let heart_rate = lamp.host().broadcast(&heart_rate).unwrap();
            assert_eq!(find().await, Err(Error::Timeout));
            drop((beacon, heart_rate));
            let advertised = Advertisement::connectable().service(BATTERY);
            let (there, here) = join(lamp.host().advertise(&advertised), async {
                let peer = find().await.unwrap();
                // The scanner is gone: another one may begin.
                drop(phone.host().scan(&Scan::active()).unwrap());
                phone.host().connect(&peer).await
            })
            .await;
            let lamp = lamp.host().controller().await.unwrap().own_address();
            assert_eq!(here.unwrap().peer(), Ok(lamp));
            assert!(there.unwrap().is_connected());
        });
    }
}
