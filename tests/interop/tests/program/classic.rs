//! Commands for BR/EDR.

use std::{thread, time::Duration};

use anyhow::{Result, ensure};

use crate::{run::bindrune_with, world::World};

/// Time for a device to become discoverable after it said that it listens.
const START: Duration = Duration::from_secs(1);

/// `classic info`, `scan`, `services`, `ping`, `pair`.
pub(crate) fn discovery(world: &World) -> Result<()> {
    let info = world.run("classic info")?.last()?;
    ensure!(info["address"].is_string() && info["acl_count"].is_number(), "{info}");
    let mut listener = world.start_peer("classic l2cap listen 0x1001 --name Box --zero-keys")?;
    listener.until("listening")?;
    thread::sleep(START);
    let found = world.run("classic scan --seconds 3")?.records()?;
    let device = found.iter().find(|device| device["name"] == "Box");
    let address = device.and_then(|device| device["address"].as_str());
    let Some(address) = address else { anyhow::bail!("Box was not found: {found:?}") };
    let services = world.run(&format!("classic services {address}"))?.records()?;
    ensure!(services.iter().any(|service| service["psm"] == 0x1001), "{services:?}");
    let echoes = world.run(&format!("classic ping {address} --count 2 --interval 0.05"))?.last()?;
    ensure!(echoes["answered"] == 2, "{echoes}");
    let bonds = format!("--bond-file {}", world.file("bonds-classic").display());
    let pair = format!("classic pair {address} --io no-input-no-output --yes --zero-keys {bonds}");
    let paired = world.run(&pair)?.last()?;
    ensure!(paired["method"] == "just-works" && paired["bonded"] == true, "{paired}");
    listener.interrupt()
}

/// `classic l2cap` and `classic rfcomm`.
pub(crate) fn transfers(world: &World) -> Result<()> {
    let mut listener = world.start_peer("classic l2cap listen 0x1001 --name Echo --zero-keys")?;
    listener.until("listening")?;
    thread::sleep(START);
    let echo = world.run("classic l2cap echo Echo 0x1001 --bytes 20000 --zero-keys")?.last()?;
    ensure!(echo["bytes"] == 20_000, "{echo}");
    listener.interrupt()?;

    let content: Vec<u8> = (0..50_000u32).map(|n| (n % 241) as u8).collect();
    let (sent, received) = (world.file("sent-classic"), world.file("received-classic"));
    std::fs::write(&sent, &content)?;
    for ours_receives in [false, true] {
        let receive = format!(
            "classic l2cap receive 0x1011 --zero-keys --force -o {} --name Files",
            received.display()
        );
        let send = format!("classic l2cap send Files 0x1011 {} --zero-keys", sent.display());
        let mut receiver =
            if ours_receives { world.start(&receive)? } else { world.start_peer(&receive)? };
        thread::sleep(START);
        let sent = if ours_receives { world.peer(&send)? } else { world.run(&send)? };
        ensure!(sent.last()?["bytes"] == content.len());
        receiver.until("sha256")?;
        receiver.finish()?;
        ensure!(std::fs::read(&received)? == content);
    }

    let mut listener = world.start_peer("classic rfcomm listen 4 --name Port --zero-keys")?;
    listener.until("listening")?;
    thread::sleep(START);
    let words = world.words("classic rfcomm connect Port 4 --zero-keys");
    let values = bindrune_with(&words, b"hello")?.records()?;
    let values = values.iter().filter_map(|record| record["value"].as_str());
    ensure!(values.collect::<String>() == "68656c6c6f");
    listener.interrupt()?;

    let mut listener = world.start("classic rfcomm listen 5 --name Port")?;
    listener.until("listening")?;
    listener.interrupt()
}
