//! Decisions of the application about requests of a peer: for channels, for connection parameters.

use bindrune::{
    ChannelConfig, CloseReason, Config, ConnectionParameters, ConnectionResult, Error, Level,
    ParameterRequests, Psm, Status,
};
use bindrune_controller::ControllerConfig;
use bindrune_pair::Scene;
use embassy_futures::join::{join, join3};

use crate::table::{LAMP, PHONE, pattern};

const PSM: Psm = Psm(0x91);

fn refused(result: ConnectionResult) -> Option<Error> {
    Some(Error::Refused(result))
}

#[test]
fn each_request_for_a_channel_is_decided() {
    for scene in Scene::lossy(231) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let (there, here) = scene.connect(&lamp, &phone).await;
            let config = ChannelConfig::default();
            let mut requests = lamp.host().listen_for_requests(PSM, config, Level::Open).unwrap();
            assert_eq!(lamp.host().listen(PSM, config).err(), Some(Error::Busy));
            let decide = async {
                let request = requests.next().await;
                assert_eq!(request.link().peer(), there.peer());
                request.refuse(ConnectionResult::INSUFFICIENT_AUTHORIZATION);
                drop(requests.next().await);
                requests.next().await.refuse(ConnectionResult::SUCCESS);
                // Two at a time, decided in reverse order.
                let (first, second) = (requests.next().await, requests.next().await);
                assert!(first.peer_mtu() > 0 && lamp.host().channels() == 2);
                second.refuse(ConnectionResult::UNACCEPTABLE_PARAMETERS);
                let (_link, mut channel) = first.accept().unwrap();
                let mut buffer = [0; 100];
                assert_eq!(channel.recv(&mut buffer).await, Ok(99));
                assert_eq!(buffer[..99], pattern(1, 99));
            };
            let ask = async {
                for result in [
                    ConnectionResult::INSUFFICIENT_AUTHORIZATION,
                    ConnectionResult::NO_RESOURCES,
                    ConnectionResult::NO_RESOURCES,
                ] {
                    assert_eq!(here.open_channel(PSM, config).await.err(), refused(result));
                }
                let first = async {
                    let mut channel = here.open_channel(PSM, config).await.unwrap();
                    channel.send(&pattern(1, 99)).await.unwrap();
                    channel.close().await.unwrap();
                };
                let second = async {
                    let end = here.open_channel(PSM, config).await.err();
                    assert_eq!(end, refused(ConnectionResult::UNACCEPTABLE_PARAMETERS));
                };
                join(first, second).await;
            };
            join(decide, ask).await;
        });
    }
}

#[test]
fn an_undecided_request_is_refused_after_20_s() {
    let scene = Scene::new(232);
    let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
    scene.run(&[&lamp, &phone], async {
        let (_there, here) = scene.connect(&lamp, &phone).await;
        let config = ChannelConfig::default();
        let mut requests = lamp.host().listen_for_requests(PSM, config, Level::Open).unwrap();
        let begin = scene.now();
        let ask = async {
            let end = here.open_channel(PSM, config).await.err();
            assert_eq!(end, refused(ConnectionResult::NO_RESOURCES));
            (scene.now() - begin).as_millis()
        };
        // One request is taken and kept, the other is not taken.
        let keep = async {
            let kept = requests.next().await;
            scene.sleep(25_000).await;
            assert_eq!(kept.peer_mtu(), 0);
            assert_eq!(kept.accept().err(), Some(Error::Timeout));
        };
        let (first, second, ()) =
            join3(ask, async { here.open_channel(PSM, config).await.err() }, keep).await;
        assert!((20_000..20_500).contains(&first), "{first} ms");
        assert_eq!(second, refused(ConnectionResult::NO_RESOURCES));
        assert_eq!(lamp.host().channels(), 0);
    });
}

#[test]
fn requests_end_with_their_listener_and_their_link() {
    let scene = Scene::new(233);
    let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
    scene.run(&[&lamp, &phone], async {
        let (_there, here) = scene.connect(&lamp, &phone).await;
        let config = ChannelConfig::default();
        let listen = || lamp.host().listen_for_requests(PSM, config, Level::Open).unwrap();
        let requests = listen();
        let stop = async {
            scene.sleep(500).await;
            drop(requests);
        };
        let (end, ()) = join(here.open_channel(PSM, config), stop).await;
        assert_eq!(end.err(), refused(ConnectionResult::PSM_NOT_SUPPORTED));
        let mut requests = listen();
        let leave = async {
            let request = requests.next().await;
            here.disconnect().await.unwrap();
            while request.link().is_connected() {
                scene.sleep(100).await;
            }
            assert_eq!(request.accept().err(), Some(Error::Closed(CloseReason::LinkLost)));
        };
        let (end, ()) = join(here.open_channel(PSM, config), leave).await;
        assert!(end.is_err());
        assert_eq!(lamp.host().channels(), 0);
    });
}

