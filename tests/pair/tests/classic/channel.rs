//! L2CAP channels.

use core::pin::pin;

use bindrune::{ClassicChannelConfig, ClassicCloseReason, ClassicMode, ClassicPsm, Error, Level};
use bindrune_pair::Scene;
use embassy_futures::{join::join, poll_once, yield_now};

use crate::{address, two};

const PSM: ClassicPsm = ClassicPsm(0x1001);

#[test]
fn a_datagram_arrives() {
    let scene = Scene::new(2);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let (lamp, phone) = (lamp.host().classic(), phone.host().classic());
        let at = address(lamp).await;
        let mut listener = lamp.listen(PSM, ClassicChannelConfig::BASIC).unwrap();
        let (accepted, opened) =
            join(listener.accept(), phone.open_channel(at, PSM, ClassicChannelConfig::BASIC)).await;
        let (accepted, opened) = (accepted.unwrap(), opened.unwrap());
        opened.send(b"hello!!").await.unwrap();
        let mut buffer = [0; 1024];
        let len = accepted.recv(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..len], b"hello!!");
        opened.close().await.unwrap();
    });
}

#[test]
fn a_flush_in_enhanced_retransmission_mode_ends_when_the_peer_has_everything() {
    let scene = Scene::new(3);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let (lamp, phone) = (lamp.host().classic(), phone.host().classic());
        let at = address(lamp).await;
        let config = ClassicChannelConfig::ENHANCED.require_mode();
        let mut listener = lamp.listen(PSM, config).unwrap();
        let (accepted, opened) = join(listener.accept(), phone.open_channel(at, PSM, config)).await;
        let (accepted, opened) = (accepted.unwrap(), opened.unwrap());
        for _ in 0..3 {
            opened.send(&[7; 600]).await.unwrap();
        }
        opened.flush().await.unwrap();
        let mut buffer = [0; 1024];
        for _ in 0..3 {
            assert_eq!(accepted.recv(&mut buffer).await, Ok(600));
        }
    });
}

#[test]
fn a_peer_gets_one_channel_of_the_sdp_server() {
    let scene = Scene::new(4);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let (lamp, phone) = (lamp.host().classic(), phone.host().classic());
        let at = address(lamp).await;
        lamp.set_connectable(true).unwrap();
        let link = phone.connect(at).await.unwrap();
        let first = link.open_channel(ClassicPsm::SDP, ClassicChannelConfig::BASIC).await;
        let second = link.open_channel(ClassicPsm::SDP, ClassicChannelConfig::BASIC).await;
        assert!(first.is_ok());
        assert!(matches!(second, Err(Error::ClassicClosed(ClassicCloseReason::Refused(_)))));
    });
}

#[test]
fn a_listener_takes_the_mode_that_the_peer_requires_only_if_it_allows_it() {
    use ClassicMode as Mode;
    const STREAMING: ClassicChannelConfig = ClassicChannelConfig::STREAMING;
    const ENHANCED: ClassicChannelConfig = ClassicChannelConfig::ENHANCED;
    let any = ENHANCED.accept_any_mode();
    for (listens, opens, mode) in [
        (any, STREAMING, Some(Mode::STREAMING)),
        (any, ENHANCED, Some(Mode::ENHANCED_RETRANSMISSION)),
        (any, ClassicChannelConfig::BASIC, Some(Mode::BASIC)),
        (STREAMING.accept_any_mode(), ENHANCED, Some(Mode::ENHANCED_RETRANSMISSION)),
        (ENHANCED, STREAMING, None),
        (any.require_mode(), STREAMING, None),
    ] {
        let scene = Scene::new(5);
        let (lamp, phone) = two(&scene);
        scene.run(&[&lamp, &phone], async {
            let (lamp, phone) = (lamp.host().classic(), phone.host().classic());
            let at = address(lamp).await;
            let mut listener = lamp.listen(PSM, listens).unwrap();
            let opened = phone.open_channel(at, PSM, opens.require_mode().mtu(1000)).await;
            let Some(mode) = mode else {
                let refused = Error::ClassicClosed(ClassicCloseReason::ModeRefused);
                assert_eq!(opened.map(drop), Err(refused));
                return;
            };
            let (opened, accepted) = (opened.unwrap(), listener.accept().await.unwrap());
            for channel in [&opened, &accepted] {
                assert_eq!(channel.mode(), mode);
                assert_eq!(channel.has_check_sequence(), mode != Mode::BASIC);
            }
            assert_eq!((opened.mtu(), opened.peer_mtu()), (1000, 672));
            assert_eq!((accepted.mtu(), accepted.peer_mtu()), (672, 1000));
            opened.send(b"hello").await.unwrap();
            assert_eq!(accepted.recv(&mut [0; 672]).await, Ok(5));
        });
    }
}

