//! Our peripheral against Bumble's central.

#![allow(clippy::indexing_slicing, reason = "JSON answers of the peers are indexed by key")]

use anyhow::{Context, Result};
use bindrune::{Advertisement, Config, Connection, Psm};
use bindrune_interop::services::{
    INDICATE, LONG, LONG_VALUE, NOTIFY, SERVICES, VALUE_4, advertisement, database, serve, uuid,
};
use bindrune_interop::transfer::{Log, volumes};
use bindrune_interop::{
    Air, Central, Node, Scratch, Stopwatch, Tally, block_on, numbered, numbered_sha256, soon,
};
use serde_json::{Value, json};
use tokio::sync::watch;

const CONFIG: Config = Config::new("thermometer").services(SERVICES).prepare_bytes(1024);

struct World {
    node: Node,
    central: Central,
    _air: Air,
}

/// A link to the central, which our peripheral serves.
struct Linked {
    link: Connection<'static>,
    sink: watch::Receiver<Tally>,
}

impl World {
    fn new(name: &str) -> Result<Self> {
        let air = Air::start(&Scratch::new(name)?)?;
        let central = Central::start(&air, "phone")?;
        let node = Node::start(&air, CONFIG, "own")?;
        Ok(Self { node, central, _air: air })
    }

    async fn connect(&self, mtu: u16) -> Result<Linked> {
        let address = format!("{:#}", self.node.address().await?);
        let arguments = json!({ "address": address, "address_type": "public", "mtu": mtu });
        let advertisement = Advertisement::connectable();
        let advertise = async { Ok(soon(self.node.host().advertise(&advertisement)).await??) };
        let (link, _) = tokio::try_join!(advertise, self.central.ask("connect", arguments))?;
        let (sender, sink) = watch::channel(Tally::default());
        tokio::spawn(serve(link.clone(), sender));
        Ok(Linked { link, sink })
    }

    async fn end(mut self) -> Result<()> {
        self.central.ask("disconnect", json!({})).await?;
        self.node.finish().await
    }
}

/// Finds `address` among the devices of a scan.
fn sighting<'a>(answer: &'a Value, address: &str) -> Result<&'a Value> {
    let devices = answer["devices"].as_array().context("no devices")?;
    devices.iter().find(|device| device["address"] == address).context("not seen")
}

#[test]
fn scanning_sees_name_services_and_manufacturer_data() -> Result<()> {
    let mut world = World::new("own_peripheral_scanning")?;
    block_on(async {
        let host = world.node.host();
        let address = format!("{:#}", world.node.address().await?);
        for extended in [false, true] {
            let advertisement = advertisement(extended);
            let scan = async {
                let arguments = json!({ "seconds": 10, "address": address });
                let answer = world.central.ask("scan", arguments).await?;
                let device = sighting(&answer, &address)?;
                assert_eq!(device["name"], "thermometer");
                assert_eq!(device["services"], json!(["180f", uuid::MAIN.to_string()]));
                let manufacturer = json!([{ "company": 0x1234, "data": "0102" }]);
                assert_eq!(device["manufacturer"], manufacturer);
                assert_eq!(device["connectable"], true);
                assert_eq!(device["legacy"], !extended);
                anyhow::Ok(())
            };
            tokio::select! {
                seen = scan => seen?,
                link = host.advertise(&advertisement) => drop(link?),
            }
        }
        world.node.finish().await
    })
}

