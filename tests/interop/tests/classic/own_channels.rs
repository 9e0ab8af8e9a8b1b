//! Bytes over L2CAP channels between our host and Bumble, each way.

use anyhow::{Context, Result, ensure};
use bindrune::{ClassicChannel, ClassicChannelConfig, ClassicLoss, ClassicPsm};
use bindrune_interop::{ClassicVolume, Pattern, Stopwatch, Tally, block_on, classic::SEED, soon};
use serde_json::{Value, json};

use crate::own_world::{World, settings};

fn config(volume: ClassicVolume) -> Result<ClassicChannelConfig> {
    let base = match volume.fcs {
        None => ClassicChannelConfig::BASIC,
        Some(fcs) => ClassicChannelConfig::ENHANCED.require_mode().check_sequence(fcs),
    };
    Ok(base.mtu(u16::try_from(volume.mtu)?))
}

fn check(volume: ClassicVolume, ours: &ClassicChannel<'_>, theirs: &Value) {
    assert_eq!((usize::from(ours.mtu()), usize::from(ours.peer_mtu())), (volume.mtu, volume.mtu));
    assert_eq!((&theirs["mtu"], &theirs["peer_mtu"]), (&json!(volume.mtu), &json!(volume.mtu)));
    assert_eq!(theirs["enhanced"], volume.fcs.is_some());
    assert_eq!(theirs["fcs"], volume.fcs.unwrap_or_default());
}

async fn send(volume: ClassicVolume, channel: &ClassicChannel<'_>) -> Result<()> {
    let (mut pattern, mut datagram) = (Pattern::new(SEED), vec![0; volume.mtu]);
    for _ in 0..volume.count {
        pattern.fill(&mut datagram);
        channel.send(&datagram).await?;
    }
    Ok(channel.flush().await?)
}

async fn receive(volume: ClassicVolume, channel: &ClassicChannel<'_>) -> Result<()> {
    let (mut tally, mut datagram) = (Tally::default(), vec![0; volume.mtu]);
    while tally.octets() < volume.bytes() {
        let len = channel.recv(&mut datagram).await.with_context(|| format!("{tally:?}"))?;
        tally.add(datagram.get(..len).context("longer than its buffer")?);
    }
    ensure!(channel.lost() == ClassicLoss::default(), "{:?}", channel.lost());
    assert_eq!((tally.count() as usize, tally.sha256()), (volume.count, volume.sha256()));
    Ok(())
}

/// Our host opens a channel, and sends.
async fn outwards(world: &World, volume: ClassicVolume) -> Result<()> {
    world.ask("listen", volume.serving("sink")).await?;
    let at = world.bumble.public_address()?;
    let psm = ClassicPsm(volume.psm());
    let channel = soon(world.own().open_channel(at, psm, config(volume)?)).await??;
    let theirs = world.ask("wait_channel", json!({ "psm": volume.psm() })).await?;
    check(volume, &channel, &theirs);
    send(volume, &channel).await?;
    let seen = world.ask("received", volume.receiving(&theirs["channel"])).await?;
    assert_eq!((&seen["count"], &seen["octets"]), (&json!(volume.count), &json!(volume.bytes())));
    assert_eq!(seen["sha256"], volume.sha256(), "{volume:?}");
    soon(channel.close()).await??;
    world.ask("wait_closed", json!({ "channel": theirs["channel"] })).await?;
    world.ask("stop_listening", json!({ "psm": volume.psm() })).await.map(drop)
}

/// Bumble opens a channel, and sends.
async fn inwards(world: &World, volume: ClassicVolume) -> Result<()> {
    let mut listener = world.own().listen(ClassicPsm(volume.psm()), config(volume)?)?;
    let open = world.ask("open", volume.opening());
    let accept = async { Ok(soon(listener.accept()).await??) };
    let (theirs, channel) = tokio::try_join!(open, accept)?;
    check(volume, &channel, &theirs);
    let sending = world.ask("send", volume.sending(&theirs["channel"]));
    tokio::try_join!(sending, receive(volume, &channel))?;
    world.ask("close", json!({ "channel": theirs["channel"] })).await?;
    ensure!(soon(channel.recv(&mut [0; 1])).await?.is_err(), "open after its end");
    Ok(())
}

/// Moves a volume, prints the time, and returns the error with its volume.
async fn timed(
    volume: ClassicVolume,
    what: &str,
    moves: impl Future<Output = Result<()>>,
) -> Result<()> {
    let stopwatch = Stopwatch::start();
    moves.await.with_context(|| format!("{what} {volume:?}"))?;
    println!("{what} {} bytes, {volume:?}: {:?}", volume.bytes(), stopwatch.elapsed());
    Ok(())
}

/// Moves all volumes on a link that we made, and on one that Bumble made: all of a volume from the side that made the
/// link, and an eighth back.
fn l2cap(test: &str, fcs: Option<bool>) -> Result<()> {
    block_on(async {
        let world = World::start(test, settings())?;
        world.own().set_connectable(true)?;
        let link = world.call().await?;
        for volume in ClassicVolume::all(fcs) {
            timed(volume, "sending", outwards(&world, volume)).await?;
            let part = volume.eighth();
            timed(part, "receiving", inwards(&world, part)).await?;
        }
        world.disconnect(link).await?;
        let link = world.called().await?;
        for volume in ClassicVolume::all(fcs) {
            timed(volume, "receiving", inwards(&world, volume)).await?;
            let part = volume.eighth();
            timed(part, "sending", outwards(&world, part)).await?;
        }
        world.disconnect(link).await?;
        world.end().await
    })
}

#[test]
fn our_datagrams_cross_in_basic_mode() -> Result<()> {
    l2cap("own_basic", None)
}

#[test]
fn our_datagrams_cross_in_enhanced_retransmission_mode_with_fcs() -> Result<()> {
    l2cap("own_fcs", Some(true))
}

#[test]
fn our_datagrams_cross_in_enhanced_retransmission_mode_without_fcs() -> Result<()> {
    l2cap("own_no_fcs", Some(false))
}
