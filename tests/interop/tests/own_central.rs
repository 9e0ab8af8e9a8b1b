//! Our central against Bumble's peripheral.

#![allow(clippy::indexing_slicing, reason = "JSON answers of the peers are indexed by key")]

use anyhow::{Context, Result};
use bindrune::{Config, Connection, Error, ErrorCode, Phy, Psm, ReportFlags, Scan};
use bindrune_interop::services::{LONG_VALUE, REFUSAL, discover, find, uuid};
use bindrune_interop::transfer::{Log, volumes};
use bindrune_interop::{
    Air, Node, Peripheral, Scratch, Stopwatch, Tally, block_on, numbered, numbered_sha256, soon,
};
use serde_json::json;

struct World {
    node: Node,
    peripheral: Peripheral,
    _air: Air,
}

impl World {
    fn new(name: &str) -> Result<Self> {
        let air = Air::start(&Scratch::new(name)?)?;
        let peripheral = Peripheral::start(&air, "thermometer")?;
        let node = Node::start(&air, Config::new("own").scan_bytes(1024), "own")?;
        Ok(Self { node, peripheral, _air: air })
    }

    async fn connect(&self) -> Result<Connection<'static>> {
        self.peripheral.ask("advertise", json!({})).await?;
        Ok(soon(self.node.host().connect(&self.peripheral.random_address()?)).await??)
    }

    /// Stops the host, checks for lost packets, and checks the traffic with tshark.
    async fn end(mut self) -> Result<()> {
        self.node.finish().await
    }
}

#[test]
fn scanning_sees_name_services_and_manufacturer_data() -> Result<()> {
    let world = World::new("own_central_scanning")?;
    block_on(async {
        let peer = world.peripheral.random_address()?;
        for extended in [false, true] {
            let advertisement = json!({
                "services": ["180f", uuid::MAIN.to_string()],
                "manufacturer": { "company": 0x1234, "data": "0102" },
                "extended": extended,
            });
            world.peripheral.ask("advertise", advertisement).await?;
            let mut scanner = world.node.host().scan(&Scan { merge: true, ..Scan::active() })?;
            let mut buffer = [0; 512];
            loop {
                let report = soon(scanner.next(&mut buffer)).await??;
                let Some(name) = report.ad().name().filter(|_| report.address == Some(peer)) else {
                    continue;
                };
                assert_eq!(name.text(), Some("thermometer"));
                assert_eq!(report.ad().services().collect::<Vec<_>>(), [uuid::BATTERY, uuid::MAIN]);
                let data: Vec<_> = report.ad().manufacturer().collect();
                assert_eq!(data, [(0x1234, &[1, 2][..])]);
                assert!(report.is_connectable());
                assert_eq!(report.flags.contains(ReportFlags::LEGACY), !extended);
                break;
            }
            drop(scanner);
            world.peripheral.ask("stop_advertising", json!({})).await?;
        }
        world.end().await
    })
}

#[test]
fn a_database_is_discovered_read_and_written() -> Result<()> {
    let world = World::new("own_central_database")?;
    block_on(async {
        let link = world.connect().await?;
        let peer = &world.peripheral;
        assert_eq!(soon(discover(&link)).await??, peer.database()?);
        assert_eq!(soon(link.exchange_mtu()).await??, 247);
        assert_eq!(link.phy()?.tx, Phy::LE_2M);

        let mut buffer = [0; 512];
        let value_4 = find(&link, uuid::VALUE_4).await?;
        let length = soon(link.read(&value_4, &mut buffer)).await??;
        assert_eq!(buffer[..length], [1, 2, 3, 4]);
        soon(link.write(&value_4, &[0xde, 0xad, 0xbe, 0xef])).await??;
        assert_eq!(peer.ask("value", json!({ "name": "value_4" })).await?["value"], "deadbeef");
        let longer = soon(link.write(&value_4, &[0; 5])).await?;
        assert_eq!(longer, Err(Error::Att(ErrorCode::INVALID_ATTRIBUTE_VALUE_LENGTH)));

        let long = find(&link, uuid::LONG).await?;
        let length = soon(link.read(&long, &mut buffer)).await??;
        assert_eq!(buffer[..length], LONG_VALUE);
        soon(link.write(&long, &[0x5a; 512])).await??;
        let value = peer.ask("value", json!({ "name": "long" })).await?["value"].clone();
        assert_eq!(value, "5a".repeat(512));

        let refused = find(&link, uuid::REFUSED).await?;
        let refusal = Err(Error::Att(REFUSAL));
        assert_eq!(soon(link.read(&refused, &mut buffer)).await?.map(drop), refusal);
        assert_eq!(soon(link.write(&refused, &[1])).await?, refusal);

        soon(link.disconnect()).await??;
        assert_eq!(peer.ask("wait_disconnected", json!({})).await?["reason"], 0x13);
        world.end().await
    })
}

