//! Reading and writing values that the host holds.

use bindrune::{Error, ErrorCode, Event};
use bindrune_pair::Scene;
use embassy_futures::join::join;

use crate::table::{BATTERY, DESCRIBED_UUID, LAB, LAMP, LEVEL, LOG, LONG, PHONE, find, pattern};

#[test]
fn short_and_long_values_are_read_and_written() {
    for scene in Scene::lossy(41) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let (there, here) = scene.connect(&lamp, &phone).await;
            let (level, long) = (find(&here, BATTERY, &LEVEL).await, find(&here, LAB, &LONG).await);
            let mut buffer = [0; 512];
            assert_eq!(here.read(&level, &mut buffer).await, Ok(1));
            assert_eq!(buffer[0], 100);
            for len in [0, 1, 244, 245, 246, 247, 488, 511, 512] {
                let value = pattern(len, len);
                here.write(&long, &value).await.unwrap();
                let held = lamp.host().gatt().read(&LONG, &mut buffer);
                assert_eq!(&buffer[..held.unwrap()], value);
                buffer.fill(0);
                let read = here.read(&long, &mut buffer).await;
                assert_eq!(&buffer[..read.unwrap()], value);
            }
            lamp.host().gatt().write(&LONG, b"from the app").unwrap();
            let read = here.read(&long, &mut buffer).await.unwrap();
            assert_eq!(&buffer[..read], b"from the app");
            let refused = here.write(&level, &[1]).await;
            assert_eq!(refused, Err(Error::Att(ErrorCode::WRITE_NOT_PERMITTED)));
            let mut small = [0; 4];
            assert!(matches!(
                here.read(&long, &mut small).await,
                Err(Error::BufferTooSmall { .. })
            ));
            drop(there);
        });
    }
}

#[test]
fn several_values_are_read_at_once_and_written_reliably() {
    for scene in Scene::lossy(42) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let (_there, here) = scene.connect(&lamp, &phone).await;
            let (level, long) = (find(&here, BATTERY, &LEVEL).await, find(&here, LAB, &LONG).await);
            let handles = [level.handle(), long.handle()];
            let mut buffer = [0; 40];
            let len = here.read_multiple(&handles, &mut buffer).await.unwrap();
            assert_eq!(&buffer[..len], [100, 1, 2, 3]);
            let mut values = Vec::new();
            here.read_multiple_variable(&handles, |handle, len, value| {
                values.push((handle, len, value.to_vec()));
            })
            .await
            .unwrap();
            assert_eq!(values, [(handles[0], 1, vec![100]), (handles[1], 3, vec![1, 2, 3])]);
            let described =
                here.service(LAB).await.unwrap().includes().next().await.unwrap().unwrap();
            let described = described.service().unwrap();
            let described = described.characteristic(DESCRIBED_UUID).await.unwrap();
            let writes = [(long.handle(), &b"one"[..]), (described.handle(), &[9][..])];
            here.write_reliably(&writes).await.unwrap();
            let len = here.read_multiple(&[described.handle(), long.handle()], &mut buffer).await;
            assert_eq!(&buffer[..len.unwrap()], b"\x09one");
        });
    }
}

#[test]
fn commands_accumulate_in_an_append_buffer() {
    for scene in Scene::lossy(43) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let (mut there, here) = scene.connect(&lamp, &phone).await;
            let log = find(&here, LAB, &LOG).await;
            let mut taken = Vec::new();
            let write = async {
                for round in 0..100 {
                    here.write_without_response(&log, &pattern(round, 5)).await.unwrap();
                    if round % 20 == 0 {
                        here.write(&log, &[]).await.unwrap();
                    }
                }
                // A write that fills the buffer is refused, and no part of it is kept.
                let mut refused = 0;
                while here.write(&log, &[0xee; 240]).await.is_ok() {
                    refused += 1;
                    assert!(refused < 4);
                }
                here.disconnect().await.unwrap();
            };
            let read = async {
                let mut buffer = [0; 64];
                while !matches!(there.next().await, Event::Disconnected(_)) {
                    while taken.len() < 500 {
                        match lamp.host().gatt().take_appended(&LOG, &mut buffer).unwrap() {
                            0 => break,
                            len => taken.extend_from_slice(&buffer[..len]),
                        }
                    }
                }
            };
            join(write, read).await;
            let sent: Vec<_> = (0..100).flat_map(|round| pattern(round, 5)).collect();
            assert!(taken.starts_with(&sent), "{} octets", taken.len());
        });
    }
}

#[test]
fn write_commands_are_kept_in_order_for_the_application() {
    use crate::table::COMMAND;
    for scene in Scene::lossy(44) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let (mut there, here) = scene.connect(&lamp, &phone).await;
            let command = find(&here, LAB, &COMMAND).await;
            let write = async {
                for round in 0..500 {
                    here.write_without_response(&command, &pattern(round, 20)).await.unwrap();
                }
            };
            let read = async {
                for round in 0..500 {
                    let request = loop {
                        if let Event::Write(request) = there.next().await {
                            break request;
                        }
                    };
                    assert!(request.is(&COMMAND) && !request.expects_response());
                    assert_eq!(request.value(), pattern(round, 20));
                }
            };
            join(write, read).await;
            assert_eq!(lamp.host().stats().dropped_pushes, 0);
        });
    }
}

#[test]
fn the_smallest_mtu_works_too() {
    for scene in Scene::lossy(45) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE.exchange_mtu(false)));
        scene.run(&[&lamp, &phone], async {
            let (_there, here) = scene.connect(&lamp, &phone).await;
            assert_eq!(here.mtu(), Ok(23));
            let long = find(&here, LAB, &LONG).await;
            let mut buffer = [0; 512];
            for len in [18, 20, 21, 22, 23, 512] {
                let value = pattern(len, len);
                here.write(&long, &value).await.unwrap();
                let read = here.read(&long, &mut buffer).await;
                assert_eq!(&buffer[..read.unwrap()], value);
            }
            assert_eq!(here.exchange_mtu().await, Ok(247));
        });
    }
}

#[test]
fn the_mtu_is_exchanged_between_the_requests_of_the_application() {
    for scene in Scene::lossy(45) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE.exchange_mtu(false)));
        scene.run(&[&lamp, &phone], async {
            let (_there, here) = scene.connect(&lamp, &phone).await;
            let (mut first, mut second) = ([0; 8], [0; 8]);
            let read = async {
                assert_eq!(here.read(3, &mut first).await, Ok(4));
                assert_eq!(here.read(3, &mut second).await, Ok(4));
            };
            let ((), mtu) = join(read, here.exchange_mtu()).await;
            assert_eq!(mtu, Ok(247));
        });
    }
}
