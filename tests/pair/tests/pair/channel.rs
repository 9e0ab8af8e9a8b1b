//! The life of credit-based channels.

use core::pin::pin;

use bindrune::{
    Channel, ChannelConfig, CloseReason, Connection, ConnectionResult, Error, Level, Psm,
};
use bindrune_pair::{Device, Scene};
use embassy_futures::{
    join::{join, join_array},
    poll_once,
};

use crate::table::{LAMP, PHONE, pattern};

const PSM: Psm = Psm(0x81);

async fn open<'d>(lamp: &'d Device, here: &Connection<'d>) -> (Channel<'d>, Channel<'d>) {
    let config = ChannelConfig::default();
    let mut listener = lamp.host().listen(PSM, config).unwrap();
    let (near, far) = join(here.open_channel(PSM, config), listener.accept()).await;
    (near.unwrap(), far.unwrap().1)
}

#[test]
fn closing_in_order_delivers_everything_first() {
    for scene in Scene::lossy(101) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let (_there, here) = scene.connect(&lamp, &phone).await;
            for round in 0..10 {
                let (mut near, mut far) = open(&lamp, &here).await;
                let send = async {
                    near.send(&pattern(round, 600)).await.unwrap();
                    near.close().await.unwrap();
                };
                let receive = async {
                    let mut buffer = [0; 2000];
                    let len = far.recv(&mut buffer).await.unwrap();
                    assert_eq!(&buffer[..len], pattern(round, 600));
                    let ended = far.recv(&mut buffer).await;
                    assert_eq!(ended, Err(Error::Closed(CloseReason::Peer)));
                    assert_eq!(far.send(&[1]).await, Err(Error::Closed(CloseReason::Peer)));
                };
                join(send, receive).await;
            }
        });
    }
}

#[test]
fn dropping_either_end_or_the_link_closes_the_channel() {
    for scene in Scene::lossy(102) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let (_there, here) = scene.connect(&lamp, &phone).await;
            let mut buffer = [0; 2000];
            let (near, mut far) = open(&lamp, &here).await;
            drop(near);
            assert_eq!(far.recv(&mut buffer).await, Err(Error::Closed(CloseReason::Peer)));
            let (mut near, far) = open(&lamp, &here).await;
            drop(far);
            assert_eq!(near.recv(&mut buffer).await, Err(Error::Closed(CloseReason::Peer)));
            let (mut near, mut far) = open(&lamp, &here).await;
            here.disconnect().await.unwrap();
            assert_eq!(far.recv(&mut buffer).await, Err(Error::Closed(CloseReason::LinkLost)));
            assert_eq!(near.send(&[1]).await, Err(Error::Closed(CloseReason::LinkLost)));
        });
    }
}

#[test]
fn no_listener() {
    for scene in Scene::lossy(103) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let (_there, here) = scene.connect(&lamp, &phone).await;
            let config = ChannelConfig::default();
            let refused = Some(Error::Refused(ConnectionResult::PSM_NOT_SUPPORTED));
            assert_eq!(here.open_channel(PSM, config).await.err(), refused);
            let listener = lamp.host().listen(PSM, config).unwrap();
            assert_eq!(lamp.host().listen(PSM, config).err(), Some(Error::Busy));
            let mut waiting = here.open_channel(PSM, config).await.unwrap();
            // The channel is not accepted when the listener is dropped.
            drop(listener);
            let mut buffer = [0; 10];
            let ended = waiting.recv(&mut buffer).await;
            assert_eq!(ended, Err(Error::Closed(CloseReason::Peer)));
            assert_eq!(here.open_channel(PSM, config).await.err(), refused);
        });
    }
}

