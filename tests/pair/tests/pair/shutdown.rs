//! The orderly end of a host.

use core::{cell::Cell, future::pending};

use bindrune::{Address, Advertisement, Error, RunError, Scan, Status};
use bindrune_controller::Unplugged;
use bindrune_pair::{Device, Scene, Task};
use embassy_futures::join::join4;

use crate::table::{LAB, LAMP, LOG, PHONE, find};

type Ended = Result<(), Error>;

/// Drives a device until `run` returns, once.
async fn drive(device: &Device, end: &Cell<Option<RunError<Unplugged>>>) {
    end.set(Some(device.drive().await));
    pending::<()>().await;
}

#[test]
fn requests_and_links_end_and_the_controller_is_quiet() {
    for scene in Scene::lossy(91) {
        let (lamp, phone, other) = (scene.device(LAMP), scene.device(PHONE), scene.device(PHONE));
        let (end, goes_on) = (Cell::new(None), Cell::new(None));
        let drivers = vec![
            Task::new(drive(&lamp, &end)),
            Task::new(drive(&phone, &goes_on)),
            Task::new(drive(&other, &goes_on)),
        ];
        scene.run_driven(drivers, &[&lamp, &phone, &other], async {
            let (there, here) = scene.connect(&lamp, &phone).await;
            let (host, address) = (lamp.host(), scene.address(&lamp).await);
            let advertisement = Advertisement::connectable();
            let advertise = async { host.advertise(&advertisement).await.map(drop) };
            let none = Address::random([0xc0, 0, 0, 0, 0, 9]);
            let connect = async { host.connect(&none).await.map(drop) };
            let scan = async {
                let mut scanner = host.scan(&Scan::passive())?;
                loop {
                    scanner.next(&mut [0; 64]).await?;
                }
            };
            let shutdown = async {
                scene.sleep(1000).await;
                host.shutdown().await
            };
            let ends: (Ended, Ended, Ended, _) = join4(advertise, connect, scan, shutdown).await;
            let withdrawn = Err(Error::ShutDown);
            assert_eq!(ends, (withdrawn, withdrawn, withdrawn, Ok(())));
            assert!(!there.is_connected());
            assert_eq!(
                scene.within(5000, here.disconnected()).await,
                Some(Status::REMOTE_USER_TERMINATED)
            );
            assert_eq!(end.take(), Some(RunError::ShutDown));
            assert!(scene.within(5000, other.host().connect(&address)).await.is_none());
        });
    }
}

#[test]
fn data_sent_before_the_shutdown_arrives() {
    let scene = Scene::new(92);
    let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
    let (end, goes_on) = (Cell::new(None), Cell::new(None));
    let drivers = vec![Task::new(drive(&lamp, &goes_on)), Task::new(drive(&phone, &end))];
    scene.run_driven(drivers, &[&lamp, &phone], async {
        let (_there, here) = scene.connect(&lamp, &phone).await;
        let log = find(&here, LAB, &LOG).await;
        assert_eq!(here.write_without_response(&log, b"last").await, Ok(()));
        assert_eq!(phone.host().shutdown().await, Ok(()));
        let mut octets = [0; 8];
        assert_eq!(lamp.host().gatt().take_appended(&LOG, &mut octets), Ok(4));
    });
}

#[test]
fn the_radio_goes_off_and_on_again_with_the_same_host() {
    let scene = Scene::new(93);
    let (lamp, phone) = (scene.device(LAMP), scene.device(PHONE));
    let offs = Cell::new(0);
    let switched = async {
        loop {
            assert_eq!(lamp.drive().await, RunError::ShutDown);
            offs.set(offs.get() + 1);
            scene.sleep(2000).await;
        }
    };
    let always_on = async {
        phone.drive().await;
        pending::<()>().await;
    };
    scene.run_driven(vec![Task::new(switched), Task::new(always_on)], &[&lamp, &phone], async {
        lamp.host().set_device_name("hall").unwrap();
        for round in 1..=3 {
            let (there, here) = scene.connect(&lamp, &phone).await;
            let (log, mut octets) = (find(&here, LAB, &LOG).await, [0; 8]);
            here.write(&log, &[round]).await.unwrap();
            assert_eq!(lamp.host().gatt().take_appended(&LOG, &mut octets), Ok(1));
            assert_eq!(lamp.host().device_name(&mut octets), Ok(4));
            assert_eq!((octets.get(..4), there.is_connected()), (Some(&b"hall"[..]), true));
            // The radio is off: the next request of the application waits until it is on again.
            assert_eq!(lamp.host().shutdown().await, Ok(()));
            assert_eq!((offs.get(), there.is_connected()), (round, false));
            here.disconnected().await;
        }
    });
}
