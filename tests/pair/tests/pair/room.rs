//! Busy applications: their peers wait, or the loss is reported; other links and transactions continue.

use core::cell::Cell;

use bindrune::{
    Cid, Config, Connection, Error, Event, Host, RemoteCharacteristic, Resources, WriteRequest,
};
use bindrune_controller::ControllerConfig;
use bindrune_pair::{Device, Scene};
use embassy_futures::{
    join::{join, join3},
    select::select,
};

use crate::table::{ALERT, COMMAND, LAB, PHONE, SERVICES, STREAM, find, pattern, subscribed};

const OCTETS: usize = 244;

/// Configuration of hosts with little memory.
const SMALL_LAMP: Config = Config::new("small lamp").services(SERVICES).prepare_bytes(600);
const SMALL_PHONE: Config = Config::new("small phone");

/// Returns a host with memory for one link, and no more packets than the default.
fn small(scene: &Scene, config: Config) -> Device {
    let memory = Box::leak(Box::new(Resources::<1, 0, 6, 4, 264, 4096>::new()));
    let host = Host::new(memory, config).unwrap();
    scene.device_of_on(ControllerConfig::new(), host, config)
}

/// Returns a host for three links, on a controller with or without flow control to the host.
fn three(scene: &Scene, config: Config, flow_control: bool) -> Device {
    let memory = Box::leak(Box::new(Resources::<3, 0, 24, 8, 264, 4096>::new()));
    let controller = ControllerConfig::new().host_flow_control(flow_control);
    scene.device_of_on(controller, Host::new(memory, config).unwrap(), config)
}

async fn send(link: &Connection<'_>, to: &RemoteCharacteristic<'_>, count: usize) {
    for round in 0..count {
        link.write_without_response(to, &pattern(round, OCTETS)).await.unwrap();
    }
}

/// Returns the next write of a link, or how many were lost.
async fn next_write<'h>(link: &mut Connection<'h>) -> Option<Result<WriteRequest<'h>, u32>> {
    loop {
        match link.next().await {
            Event::Write(request) => return Some(Ok(request)),
            Event::LostWrites(count) => return Some(Err(count)),
            Event::Disconnected(_) => return None,
            _ => {}
        }
    }
}

#[test]
fn write_commands_wait_for_a_busy_application() {
    for milliseconds in [0, 1, 5, 20] {
        let scene = Scene::new(151);
        let (lamp, phone) = (small(&scene, SMALL_LAMP), small(&scene, SMALL_PHONE));
        scene.run(&[&lamp, &phone], async {
            let (mut there, here) = scene.connect(&lamp, &phone).await;
            let command = find(&here, LAB, &COMMAND).await;
            let receive = async {
                let mut round = 0;
                while let Some(write) = next_write(&mut there).await {
                    let write = write.unwrap();
                    assert_eq!(write.value(), pattern(round, OCTETS), "write {round}");
                    round += 1;
                    scene.sleep(milliseconds).await;
                }
                assert_eq!(round, 300);
            };
            let send = async {
                send(&here, &command, 300).await;
                scene.sleep(1000).await;
                here.disconnect().await.unwrap();
            };
            join(receive, send).await;
            assert_eq!(lamp.host().stats().dropped_pushes, 0);
        });
    }
}

#[test]
fn a_late_application_loses_nothing() {
    let scene = Scene::new(152);
    let (lamp, phone) = (small(&scene, SMALL_LAMP), small(&scene, SMALL_PHONE));
    scene.run(&[&lamp, &phone], async {
        let (mut there, here) = scene.connect(&lamp, &phone).await;
        let command = find(&here, LAB, &COMMAND).await;
        let receive = async {
            scene.sleep(1500).await;
            for round in 0..40 {
                let write = next_write(&mut there).await.unwrap().unwrap();
                assert_eq!(write.value(), pattern(round, OCTETS), "write {round}");
            }
        };
        join(receive, send(&here, &command, 40)).await;
    });
}

#[test]
fn data_held_back_by_the_controller_is_read_after_the_link_has_ended() {
    let scene = Scene::new(158);
    let (lamp, phone) = (three(&scene, SMALL_LAMP, true), three(&scene, SMALL_PHONE, true));
    scene.run(&[&lamp, &phone], async {
        let (mut there, here) = scene.connect(&lamp, &phone).await;
        let command = find(&here, LAB, &COMMAND).await;
        send(&here, &command, 20).await;
        here.disconnect().await.unwrap();
        scene.sleep(3000).await;
        let mut round = 0;
        while let Some(write) = next_write(&mut there).await {
            assert_eq!(write.unwrap().value(), pattern(round, OCTETS), "write {round}");
            round += 1;
        }
        assert_eq!((round, lamp.host().stats().dropped_pushes), (20, 0));
    });
}

