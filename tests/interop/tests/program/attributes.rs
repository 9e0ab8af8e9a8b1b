//! Commands for attributes and pairing, and the peripheral that serves them.

use anyhow::{Result, ensure};

use crate::{run::bindrune_with, world::World};

const RX: &str = "6e400002-b5a3-f393-e0a9-e50e24dcca9e";
/// Readable on an encrypted link.
const VAULT: &str = "6f0e0002-5a4d-4c8b-9a5e-b1d2c3a4e5f6";

/// `gatt tree`, `read`, `write`, `subscribe`; `peripheral` as their peer, and on the tested controller.
pub(crate) fn values(world: &World) -> Result<()> {
    let mut peripheral = world.start_peer("peripheral --name Bench")?;
    peripheral.until("advertising")?;
    let tree = world.run("gatt tree Bench")?.records()?;
    for uuid in ["2a00", "2a29", "2a19", RX] {
        ensure!(tree.iter().any(|record| record["uuid"] == uuid), "{uuid}: {tree:?}");
    }
    ensure!(world.run("gatt read Bench 2a00")?.last()?["text"] == "Bench");
    let text = "long ".repeat(60).replace(' ', "_");
    world.run(&format!("gatt write Bench {RX} text:{text}"))?;
    peripheral.until(&text)?;
    world.run(&format!("gatt write Bench {RX} 0102 --no-response"))?;
    peripheral.until("0102")?;
    let updates = world.run("gatt subscribe Bench 2a19 --count 2")?.records()?;
    ensure!(updates.len() == 2, "{updates:?}");
    peripheral.interrupt()?;

    let mut peripheral = world.start("peripheral --name Ours")?;
    peripheral.until("advertising")?;
    ensure!(world.peer("gatt read Ours 2a00")?.last()?["text"] == "Ours");
    for event in ["\"connected\"", "\"disconnected\""] {
        peripheral.until(event)?;
    }
    peripheral.interrupt()
}

/// `pair`, and the bond in use.
pub(crate) fn pairing(world: &World) -> Result<()> {
    let io = "--io display-yes-no --yes";
    let (ours, theirs) = (world.file("bonds"), world.file("bonds-peer"));
    let bonds = format!("--bond-file {}", ours.display());
    let peripheral =
        format!("peripheral --name Vault --bond {io} --bond-file {}", theirs.display());
    let mut peripheral = world.start_peer(&peripheral)?;
    peripheral.until("advertising")?;
    let paired = world.run(&format!("pair Vault {io} {bonds}"))?.last()?;
    ensure!(paired["method"] == "numeric-comparison" && paired["bonded"] == true, "{paired}");
    let list = world.run(&format!("bonds list {bonds}"))?.records()?;
    ensure!(list.len() == 1, "{list:?}");
    world.run(&format!("gatt read Vault {VAULT} --pair {bonds}"))?;
    peripheral.interrupt()
}

/// `shell`: a script over one connection.
pub(crate) fn shell(world: &World) -> Result<()> {
    let mut peripheral = world.start_peer("peripheral --name Bench")?;
    peripheral.until("advertising")?;
    let script = "read 2a00\nmtu\nsubscribe 2a19 --count 2\nchannel open 0x80\nchannel send 0102\nchannel receive\nquit\n";
    let records = bindrune_with(&world.words("shell Bench"), script.as_bytes())?.records()?;
    for event in ["connected", "mtu", "channel", "channel-sent", "channel-received"] {
        ensure!(records.iter().any(|record| record["event"] == event), "{event}: {records:?}");
    }
    ensure!(records.iter().any(|record| record["text"] == "Bench"), "{records:?}");
    ensure!(records.iter().filter(|record| record["uuid"] == "2a19").count() == 2, "{records:?}");
    peripheral.interrupt()
}
