//! Commands for credit-based channels.

use anyhow::{Result, ensure};

use crate::world::World;

/// `bench`, `l2cap echo`, `send` and `receive`.
pub(crate) fn transfers(world: &World) -> Result<()> {
    let mut peripheral = world.start_peer("peripheral --name Bench")?;
    peripheral.until("advertising")?;
    let echo = world.run("l2cap echo Bench 0x80 --bytes 20000")?.last()?;
    ensure!(echo["bytes"] == 20_000, "{echo}");
    let measured = world.run("bench Bench --seconds 0.5")?.records()?;
    ensure!(measured.len() == 5, "{measured:?}");
    for path in &measured {
        let moved = path["kilobits_per_second"].as_f64().is_some_and(|rate| rate > 0.0);
        ensure!(moved && path["lost"] == 0, "{path}");
    }
    peripheral.interrupt()?;

    let content: Vec<u8> = (0..100_000u32).map(|n| (n % 251) as u8).collect();
    let (sent, received) = (world.file("sent"), world.file("received"));
    std::fs::write(&sent, &content)?;
    for ours_receives in [false, true] {
        let receive = format!("l2cap receive 0x85 --force -o {} --name Files", received.display());
        let send = format!("l2cap send Files 0x85 {}", sent.display());
        let (mut receiver, sent) = if ours_receives {
            (world.start(&receive)?, world.peer(&send)?)
        } else {
            (world.start_peer(&receive)?, world.run(&send)?)
        };
        ensure!(sent.last()?["bytes"] == content.len());
        receiver.until("sha256")?;
        receiver.finish()?;
        ensure!(std::fs::read(&received)? == content);
    }
    Ok(())
}
