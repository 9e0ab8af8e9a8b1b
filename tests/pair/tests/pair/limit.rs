//! Time limits of waits that depend on a peer.

use bindrune::{Advertisement, ChannelConfig, CloseReason, Error, Psm};
use bindrune_pair::Scene;
use embassy_futures::join::{join, join3};
use embassy_time::Duration;

use crate::table::{COMMAND, LAB, LAMP, PHONE, find, pattern};

const PSM: Psm = Psm(0x83);

#[test]
fn a_wait_ends_exactly_after_its_time_limit() {
    let scene = Scene::new(121);
    let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
    scene.run(&[&lamp, &phone], async {
        let seconds = Duration::from_secs;
        // The host is idle, and the stack has not been given the time for long.
        scene.sleep(300_000).await;
        let begin = scene.now();
        let advertised = Advertisement::connectable();
        let none = lamp.host().within(seconds(5), lamp.host().advertise(&advertised)).await;
        assert_eq!(none.err(), Some(Error::Timeout));
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

        // Three limits at once, independent of each other.
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
        assert!(near.send(&pattern(1, 100)).await.is_ok(), "no value was lost");
        assert_eq!(far.recv(&mut buffer).await, Ok(100));
    });
}

#[test]
fn an_application_sleeps_in_virtual_time() {
    let scene = Scene::new(123);
    let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
    scene.run(&[&lamp, &phone], async {
        let host = lamp.host();
        scene.sleep(77_000).await;
        let begin = scene.clock().now();
        let passed = || scene.clock().now() - begin;
        assert_eq!(host.now().await, begin, "though the host was idle");
        let seconds = Duration::from_secs;
        join3(
            async {
                host.sleep(seconds(5)).await;
                assert_eq!(passed(), seconds(5));
                host.sleep(seconds(600)).await;
                assert_eq!(passed(), seconds(605));
            },
            async {
                let mut next = host.now().await;
                for second in 1..=10 {
                    next += seconds(1);
                    scene.sleep(300).await;
                    host.sleep_until(next).await;
                    assert_eq!(passed(), seconds(second));
                    assert_eq!(host.now().await, next);
                }
                host.sleep_until(begin).await;
                host.sleep(Duration::MIN).await;
                assert_eq!(passed(), seconds(10), "there is nothing to wait for");
            },
            async {
                // A dropped wait does not delay the others.
                assert_eq!(scene.within(100, host.sleep(seconds(1))).await, None);
                let (_there, here) = scene.connect(&lamp, &phone).await;
                here.disconnect().await.unwrap();
            },
        )
        .await;
        assert_eq!(passed(), seconds(605));
    });
}

#[test]
fn waits_for_a_silent_peer_have_a_time_limit() {
    let scene = Scene::new(124);
    let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
    scene.run(&[&lamp, &phone], async {
        let (_there, here) = scene.connect(&lamp, &phone).await;
        let seconds = Duration::from_secs;
        let mut listener = lamp.host().listen(PSM, ChannelConfig::DEFAULT).unwrap();
        let none = lamp.host().within(seconds(2), listener.accept()).await;
        assert_eq!(none.err(), Some(Error::Timeout));
        // The application of the other side does not answer within its 5 s.
        let command = find(&here, LAB, &COMMAND).await;
        let read = here.within(seconds(1), here.read(&command, &mut [0; 9])).await;
        assert_eq!(read, Err(Error::Timeout));
        let write = here.within(seconds(1), here.write(&command, &[1])).await;
        assert_eq!(write, Err(Error::Timeout));
        // The peer is out of reach, and the link has not ended yet.
        scene.world().set_loss(100);
        let opened = here.within(seconds(1), here.open_channel(PSM, ChannelConfig::DEFAULT)).await;
        assert_eq!(opened.err(), Some(Error::Timeout));
        let found = here.within(seconds(1), here.service(LAB)).await;
        assert_eq!(found.err(), Some(Error::Timeout));
        scene.world().set_loss(0);
    });
}

#[test]
fn a_transfer_to_a_peer_that_stops_reading_ends() {
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
            // The transfer ended within an SDU, so both sides get an error.
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
