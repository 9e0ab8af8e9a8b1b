//! Values that the application holds, and the order of requests of the ATT client.

use bindrune::{Connection, Error, ErrorCode, Event, ReadRequest, WriteRequest};
use bindrune_pair::Scene;
use embassy_futures::{
    join::{join, join3},
    select::select,
};

use crate::table::{BATTERY, COMMAND, LAB, LAMP, LEVEL, LONG, MOVED, PHONE, find, pattern};

async fn next_read<'h>(link: &mut Connection<'h>) -> ReadRequest<'h> {
    loop {
        match link.next().await {
            Event::Read(request) => return request,
            Event::Disconnected(reason) => panic!("disconnected: {reason}"),
            _ => {}
        }
    }
}

async fn next_write<'h>(link: &mut Connection<'h>) -> WriteRequest<'h> {
    loop {
        match link.next().await {
            Event::Write(request) => return request,
            Event::Disconnected(reason) => panic!("disconnected: {reason}"),
            _ => {}
        }
    }
}

const UNLIKELY: Error = Error::Att(ErrorCode::UNLIKELY_ERROR);

#[test]
fn the_application_answers_late_rejects_and_accepts() {
    for scene in Scene::lossy(61) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let (mut there, here) = scene.connect(&lamp, &phone).await;
            let command = find(&here, LAB, &COMMAND).await;
            let serve = async {
                let request = next_read(&mut there).await;
                assert!(request.is(&COMMAND));
                scene.sleep(20_000).await;
                request.reply(b"late");
                next_read(&mut there).await.reject(ErrorCode(0x85));
                let request = next_write(&mut there).await;
                assert_eq!(request.value(), b"go");
                request.accept();
                next_write(&mut there).await.reject(ErrorCode(0x86));
                // A long write is one event.
                let request = next_write(&mut there).await;
                let mut buffer = [0; 512];
                assert_eq!((request.read(&mut buffer), &buffer[..]), (512, &pattern(4, 512)[..]));
                request.accept();
                // A long read asks for each part.
                for _ in 0..3 {
                    next_read(&mut there).await.reply(&pattern(5, 512));
                }
            };
            let ask = async {
                let mut buffer = [0; 512];
                assert_eq!(here.read(&command, &mut buffer).await, Ok(4));
                let refused = here.read(&command, &mut buffer).await;
                assert_eq!(refused, Err(Error::Att(ErrorCode(0x85))));
                assert_eq!(here.write(&command, b"go").await, Ok(()));
                assert_eq!(here.write(&command, b"no").await, Err(Error::Att(ErrorCode(0x86))));
                assert_eq!(here.write(&command, &pattern(4, 512)).await, Ok(()));
                assert_eq!(here.read(&command, &mut buffer).await, Ok(512));
                assert_eq!(&buffer[..], pattern(5, 512));
            };
            join(serve, ask).await;
        });
    }
}

#[test]
fn a_request_that_is_dropped_or_not_taken_in_5_s_is_answered_0x0e() {
    for scene in Scene::lossy(62) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let (mut there, here) = scene.connect(&lamp, &phone).await;
            let command = find(&here, LAB, &COMMAND).await;
            let mut buffer = [0; 20];
            let drop_it = async { drop(next_read(&mut there).await) };
            let (answer, ()) = join(here.read(&command, &mut buffer), drop_it).await;
            assert_eq!(answer, Err(UNLIKELY));
            let drop_it = async { drop(next_write(&mut there).await) };
            let (answer, ()) = join(here.write(&command, &[1]), drop_it).await;
            assert_eq!(answer, Err(UNLIKELY));
            let began = scene.now();
            assert_eq!(here.read(&command, &mut buffer).await, Err(UNLIKELY));
            let waited = (scene.now() - began).as_millis();
            assert!((5000..5500).contains(&waited), "{waited} ms");
            assert_eq!(lamp.host().stats().untaken_requests, 1);
            let (answer, ()) = join(here.write(&command, &[1]), async {
                next_write(&mut there).await.accept();
            })
            .await;
            assert_eq!(answer, Ok(()));
        });
    }
}