#[test]
fn undecided_requests_of_one_peer_leave_room_for_another() {
    let scene = Scene::new(236);
    let (lamp, greedy, late) = (scene.device(LAMP), scene.device(PHONE), scene.device(PHONE));
    scene.run(&[&lamp, &greedy, &late], async {
        let config = ChannelConfig { window: 32, ..ChannelConfig::DEFAULT };
        let small = ChannelConfig { window: 1, ..config };
        let mut requests = lamp.host().listen_for_requests(PSM, config, Level::Open).unwrap();
        let (_there, here) = scene.connect(&lamp, &greedy).await;
        let ask = || async { here.open_channel(PSM, small).await.err() };
        let asks = join3(ask(), ask(), ask());
        let decide = async {
            let kept = (requests.next().await, requests.next().await);
            let (there, other) = scene.connect(&lamp, &late).await;
            let accept = async {
                let request = requests.next().await;
                assert_eq!(request.link().peer(), there.peer());
                request.accept().unwrap()
            };
            let (opened, _accepted) = join(other.open_channel(PSM, small), accept).await;
            assert!(opened.is_ok());
            drop(kept);
        };
        let (ends, ()) = join(asks, decide).await;
        // The dropped requests, and the one beyond the share of a peer.
        assert!(
            [ends.0, ends.1, ends.2].iter().all(|e| *e == refused(ConnectionResult::NO_RESOURCES))
        );
    });
}

const ASKED: ConnectionParameters =
    ConnectionParameters { interval_min: 80, interval_max: 160, latency: 0, timeout: 500 };
const LIMITS: ConnectionParameters =
    ConnectionParameters { interval_min: 6, interval_max: 100, latency: 0, timeout: 500 };

/// Runs two devices whose central answers with `policy`; by the link layer, or by L2CAP signalling if the controllers
/// do not support that.
fn asking(policy: ParameterRequests, by_l2cap: bool, app: impl AsyncFn(Result<(), Error>, u16)) {
    let scene = Scene::new(234);
    let controller = || ControllerConfig::new().parameter_request(!by_l2cap);
    let lamp = scene.device_on(controller(), LAMP);
    let config = Config::new("hub").parameter_requests(policy);
    let phone = scene.device_on(controller(), config);
    scene.run(&[&lamp, &phone], async {
        let (there, here) = scene.connect(&lamp, &phone).await;
        let outcome = there.update_parameters(ASKED).await;
        scene.sleep(2000).await;
        app(outcome, here.parameters().unwrap().interval).await;
        // The policy of a link can be changed at any time.
        here.answer_parameter_requests(ParameterRequests::Accept).unwrap();
        assert_eq!(there.update_parameters(ASKED).await, Ok(()));
        here.answer_parameter_requests(ParameterRequests::Refuse).unwrap();
        let other = ConnectionParameters { interval_min: 40, interval_max: 40, ..ASKED };
        assert!(matches!(there.update_parameters(other).await, Err(Error::Controller(_))));
    });
}

#[test]
fn requests_for_parameters_are_accepted_refused_or_limited() {
    for by_l2cap in [false, true] {
        asking(ParameterRequests::Accept, by_l2cap, async |outcome, interval| {
            assert_eq!(outcome, Ok(()));
            assert!((80..=160).contains(&interval));
        });
        asking(ParameterRequests::Refuse, by_l2cap, async |outcome, interval| {
            assert_eq!(outcome, Err(Error::Controller(Status::UNACCEPTABLE_PARAMETERS)));
            assert!(interval < 80);
        });
        asking(ParameterRequests::Within(LIMITS), by_l2cap, async |outcome, interval| {
            assert_eq!(outcome, Ok(()));
            assert!((80..=100).contains(&interval), "{interval}");
        });
        let narrow = ConnectionParameters { interval_max: 40, ..LIMITS };
        asking(ParameterRequests::Within(narrow), by_l2cap, async |outcome, interval| {
            assert_eq!(outcome, Err(Error::Controller(Status::UNACCEPTABLE_PARAMETERS)));
            assert!(interval < 80);
        });
    }
}
