//! Settings and line status of serial ports over RFCOMM, and the bound of connections that a peer requests.

use std::pin::pin;

use bindrune::{
    BitRate, ClassicChannelConfig, ClassicPsm, Error, Level, LineStatus, Parity, PortSettings,
    Rfcomm,
};
use bindrune_pair::{Device, Scene};
use embassy_futures::{
    join::{join, join3},
    select::{Either, select},
};

use crate::{address, three, two};

/// Connects the phone to a listener of the lamp.
async fn connected<'d>(lamp: &'d Device, phone: &'d Device) -> (Rfcomm<'d>, Rfcomm<'d>) {
    let (there, here) = (lamp.host().classic(), phone.host().classic());
    let at = address(there).await;
    let mut listener = there.rfcomm_listen(Some(3), Level::Encrypted).unwrap();
    let (accepted, opened) = join(listener.accept(), here.rfcomm_connect(at, 3)).await;
    (accepted.unwrap(), opened.unwrap())
}

#[test]
fn settings_of_a_port_change_by_either_end() {
    let scene = Scene::new(770);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let (there, here) = connected(&lamp, &phone).await;
        let initial = PortSettings::default();
        assert_eq!((there.port_settings(), here.port_settings()), (initial, initial));
        let fast = initial.with_rate(BitRate::B115200).with_parity(Parity::Even);
        let (set, seen) =
            join(here.set_port_settings(fast), there.port_settings_changed(initial)).await;
        assert_eq!((set, seen), (Ok(fast), Ok(fast)));
        let slow = fast.with_rate(BitRate::B2400).with_data_bits(7).with_more_stop_bits(true);
        assert_eq!(there.set_port_settings(slow).await, Ok(slow));
        assert_eq!(here.peer_port_settings().await, Ok(slow));
        assert_eq!((slow.data_bits(), slow.has_more_stop_bits()), (7, true));
        // An unknown bit rate is not accepted; the rest is.
        let odd = slow.with_rate(BitRate(77)).with_parity(Parity::Mark);
        assert_eq!(here.set_port_settings(odd).await, Ok(odd.with_rate(BitRate::B2400)));
        here.write_all(b"data").await.unwrap();
        assert_eq!(there.read(&mut [0; 9]).await, Ok(4));
        here.close().await.unwrap();
        let after = there.set_port_settings(initial).await;
        assert!(matches!(after, Err(Error::Rfcomm(_))), "{after:?}");
    });
}

#[test]
fn line_status_is_reported_by_either_end() {
    let scene = Scene::new(771);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let (there, here) = connected(&lamp, &phone).await;
        let parity = LineStatus::ERROR | LineStatus::PARITY;
        for (from, to) in [(&there, &here), (&here, &there)] {
            // The same report again is another one.
            for _ in 0..2 {
                let (sent, status) = join(from.report_line(parity), to.next_line_status()).await;
                assert_eq!((sent, status), (Ok(()), Ok(parity)));
            }
        }
        // Several callers take turns.
        let settings = PortSettings::default().with_rate(BitRate::B38400);
        let overrun = LineStatus::ERROR | LineStatus::OVERRUN;
        let (one, set, two) = join3(
            here.report_line(parity),
            here.set_port_settings(settings),
            here.report_line(overrun),
        )
        .await;
        assert_eq!((one, set, two), (Ok(()), Ok(settings), Ok(())));
        assert!(there.next_line_status().await.is_ok());
        assert_eq!(scene.within(1_000, there.next_line_status()).await, None);
    });
}

#[test]
fn each_caller_gets_its_own_answer() {
    let scene = Scene::new(778);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let (_there, here) = connected(&lamp, &phone).await;
        let fast = PortSettings::default().with_rate(BitRate::B115200);
        let slow = PortSettings::default().with_rate(BitRate::B2400);
        let mut first = pin!(here.set_port_settings(fast));
        assert_eq!(scene.within(1, first.as_mut()).await, None);
        // The second caller is the first one to see the answer.
        let second = here.set_port_settings(slow);
        assert_eq!(join(second, first).await, (Ok(slow), Ok(fast)));
        // A caller that leaves does not keep the turn.
        assert_eq!(scene.within(1, here.set_port_settings(fast)).await, None);
        assert_eq!(here.set_port_settings(slow).await, Ok(slow));
    });
}

#[test]
fn an_answer_that_does_not_come_ends_the_wait() {
    let scene = Scene::new(772);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let (there, here) = connected(&lamp, &phone).await;
        scene.world().set_reachable(lamp.id(), phone.id(), false);
        let waited = scene.within(30_000, here.report_line(LineStatus::ERROR)).await;
        assert!(matches!(waited, Some(Err(_))), "{waited:?}");
        scene.world().set_reachable(lamp.id(), phone.id(), true);
        drop(there);
    });
}

/// A peer requests as many connections as there are slots, and the application accepts none of them.
#[test]
fn a_peer_does_not_take_all_connections() {
    let scene = Scene::new(773);
    let devices = three(&scene);
    let [lamp, greedy, phone] = &devices;
    scene.run(&[lamp, greedy, phone], async {
        let classic = lamp.host().classic();
        let at = address(classic).await;
        let waiting: Vec<_> =
            (1..=4).map(|n| classic.rfcomm_listen(Some(n), Level::Encrypted).unwrap()).collect();
        let mut served = classic.rfcomm_listen(Some(9), Level::Encrypted).unwrap();
        let from = greedy.host().classic();
        let attempt = async |channel| scene.within(8_000, from.rfcomm_connect(at, channel)).await;
        let attack = join(join(attempt(1), attempt(2)), join(attempt(3), attempt(4)));
        let visit = async {
            scene.sleep(5_000).await;
            join(served.accept(), phone.host().classic().rfcomm_connect(at, 9)).await
        };
        let (((a, b), (c, d)), (accepted, opened)) = join(attack, visit).await;
        let refused = [a, b, c, d].iter().filter(|end| matches!(end, Some(Err(_)))).count();
        assert_eq!(refused, 1, "of four slots, one stays free");
        let (accepted, opened) = (accepted.unwrap(), opened.unwrap());
        opened.write_all(b"served").await.unwrap();
        assert_eq!(accepted.read(&mut [0; 9]).await, Ok(6));
        drop(waiting);
    });
}

/// A peer opens the channel of RFCOMM again and again, and closes it without a session.
#[test]
fn a_connection_is_not_tried_for_ever() {
    let scene = Scene::new(774);
    let (lamp, phone) = two(&scene);
    scene.run(&[&lamp, &phone], async {
        let (there, here) = (lamp.host().classic(), phone.host().classic());
        let (at, own) = (address(there).await, address(here).await);
        let _listener = here.rfcomm_listen(Some(3), Level::Encrypted).unwrap();
        there.set_connectable(true).unwrap();
        let storm = async {
            let link = there.connect(own).await.unwrap();
            link.secure(Level::Encrypted).await.unwrap();
            loop {
                let opening = link.open_channel(ClassicPsm::RFCOMM, ClassicChannelConfig::BASIC);
                if let Ok(channel) = opening.await {
                    let _closed = channel.close().await;
                }
                scene.sleep(1).await;
            }
        };
        let connecting = async {
            scene.sleep(3_000).await;
            here.rfcomm_connect(at, 5).await.map(drop)
        };
        let ended = scene.within(60_000, select(storm, connecting)).await;
        let Some(Either::<(), _>::Second(ended)) = ended else { panic!("it is tried for ever") };
        assert!(matches!(ended, Err(Error::ClassicClosed(_) | Error::Rfcomm(_))), "{ended:?}");
    });
}