#[test]
fn writes_without_room_are_reported_on_their_link() {
    let scene = Scene::new(153);
    let (lamp, phone) = (three(&scene, SMALL_LAMP, false), three(&scene, SMALL_PHONE, false));
    scene.run(&[&lamp, &phone], async {
        let (mut there, here) = scene.connect(&lamp, &phone).await;
        let command = find(&here, LAB, &COMMAND).await;
        send(&here, &command, 50).await;
        scene.sleep(1000).await;
        let (mut round, mut lost) = (0, 0);
        while round + (lost as usize) < 50 {
            match next_write(&mut there).await.unwrap() {
                Ok(write) => {
                    assert_eq!((write.value(), lost), (&pattern(round, OCTETS)[..], 0), "{round}");
                    round += 1;
                }
                Err(count) => lost += count,
            }
        }
        assert!(round >= 7, "{round}");
        assert_eq!(lamp.host().stats().dropped_pushes, lost);
        here.write_without_response(&command, b"on").await.unwrap();
        assert_eq!(next_write(&mut there).await.unwrap().unwrap().value(), b"on");
    });
}

#[test]
fn an_application_that_never_reads_stops_neither_other_links_nor_its_own_transactions() {
    let scene = Scene::new(154);
    let lamp = three(&scene, SMALL_LAMP, true);
    let (a, b) = (three(&scene, SMALL_PHONE, true), three(&scene, SMALL_PHONE, true));
    scene.run(&[&lamp, &a, &b], async {
        let (mut there_a, here_a) = scene.connect(&lamp, &a).await;
        let (mut there_b, here_b) = scene.connect(&lamp, &b).await;
        let command_a = find(&here_a, LAB, &COMMAND).await;
        let command_b = find(&here_b, LAB, &COMMAND).await;
        let began = scene.now();
        let received = async {
            let mut last = scene.now();
            for _ in 0..100 {
                assert_eq!(next_write(&mut there_b).await.unwrap().unwrap().value(), b"b");
                let gap = (scene.now() - last).as_millis();
                assert!(gap < 500, "{gap} ms");
                last = scene.now();
            }
        };
        let paced = async {
            for _ in 0..100 {
                here_b.write_without_response(&command_b, b"b").await.unwrap();
                scene.sleep(20).await;
            }
        };
        join3(send(&here_a, &command_a, 200), received, paced).await;
        assert!((scene.now() - began).as_millis() < 4000);
        // A request of the link with the busy application is answered.
        here_a.service(LAB).await.unwrap();
        let (mut written, mut lost) = (0, 0);
        while written + lost < 200 {
            match next_write(&mut there_a).await.unwrap() {
                Ok(_) => written += 1,
                Err(count) => lost += count,
            }
        }
        assert_eq!((written + lost, lamp.host().stats().dropped_pushes), (200, lost));
    });
}

#[test]
fn unread_values_of_one_link_do_not_displace_those_of_another() {
    for flow_control in [false, true] {
        let scene = Scene::new(155);
        let phone = three(&scene, SMALL_PHONE, flow_control);
        let (a, b) = (three(&scene, SMALL_LAMP, true), three(&scene, SMALL_LAMP, true));
        scene.run(&[&phone, &a, &b], async {
            let (mut there_a, here_a) = scene.connect(&a, &phone).await;
            let (mut there_b, here_b) = scene.connect(&b, &phone).await;
            let stream_a = find(&here_a, LAB, &STREAM).await;
            let stream_b = find(&here_b, LAB, &STREAM).await;
            let mut unread = here_a.subscribe(&stream_a).await.unwrap();
            let mut values = here_b.subscribe(&stream_b).await.unwrap();
            join(subscribed(&mut there_a, &STREAM), subscribed(&mut there_b, &STREAM)).await;
            let flood = async {
                for _ in 0..100 {
                    there_a.notify(&STREAM, &pattern(1, OCTETS)).await.unwrap();
                }
            };
            let paced = async {
                for round in 0..100 {
                    there_b.notify(&STREAM, &pattern(round, OCTETS)).await.unwrap();
                    scene.sleep(10).await;
                }
            };
            let read = async {
                let mut buffer = [0; OCTETS];
                for round in 0..100 {
                    assert_eq!(values.next(&mut buffer).await, Ok(OCTETS));
                    assert_eq!(buffer[..], pattern(round, OCTETS), "value {round}");
                }
            };
            join3(flood, paced, read).await;
            assert_eq!(values.lost(), 0);
            let (mut buffer, mut left) = ([0; OCTETS], 0);
            while scene.within(2000, unread.next(&mut buffer)).await.is_some() {
                left += 1;
            }
            assert_eq!(left + unread.lost(), 100);
        });
    }
}

#[test]
fn an_indication_is_confirmed_only_if_its_value_is_kept() {
    for flow_control in [false, true] {
        let scene = Scene::new(156);
        let (lamp, phone) =
            (three(&scene, SMALL_LAMP, true), three(&scene, SMALL_PHONE, flow_control));
        scene.run(&[&lamp, &phone], async {
            let (mut there, here) = scene.connect(&lamp, &phone).await;
            let stream = find(&here, LAB, &STREAM).await;
            let alert = find(&here, LAB, &ALERT).await;
            let _unread = here.subscribe(&stream).await.unwrap();
            let mut values = here.subscribe(&alert).await.unwrap();
            subscribed(&mut there, &ALERT).await;
            for _ in 0..30 {
                there.notify(&STREAM, &[0; OCTETS]).await.unwrap();
            }
            let confirmed = Cell::new(0u8);
            let indicate = async {
                for round in 0..40 {
                    there.indicate(&ALERT, &[round]).await.unwrap();
                    confirmed.set(confirmed.get() + 1);
                }
            };
            let read = async {
                scene.sleep(20_000).await;
                let early = confirmed.get();
                let mut buffer = [0; 1];
                for round in 0..40 {
                    assert_eq!(values.next(&mut buffer).await, Ok(1));
                    assert_eq!(buffer, [round]);
                }
                assert!(early < 15, "{early} were confirmed");
            };
            join(indicate, read).await;
            assert_eq!(values.lost(), 0);
        });
    }
}