#[test]
fn a_database_is_discovered_read_and_written() -> Result<()> {
    let world = World::new("own_peripheral_database")?;
    block_on(async {
        let Linked { link, .. } = world.connect(23).await?;
        let (central, gatt) = (&world.central, world.node.host().gatt());
        let found = central.ask("discover", json!({})).await?["services"].clone();
        assert_eq!(found, database());
        let found = central.ask("discover_by_uuid", json!({ "uuid": uuid::MAIN.to_string() }));
        assert_eq!(found.await?["services"].as_array().map(Vec::len), Some(1));

        let value_4 = uuid::VALUE_4.to_string();
        let read = central.ask("read", json!({ "attribute": value_4 })).await?;
        assert_eq!(read["value"], "01020304");
        central.ask("write", json!({ "attribute": value_4, "value": "deadbeef" })).await?;
        let mut held = [0; 512];
        let length = gatt.read(&VALUE_4, &mut held)?;
        assert_eq!(held[..length], [0xde, 0xad, 0xbe, 0xef]);
        let longer = json!({ "attribute": value_4, "value": "0102030405" });
        assert!(central.ask("write", longer).await.is_err());

        let long = uuid::LONG.to_string();
        let read = central.ask("read", json!({ "attribute": long })).await?;
        assert_eq!(read["value"], hex(&LONG_VALUE));
        let value = "5a".repeat(512);
        central.ask("write", json!({ "attribute": long, "value": value })).await?;
        let length = gatt.read(&LONG, &mut held)?;
        assert_eq!(held[..length], [0x5a; 512]);

        let refused = uuid::REFUSED.to_string();
        assert!(central.ask("read", json!({ "attribute": refused })).await.is_err());
        let write = json!({ "attribute": refused, "value": "01" });
        assert!(central.ask("write", write).await.is_err());
        assert!(link.is_connected());
        drop(link);
        world.end().await
    })
}

#[test]
fn a_thousand_updates_and_commands_arrive_in_order() -> Result<()> {
    const COUNT: u32 = 1000;
    const LENGTH: usize = 244;
    let world = World::new("own_peripheral_updates")?;
    block_on(async {
        let Linked { link, mut sink } = world.connect(517).await?;
        let central = &world.central;
        assert_eq!(link.mtu()?, 247);
        let due = numbered_sha256(COUNT, LENGTH);
        central.ask("discover", json!({})).await?;

        for (source, uuid) in [(&NOTIFY, uuid::NOTIFY), (&INDICATE, uuid::INDICATE)] {
            let characteristic = uuid.to_string();
            central.ask("subscribe", json!({ "characteristic": characteristic })).await?;
            for number in 0..COUNT {
                let value = numbered(number, LENGTH);
                if uuid == uuid::NOTIFY {
                    soon(link.notify(source, &value)).await??;
                } else {
                    soon(link.indicate(source, &value)).await??;
                }
            }
            let all = json!({ "characteristic": characteristic, "count": COUNT });
            let seen = central.ask("updates", all).await?;
            assert_eq!((&seen["in_order"], &seen["sha256"]), (&json!(COUNT), &json!(due)));
            central.ask("unsubscribe", json!({ "characteristic": characteristic })).await?;
        }

        let commands =
            json!({ "attribute": uuid::SINK.to_string(), "count": COUNT, "length": LENGTH });
        assert_eq!(central.ask("write_commands", commands).await?["sha256"], due);
        let seen = soon(sink.wait_for(|tally| tally.count() == COUNT)).await??.clone();
        assert_eq!((seen.in_order(), seen.sha256()), (COUNT, due));
        drop(link);
        world.end().await
    })
}

#[test]
fn channels_carry_octets_both_ways() -> Result<()> {
    let world = World::new("own_peripheral_channels")?;
    block_on(async {
        let Linked { link, .. } = world.connect(247).await?;
        let (host, central) = (world.node.host(), &world.central);
        let mut log = Log::new("Bumble's central, our peripheral");
        for (psm, volume) in (0x80..).zip(volumes()) {
            let mut listener = host.listen(Psm(psm), volume.config())?;
            let open = central.ask("open", volume.opening(psm));
            let accept = async { Ok(soon(listener.accept()).await??) };
            let (opened, (_, channel)) = tokio::try_join!(open, accept)?;
            let (mut sender, mut receiver) = channel.split();

            let stopwatch = Stopwatch::start();
            let send = json!({ "channel": opened["channel"], "count": volume.count, "length": volume.sdu });
            let receive = volume.receive(&mut receiver);
            let (sent, ()) = tokio::try_join!(central.ask("send", send), receive)?;
            assert_eq!(sent["sha256"], volume.sha256());
            log.add(&volume, "to the peripheral", stopwatch);

            let stopwatch = Stopwatch::start();
            volume.send(&mut sender).await?;
            let seen = central.ask("received", volume.receiving(&opened["channel"])).await?;
            assert_eq!(seen["sha256"], volume.sha256());
            log.add(&volume, "to the central", stopwatch);
            central.ask("close", json!({ "channel": opened["channel"] })).await?;
        }
        log.end()?;
        drop(link);
        world.end().await
    })
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
