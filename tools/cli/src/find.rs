//! Finds a device by name or address, and connects to it.

use std::time::Duration;

use bindrune::{Address, Connect, Connection, Host, Scan};
use tokio::time;

use crate::{
    cli::Target,
    failure::{Doing as _, Failure},
    parse::Device,
};

/// Connects to a device. Scans for it first unless its whole address is known.
pub(crate) async fn connect(
    host: &'static Host,
    target: &Target,
) -> Result<Connection<'static>, Failure> {
    let patience = Duration::from_secs_f64(target.timeout);
    let deadline = time::Instant::now().checked_add(patience);
    let peer = find(host, &target.device, patience).await?;
    let left = deadline.map_or(patience, |d| d.saturating_duration_since(time::Instant::now()));
    connect_to(host, peer, left.max(Duration::from_secs(1))).await
}

/// Connects to an address.
pub(crate) async fn connect_to(
    host: &'static Host,
    peer: Address,
    patience: Duration,
) -> Result<Connection<'static>, Failure> {
    let micros = u64::try_from(patience.as_micros()).unwrap_or(u64::MAX);
    let limit = embassy_time::Duration::from_micros(micros);
    let connect = Connect::to(peer).timeout(limit).until_established();
    host.connect_with(&connect, &[]).await.doing(format_args!("connecting to {peer}"))
}

/// Returns the address of a device.
pub(crate) async fn find(
    host: &Host,
    device: &Device,
    patience: Duration,
) -> Result<Address, Failure> {
    if let Device::Address(address) = device {
        return Ok(*address);
    }
    log::info!("looking for {device}");
    time::timeout(patience, look(host, device)).await.unwrap_or_else(|_| {
        let what = format!("{device} was not found within {} s", patience.as_secs_f64());
        Err(Failure::timed_out(what).advise("`bindrune scan` shows what advertises here."))
    })
}

async fn look(host: &Host, device: &Device) -> Result<Address, Failure> {
    let mut scanner = host.scan(&Scan::active()).doing("scanning")?;
    let mut buffer = [0; 1650];
    loop {
        let report = scanner.next(&mut buffer).await.doing("scanning")?;
        let Some(address) = report.address else { continue };
        let found = match device {
            Device::Address(wanted) => address == *wanted,
            Device::AnyKind(octets) => address.octets() == *octets,
            Device::Name(name) => report.ad().name().is_some_and(|n| n.octets() == name.as_bytes()),
        };
        if found {
            return Ok(address);
        }
    }
}