#[test]
fn a_thousand_updates_and_commands_arrive_in_order() -> Result<()> {
    const COUNT: u32 = 1000;
    const LENGTH: usize = 244;
    let world = World::new("own_central_updates")?;
    block_on(async {
        let link = world.connect().await?;
        let peer = &world.peripheral;
        let due = numbered_sha256(COUNT, LENGTH);
        let volume = json!({ "count": COUNT, "length": LENGTH });

        for (source, uuid) in [("notify", uuid::NOTIFY), ("indicate", uuid::INDICATE)] {
            let characteristic = find(&link, uuid).await?;
            let mut updates = soon(link.subscribe(&characteristic)).await??;
            let sending = async { peer.ask(source, volume.clone()).await };
            let receiving = async {
                let (mut tally, mut buffer) = (Tally::default(), [0; 512]);
                while tally.count() < COUNT {
                    let length = soon(updates.next(&mut buffer)).await??;
                    tally.add(buffer.get(..length).context("longer than its buffer")?);
                }
                anyhow::Ok(tally)
            };
            let (_, tally) = tokio::try_join!(sending, receiving)?;
            assert_eq!((tally.in_order(), tally.sha256()), (COUNT, due.clone()));
            assert_eq!(updates.lost(), 0);
            soon(updates.unsubscribe()).await??;
        }

        let sink = find(&link, uuid::SINK).await?;
        for number in 0..COUNT {
            soon(link.write_without_response(&sink, &numbered(number, LENGTH))).await??;
        }
        let seen = peer.ask("sink", json!({ "count": COUNT })).await?;
        assert_eq!((&seen["in_order"], &seen["sha256"]), (&json!(COUNT), &json!(due)));
        drop(link);
        world.end().await
    })
}

#[test]
fn channels_carry_octets_both_ways() -> Result<()> {
    let world = World::new("own_central_channels")?;
    block_on(async {
        let link = world.connect().await?;
        let peer = &world.peripheral;
        let mut log = Log::new("Our central, Bumble's peripheral");
        for (psm, volume) in (0x80..).step_by(2).zip(volumes()) {
            peer.ask("listen", volume.arguments(psm, "sink")).await?;
            let channel = soon(link.open_channel(Psm(psm), volume.config())).await??;
            let served = peer.ask("wait_channel", json!({ "psm": psm })).await?["channel"].clone();
            let stopwatch = Stopwatch::start();
            let (mut sender, receiver) = channel.split();
            volume.send(&mut sender).await?;
            let seen = peer.ask("received", volume.receiving(&served)).await?;
            assert_eq!(seen["sha256"], volume.sha256());
            log.add(&volume, "to the peripheral", stopwatch);
            soon(sender.close()).await??;
            drop(receiver);
            peer.ask("wait_closed", json!({ "channel": served })).await?;

            peer.ask("listen", volume.arguments(psm + 1, "source")).await?;
            let channel = soon(link.open_channel(Psm(psm + 1), volume.config())).await??;
            let stopwatch = Stopwatch::start();
            let (sender, mut receiver) = channel.split();
            volume.receive(&mut receiver).await?;
            log.add(&volume, "to the central", stopwatch);
            soon(sender.close()).await??;
        }
        log.end()?;
        drop(link);
        world.end().await
    })
}