#[test]
fn a_transaction_without_answer_ends_after_30_s_and_the_bearer_with_it() {
    let scene = Scene::new(63);
    let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
    scene.run(&[&lamp, &phone], async {
        let (mut there, here) = scene.connect(&lamp, &phone).await;
        let command = find(&here, LAB, &COMMAND).await;
        let mut buffer = [0; 20];
        let keep = async {
            let request = next_read(&mut there).await;
            scene.sleep(40_000).await;
            request.reply(&[1]);
        };
        let ask = async {
            let began = scene.now();
            let answer = here.read(&command, &mut buffer).await;
            assert_eq!(answer, Err(Error::TransactionTimeout));
            assert!((29_900..30_100).contains(&(scene.now() - began).as_millis()));
            assert_eq!(here.write(&command, &[1]).await, Err(Error::TransactionTimeout));
        };
        join(keep, ask).await;
    });
}

#[test]
fn requests_of_several_tasks_are_serialised() {
    for scene in Scene::lossy(64) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let (_there, here) = scene.connect(&lamp, &phone).await;
            let (level, long) = (find(&here, BATTERY, &LEVEL).await, find(&here, LAB, &LONG).await);
            let read_level = async {
                let mut buffer = [0; 4];
                for _ in 0..50 {
                    assert_eq!(here.read(&level, &mut buffer).await, Ok(1));
                    assert_eq!(buffer[0], 100);
                }
            };
            let write_and_read = async {
                let mut buffer = [0; 512];
                for round in 0..10 {
                    let value = pattern(round, 400);
                    here.write(&long, &value).await.unwrap();
                    assert_eq!(here.read(&long, &mut buffer).await, Ok(400));
                    assert_eq!(&buffer[..400], value);
                }
            };
            let discover = async {
                for _ in 0..5 {
                    assert_eq!(find(&here, BATTERY, &LEVEL).await.handle(), level.handle());
                }
            };
            join3(read_level, write_and_read, discover).await;
        });
    }
}

#[test]
fn the_late_answer_of_a_cancelled_request_is_dropped() {
    for scene in Scene::lossy(65) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let (mut there, here) = scene.connect(&lamp, &phone).await;
            let command = find(&here, LAB, &COMMAND).await;
            let level = find(&here, BATTERY, &LEVEL).await;
            let serve = async {
                loop {
                    let request = next_read(&mut there).await;
                    scene.sleep(300).await;
                    request.reply(b"too late");
                }
            };
            let ask = async {
                let mut buffer = [0; 20];
                for milliseconds in (0..120).step_by(4) {
                    let read = here.read(&command, &mut buffer);
                    assert_eq!(scene.within(milliseconds, read).await, None);
                    assert_eq!(here.read(&level, &mut buffer).await, Ok(1));
                    assert_eq!(buffer[0], 100);
                }
            };
            select(serve, ask).await;
        });
    }
}

#[test]
fn a_cancelled_long_write_leaves_the_queue_empty() {
    for scene in Scene::lossy(66) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let (_there, here) = scene.connect(&lamp, &phone).await;
            let long = find(&here, LAB, &LONG).await;
            let mut buffer = [0; 512];
            for milliseconds in (0..150).step_by(10) {
                let value = pattern(1, 500);
                let _ = scene.within(milliseconds, here.write(&long, &value)).await;
                let value = pattern(milliseconds as usize, 510);
                here.write(&long, &value).await.unwrap();
                assert_eq!(here.read(&long, &mut buffer).await, Ok(510));
                assert_eq!(&buffer[..510], value);
            }
        });
    }
}

#[test]
fn services_are_replaced_and_the_client_sees_it() {
    for scene in Scene::lossy(67) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let (_there, mut here) = scene.connect(&lamp, &phone).await;
            let before = find(&here, LAB, &LONG).await;
            here.watch_services().await.unwrap();
            lamp.host().gatt().replace(MOVED).unwrap();
            let (start, end) = loop {
                if let Event::ServiceChanged { start, end } = here.next().await {
                    break (start, end);
                }
            };
            assert!(start <= before.handle() && end == u16::MAX);
            let after = find(&here, LAB, &LONG).await;
            assert_ne!(before.handle(), after.handle());
            assert_eq!(Some(after.handle()), lamp.host().gatt().handle(&LONG));
            let mut buffer = [0; 20];
            assert_eq!(here.read(&after, &mut buffer).await, Ok(3));
        });
    }
}
