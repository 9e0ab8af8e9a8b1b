//! Two hosts, and a link between them as a row describes it.

use anyhow::{Result, ensure};
use bindrune::{
    Advertisement, Config, Connect, Connection, ConnectionParameters, ControllerCrypto, Host, Phy,
    Platform, Resources,
};
use bindrune_bound::Row;
use bindrune_controller::{ControllerConfig, ControllerId, VirtualClock, World};
use embassy_futures::{
    join::join,
    select::{Either, select},
};
use embassy_time::Duration;

use crate::flow::SERVICES;

type Memory = Resources<1, 1, 128, 16, 264, 4096>;

/// Connection intervals until a link has its MTU and its PHY, and is idle.
const SETTLING: u32 = 60;

/// Returns a host that lives as long as the program.
pub(crate) fn host() -> Result<&'static Host> {
    let memory = Box::leak(Box::new(Memory::new()));
    let config = Config::new("goodput").services(SERVICES);
    Ok(Box::leak(Box::new(Host::new(memory, config)?)))
}

/// Drives a host on a controller as the row describes it.
pub(crate) fn drive(
    host: &'static Host,
    world: &World,
    row: Row,
) -> (ControllerId, impl Future<Output = ()>) {
    let config = ControllerConfig::new().acl_buffers(row.bytes, row.buffers).phy_2m(row.two_mbit);
    let port = world.add(config);
    let id = port.id();
    let (reader, writer) = port.split_over_line(row.baud);
    let platform = Platform::new().clock(world.clock()).crypto(ControllerCrypto::random_only());
    let run = async move {
        let end = host.run_with(reader, writer, platform).await;
        eprintln!("the host stopped: {end:?}");
    };
    (id, run)
}

/// Both ends of a link.
pub(crate) struct Link {
    pub(crate) host: &'static Host,
    pub(crate) peripheral: Connection<'static>,
    pub(crate) central: Connection<'static>,
    pub(crate) clock: VirtualClock,
    pub(crate) interval: Duration,
}

impl Link {
    /// Connects, pairs if the row is encrypted, and waits until the link has its final parameters.
    pub(crate) async fn new(
        host: &'static Host,
        client: &'static Host,
        clock: VirtualClock,
        row: Row,
    ) -> Result<Self> {
        let peer = host.controller().await?.address;
        let parameters = ConnectionParameters {
            interval_min: row.interval,
            interval_max: row.interval,
            latency: 0,
            timeout: 3000,
        };
        let connect = Connect::to(peer).parameters(parameters);
        let advertisement = Advertisement::connectable();
        let (peripheral, central) =
            join(host.advertise(&advertisement), client.connect_with(&connect, &[])).await;
        let (peripheral, central) = (peripheral?, central?);
        if row.encrypted {
            pair(host, client, &central).await?;
        }
        let interval = Duration::from_micros(u64::from(row.interval) * 1250);
        clock.sleep(interval * SETTLING).await;
        let phy = if row.two_mbit { Phy::LE_2M } else { Phy::LE_1M };
        ensure!(central.parameters()?.interval == row.interval, "another interval");
        ensure!(central.phy()?.tx == phy, "another PHY");
        ensure!(central.mtu()? >= 247, "a small MTU");
        Ok(Self { host, peripheral, central, clock, interval })
    }
}

async fn pair(host: &Host, client: &Host, central: &Connection<'_>) -> Result<()> {
    let (mut ours, mut theirs) = (host.pairing_requests()?, client.pairing_requests()?);
    let accept = join(
        async {
            loop {
                ours.next().await.accept();
            }
        },
        async {
            loop {
                theirs.next().await.accept();
            }
        },
    );
    let Either::First(paired) = select(central.pair(), accept).await;
    paired?;
    Ok(())
}