#[test]
fn frames_have_no_check_sequence_if_both_ends_agree() {
    let with = ClassicChannelConfig::ENHANCED.require_mode();
    let without = with.check_sequence(false);
    for (listens, opens, on) in [(without, without, false), (with, without, true)] {
        let scene = Scene::new(6);
        let (lamp, phone) = two(&scene);
        scene.run(&[&lamp, &phone], async {
            let (lamp, phone) = (lamp.host().classic(), phone.host().classic());
            let at = address(lamp).await;
            let mut listener = lamp.listen(PSM, listens).unwrap();
            let (there, here) = join(listener.accept(), phone.open_channel(at, PSM, opens)).await;
            let (there, here) = (there.unwrap(), here.unwrap());
            assert_eq!((there.has_check_sequence(), here.has_check_sequence()), (on, on));
        });
    }
}

#[test]
fn what_a_peer_sent_before_it_closed_a_new_channel_is_read() {
    for accepts_late in [false, true] {
        let scene = Scene::new(6);
        let (lamp, phone) = two(&scene);
        scene.run(&[&lamp, &phone], async {
            let (lamp, phone) = (lamp.host().classic(), phone.host().classic());
            let at = address(lamp).await;
            let config = ClassicChannelConfig::BASIC;
            let mut listener = lamp.listen(PSM, config).unwrap();
            let link = phone.connect(at).await.unwrap();
            // One side sends and closes before the task of the other side runs again.
            let late = if accepts_late {
                let near = link.open_channel(PSM, config).await.unwrap();
                near.send(b"bye").await.unwrap();
                near.close().await.unwrap();
                listener.accept().await.unwrap()
            } else {
                link.secure(Level::Encrypted).await.unwrap();
                let mut opening = pin!(link.open_channel(PSM, config));
                for _ in 0..3 {
                    assert!(poll_once(&mut opening).is_pending());
                    yield_now().await;
                }
                let far = listener.accept().await.unwrap();
                far.send(b"bye").await.unwrap();
                far.close().await.unwrap();
                opening.await.unwrap()
            };
            let mut buffer = [0; 100];
            assert_eq!((late.recv(&mut buffer).await, &buffer[..3]), (Ok(3), &b"bye"[..]));
            let ended = late.recv(&mut buffer).await;
            assert_eq!(ended, Err(Error::ClassicClosed(ClassicCloseReason::Peer)));
        });
    }
}

#[test]
fn channels_that_are_never_accepted_end_with_their_link() {
    let scene = Scene::new(7);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let (lamp, phone) = (lamp.host().classic(), phone.host().classic());
        let at = address(lamp).await;
        let config = ClassicChannelConfig::BASIC;
        let _listener = lamp.listen(PSM, config).unwrap();
        for _ in 0..5 {
            let link = phone.connect(at).await.unwrap();
            let mut opened = 0;
            while let Ok(channel) = link.open_channel(PSM, config).await {
                channel.send(b"bye").await.unwrap();
                channel.close().await.unwrap();
                opened += 1;
            }
            assert_eq!(opened, 7, "one of 8 slots is left for other peers");
            link.disconnect().await.unwrap();
            scene.sleep(100).await;
        }
    });
}
