//! Bytes over RFCOMM between our host and Bumble, each way.

use anyhow::{Context, Result, ensure};
use bindrune::{Level, Rfcomm};
use bindrune_interop::{
    ClassicVolume, Pattern, Tally, block_on,
    classic::{SEED, SERIAL_CHANNEL},
    soon,
};
use serde_json::{Value, json};

use crate::own_world::{World, settings};

const VOLUME: ClassicVolume = ClassicVolume::serial();

async fn write(port: &Rfcomm<'_>, volume: ClassicVolume) -> Result<()> {
    let (mut pattern, mut bytes) = (Pattern::new(SEED), vec![0; volume.mtu]);
    for _ in 0..volume.count {
        pattern.fill(&mut bytes);
        port.write_all(&bytes).await?;
    }
    Ok(port.flush().await?)
}

async fn read(port: &Rfcomm<'_>, volume: ClassicVolume) -> Result<()> {
    let (mut tally, mut bytes) = (Tally::default(), vec![0; 4096]);
    while tally.octets() < volume.bytes() {
        let len = port.read(&mut bytes).await.with_context(|| format!("{tally:?}"))?;
        ensure!(len > 0, "the end after {} bytes", tally.octets());
        tally.add_part(bytes.get(..len).context("longer than its buffer")?, false);
    }
    assert_eq!((tally.octets(), tally.sha256()), (volume.bytes(), volume.sha256()));
    Ok(())
}

/// Sends in one direction, then in the other, then an eighth in both.
async fn exchange(world: &World, port: &Rfcomm<'_>, theirs: &Value) -> Result<()> {
    let (number, part) = (&theirs["channel"], VOLUME.eighth());
    write(port, VOLUME).await?;
    let seen = world.ask("received", VOLUME.receiving(number)).await?;
    assert_eq!(
        (&seen["octets"], &seen["sha256"]),
        (&json!(VOLUME.bytes()), &json!(VOLUME.sha256()))
    );
    tokio::try_join!(world.ask("send", VOLUME.sending(number)), read(port, VOLUME))?;
    tokio::try_join!(world.ask("send", part.sending(number)), read(port, part), write(port, part))?;
    let all = VOLUME.bytes() + part.bytes();
    let both = json!({ "channel": number, "octets": all, "timeout": 60 });
    assert_eq!(world.ask("received", both).await?["octets"], all);
    Ok(())
}

#[test]
fn our_bytes_cross_a_connection_that_we_open() -> Result<()> {
    block_on(async {
        let world = World::start("own_serial_client", settings())?;
        let link = world.call().await?;
        world.ask("rfcomm_listen", VOLUME.serving_serial("sink")).await?;
        let at = world.bumble.public_address()?;
        let channel = u8::try_from(SERIAL_CHANNEL)?;
        let refused = soon(world.own().rfcomm_connect(at, channel + 1)).await?;
        ensure!(refused.is_err(), "nothing serves this channel");
        let port = soon(world.own().rfcomm_connect(at, channel)).await??;
        let theirs = world.ask("wait_channel", json!({ "server_channel": channel })).await?;
        exchange(&world, &port, &theirs).await?;
        soon(port.close()).await??;
        world.ask("wait_closed", json!({ "channel": theirs["channel"] })).await?;
        world.disconnect(link).await?;
        world.end().await
    })
}

#[test]
fn our_bytes_cross_a_connection_that_bumble_opens() -> Result<()> {
    block_on(async {
        let world = World::start("own_serial_server", settings())?;
        let mut listener = world.own().rfcomm_listen(None, Level::Encrypted)?;
        let link = world.called().await?;
        world.ask("pair", json!({ "timeout": 20 })).await?;
        let refused = json!({ "server_channel": listener.channel() + 1 });
        assert!(world.ask("rfcomm_open", refused).await.is_err());
        let open = json!({ "server_channel": listener.channel() });
        let accept = async { Ok(soon(listener.accept()).await??) };
        let (theirs, port) = tokio::try_join!(world.ask("rfcomm_open", open), accept)?;
        exchange(&world, &port, &theirs).await?;
        world.ask("close", json!({ "channel": theirs["channel"] })).await?;
        assert_eq!(soon(port.read(&mut [0; 1])).await??, 0);
        drop(port);
        world.disconnect(link).await?;
        world.end().await
    })
}
