//! Advertising and scanning.

use bindrune::{
    AdData, Advertisement, Config, Connect, Error, ExtendedPdus, Host, Phy, ReportFlags, Scan, Uuid,
};
use bindrune_controller::ControllerConfig;
use bindrune_pair::Scene;
use embassy_futures::{join::join, select::select};
use embassy_time::Duration;

use crate::table::{BATTERY, LAB, LAMP, PHONE, pattern};

/// Scans until `wanted` returns a value for a report.
async fn scan_until<T>(
    host: &Host,
    scan: Scan,
    wanted: impl Fn(&bindrune::Report<'_>) -> Option<T>,
) -> T {
    let mut buffer = vec![0; 1700];
    let mut scanner = host.scan(&scan).unwrap();
    loop {
        let report = scanner.next(&mut buffer).await.unwrap();
        if let Some(found) = wanted(&report) {
            return found;
        }
    }
}

fn name(data: &AdData<'_>) -> Option<String> {
    data.name().and_then(|name| name.text().map(String::from))
}

#[test]
fn a_scan_sees_name_services_and_manufacturer_data() {
    for scene in Scene::lossy(11) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let address = scene.address(&lamp).await;
            let advertisement = Advertisement::connectable()
                .name("lamp")
                .service(BATTERY)
                .manufacturer(0xffff, &[1, 2, 3]);
            let on = lamp.host().broadcast(&advertisement).unwrap();
            scan_until(phone.host(), Scan::active(), |report| {
                let ad = report.ad();
                assert_eq!(report.address, Some(address));
                assert!(report.is_connectable() && report.rssi.is_some());
                assert_eq!(name(&ad)?, "lamp");
                assert_eq!(ad.services().collect::<Vec<_>>(), [BATTERY]);
                assert_eq!(ad.manufacturer().next(), Some((0xffff, &[1, 2, 3][..])));
                Some(())
            })
            .await;
            drop(on);
        });
    }
}

#[test]
fn long_lists_overflow_into_the_scan_response() {
    for scene in Scene::lossy(12) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let advertisement = Advertisement::connectable()
                .name("a name of some length")
                .service(LAB)
                .service(BATTERY);
            let on = lamp.host().broadcast(&advertisement).unwrap();
            let services = scan_until(phone.host(), Scan::active(), |report| {
                report.flags.contains(ReportFlags::MERGED).then_some(())?;
                assert_eq!(name(&report.ad())?, "a name of some length");
                Some(report.ad().services().collect::<Vec<_>>())
            })
            .await;
            assert!(services.contains(&LAB) && services.contains(&BATTERY));
            let passive = scan_until(phone.host(), Scan::passive(), |report| name(&report.ad()));
            assert!("a name of some length".starts_with(&passive.await));
            drop(on);
            let passive = scan_until(phone.host(), Scan::passive(), |_| Some(()));
            assert_eq!(scene.within(1000, passive).await, None, "the lamp no longer advertises");
        });
    }
}

#[test]
fn several_sets_of_extended_advertising_with_data_over_one_fragment() {
    const BEACONS: Config = Config::new("beacons").advertising_sets(3).advertising_bytes(1000);
    for scene in Scene::lossy(13) {
        let (beacons, phone) = (scene.device(BEACONS), scene.device(PHONE));
        scene.run(&[&beacons, &phone], async {
            scene.address(&beacons).await;
            let short = pattern(1, 240);
            let (long, short) = (long_data(&short), [5, 0xff, 0xff, 0xff, 1, 2]);
            let extended = |sid| {
                Advertisement::non_connectable().extended_with(ExtendedPdus {
                    primary: Phy::LE_1M,
                    secondary: Phy::LE_2M,
                    sid,
                    tx_power: None,
                    anonymous: false,
                    include_tx_power: true,
                })
            };
            let host = beacons.host();
            let all = (
                host.broadcast(&extended(1).exactly(&long)).unwrap(),
                host.broadcast(&extended(2).exactly(&short)).unwrap(),
                host.broadcast(&Advertisement::connectable().name("legacy")).unwrap(),
            );
            assert_eq!(host.broadcast(&extended(3)).err(), Some(Error::Busy));
            for (sid, data) in [(1, &long[..]), (2, &short)] {
                let seen = scan_until(phone.host(), Scan::passive(), |report| {
                    let whole = !report.flags.contains(ReportFlags::TRUNCATED);
                    (report.sid == Some(sid) && whole).then(|| report.data.to_vec())
                });
                assert_eq!(seen.await, data);
            }
            scan_until(phone.host(), Scan::active(), |r| {
                (name(&r.ad())? == "legacy").then_some(())
            })
            .await;
            drop(all);
        });
    }
}