#[test]
fn many_channels_on_many_links_at_once() {
    const PHONES: usize = 3;
    const EACH: usize = 4;
    for scene in Scene::lossy(104) {
        let lamp = scene.device(LAMP);
        let phones: [_; PHONES] = core::array::from_fn(|_| scene.device(PHONE));
        let [a, b, c] = &phones;
        scene.run(&[&lamp, a, b, c], async {
            let config = ChannelConfig { mtu: None, mps: 247, window: 4 };
            let mut listener = lamp.host().listen(PSM, config).unwrap();
            let mut links = Vec::new();
            for phone in &phones {
                links.push(scene.connect(&lamp, phone).await);
            }
            let mut channels = Vec::new();
            for (_, here) in &links {
                for _ in 0..EACH {
                    let (near, far) = join(here.open_channel(PSM, config), listener.accept()).await;
                    channels.push((near.unwrap(), far.unwrap().1));
                }
            }
            let mut channels = channels.into_iter().enumerate();
            let echo: [_; PHONES * EACH] = core::array::from_fn(|_| {
                let (number, (mut near, mut far)) = channels.next().unwrap();
                async move {
                    let ask = async {
                        let mut buffer = [0; 1000];
                        for round in 0..10 {
                            let sdu = pattern(number * 100 + round, 700 + number);
                            near.send(&sdu).await.unwrap();
                            let len = near.recv(&mut buffer).await.unwrap();
                            assert_eq!(&buffer[..len], sdu);
                        }
                    };
                    let answer = async {
                        let mut buffer = [0; 1000];
                        for _ in 0..10 {
                            let len = far.recv(&mut buffer).await.unwrap();
                            far.send(&buffer[..len]).await.unwrap();
                        }
                    };
                    join(ask, answer).await;
                    near.close().await.unwrap();
                }
            });
            join_array(echo).await;
        });
    }
}

#[test]
fn a_send_that_is_dropped_half_way_closes_the_channel() {
    for scene in Scene::lossy(105) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let (_there, here) = scene.connect(&lamp, &phone).await;
            let sdu = pattern(1, 1000);
            let (mut near, mut far) = open(&lamp, &here).await;
            near.send(&sdu).await.unwrap();
            // The window is used up, so the SDU stays half sent.
            assert_eq!(scene.within(200, near.send(&sdu)).await, None);
            assert_eq!(near.send(&sdu).await, Err(Error::Interrupted));
            let mut buffer = [0; 2000];
            assert_eq!(far.recv(&mut buffer).await, Ok(1000));
            assert_eq!(far.recv(&mut buffer).await, Err(Error::Closed(CloseReason::Cut)));
        });
    }
}

#[test]
fn accepted_sdus_arrive_although_the_channel_is_dropped() {
    for scene in Scene::lossy(107) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let (_there, here) = scene.connect(&lamp, &phone).await;
            for last in [Last::Send, Last::Reserve, Last::Disconnect] {
                let (mut near, mut far) = open(&lamp, &here).await;
                let send = async {
                    for round in 0..5 {
                        near.send(&pattern(round, 700)).await.unwrap();
                    }
                    if last == Last::Reserve {
                        let mut packet = near.reserve(200).await.unwrap();
                        packet.copy_from_slice(&pattern(9, 200));
                        packet.send().await.unwrap();
                    }
                    drop(near);
                    if last == Last::Disconnect {
                        here.disconnect().await.unwrap();
                    }
                };
                let receive = async {
                    let mut buffer = [0; 2000];
                    for round in 0..5 {
                        assert_eq!(far.recv(&mut buffer).await, Ok(700), "{last:?}");
                        assert_eq!(&buffer[..700], pattern(round, 700));
                    }
                    if last == Last::Reserve {
                        assert_eq!(far.recv(&mut buffer).await, Ok(200));
                    }
                    match far.recv(&mut buffer).await {
                        Err(Error::Closed(CloseReason::Peer)) => {}
                        // The link may end before the peer has read the end of the channel.
                        Err(Error::Closed(CloseReason::LinkLost)) if last == Last::Disconnect => {}
                        end => panic!("{last:?}: {end:?}"),
                    }
                };
                join(send, receive).await;
            }
            assert_eq!(phone.host().stats().unsent_pdus, 0);
        });
    }
}

