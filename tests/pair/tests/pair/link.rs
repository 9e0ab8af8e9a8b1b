//! Procedures of a link, and its loss.

use bindrune::{
    ChannelConfig, Config, Connect, Connection, ConnectionParameters, DataLengths, Error, Event,
    Phy, PhyMask, Phys, Psm, Status,
};
use bindrune_controller::ControllerConfig;
use bindrune_pair::Scene;
use embassy_futures::join::{join, join3};

use crate::table::{ALERT, COMMAND, LAB, LAMP, PHONE, find, subscribed};

const SLOWER: ConnectionParameters =
    ConnectionParameters { interval_min: 40, interval_max: 40, latency: 1, timeout: 400 };
const FASTER: ConnectionParameters =
    ConnectionParameters { interval_min: 8, interval_max: 8, latency: 0, timeout: 200 };

/// Waits until the link has this connection interval.
async fn has_interval(link: &mut Connection<'_>, interval: u16) {
    while link.parameters().unwrap().interval != interval {
        if let Event::Disconnected(reason) = link.next().await {
            panic!("disconnected: {reason}");
        }
    }
}

#[test]
fn parameters_are_updated_by_either_side() {
    for by_link_layer in [true, false] {
        for scene in Scene::lossy(71) {
            let controller = ControllerConfig::new().parameter_request(by_link_layer);
            let (lamp, phone) = (scene.device_on(controller, LAMP), scene.device(PHONE));
            scene.run(&[&lamp, &phone], async {
                let (mut there, mut here) = scene.connect(&lamp, &phone).await;
                assert_eq!(here.update_parameters(SLOWER).await, Ok(()));
                assert_eq!(here.parameters().unwrap().interval, 40);
                has_interval(&mut there, 40).await;
                assert_eq!(there.update_parameters(FASTER).await, Ok(()));
                has_interval(&mut there, 8).await;
                has_interval(&mut here, 8).await;
                let wrong = ConnectionParameters { interval_min: 3, ..FASTER };
                let refused = there.update_parameters(wrong).await;
                assert_eq!(refused, Err(Error::InvalidParameters));
            });
        }
    }
}

#[test]
fn signal_phy_and_data_length() {
    const PLAIN: Config = PHONE.data_length(false).two_megabit(false);
    for scene in Scene::lossy(72) {
        let (lamp, phone) =
            (scene.device(LAMP.data_length(false).two_megabit(false)), scene.device(PLAIN));
        scene.run(&[&lamp, &phone], async {
            let (there, here) = scene.connect(&lamp, &phone).await;
            let (a, b) = join(here.rssi(), there.rssi()).await;
            assert!((-100..0).contains(&a.unwrap()) && (-100..0).contains(&b.unwrap()));
            let one = Phys { tx: Phy::LE_1M, rx: Phy::LE_1M };
            assert_eq!((here.phy(), there.phy()), (Ok(one), Ok(one)));
            here.set_phy(PhyMask::LE_2M, PhyMask::LE_2M).await.unwrap();
            assert_eq!(here.phy(), Ok(Phys { tx: Phy::LE_2M, rx: Phy::LE_2M }));
            there.set_phy(PhyMask::LE_1M, PhyMask::LE_1M).await.unwrap();
            assert_eq!(there.phy(), Ok(one));
            assert_eq!(here.data_length().unwrap().tx_octets, 27);
            here.set_data_length(100, 2120).await.unwrap();
            scene.sleep(1000).await;
            assert_eq!(here.data_length().unwrap().tx_octets, 100);
            assert_eq!(there.data_length().unwrap().rx_octets, 100);
        });
    }
}

