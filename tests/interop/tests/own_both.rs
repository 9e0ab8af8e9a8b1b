//! Our own host on both ends.

use anyhow::Result;
use bindrune::{Config, Psm, ReportFlags, Scan};
use bindrune_interop::own::{Linked, connect, push, transfer, use_database};
use bindrune_interop::services::{SERVICES, advertisement, database, discover, uuid};
use bindrune_interop::transfer::{Log, Volume, volumes};
use bindrune_interop::{Air, Node, Pty, Scratch, block_on, soon};

const PERIPHERAL: Config = Config::new("thermometer").services(SERVICES).prepare_bytes(1024);
const CENTRAL: Config = Config::new("phone").scan_bytes(1024);

struct World {
    peripheral: Node,
    central: Node,
    air: Air,
}

impl World {
    fn new(name: &str) -> Result<Self> {
        let air = Air::start(&Scratch::new(name)?)?;
        let peripheral = Node::start(&air, PERIPHERAL, "peripheral")?;
        let central = Node::start(&air, CENTRAL, "central")?;
        Ok(Self { peripheral, central, air })
    }

    async fn end(mut self, linked: Linked) -> Result<()> {
        let Linked { peripheral, central, .. } = linked;
        soon(central.disconnect()).await??;
        drop((peripheral, central));
        self.peripheral.finish().await?;
        self.central.finish().await
    }
}

#[test]
fn scanning_sees_name_services_and_manufacturer_data() -> Result<()> {
    let mut world = World::new("own_both_scanning")?;
    block_on(async {
        let address = world.peripheral.address().await?;
        for extended in [false, true] {
            let advertisement = advertisement(extended);
            let scan = async {
                let mut buffer = [0; 512];
                let mut scanner =
                    world.central.host().scan(&Scan { merge: true, ..Scan::active() })?;
                let report = loop {
                    let report = soon(scanner.next(&mut buffer)).await??;
                    if report.address == Some(address) && report.ad().name().is_some() {
                        break report;
                    }
                };
                assert_eq!(report.ad().name().and_then(|name| name.text()), Some("thermometer"));
                assert_eq!(report.ad().services().collect::<Vec<_>>(), [uuid::BATTERY, uuid::MAIN]);
                assert_eq!(report.ad().manufacturer().collect::<Vec<_>>(), [(0x1234, &[1, 2][..])]);
                assert!(report.is_connectable());
                assert_eq!(report.flags.contains(ReportFlags::LEGACY), !extended);
                anyhow::Ok(())
            };
            tokio::select! {
                seen = scan => seen?,
                link = world.peripheral.host().advertise(&advertisement) => drop(link?),
            }
        }
        world.peripheral.finish().await?;
        world.central.finish().await
    })
}

#[test]
fn a_database_is_discovered_read_and_written() -> Result<()> {
    let world = World::new("own_both_database")?;
    block_on(async {
        let linked = connect(&world.peripheral, &world.central).await?;
        use_database(&linked).await?;
        world.end(linked).await
    })
}

#[test]
fn a_thousand_updates_and_commands_arrive_in_order() -> Result<()> {
    let world = World::new("own_both_updates")?;
    block_on(async {
        let mut linked = connect(&world.peripheral, &world.central).await?;
        push(&mut linked).await?;
        world.end(linked).await
    })
}

#[test]
fn channels_carry_octets_both_ways() -> Result<()> {
    let world = World::new("own_both_channels")?;
    block_on(async {
        let linked = connect(&world.peripheral, &world.central).await?;
        let mut log = Log::new("Our central, our peripheral");
        for (psm, volume) in (0x80..).map(Psm).zip(volumes()) {
            transfer(world.peripheral.host(), &linked, psm, &volume, &mut log).await?;
        }
        log.end()?;
        world.end(linked).await
    })
}

#[test]
fn three_centrals_use_one_peripheral_at_once() -> Result<()> {
    let World { mut peripheral, central, air } = World::new("own_both_three")?;
    let mut centrals = vec![central];
    for name in ["second", "third"] {
        centrals.push(Node::start(&air, CENTRAL, name)?);
    }
    block_on(async {
        let mut links = Vec::new();
        for central in &centrals {
            links.push(connect(&peripheral, central).await?);
        }
        assert_eq!(peripheral.host().links(), 3);
        // One after the other: tshark takes a response for one link's attribute type as that of another link's request.
        for linked in &links {
            assert_eq!(soon(discover(&linked.central)).await??, database());
        }
        let mut tasks = tokio::task::JoinSet::new();
        for (mut linked, psm) in links.into_iter().zip((0x80..).map(Psm)) {
            let host = peripheral.host();
            tasks.spawn(async move {
                push(&mut linked).await?;
                let volume = Volume { mps: 247, sdu: 1017, count: 64 };
                transfer(host, &linked, psm, &volume, &mut Log::new("one of three")).await?;
                soon(linked.central.disconnect()).await??;
                anyhow::Ok(())
            });
        }
        while let Some(done) = tasks.join_next().await {
            done??;
        }
        for central in &mut centrals {
            central.finish().await?;
        }
        peripheral.finish().await
    })
}

#[test]
fn a_serial_port_carries_all_of_it() -> Result<()> {
    let air = Air::start(&Scratch::new("own_both_serial")?)?;
    let terminal = Pty::start(&air)?;
    let peripheral = Node::start_serial(&air, &terminal, PERIPHERAL, "peripheral")?;
    let central = Node::start(&air, CENTRAL, "central")?;
    let world = World { peripheral, central, air };
    block_on(async {
        let mut linked = connect(&world.peripheral, &world.central).await?;
        use_database(&linked).await?;
        push(&mut linked).await?;
        let volume = Volume { mps: 247, sdu: 1017, count: 64 };
        let mut log = Log::new("over a serial port");
        transfer(world.peripheral.host(), &linked, Psm(0x80), &volume, &mut log).await?;
        world.end(linked).await
    })
}
