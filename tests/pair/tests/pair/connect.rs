//! Connecting, and giving up.

use bindrune::{
    Address, Advertisement, Connect, ConnectionParameters, Error, Opcode, Role, Status,
};
use bindrune_controller::ControllerConfig;
use bindrune_pair::Scene;
use embassy_futures::join::{join, join3};
use embassy_time::Duration;

use crate::table::{LAMP, PHONE};

#[test]
fn both_sides_report_the_same_link() {
    for scene in Scene::lossy(21) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let peer = scene.address(&lamp).await;
            let parameters = ConnectionParameters {
                interval_min: 16,
                interval_max: 16,
                latency: 2,
                timeout: 300,
            };
            let connect = Connect::to(peer).parameters(parameters);
            let (there, here) = scene.connect_with(&lamp, &phone, &connect).await;
            assert_eq!((there.role(), here.role()), (Ok(Role::PERIPHERAL), Ok(Role::CENTRAL)));
            assert_eq!((there.peer(), here.peer()), (Ok(scene.address(&phone).await), Ok(peer)));
            for link in [&there, &here] {
                let p = link.parameters().unwrap();
                assert_eq!((p.interval, p.latency, p.timeout), (16, 2, 300));
            }
            assert_eq!(here.exchange_mtu().await, Ok(247));
            let status = Status::REMOTE_POWER_OFF;
            let (ended, reason) = join(here.disconnect_with(status), there.disconnected()).await;
            assert_eq!((ended, reason), (Ok(()), status));
            assert!(!here.is_connected());
        });
    }
}

#[test]
fn a_connection_attempt_ends_by_its_timeout() {
    for extended in [true, false] {
        let scene = Scene::new(22);
        let controller = ControllerConfig::new().extended_advertising(extended);
        let phone = scene.device_on(controller, PHONE);
        scene.run(&[&phone], async {
            scene.address(&phone).await;
            let began = scene.now();
            let connect = Connect::to(ABSENT).timeout(Duration::from_secs(3));
            assert_eq!(phone.host().connect_with(&connect, &[]).await.err(), Some(Error::Timeout));
            assert!((2900..3200).contains(&(scene.now() - began).as_millis()));
        });
    }
}

const ABSENT: Address = Address::public([9, 9, 9, 9, 9, 9]);

#[test]
fn a_cancelled_attempt_leaves_room_for_the_next() {
    for scene in Scene::lossy(23) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            scene.address(&phone).await;
            for milliseconds in [0, 1, 2, 5, 100] {
                let attempt = phone.host().connect(&ABSENT);
                assert!(scene.within(milliseconds, attempt).await.is_none());
            }
            let (there, here) = scene.connect(&lamp, &phone).await;
            assert!(there.is_connected() && here.is_connected());
        });
    }
}

#[test]
fn a_link_that_comes_up_after_its_request_was_dropped_is_disconnected() {
    for scene in Scene::lossy(24) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let peer = scene.address(&lamp).await;
            scene.address(&phone).await;
            for milliseconds in 1..60 {
                let advertisement = Advertisement::connectable();
                let advertise =
                    scene.within(milliseconds + 7, lamp.host().advertise(&advertisement));
                let connect = scene.within(milliseconds, phone.host().connect(&peer));
                drop(join(advertise, connect).await);
            }
        });
    }
}

#[test]
fn a_central_connects_to_whichever_of_several_peers_answers() {
    for scene in Scene::lossy(25) {
        let (lamp, phone, other) = (scene.device(LAMP), scene.device(PHONE), scene.device(LAMP));
        scene.run(&[&lamp, &phone, &other], async {
            let (peer, stranger) = (scene.address(&lamp).await, scene.address(&other).await);
            let advertisement = Advertisement::connectable();
            let peers = [ABSENT, peer];
            let connect = async {
                let here = phone.host().connect_any(&peers).await.unwrap();
                assert_eq!(here.peer(), Ok(peer));
                let here_too = phone.host().connect_any(&[ABSENT, stranger]).await.unwrap();
                assert_eq!(here_too.peer(), Ok(stranger));
                (here, here_too)
            };
            let (a, b) =
                (lamp.host().advertise(&advertisement), other.host().advertise(&advertisement));
            let (links, there, there_too) = join3(connect, a, b).await;
            assert!(there.unwrap().is_connected() && there_too.unwrap().is_connected());
            drop(links);
            let none = phone.host().connect_any(&[]).await;
            assert_eq!(none.err(), Some(Error::InvalidParameters));
        });
    }
}

#[test]
fn attempts_of_two_tasks_are_made_in_turn() {
    for scene in Scene::lossy(26) {
        let (lamp, phone, other) = (scene.device(LAMP), scene.device(PHONE), scene.device(LAMP));
        scene.run(&[&lamp, &phone, &other], async {
            let (a, b) = (scene.address(&lamp).await, scene.address(&other).await);
            let advertisement = Advertisement::connectable();
            let serve =
                join(lamp.host().advertise(&advertisement), other.host().advertise(&advertisement));
            let connect = join(phone.host().connect(&a), phone.host().connect(&b));
            let ((_x, _y), (first, second)) = join(serve, connect).await;
            assert_eq!((first.unwrap().peer(), second.unwrap().peer()), (Ok(a), Ok(b)));
        });
    }
}

#[test]
fn commands_of_several_tasks_are_answered_each() {
    let scene = Scene::new(27);
    let phone = scene.device(PHONE);
    scene.run(&[&phone], async {
        let address = scene.address(&phone).await;
        let ask = async || {
            for _ in 0..20 {
                let mut returned = [0; 7];
                let read_bd_addr = Opcode(0x1009);
                assert_eq!(phone.host().raw_command(read_bd_addr, &[], &mut returned).await, Ok(7));
                assert_eq!((returned[0], &returned[1..]), (0, &address.octets()[..]));
            }
        };
        let give_up = async {
            for milliseconds in 0..10 {
                let unknown = phone.host().raw_command(Opcode(0xfc77), &[0; 255], &mut []);
                let _dropped = scene.within(milliseconds, unknown).await;
            }
        };
        join3(ask(), ask(), give_up).await;
        let mut returned = [0; 8];
        let unknown = phone.host().raw_command(Opcode(0xfc77), &[0; 255], &mut returned).await;
        assert_eq!((unknown, returned[0]), (Ok(1), Status::UNKNOWN_COMMAND.0));
    });
}
