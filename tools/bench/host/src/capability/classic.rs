//! Data over BR/EDR: datagrams of both modes, RFCOMM, and searches for services.

use anyhow::{Result, bail, ensure};
use bindrune::{
    Address, Classic, ClassicChannelConfig, ClassicConfig, ClassicPsm, ClassicResources, Config,
    Host, Level, Port, Resources, ServiceRecord, Uuid,
};
use bindrune_bench_null::{Controller, Shared, Work, split};

use crate::link::BUFFER;

const PSM: ClassicPsm = ClassicPsm(0x1001);
const UUID: Uuid = Uuid::new_16(0x1101);
/// Server channel of RFCOMM.
const CHANNEL: u8 = 3;

type Memory = Resources<1, 1, 16, 8, 264, 8192, BUFFER, BUFFER>;
type ClassicMemory = ClassicResources<1, 4, 65536, 65536, 1, 1, 4096, 1, 16384>;

/// Does the work `count` times, and returns how much of it arrived.
pub(crate) async fn run(work: Work, count: u64) -> Result<u64> {
    let controller = Controller::dual();
    let (server, client) = (host(&controller, 0)?, host(&controller, 1)?);
    let at = server.ready().await?.address.get();
    client.ready().await?;
    server.set_connectable(true)?;
    match work {
        Work::Basic(len) => {
            channel(server, client, at, ClassicChannelConfig::BASIC, len, count).await
        }
        Work::Enhanced(len) => {
            let config = ClassicChannelConfig::ENHANCED.require_mode();
            channel(server, client, at, config, len, count).await
        }
        Work::Serial(len) => serial(server, client, at, len, count).await,
        Work::Search(records) => search(server, client, at, records, count).await,
        _ => bail!("not of BR/EDR"),
    }
}

/// Sends datagrams over a channel.
async fn channel(
    server: Classic<'static>,
    client: Classic<'static>,
    at: Address,
    config: ClassicChannelConfig,
    len: u16,
    count: u64,
) -> Result<u64> {
    let config = config.mtu(len);
    let mut listener = server.listen(PSM, config)?;
    let (accepted, opened) = tokio::join!(listener.accept(), client.open_channel(at, PSM, config));
    let (receiver, sender) = (accepted?, opened?);
    let receive = tokio::task::spawn_local(async move {
        let mut buffer = vec![0; usize::from(len)];
        let mut bytes = 0;
        for _ in 0..count {
            bytes += receiver.recv(&mut buffer).await?;
        }
        anyhow::Ok(bytes as u64)
    });
    let value = vec![0x5a; usize::from(len)];
    for _ in 0..count {
        sender.send(&value).await?;
    }
    Ok(receive.await?? / u64::from(len))
}

/// Writes bytes to a serial port.
async fn serial(
    server: Classic<'static>,
    client: Classic<'static>,
    at: Address,
    len: u16,
    count: u64,
) -> Result<u64> {
    let mut listener = server.rfcomm_listen(Some(CHANNEL), Level::Encrypted)?;
    let (accepted, opened) = tokio::join!(listener.accept(), client.rfcomm_connect(at, CHANNEL));
    let (receiver, sender) = (accepted?, opened?);
    let receive = tokio::task::spawn_local(async move {
        let mut buffer = vec![0; usize::from(len)];
        let mut bytes = 0;
        while bytes < count * u64::from(len) {
            bytes += receiver.read(&mut buffer).await? as u64;
        }
        anyhow::Ok(bytes)
    });
    let value = vec![0x5a; usize::from(len)];
    for _ in 0..count {
        sender.write_all(&value).await?;
    }
    Ok(receive.await?? / u64::from(len))
}

/// Searches records on one link, which a first connection keeps.
async fn search(
    server: Classic<'static>,
    client: Classic<'static>,
    at: Address,
    records: u16,
    count: u64,
) -> Result<u64> {
    let mut advertised = Vec::new();
    for number in 0..records {
        let record = ServiceRecord::new(&[UUID], Port::L2cap(0x1001 + 2 * number)).name("Port");
        advertised.push(server.advertise(&record)?);
    }
    let _link = client.connect(at).await?;
    let mut buffer = vec![0; 8192];
    let mut found = 0;
    for _ in 0..count {
        let all = client.services(at, &[UUID], &mut buffer).await?.count();
        ensure!(all == usize::from(records), "{all} records of {records}");
        found += 1;
    }
    Ok(found)
}

/// Returns a host that lives as long as the program.
fn host(controller: &Shared, side: usize) -> Result<Classic<'static>> {
    let memory = Box::leak(Box::new(Memory::new()));
    let classic = Box::leak(Box::new(ClassicMemory::new()));
    let host = Host::new(memory, Config::new("tb"))?.with_classic(classic, ClassicConfig::new());
    let host: &'static Host = Box::leak(Box::new(host));
    let (receiver, sender) = split(controller, side);
    tokio::task::spawn_local(async move {
        let end = host.run(receiver, sender).await;
        eprintln!("the host stopped: {end:?}");
    });
    Ok(host.classic())
}