#[test]
fn kept_requests_of_ended_links_leave_room_for_the_next_link() {
    let scene = Scene::new(157);
    let memory = Box::leak(Box::new(Resources::<1, 0, 8, 4, 264, 4096>::new()));
    let lamp = scene.device_of(Host::new(memory, SMALL_LAMP).unwrap(), SMALL_LAMP);
    let phone = scene.device(PHONE);
    scene.run(&[&lamp, &phone], async {
        let mut kept = Vec::new();
        for round in 0..4u8 {
            let (mut there, here) = scene.connect(&lamp, &phone).await;
            let command = find(&here, LAB, &COMMAND).await;
            let ask = async {
                let _unanswered = scene.within(1000, here.write(&command, &[round])).await;
                here.disconnect().await.unwrap();
            };
            let take = async {
                kept.push(next_write(&mut there).await.unwrap().unwrap());
                there.disconnected().await;
            };
            join(ask, take).await;
        }
        let (mut there, here) = scene.connect(&lamp, &phone).await;
        let command = find(&here, LAB, &COMMAND).await;
        let serve = async {
            while let Some(write) = next_write(&mut there).await {
                write.unwrap().accept();
            }
        };
        let ask = async {
            for _ in 0..20 {
                here.write(&command, &pattern(1, 400)).await.unwrap();
                here.write_without_response(&command, &[1]).await.unwrap();
            }
        };
        select(serve, ask).await;
        let values: Vec<_> = kept.iter().map(|write| write.value()[0]).collect();
        assert_eq!(values, [0, 1, 2, 3]);
        drop(kept);
    });
}

#[test]
fn values_arrive_with_the_fewest_packets() {
    fewest::<4>(false);
    fewest::<4>(true);
    fewest::<5>(false);
    fewest::<5>(true);
}

/// Subscribes with this many receive packets: three of them are for the link itself.
fn fewest<const RX: usize>(flow_control: bool) {
    let scene = Scene::new(158);
    let memory = Box::leak(Box::new(Resources::<1, 0, RX, 4, 264, 4096>::new()));
    let host = Host::new(memory, SMALL_PHONE).unwrap();
    let controller = ControllerConfig::new().host_flow_control(flow_control);
    let phone = scene.device_of_on(controller, host, SMALL_PHONE);
    let lamp = small(&scene, SMALL_LAMP);
    scene.run(&[&lamp, &phone], async {
        let (mut there, here) = scene.connect(&lamp, &phone).await;
        let stream = find(&here, LAB, &STREAM).await;
        let alert = find(&here, LAB, &ALERT).await;
        let mut values = here.subscribe(&stream).await.unwrap();
        let mut alerts = here.subscribe(&alert).await.unwrap();
        subscribed(&mut there, &ALERT).await;
        for round in 0..20 {
            let mut buffer = [0; OCTETS];
            let push = async {
                there.notify(&STREAM, &pattern(round, OCTETS)).await.unwrap();
                assert_eq!(values.next(&mut buffer).await, Ok(OCTETS));
                there.indicate(&ALERT, &[1]).await.unwrap();
            };
            let mut alert = [0; 1];
            let (pushed, read) =
                join(scene.within(1000, push), scene.within(1000, alerts.next(&mut alert))).await;
            assert_eq!((pushed, read), (Some(()), Some(Ok(1))), "{RX} packets, round {round}");
            assert_eq!(buffer[..], pattern(round, OCTETS));
        }
        assert_eq!((values.lost(), alerts.lost()), (0, 0));
    });
}

#[test]
fn a_subscription_without_a_packet_for_its_values_is_refused() {
    let scene = Scene::new(159);
    let memory = Box::leak(Box::new(Resources::<1, 0, 3, 4, 264, 4096>::new()));
    let phone = scene.device_of(Host::new(memory, SMALL_PHONE).unwrap(), SMALL_PHONE);
    let lamp = small(&scene, SMALL_LAMP);
    scene.run(&[&lamp, &phone], async {
        let (_there, here) = scene.connect(&lamp, &phone).await;
        let stream = find(&here, LAB, &STREAM).await;
        assert_eq!(here.subscribe(&stream).await.map(|_| ()), Err(Error::NoPackets));
        assert_eq!(here.listen(stream.handle()).map(|_| ()), Err(Error::NoPackets));
        assert_eq!(here.fixed_channel(Cid(0x3e)).map(|_| ()), Err(Error::NoPackets));
    });
}