#[test]
fn longer_packets_and_2m_are_requested_if_both_support_them() {
    for (length, two_megabit) in [(251, true), (251, false), (27, true), (60, true)] {
        let scene = Scene::new(73);
        let controller = ControllerConfig::new().data_length(length).phy_2m(two_megabit);
        let (lamp, phone) = (scene.device_on(controller, LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let (_there, here) = scene.connect(&lamp, &phone).await;
            scene.sleep(2000).await;
            let phy = if two_megabit { Phy::LE_2M } else { Phy::LE_1M };
            assert_eq!(here.phy(), Ok(Phys { tx: phy, rx: phy }));
            let DataLengths { tx_octets, rx_octets, .. } = here.data_length().unwrap();
            assert_eq!((tx_octets, rx_octets), (length, length));
        });
    }
}

#[test]
fn silence_ends_a_link_by_its_supervision_timeout_and_all_that_waits_on_it() {
    let scene = Scene::new(74);
    let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
    scene.run(&[&lamp, &phone], async {
        let peer = scene.address(&lamp).await;
        let connect = Connect::to(peer).parameters(ConnectionParameters { timeout: 100, ..SLOWER });
        let (mut there, here) = scene.connect_with(&lamp, &phone, &connect).await;
        let command = find(&here, LAB, &COMMAND).await;
        let mut buffer = [0; 20];
        let ask = async {
            let answer = here.read(&command, &mut buffer).await;
            assert_eq!(answer, Err(Error::Disconnected(Status::CONNECTION_TIMEOUT)));
        };
        let vanish = async {
            while !matches!(there.next().await, Event::Read(_)) {}
            scene.world().set_reachable(lamp.id(), phone.id(), false);
            let began = scene.now();
            assert_eq!(there.disconnected().await, Status::CONNECTION_TIMEOUT);
            assert!((900..1300).contains(&(scene.now() - began).as_millis()));
        };
        join(ask, vanish).await;
        scene.world().set_reachable(lamp.id(), phone.id(), true);
        let (there, here) = scene.connect(&lamp, &phone).await;
        assert!(there.is_connected() && here.is_connected());
    });
}

#[test]
fn a_handle_of_an_ended_link_never_names_another() {
    let scene = Scene::new(75);
    let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
    scene.run(&[&lamp, &phone], async {
        let mut old = Vec::new();
        for _ in 0..20 {
            let (there, here) = scene.connect(&lamp, &phone).await;
            here.disconnect().await.unwrap();
            there.disconnected().await;
            old.push((there, here));
        }
        let (there, here) = scene.connect(&lamp, &phone).await;
        for (a, b) in &old {
            assert!(!a.is_connected() && !b.is_connected());
            assert!(matches!(b.rssi().await, Err(Error::Disconnected(_))));
        }
        drop(old);
        assert!(there.is_connected() && here.is_connected());
    });
}

#[test]
fn requests_to_a_silent_peer_end_after_30_s() {
    let scene = Scene::new(76);
    let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
    scene.run(&[&lamp, &phone], async {
        let connect = Connect::to(scene.address(&lamp).await)
            .parameters(ConnectionParameters { timeout: 3200, ..SLOWER });
        let (mut there, here) = scene.connect_with(&lamp, &phone, &connect).await;
        let command = find(&here, LAB, &COMMAND).await;
        let alert = find(&here, LAB, &ALERT).await;
        let _values = here.subscribe(&alert).await.unwrap();
        subscribed(&mut there, &ALERT).await;
        scene.world().set_reachable(lamp.id(), phone.id(), false);
        let began = scene.now();
        let mut buffer = [0; 20];
        let (read, opened, indicated) = join3(
            here.read(&command, &mut buffer),
            here.open_channel(Psm(0x80), ChannelConfig::default()),
            there.indicate(&ALERT, &[1]),
        )
        .await;
        let waited = (scene.now() - began).as_millis();
        assert!((29_900..30_500).contains(&waited), "{waited} ms");
        assert_eq!(read, Err(Error::TransactionTimeout));
        assert_eq!(opened.err(), Some(Error::Timeout));
        assert_eq!(indicated, Err(Error::TransactionTimeout));
    });
}
