//! L2CAP channels.

use bindrune::{ClassicChannelConfig, ClassicPsm};
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
