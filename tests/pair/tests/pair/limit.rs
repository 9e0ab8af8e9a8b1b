//! Time limits of waits that depend on a peer.

use bindrune::{Advertisement, ChannelConfig, CloseReason, Error, Psm};
use bindrune_pair::Scene;
use embassy_futures::join::{join, join3};
use embassy_time::Duration;

use crate::table::{LAMP, PHONE, pattern};

const PSM: Psm = Psm(0x83);

#[test]
fn a_wait_ends_when_its_time_is_over_and_not_before() {
    let scene = Scene::new(121);
    let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
    scene.run(&[&lamp, &phone], async {
        let seconds = Duration::from_secs;
        // The host is idle, and the stack was not told the time for long.
        scene.sleep(300_000).await;
        let begin = scene.now();
        let advertised = Advertisement::connectable();
        let nobody = lamp.host().within(seconds(5), lamp.host().advertise(&advertised)).await;
        assert_eq!(nobody.err(), Some(Error::Timeout));
        let took = scene.now() - begin;
        assert!((5000..5010).contains(&took.as_millis()), "{took:?}");

        let (there, here) = scene.connect(&lamp, &phone).await;
        let mut listener = lamp.host().listen(PSM, ChannelConfig::DEFAULT).unwrap();
        let (near, far) = join(
            here.open_channel(PSM, ChannelConfig::DEFAULT),
            lamp.host().within(seconds(5), listener.accept()),
        )
        .await;
        let (mut near, (_, mut far)) = (near.unwrap(), far.unwrap());

        // Three limits at once, each for itself.
        let begin = scene.now();
        let mut buffer = [0; 2000];
        let lasts = |seconds: u64| {
            let took = (scene.now() - begin).as_millis();
            assert!((seconds * 1000..seconds * 1000 + 10).contains(&took), "{took} ms");
        };
        join3(
            async {
                let read = phone.host().within(seconds(7), near.recv(&mut buffer)).await;
                assert_eq!(read, Err(Error::Timeout));
                lasts(7);
            },
            async {
                let ended = async { Ok(here.disconnected().await) };
                assert_eq!(here.within(seconds(3), ended).await, Err(Error::Timeout));
                lasts(3);
            },
            async {
                assert_eq!(
                    there.within(seconds(9), far.recv(&mut [0; 10])).await,
                    Err(Error::Timeout)
                );
                lasts(9);
            },
        )
        .await;
        assert!(near.send(&pattern(1, 100)).await.is_ok(), "nothing was lost");
        assert_eq!(far.recv(&mut buffer).await, Ok(100));
    });
}

#[test]
fn a_transfer_to_a_peer_that_reads_no_more_ends() {
    for scene in Scene::lossy(122) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let (_there, here) = scene.connect(&lamp, &phone).await;
            let mut listener = lamp.host().listen(PSM, ChannelConfig::DEFAULT).unwrap();
            let (near, far) =
                join(here.open_channel(PSM, ChannelConfig::DEFAULT), listener.accept()).await;
            let (mut near, (_, mut far)) = (near.unwrap(), far.unwrap());
            let sdu = pattern(1, 1000);
            let end = loop {
                let sent = here.within(Duration::from_secs(10), near.send(&sdu));
                if let Err(error) = sent.await {
                    break error;
                }
            };
            assert_eq!(end, Error::Timeout);
            // It ended within an SDU, so both sides learn that.
            assert_eq!(near.send(&[1]).await, Err(Error::Interrupted));
            let mut buffer = [0; 2000];
            let end = loop {
                match far.recv(&mut buffer).await {
                    Ok(len) => assert_eq!(&buffer[..len], pattern(1, 1000)),
                    Err(error) => break error,
                }
            };
            assert_eq!(end, Error::Closed(CloseReason::Cut));
        });
    }
}
