//! The steps of the tour.

use std::time::Duration;

use bindrune::{Connection, Host, Properties, Psm, RemoteCharacteristic};
use tokio::time;

use super::{Figures, phy_name};
use crate::{
    commands::{
        gatt::{self, tree},
        info, l2cap,
        scan::{self, Device},
    },
    failure::{Doing as _, Failure},
    find,
    output::{Output, Record as _},
    parse::Attribute,
    services::{BATTERY_LEVEL_UUID, TEMPERATURE_UUID, UART},
};

/// Time to scan.
const LISTEN: Duration = Duration::from_millis(1500);
/// Time to connect.
const PATIENCE: Duration = Duration::from_secs(10);
/// Number of values to wait for, and the time limit.
const VALUES: usize = 3;
const VALUES_WITHIN: Duration = Duration::from_secs(10);
/// Bytes over the channel, in each direction.
const BULK: u64 = 1024 * 1024;
/// PSM of devices of this program.
const PSM: Psm = Psm(0x80);

pub(super) async fn controller(host: &Host, out: Output) -> Result<(Figures, ()), Failure> {
    let info = info::read(host).await?;
    out.text(&info.human(out.paint()))?;
    Ok((Figures::new(info.line()), ()))
}

pub(super) async fn scan(host: &Host, out: Output) -> Result<(Figures, Vec<Device>), Failure> {
    let devices = scan::listen(host, LISTEN).await?;
    for device in &devices {
        out.text(&device.human(out.paint()))?;
    }
    let named = devices.iter().filter(|d| d.name().is_some()).count();
    let text = format!("{} received, {named} with a name", devices.len());
    Ok((Figures::new(text).with("devices", devices.len()), devices))
}

/// Connects to the device whose attributes the tour shows: the thermometer, or else another device of this program.
pub(super) async fn connect(
    host: &'static Host,
    devices: &[Device],
) -> Result<(Figures, Connection<'static>), Failure> {
    let ours = || connectable(devices).find(|d| d.offers(UART));
    let peer = named(devices, "Thermometer").or_else(ours).map(Device::peer).ok_or_else(|| {
        Failure::failed("no device to connect to was found")
            .advise("Start `bindrune peripheral` on another controller in range.")
    })?;
    let connection = find::connect_to(host, peer, PATIENCE).await?;
    let mtu = connection.exchange_mtu().await.doing("exchanging the MTU")?;
    Ok((Figures::new(format!("{peer}, MTU {mtu}")).with("mtu", mtu), connection))
}

fn connectable(devices: &[Device]) -> impl Iterator<Item = &Device> {
    devices.iter().filter(|d| d.is_connectable())
}

fn named<'d>(devices: &'d [Device], name: &str) -> Option<&'d Device> {
    connectable(devices).find(|d| d.name() == Some(name))
}

pub(super) async fn attributes(
    connection: &Connection<'static>,
    out: Output,
) -> Result<(Figures, RemoteCharacteristic<'static>), Failure> {
    let nodes = tree::collect(connection).await.doing("discovering")?;
    out.text(&tree::draw(&nodes, out.paint()))?;
    let requests = connection.requests().doing("counting requests")?;
    let attributes = tree::attributes(&nodes);
    let mut database = gatt::Database::new(connection.clone());
    for uuid in [TEMPERATURE_UUID, BATTERY_LEVEL_UUID] {
        let found = database.locate(Attribute::Uuid(uuid)).await.doing("discovering")?;
        if let Some(found) = found.filter(|f| f.properties().contains(Properties::NOTIFY)) {
            let text = format!("{attributes} attributes in {requests} round trips");
            return Ok((Figures::new(text).with("attributes", attributes), found));
        }
    }
    Err(Failure::failed("the device has no value to subscribe to"))
}

pub(super) async fn notifications(
    connection: &Connection<'static>,
    from: RemoteCharacteristic<'static>,
    out: Output,
) -> Result<(Figures, ()), Failure> {
    let mut updates = connection.subscribe(&from).await.doing("subscribing")?;
    let mut value = vec![0; gatt::LONGEST];
    let take = async {
        for _ in 0..VALUES {
            let len = updates.next(&mut value).await.doing("waiting for a value")?;
            let octets = value.get(..len).unwrap_or_default();
            let reading = gatt::Reading::new(from.handle(), Some(from.uuid()), octets);
            out.text(&reading.human(out.paint()))?;
        }
        Ok::<(), Failure>(())
    };
    time::timeout(VALUES_WITHIN, take)
        .await
        .unwrap_or_else(|_| Err(Failure::timed_out("too few notifications arrived")))?;
    Ok((Figures::new(format!("{VALUES} values")).with("values", VALUES), ()))
}

/// Sends 1 MiB to the device that accepts channels, or to the connected device if there is no other.
pub(super) async fn channel(
    host: &'static Host,
    devices: &[Device],
    connection: Connection<'static>,
    out: Output,
) -> Result<(Figures, ()), Failure> {
    let connection = match named(devices, "L2CAP sink") {
        Some(sink) => {
            connection.disconnect().await.doing("disconnecting")?;
            find::connect_to(host, sink.peer(), PATIENCE).await?
        }
        None => connection,
    };
    bulk(host, &connection, out).await
}

async fn bulk(
    host: &Host,
    connection: &Connection<'_>,
    out: Output,
) -> Result<(Figures, ()), Failure> {
    let channel = connection.open_channel(PSM, l2cap::CONFIG).await;
    let channel = channel.doing("opening the channel")?;
    let summary = l2cap::there_and_back(host, PATIENCE, channel, out, BULK).await?;
    let text = format!(
        "1 MiB there and back on {}, {:.0} kbit/s each way, sha256 {}... equal",
        connection.phy().map(phy_name).doing("reading the PHY")?,
        summary.kilobits_per_second,
        summary.sha256.get(..8).unwrap_or_default()
    );
    let figures = Figures::new(text)
        .with("bytes", summary.bytes)
        .with("kilobits_per_second", summary.kilobits_per_second)
        .with("sha256", summary.sha256);
    Ok((figures, ()))
}
