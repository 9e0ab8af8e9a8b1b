//! Finds a device by name or address, and connects to it.

use std::time::Duration;

use bindrune::{Address, Connect, Connection, Host, Scan, Scanner};
use tokio::time;

use crate::{
    bonds::Keep,
    cli::{Remote, Target},
    commands::pair,
    failure::{Doing as _, Failure},
    output::Output,
    parse::Device,
    security,
    session::Setup,
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

impl Remote {
    /// Returns the settings of a host that connects to this device.
    pub(crate) fn setup(&self) -> Result<Setup, Failure> {
        let setup = Setup::central();
        if !self.pairs() {
            return Ok(setup);
        }
        let config = setup.config.pairing(security::config(&self.pairing, None)?);
        Ok(Setup { config, keep: Keep::All, ..setup })
    }
}

/// Connects to a device, and pairs with it if the command line says so and there is no bond.
pub(crate) async fn link(
    host: &'static Host,
    out: Output,
    remote: &Remote,
) -> Result<Connection<'static>, Failure> {
    let connection = connect(host, &remote.target).await?;
    if remote.pairs() {
        pair::secure(host, out, &connection, remote).await?;
    }
    Ok(connection)
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

/// Time to listen for another device with the same name.
const DOUBT: Duration = Duration::from_secs(1);

async fn look(host: &Host, device: &Device) -> Result<Address, Failure> {
    let mut scanner = host.scan(&Scan::active()).doing("scanning")?;
    let Device::Name(name) = device else { return next(&mut scanner, device).await };
    let first = next(&mut scanner, device).await?;
    let other = async {
        loop {
            let found = next(&mut scanner, device).await?;
            if found != first {
                return Ok(found);
            }
        }
    };
    match time::timeout(DOUBT, other).await {
        Err(_) => Ok(first),
        Ok(Ok(other)) => Err(Failure::failed(format!(
            "more than one device has the name {name:?}: {first:?} and {other:?}"
        ))
        .advise("Give the address of the one that you mean, instead of the name.")),
        Ok(Err(failure)) => Err(failure),
    }
}

/// Returns the address of the next report of the device.
async fn next(scanner: &mut Scanner<'_>, device: &Device) -> Result<Address, Failure> {
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
