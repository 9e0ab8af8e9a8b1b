//! Channels as streams of bytes.

use bindrune::{Channel, ChannelConfig, CloseReason, Connection, Duration, Error, Psm};
use bindrune_pair::{Device, Scene};
use embassy_futures::join::{join, join3};
use embedded_io_async::{Error as _, ErrorKind, Read, Write};

use crate::table::{LAMP, PHONE, pattern};

const PSM: Psm = Psm(0x85);

async fn open<'d>(lamp: &'d Device, here: &Connection<'d>) -> (Channel<'d>, Channel<'d>) {
    let config = ChannelConfig::default();
    let mut listener = lamp.host().listen(PSM, config).unwrap();
    let (near, far) = join(here.open_channel(PSM, config), listener.accept()).await;
    (near.unwrap(), far.unwrap().1)
}

#[test]
fn available_returns_the_length_and_takes_nothing() {
    let scene = Scene::new(131);
    let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
    scene.run(&[&lamp, &phone], async {
        let (_there, here) = scene.connect(&lamp, &phone).await;
        let (mut near, mut far) = open(&lamp, &here).await;
        assert_eq!((near.psm(), far.psm()), (PSM, PSM));
        assert_eq!(far.available(), 0);
        near.send(&pattern(1, 600)).await.unwrap();
        near.send(&[]).await.unwrap();
        near.send(&pattern(2, 30)).await.unwrap();
        scene.sleep(500).await;
        let mut buffer = [0; 2000];
        assert_eq!((far.available(), far.available()), (630, 630));
        assert_eq!((far.recv(&mut buffer).await, far.available()), (Ok(600), 30));
        assert_eq!((far.recv(&mut buffer).await, far.available()), (Ok(0), 30));
        assert_eq!(far.next_chunk().await.unwrap().len(), 30);
        assert_eq!(far.available(), 0);

        // Bytes that were received before the end can be read after it.
        near.send(&[1, 2, 3]).await.unwrap();
        near.close().await.unwrap();
        let (_sender, mut far) = far.split();
        assert_eq!((far.available(), far.recv(&mut buffer).await), (3, Ok(3)));
        assert_eq!(far.available(), 0);
        assert_eq!(far.recv(&mut buffer).await, Err(Error::Closed(CloseReason::Peer)));
    });
}

#[test]
fn send_all_sends_one_sdu_after_another() {
    for scene in Scene::lossy(132) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let (_there, here) = scene.connect(&lamp, &phone).await;
            let (mut near, mut far) = open(&lamp, &here).await;
            let mtu = near.peer_mtu();
            let all = pattern(1, mtu * 3 + 5);
            let send = async {
                near.send_all(&[]).await.unwrap();
                near.send_all(&all).await.unwrap();
                near.close().await.unwrap();
            };
            let receive = async {
                let mut buffer = [0; 2000];
                for sdu in all.chunks(mtu) {
                    let len = far.recv(&mut buffer).await.unwrap();
                    assert_eq!(&buffer[..len], sdu);
                }
                assert_eq!(far.recv(&mut buffer).await, Err(Error::Closed(CloseReason::Peer)));
                assert_eq!(far.send_all(&all).await, Err(Error::Closed(CloseReason::Peer)));
            };
            join(send, receive).await;
        });
    }
}

#[test]
fn streams_in_both_directions_at_once_keep_every_byte() {
    const LEN: usize = 20_000;
    for scene in Scene::lossy(133) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let (_there, here) = scene.connect(&lamp, &phone).await;
            let (near, far) = open(&lamp, &here).await;
            let (mut near_tx, mut near_rx) = near.split();
            let (mut far_tx, mut far_rx) = far.split();
            let up = async {
                // Writes of any length, including longer than an SDU, and empty ones.
                for part in pattern(1, LEN).chunks(1777) {
                    near_tx.write_all(part).await.unwrap();
                    assert_eq!(near_tx.write(&[]).await, Ok(0));
                }
                Write::flush(&mut near_tx).await.unwrap();
            };
            let down = async {
                for part in pattern(2, LEN).chunks(61) {
                    far_tx.write_all(part).await.unwrap();
                }
            };
            let read = async {
                let (mut there, mut back) = (vec![0; LEN], vec![0; LEN]);
                join(
                    async {
                        // Small reads, and a pause in which the window fills.
                        for part in there.chunks_mut(10) {
                            far_rx.read_exact(part).await.unwrap();
                        }
                    },
                    async {
                        scene.sleep(3000).await;
                        near_rx.read_exact(&mut back).await.unwrap();
                    },
                )
                .await;
                assert!(there == pattern(1, LEN) && back == pattern(2, LEN));
            };
            join3(up, down, read).await;
            let empty = near_rx.read(&mut []).await;
            assert_eq!(empty, Ok(0), "there is no room, and the write does not wait");
        });
    }
}

#[test]
fn the_end_of_a_stream_differs_from_a_failure() {
    let scene = Scene::new(134);
    let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
    scene.run(&[&lamp, &phone], async {
        let (_there, here) = scene.connect(&lamp, &phone).await;
        let mut buffer = [0; 10];

        let (mut near, mut far) = open(&lamp, &here).await;
        near.write_all(b"end").await.unwrap();
        near.close().await.unwrap();
        assert_eq!(far.read(&mut buffer).await, Ok(3));
        assert_eq!((far.read(&mut buffer).await, far.read(&mut buffer).await), (Ok(0), Ok(0)));
        let written = far.write(&[1]).await.unwrap_err();
        assert_eq!(written, Error::Closed(CloseReason::Peer));
        assert_eq!(written.kind(), ErrorKind::ConnectionReset);

        // A dropped read takes nothing.
        let (mut near, mut far) = open(&lamp, &here).await;
        let read = here.within(Duration::from_secs(1), far.read(&mut buffer)).await;
        assert_eq!(read.unwrap_err().kind(), ErrorKind::TimedOut);
        near.write_all(b"later").await.unwrap();
        assert_eq!(far.read(&mut buffer).await, Ok(5));

        // An SDU whose rest never arrives.
        let sdu = pattern(1, near.peer_mtu());
        while scene.within(200, near.write(&sdu)).await.is_some() {}
        let end = loop {
            match far.read(&mut buffer).await {
                Ok(0) => panic!("the stream did not end in order"),
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        assert_eq!(end, Error::Closed(CloseReason::Cut));

        let (_near, mut far) = open(&lamp, &here).await;
        here.disconnect().await.unwrap();
        assert_eq!(far.read(&mut buffer).await, Err(Error::Closed(CloseReason::LinkLost)));
        assert_eq!(far.psm(), PSM);
    });
}
