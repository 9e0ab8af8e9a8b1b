//! The packet timeout: late datagrams are dropped whole, and counted.

use bindrune::{ClassicChannel, ClassicChannelConfig, ClassicPsm, Error};
use bindrune_pair::Scene;
use embassy_futures::join::join;
use embassy_time::Duration;

use crate::{address, channels, random, two};

const PSM: ClassicPsm = ClassicPsm(0x1003);
const SHORT: Duration = Duration::from_millis(40);
const SILENCES: u32 = 2;
const STREAMING: ClassicChannelConfig = ClassicChannelConfig::STREAMING.require_mode();

fn numbered(number: u32, len: usize) -> Vec<u8> {
    let mut datagram = random(number.into(), len);
    datagram[..4].copy_from_slice(&number.to_le_bytes());
    datagram
}

/// Sends `count` datagrams of `len` bytes; returns how many arrived, whole and in order.
async fn stream(
    scene: &Scene,
    from: &ClassicChannel<'_>,
    to: &ClassicChannel<'_>,
    count: u32,
    len: usize,
) -> u32 {
    let send = async {
        for number in 0..count {
            from.send(&numbered(number, len)).await.unwrap();
        }
        from.flush().await.unwrap();
    };
    let receive = async {
        let mut buffer = [0; 4096];
        let (mut received, mut last) = (0, None);
        while let Some(got) = scene.within(5000, to.recv(&mut buffer)).await {
            let number = u32::from_le_bytes(buffer[..4].try_into().unwrap());
            assert!(buffer[..got.unwrap()] == numbered(number, len), "{number}");
            assert!(last < Some(number));
            (received, last) = (received + 1, Some(number));
        }
        received
    };
    join(send, receive).await.1
}

#[test]
fn late_datagrams_are_lost_whole_and_counted() {
    for (config, len) in [
        (ClassicChannelConfig::BASIC, 40),
        (ClassicChannelConfig::BASIC, 672),
        (ClassicChannelConfig::BASIC.mtu(4096), 3000),
        (STREAMING, 600),
    ] {
        let scene = Scene::new(300);
        let (lamp, phone) = two(&scene);
        scene.run(&[&lamp, &phone], async {
            let (there, here) = channels(&lamp, &phone, PSM, config).await;
            let at = address(lamp.host().classic()).await;
            phone.host().classic().set_packet_timeout(at, Some(SHORT)).await.unwrap();
            let silences = async {
                for _ in 0..SILENCES {
                    scene.sleep(100).await;
                    scene.world().set_reachable(lamp.id(), phone.id(), false);
                    scene.sleep(100).await;
                    scene.world().set_reachable(lamp.id(), phone.id(), true);
                }
            };
            let (received, ()) = join(stream(&scene, &here, &there, 300, len), silences).await;
            let (missing, counted) = (300 - received, here.lost().sent);
            assert!(missing > 3, "{len}: {missing}");
            // At the start of a silence, a datagram may arrive whose acknowledgement does not.
            assert!(
                (missing..=missing + SILENCES).contains(&counted),
                "{len}: {missing} {counted}"
            );
            assert_eq!(there.lost().received > 0, config == STREAMING);
            // The other direction has no timeout.
            assert_eq!(there.lost().sent, 0);
            // The channel goes on.
            let before = here.lost();
            assert_eq!(stream(&scene, &here, &there, 5, len).await, 5);
            assert_eq!(here.lost(), before);
        });
    }
}

#[test]
fn without_a_timeout_nothing_is_lost() {
    let scene = Scene::new(310);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let (there, here) = channels(&lamp, &phone, PSM, ClassicChannelConfig::BASIC).await;
        let at = address(lamp.host().classic()).await;
        let classic = phone.host().classic();
        classic.set_packet_timeout(at, Some(SHORT)).await.unwrap();
        classic.set_packet_timeout(at, None).await.unwrap();
        scene.world().set_loss(50);
        assert_eq!(stream(&scene, &here, &there, 300, 672).await, 300);
        scene.world().set_loss(0);
        assert_eq!((here.lost().sent, there.lost().received), (0, 0));
    });
}

#[test]
fn enhanced_mode_loses_nothing_with_a_timeout() {
    let scene = Scene::new(320);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let config = ClassicChannelConfig::ENHANCED.require_mode();
        let (there, here) = channels(&lamp, &phone, PSM, config).await;
        let at = address(lamp.host().classic()).await;
        phone.host().classic().set_packet_timeout(at, Some(SHORT)).await.unwrap();
        scene.world().set_loss(40);
        assert_eq!(stream(&scene, &here, &there, 100, 600).await, 100);
        scene.world().set_loss(0);
    });
}

#[test]
fn the_timeout_ends_with_the_link() {
    let scene = Scene::new(330);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let at = address(lamp.host().classic()).await;
        let classic = phone.host().classic();
        lamp.host().classic().set_connectable(true).unwrap();
        let link = classic.connect(at).await.unwrap();
        classic.set_packet_timeout(at, Some(SHORT)).await.unwrap();
        link.disconnect().await.unwrap();
        let late = classic.set_packet_timeout(at, Some(SHORT)).await;
        assert!(matches!(late, Err(Error::Disconnected(_))), "{late:?}");
        let (there, here) = channels(&lamp, &phone, PSM, ClassicChannelConfig::BASIC).await;
        scene.world().set_loss(50);
        assert_eq!(stream(&scene, &here, &there, 200, 672).await, 200);
        scene.world().set_loss(0);
        assert_eq!(here.lost().sent, 0);
        let long = classic.set_packet_timeout(at, Some(Duration::from_millis(1280))).await;
        assert_eq!(long, Err(Error::InvalidParameters));
        assert_eq!(classic.set_packet_timeout(at, Some(Duration::from_millis(1279))).await, Ok(()));
        assert_eq!(classic.set_packet_timeout(at, Some(Duration::MIN)).await, Ok(()));
    });
}

#[test]
fn losses_are_counted_at_the_channel_whose_datagrams_were_late() {
    let scene = Scene::new(340);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let (basic, second) = (ClassicChannelConfig::BASIC, ClassicPsm(0x1005));
        let (there, here) = channels(&lamp, &phone, PSM, basic).await;
        let (other_there, other_here) = channels(&lamp, &phone, second, basic).await;
        let at = address(lamp.host().classic()).await;
        phone.host().classic().set_packet_timeout(at, Some(SHORT)).await.unwrap();
        for round in 0..3 {
            scene.world().set_reachable(lamp.id(), phone.id(), false);
            // The datagrams of the first channel are more, and older; that of the second one is sent last.
            for number in 0..3 {
                here.send(&numbered(number, 600)).await.unwrap();
            }
            scene.sleep(5).await;
            other_here.send(&numbered(round, 600)).await.unwrap();
            scene.sleep(200).await;
            scene.world().set_reachable(lamp.id(), phone.id(), true);
            scene.sleep(100).await;
            let lost = (here.lost().sent, other_here.lost().sent);
            assert_eq!(lost, (3 * (round + 1), round + 1));
        }
        assert_eq!(stream(&scene, &here, &there, 5, 600).await, 5);
        assert_eq!(stream(&scene, &other_here, &other_there, 5, 600).await, 5);
    });
}
