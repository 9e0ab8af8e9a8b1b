//! L2CAP channels.

use bindrune::{ClassicChannelConfig, ClassicCloseReason, ClassicPsm, Error};
use bindrune_pair::Scene;
use embassy_futures::join::join;

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
