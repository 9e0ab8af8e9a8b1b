//! Events of a link: in the order of arrival, all of them, and then the end.

use bindrune::{Cccd, Characteristic, Cid, Connection, Event, RemoteCharacteristic};
use bindrune_pair::Scene;
use embassy_futures::join::join;

use crate::table::{ALERT, COMMAND, LAB, LAMP, LOG, LONG, PHONE, STREAM, find};

/// Returns the next event of a link as text.
async fn seen(link: &mut Connection<'_>) -> String {
    match link.next().await {
        Event::Write(request) => {
            let value = request.value().to_vec();
            request.accept();
            format!("write {value:?}")
        }
        Event::Read(request) => {
            request.reply(b"read");
            "read".into()
        }
        Event::Written(written) => format!("written {}", written.handle),
        Event::Subscribed(change) => {
            let name =
                if core::ptr::eq(change.characteristic, &STREAM) { "stream" } else { "alert" };
            format!("{name} {}", if change.cccd == Cccd::empty() { "off" } else { "on" })
        }
        Event::Mtu(_) => "mtu".into(),
        Event::Disconnected(_) => "disconnected".into(),
        event => format!("{event:?}"),
    }
}

/// Returns the events until the end, without those of the link layer.
async fn all(link: &mut Connection<'_>) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        let event = seen(link).await;
        if !["Parameters", "Phy", "DataLength"].iter().any(|kind| event.starts_with(kind)) {
            all.push(event);
        }
        if all.last().is_some_and(|event| event == "disconnected") {
            return all;
        }
    }
}

async fn commands(
    link: &Connection<'_>,
    to: &RemoteCharacteristic<'_>,
    values: std::ops::Range<u8>,
) {
    for value in values {
        link.write_without_response(to, &[value]).await.unwrap();
    }
}

fn writes(values: std::ops::Range<u8>) -> impl Iterator<Item = String> {
    values.map(|value| format!("write [{value}]"))
}

#[test]
fn a_request_is_reported_after_the_commands_before_it() {
    for scene in Scene::lossy(141) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let (mut there, here) = scene.connect(&lamp, &phone).await;
            let command = find(&here, LAB, &COMMAND).await;
            let serve = async {
                let mut values = Vec::new();
                loop {
                    match there.next().await {
                        Event::Write(request) => {
                            values.extend_from_slice(request.value());
                            request.accept();
                            scene.sleep(5).await;
                        }
                        Event::Read(request) => request.reply(&values),
                        Event::Disconnected(_) => return,
                        _ => {}
                    }
                }
            };
            let ask = async {
                let mut buffer = [0; 64];
                commands(&here, &command, 0..8).await;
                here.write(&command, &[99]).await.unwrap();
                commands(&here, &command, 8..16).await;
                let len = here.read(&command, &mut buffer).await.unwrap();
                let expected: Vec<u8> = (0..8).chain([99]).chain(8..16).collect();
                assert_eq!(&buffer[..len], expected);
                here.disconnect().await.unwrap();
            };
            join(serve, ask).await;
        });
    }
}

#[test]
fn events_of_every_kind_come_in_the_order_of_arrival() {
    let scene = Scene::new(142);
    let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
    scene.run(&[&lamp, &phone], async {
        let (mut there, here) = scene.connect(&lamp, &phone).await;
        let handle = |of: &'static Characteristic| lamp.host().gatt().handle(of).unwrap();
        let (command, long) = (find(&here, LAB, &COMMAND).await, find(&here, LAB, &LONG).await);
        let (stream, alert) = (find(&here, LAB, &STREAM).await, find(&here, LAB, &ALERT).await);
        let log = find(&here, LAB, &LOG).await;
        let alerts = here.subscribe(&alert).await.unwrap();
        commands(&here, &command, 0..2).await;
        here.write(&long, &[1]).await.unwrap();
        here.write(&long, &[2]).await.unwrap();
        let _values = here.subscribe(&stream).await.unwrap();
        here.write_without_response(&log, b"x").await.unwrap();
        here.write(&long, &[3]).await.unwrap();
        commands(&here, &command, 2..3).await;
        alerts.unsubscribe().await.unwrap();
        here.disconnect().await.unwrap();
        scene.sleep(1000).await;
        let mut expected = vec!["mtu".to_string(), "alert on".into()];
        expected.extend(writes(0..2));
        expected.extend([format!("written {}", handle(&LONG)), "stream on".into()]);
        expected
            .extend([format!("written {}", handle(&LOG)), format!("written {}", handle(&LONG))]);
        expected.extend(writes(2..3));
        expected.extend(["alert off".into(), "disconnected".into()]);
        assert_eq!(all(&mut there).await, expected);
        assert_eq!(seen(&mut there).await, "disconnected");
    });
}

#[test]
fn changes_beyond_the_capacity_are_all_reported() {
    let scene = Scene::new(143);
    let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
    scene.run(&[&lamp, &phone], async {
        let (mut there, here) = scene.connect(&lamp, &phone).await;
        let (stream, long) = (find(&here, LAB, &STREAM).await, find(&here, LAB, &LONG).await);
        for _ in 0..20 {
            here.write(&long, &[1]).await.unwrap();
            let values = here.subscribe(&stream).await.unwrap();
            values.unsubscribe().await.unwrap();
        }
        let _values = here.subscribe(&stream).await.unwrap();
        here.disconnect().await.unwrap();
        scene.sleep(1000).await;
        let events = all(&mut there).await;
        let written = events.iter().filter(|event| event.starts_with("written")).count();
        assert!(written >= 2, "{events:?}");
        let last = events.iter().rfind(|event| event.starts_with("stream")).unwrap();
        assert_eq!(last, "stream on", "{events:?}");
    });
}

#[test]
fn values_sent_before_the_end_are_read_before_the_end() {
    const OWN: Cid = Cid(0x3e);
    for scene in Scene::lossy(144) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let (mut there, here) = scene.connect(&lamp, &phone).await;
            let command = find(&here, LAB, &COMMAND).await;
            let mut own = there.fixed_channel(OWN).unwrap();
            let mut peer = here.fixed_channel(OWN).unwrap();
            commands(&here, &command, 0..30).await;
            for round in 0..5 {
                peer.send(&[round]).await.unwrap();
            }
            let request = here.write(&command, &[99]);
            assert!(scene.within(500, request).await.is_none());
            drop(peer);
            here.disconnect().await.unwrap();
            scene.sleep(3000).await;
            assert!(!there.is_connected());
            let mut expected = vec!["mtu".to_string()];
            expected.extend(writes(0..30));
            expected.extend(["write [99]".into(), "disconnected".into()]);
            assert_eq!(all(&mut there).await, expected);
            let mut buffer = [0; 8];
            for round in 0..5 {
                assert_eq!(own.recv(&mut buffer).await, Ok(1));
                assert_eq!(buffer[0], round);
            }
            assert!(own.recv(&mut buffer).await.is_err());
            assert_eq!(lamp.host().stats().dropped_pushes, 0);
        });
    }
}