/// The sender's last action before it drops the channel.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Last {
    Send,
    Reserve,
    Disconnect,
}

#[test]
fn packets_are_borrowed_in_both_directions() {
    for scene in Scene::lossy(106) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let (_there, here) = scene.connect(&lamp, &phone).await;
            let (mut near, mut far) = open(&lamp, &here).await;
            let send = async {
                drop(near.reserve(20).await.unwrap());
                assert!(matches!(near.reserve(2000).await, Err(Error::TooLong { .. })));
                for round in 0..50 {
                    let mut packet = near.reserve(200).await.unwrap();
                    packet.copy_from_slice(&pattern(round, 200));
                    packet.send().await.unwrap();
                }
                near.flush().await.unwrap();
            };
            let receive = async {
                for round in 0..50 {
                    assert_eq!(far.recv_ref().await.unwrap()[..], pattern(round, 200));
                }
            };
            join(send, receive).await;
        });
    }
}

#[test]
fn what_a_peer_sent_before_it_closed_a_new_channel_is_read() {
    for accepts_late in [false, true] {
        let scene = Scene::new(118);
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let (_there, here) = scene.connect(&lamp, &phone).await;
            let config = ChannelConfig::default();
            let mut listener = lamp.host().listen(PSM, config).unwrap();
            // One side sends and closes before the task of the other side runs again.
            let (mut late, sent) = if accepts_late {
                let mut near = here.open_channel(PSM, config).await.unwrap();
                near.send(&pattern(9, 50)).await.unwrap();
                near.close().await.unwrap();
                (listener.accept().await.unwrap().1, pattern(9, 50))
            } else {
                let mut opening = pin!(here.open_channel(PSM, config));
                assert!(poll_once(&mut opening).is_pending());
                let (_link, mut far) = listener.accept().await.unwrap();
                far.send(&pattern(8, 40)).await.unwrap();
                far.close().await.unwrap();
                (opening.await.unwrap(), pattern(8, 40))
            };
            let mut buffer = [0; 100];
            let len = late.recv(&mut buffer).await.unwrap();
            assert_eq!(&buffer[..len], sent);
            let ended = late.recv(&mut buffer).await;
            assert_eq!(ended, Err(Error::Closed(CloseReason::Peer)));
        });
    }
}

#[test]
fn a_new_channel_that_closes_without_data_is_reported() {
    let scene = Scene::new(119);
    let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
    scene.run(&[&lamp, &phone], async {
        let (_there, here) = scene.connect(&lamp, &phone).await;
        let config = ChannelConfig::default();
        let mut listener = lamp.host().listen(PSM, config).unwrap();
        let mut opening = pin!(here.open_channel(PSM, config));
        assert!(poll_once(&mut opening).is_pending());
        listener.accept().await.unwrap().1.close().await.unwrap();
        assert_eq!(opening.await.err(), Some(Error::Closed(CloseReason::Peer)));
    });
}

#[test]
fn a_configuration_that_is_not_allowed_is_refused() {
    let good = ChannelConfig { mtu: Some(23), mps: 23, window: 1 };
    let scene = Scene::new(120);
    let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
    scene.run(&[&lamp, &phone], async {
        let (_there, here) = scene.connect(&lamp, &phone).await;
        let refused = Some(Error::InvalidParameters);
        for bad in [
            ChannelConfig { mtu: Some(22), ..good },
            ChannelConfig { mps: 22, ..good },
            ChannelConfig { window: 0, ..good },
        ] {
            assert_eq!(lamp.host().listen(PSM, bad).err(), refused, "{bad:?}");
            let decides = lamp.host().listen_for_requests(PSM, bad, Level::Open);
            assert_eq!(decides.err(), refused, "{bad:?}");
            assert_eq!(here.open_channel(PSM, bad).await.err(), refused, "{bad:?}");
        }
        let mut listener = lamp.host().listen(PSM, good).unwrap();
        let (near, far) = join(here.open_channel(PSM, good), listener.accept()).await;
        assert!(near.is_ok() && far.is_ok());
    });
}
