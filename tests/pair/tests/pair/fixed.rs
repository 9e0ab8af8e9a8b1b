//! The application's own fixed channel.

use bindrune::{Cid, Error};
use bindrune_pair::Scene;
use embassy_futures::join::join;

use crate::table::{LAMP, PHONE, pattern};

const OWN: Cid = Cid(0x3e);

#[test]
fn an_own_fixed_channel_carries_pdus_both_ways_in_order() {
    for scene in Scene::lossy(81) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let (there, here) = scene.connect(&lamp, &phone).await;
            let (mut a, mut b) =
                (there.fixed_channel(OWN).unwrap(), here.fixed_channel(OWN).unwrap());
            assert_eq!(here.fixed_channel(OWN).err(), Some(Error::Busy));
            assert_eq!(there.fixed_channel(Cid::ATT).err(), Some(Error::InvalidParameters));
            let send = async {
                for round in 0..100 {
                    b.send(&pattern(round, round)).await.unwrap();
                }
                let mut buffer = [0; 300];
                assert_eq!(b.recv(&mut buffer).await, Ok(4));
                assert_eq!(b.lost(), 0);
            };
            let receive = async {
                let mut buffer = [0; 300];
                for round in 0..100 {
                    let len = a.recv(&mut buffer).await.unwrap();
                    assert_eq!(&buffer[..len], pattern(round, round));
                }
                a.send(b"done").await.unwrap();
            };
            join(send, receive).await;
            drop(a);
            assert!(there.fixed_channel(Cid(0x3f)).is_ok());
        });
    }
}

#[test]
fn pdus_without_a_reader_are_counted() {
    let scene = Scene::new(82);
    let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
    scene.run(&[&lamp, &phone], async {
        let (_there, here) = scene.connect(&lamp, &phone).await;
        here.fixed_channel(OWN).unwrap().send(&[1]).await.unwrap();
        scene.sleep(500).await;
        let mut own = here.fixed_channel(OWN).unwrap();
        own.send(&[1]).await.unwrap();
        scene.sleep(500).await;
        assert!(lamp.host().stats().unknown_channel >= 1);
    });
}

#[test]
fn sent_pdus_arrive_although_the_channel_is_dropped() {
    for scene in Scene::lossy(83) {
        let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
        scene.run(&[&lamp, &phone], async {
            let (there, here) = scene.connect(&lamp, &phone).await;
            let mut far = there.fixed_channel(OWN).unwrap();
            let mut buffer = [0; 300];
            for round in 0..5 {
                let mut near = here.fixed_channel(OWN).unwrap();
                near.send(&pattern(round, 200)).await.unwrap();
                drop(near);
                // The next channel begins while the PDU of the last one is still queued.
                let mut other = here.fixed_channel(Cid(0x3f)).unwrap();
                other.send(&[1]).await.unwrap();
                drop(other);
                assert_eq!(far.recv(&mut buffer).await, Ok(200));
                assert_eq!(&buffer[..200], pattern(round, 200));
            }
            assert_eq!(phone.host().stats().unsent_pdus, 0);
        });
    }
}

#[test]
fn unread_pdus_are_counted() {
    let scene = Scene::new(84);
    let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
    scene.run(&[&lamp, &phone], async {
        let (there, here) = scene.connect(&lamp, &phone).await;
        let far = there.fixed_channel(OWN).unwrap();
        let mut near = here.fixed_channel(OWN).unwrap();
        for _ in 0..3 {
            near.send(&[1]).await.unwrap();
        }
        scene.sleep(500).await;
        let before = lamp.host().stats().dropped_pushes;
        drop(far);
        assert_eq!(lamp.host().stats().dropped_pushes - before, 3);
    });
}
