//! Commands for the controller, and for what it advertises.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
};

use anyhow::{Context as _, Result, ensure};

use crate::world::World;

/// `info`, `hci`.
pub(crate) fn controller(world: &World) -> Result<()> {
    let info = world.run("info")?.last()?;
    for key in ["hci_version", "manufacturer", "address", "features", "le_acl_length"] {
        ensure!(!info[key].is_null(), "{key}: {info}");
    }
    // Read BD_ADDR. [Vol 4] Part E, 7.4.6
    let answer = world.run("hci 0x04:0x0009")?.last()?;
    ensure!(answer["status"] == 0, "{answer}");
    ensure!(answer["parameters"].as_str().is_some_and(|text| text.len() == 12), "{answer}");
    Ok(())
}

/// `advertise`, `scan`.
pub(crate) fn advertise(world: &World) -> Result<()> {
    for options in ["", "--extended --interval 100", "--non-connectable --uuid 180f"] {
        let mut advertiser = world.start(&format!("advertise --name Own {options}"))?;
        advertiser.until("advertising")?;
        let seen = world.peer("scan --seconds 2 --active --name Own")?.records()?;
        ensure!(seen.iter().any(|device| device["name"] == "Own"), "{options}: {seen:?}");
        advertiser.interrupt()?;
    }
    let mut advertiser = world.start_peer("advertise --name Theirs --company 0x1234:0102")?;
    advertiser.until("advertising")?;
    let seen = world.run("scan --seconds 2 --active --company 0x1234")?.records()?;
    ensure!(seen.iter().any(|device| device["name"] == "Theirs"), "{seen:?}");
    advertiser.interrupt()
}

/// `btp`: Read Supported Services, and the controller that it reports.
pub(crate) fn tester(world: &World) -> Result<()> {
    const CORE: u8 = 0;
    const GAP: u8 = 1;
    const NONE: u8 = 0xff;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut program = world.start(&format!("btp --listen tcp:{port}"))?;
    program.until("listening")?;
    let mut tester = TcpStream::connect(("127.0.0.1", port))?;
    let mut ask = |request: [u8; 5], data: &[u8]| -> Result<Vec<u8>> {
        tester.write_all(&[&request[..], data].concat())?;
        loop {
            let mut header = [0; 5];
            tester.read_exact(&mut header)?;
            let mut answer = vec![0; u16::from_le_bytes([header[3], header[4]]).into()];
            tester.read_exact(&mut answer)?;
            // The first event says that the program is ready.
            if header[1] < 0x80 {
                ensure!(header[..2] == request[..2], "{header:?} answers {request:?}");
                return Ok(answer);
            }
        }
    };
    let services = ask([CORE, 0x02, NONE, 0, 0], &[])?;
    ensure!(services.first() == Some(&0x0f), "services {services:?}");
    ensure!(ask([CORE, 0x03, NONE, 1, 0], &[GAP])?.is_empty());
    let controller = ask([GAP, 0x03, 0, 0, 0], &[])?;
    let address = controller.get(..6).context("no address")?;
    ensure!(address.iter().any(|&octet| octet != 0), "{controller:?}");
    drop(tester);
    program.interrupt()
}

/// `demo`, whose other end is also on the air.
pub(crate) fn demo(world: &World) -> Result<()> {
    let mut peripheral = world.start_peer("peripheral --name Demo --yes --io display-yes-no")?;
    peripheral.until("advertising")?;
    let steps = world.run("demo")?.records()?;
    ensure!(!steps.is_empty() && steps.iter().all(|step| step["ok"] == true), "{steps:?}");
    peripheral.interrupt()
}