/// Returns three manufacturer structures with these octets.
fn long_data(octets: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    for _ in 0..3 {
        data.push(octets.len() as u8 + 3);
        data.extend([0xff, 0xff, 0xff]);
        data.extend(octets);
    }
    data
}

#[test]
fn one_connects_to_an_extended_set() {
    for scene in Scene::lossy(14) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let peer = scene.address(&lamp).await;
            let advertisement = Advertisement::connectable().extended().name("lamp");
            let (there, here) =
                join(lamp.host().advertise(&advertisement), phone.host().connect(&peer)).await;
            assert_eq!(here.unwrap().exchange_mtu().await, Ok(247));
            drop(there);
        });
    }
}

#[test]
fn directed_advertising_is_for_one_peer() {
    let scene = Scene::new(15);
    let (lamp, phone, other) = (scene.device(LAMP), scene.device(PHONE), scene.device(PHONE));
    scene.run(&[&lamp, &phone, &other], async {
        let (peer, wanted) = (scene.address(&lamp).await, scene.address(&phone).await);
        scene.address(&other).await;
        let advertisement = Advertisement::directed(wanted);
        let serve = lamp.host().advertise(&advertisement);
        let connect = async {
            let soon = Connect::to(peer).timeout(Duration::from_secs(2));
            let refused = other.host().connect_with(&soon, &[]).await;
            assert_eq!(refused.err(), Some(Error::Timeout));
            phone.host().connect(&peer).await.unwrap()
        };
        let (there, here) = join(serve, connect).await;
        assert_eq!(there.unwrap().peer(), Ok(wanted));
        here.disconnect().await.unwrap();
        let advertisement = Advertisement::directed_high_duty(wanted);
        let began = scene.now();
        let ended = lamp.host().advertise(&advertisement).await;
        assert_eq!(ended.err(), Some(Error::Timeout));
        assert!(scene.now() - began < Duration::from_millis(1400));
    });
}

#[test]
fn limited_and_other_timeouts_end_advertising() {
    for extended in [true, false] {
        let scene = Scene::new(16);
        let controller = ControllerConfig::new().extended_advertising(extended);
        let (lamp, phone) = (scene.device_on(controller, LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            scene.address(&lamp).await;
            let limited = Advertisement::connectable().limited();
            let began = scene.now();
            let advertise = lamp.host().advertise(&limited);
            let scan = scan_until(phone.host(), Scan::passive(), |r| r.ad().flags());
            let (ended, flags) = join(advertise, scan).await;
            assert!(format!("{flags:?}").contains("LIMITED"), "{flags:?}");
            assert_eq!(ended.err(), Some(Error::Timeout));
            let lasted = (scene.now() - began).as_secs();
            assert!((179..=181).contains(&lasted), "{lasted} s");
            let short = Advertisement::scannable().timeout(Duration::from_millis(1500));
            let began = scene.now();
            assert_eq!(lamp.host().broadcast(&short).unwrap().ended().await, Error::Timeout);
            let lasted = (scene.now() - began).as_millis();
            assert!((1400..=1700).contains(&lasted), "{lasted} ms");
        });
    }
}

#[test]
fn a_dropped_request_stops_advertising_and_scanning() {
    for scene in Scene::lossy(17) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            for _ in 0..3 {
                let advertisement = Advertisement::connectable().service(Uuid::new_16(0xfff0));
                let scan = scan_until(phone.host(), Scan::passive(), |_| Some(()));
                select(lamp.host().advertise(&advertisement), scan).await;
                scene.sleep(100).await;
                let scan = scan_until(phone.host(), Scan::passive(), |_| Some(()));
                assert_eq!(scene.within(500, scan).await, None);
            }
            assert_eq!(phone.host().scan(&Scan::active()).err(), None);
        });
    }
}
