//! The orderly end of a host.

use core::{cell::Cell, future::pending};

use bindrune::{Address, Advertisement, Error, RunError, Scan, Status};
use bindrune_controller::Unplugged;
use bindrune_pair::{Device, Scene, Task};
use embassy_futures::join::join4;

use crate::table::{LAB, LAMP, LOG, PHONE, find};

type Ended = Result<(), Error>;

/// Drives a device until `run` returns, and not again.
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
            let nobody = Address::random([0xc0, 0, 0, 0, 0, 9]);
            let connect = async { host.connect(&nobody).await.map(drop) };
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
fn what_was_sent_before_arrives() {
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
