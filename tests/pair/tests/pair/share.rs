//! Several peers of one host: each leaves enough resources for the others.

use bindrune::{ChannelConfig, CloseReason, ConnectionResult, Error, Psm};
use bindrune_pair::Scene;

use crate::table::{LAMP, PHONE, pattern};

const PSM: Psm = Psm(0x82);

#[test]
fn one_peer_does_not_take_all_channels_and_windows_of_a_listener() {
    for (window, most) in [(4, 17), (32, 2)] {
        let scene = Scene::new(111);
        let (lamp, greedy, late) = (scene.device(LAMP), scene.device(PHONE), scene.device(PHONE));
        scene.run(&[&lamp, &greedy, &late], async {
            let config = ChannelConfig { window, ..ChannelConfig::DEFAULT };
            let mut listener = lamp.host().listen(PSM, config).unwrap();
            let (_there, here) = scene.connect(&lamp, &greedy).await;
            let small = ChannelConfig { window: 1, ..config };
            // The application of the lamp accepts no channel.
            let mut taken = Vec::new();
            let refused = loop {
                match here.open_channel(PSM, small).await {
                    Ok(channel) => taken.push(channel),
                    Err(error) => break error,
                }
            };
            assert_eq!(refused, Error::Refused(ConnectionResult::NO_RESOURCES));
            assert_eq!(taken.len(), most);
            let (_there, here) = scene.connect(&lamp, &late).await;
            let mut channel = here.open_channel(PSM, small).await.unwrap();
            channel.send(&pattern(1, 100)).await.unwrap();
            for _ in 0..most {
                let (_, accepted) = listener.accept().await.unwrap();
                drop(accepted);
            }
            let (_, mut accepted) = listener.accept().await.unwrap();
            assert_eq!(accepted.recv(&mut [0; 200]).await, Ok(100));
        });
    }
}

#[test]
fn an_unread_channel_stops_no_other() {
    let scene = Scene::new(112);
    let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
    scene.run(&[&lamp, &phone], async {
        let config = ChannelConfig::DEFAULT;
        let mut listener = lamp.host().listen(PSM, config).unwrap();
        let (there, here) = scene.connect(&lamp, &phone).await;
        let mut idle = here.open_channel(PSM, config).await.unwrap();
        let mut used = here.open_channel(PSM, config).await.unwrap();
        let (_, _unread) = listener.accept().await.unwrap();
        let (_, mut read) = listener.accept().await.unwrap();
        let sdu = pattern(1, 900);
        // Until the window is used up; the peer's application also keeps a packet for good.
        while scene.within(1000, idle.send(&sdu)).await.is_some() {}
        let _held = used.reserve(10).await.unwrap();
        drop(_held);
        let mut buffer = [0; 1000];
        for _ in 0..20 {
            used.send(&sdu).await.unwrap();
            assert_eq!(read.recv(&mut buffer).await, Ok(900));
        }
        assert!(here.rssi().await.is_ok() && there.is_connected());
    });
}

#[test]
fn channels_and_data_from_before_the_end_of_the_link_can_still_be_accepted_and_read() {
    let scene = Scene::new(113);
    let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
    scene.run(&[&lamp, &phone], async {
        let config = ChannelConfig::DEFAULT;
        let mut listener = lamp.host().listen(PSM, config).unwrap();
        let (there, here) = scene.connect(&lamp, &phone).await;
        let mut channel = here.open_channel(PSM, config).await.unwrap();
        channel.send(&pattern(1, 100)).await.unwrap();
        drop(channel);
        here.disconnect().await.unwrap();
        there.disconnected().await;
        let (connection, mut channel) = listener.accept().await.unwrap();
        let mut buffer = [0; 200];
        assert_eq!(channel.recv(&mut buffer).await, Ok(100));
        assert_eq!(&buffer[..100], pattern(1, 100));
        let end = channel.recv(&mut buffer).await;
        assert!(
            matches!(end, Err(Error::Closed(CloseReason::Peer | CloseReason::LinkLost))),
            "{end:?}"
        );
        assert!(!connection.is_connected());
    });
}
