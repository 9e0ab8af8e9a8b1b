//! `peripheral`: advertises and serves, to many centrals at once.

mod database;
mod peers;

use std::{pin::pin, time::Duration};

use bindrune::{
    Advertisement, Channel, Connection, Error, Event as Happened, Host, PairingConfig, Psm, Uuid,
};
use tokio::{task::JoinSet, time};

use database::Database;
use peers::Peers;

use crate::{
    bench::{self, Guest},
    bonds::Keep,
    cli::{self, Globals},
    commands::{demo::phy_name, l2cap},
    echo,
    event::{Event, What},
    failure::{Doing as _, Failure, Fault},
    numbers,
    output::Output,
    person::Person,
    security::{self, Io, Report, level_name},
    services::{BATTERY_LEVEL, UART_RX},
    session::{self, Setup},
    shown,
    sim::Phone,
};

/// Bits of a Client Characteristic Configuration. [Vol 3] Part G, 3.3.3.3
const NOTIFY: u8 = 0x01;
const INDICATE: u8 = 0x02;
/// Bytes that the virtual phone sends to our PSM.
const PHONE_OCTETS: usize = 16 * 1024;

pub(super) async fn run(
    globals: &Globals,
    out: Output,
    options: cli::Peripheral,
) -> Result<(), Failure> {
    let name: &'static str = String::leak(options.name);
    let psm = Psm(options.psm);
    let pairing = PairingConfig {
        bonding: options.bond,
        ..security::config(&options.pairing, Some(Io::NoInputNoOutput))?
    };
    let database: &'static Database = Box::leak(Box::new(match &options.database {
        Some(path) => Database::read(path)?,
        None => Database::built_in(),
    }));
    let mut config = session::config(name).services(database.services).pairing(pairing);
    if let Some(address) = options.address {
        config = config.address(address);
    }
    let bench_baud = super::bench::baud(&globals.transport);
    let phone = Some(Phone { psm, octets: PHONE_OCTETS });
    let keep = if options.bond { Keep::All } else { Keep::Nothing };
    let peers = Peers::default();
    let spelled = peers.clone();
    let person = Person::new(out, &options.pairing, |peer| format!("{peer}"))
        .spelled(move |peer| spelled.spelling(peer));
    session::run(
        globals,
        Setup { config, phone, keep, endless: true, ..Setup::central() },
        async |host| {
            tokio::select! {
                end = person.attend(host) => end,
                end = welcome(host, out, name, &peers, database) => end,
                end = channels(host, out, psm, &peers) => end,
                end = bench_channels(host, psm, bench_baud), if database.is_built_in() => end,
                end = battery(host), if database.is_built_in() => end,
                end = database.live(host) => end,
            }
        },
    )
    .await
}

/// Advertises, and serves each central that connects.
async fn welcome(
    host: &'static Host,
    out: Output,
    name: &str,
    peers: &Peers,
    database: &'static Database,
) -> Result<(), Failure> {
    let advertisement = Advertisement::connectable().services(&database.advertised).name(name);
    shown::note(out, &advertisement, name, session::ADVERTISING_BYTES);
    let mut guests = JoinSet::new();
    out.record(&Event::ours(What::Advertising { name: name.to_owned() }))?;
    let mut arrival = pin!(host.advertise(&advertisement));
    loop {
        tokio::select! {
            connection = &mut arrival => {
                match connection {
                    Ok(connection) => {
                        guests.spawn_local(serve(host, connection, out, peers.clone(), database));
                    }
                    // Every link is in use: wait until a central disconnects.
                    Err(Error::NoLink) if !guests.is_empty() => {
                        guests.join_next().await.transpose().unwrap_or_default().unwrap_or(Ok(()))?;
                    }
                    Err(error) => return Err(error).doing("advertising"),
                }
                arrival.set(host.advertise(&advertisement));
            }
            Some(left) = guests.join_next() => left.unwrap_or(Ok(()))?,
        }
    }
}

/// Serves one central until its link ends.
async fn serve(
    host: &'static Host,
    mut connection: Connection<'static>,
    out: Output,
    peers: Peers,
    database: &'static Database,
) -> Result<(), Failure> {
    let (guest, sender) = (Guest::default(), connection.clone());
    tokio::select! {
        end = events(host, &mut connection, out, &peers, &guest, database) => end,
        never = guest.send(&sender) => match never {},
    }
}

/// Reports the events of a link until it ends.
#[expect(clippy::wildcard_enum_match_arm, reason = "other events need no answer")]
async fn events(
    host: &Host,
    connection: &mut Connection<'static>,
    out: Output,
    peers: &Peers,
    guest: &Guest,
    database: &Database,
) -> Result<(), Failure> {
    let peer = peers.arrived(connection);
    let report = |what| out.record(&Event::of(&peer, what));
    report(What::Connected)?;
    loop {
        let happened = connection.next().await;
        peers.known_as(connection, &peer);
        match happened {
            Happened::Mtu(mtu) => report(What::Mtu { mtu })?,
            Happened::Subscribed(change) => report(What::Subscribed {
                characteristic: name_of(change.characteristic.uuid()),
                notify: change.cccd.bits() & NOTIFY != 0,
                indicate: change.cccd.bits() & INDICATE != 0,
            })?,
            Happened::Write(request) if request.is(&UART_RX) => {
                let value = echo::written(&request);
                request.accept();
                report(What::written(name_of(UART_RX.uuid()), &value))?;
                give_back_text(connection, out, &peer, &value).await;
            }
            Happened::Write(request) if Guest::is_meant(&request) => {
                if let Err(error) = guest.handle(connection, request).await {
                    out.note(&format!("{peer}: the measurement failed: {error}"));
                }
            }
            Happened::Written(written) => {
                if let Some((uuid, value)) = database.written(host, written.target).await {
                    report(What::written(name_of(uuid), &value))?;
                }
            }
            Happened::Parameters(now) => report(What::parameters(now))?,
            Happened::Encrypted(now) => report(What::Encrypted {
                level: level_name(now.level),
                key_size: now.key_size,
                bonded: now.bonded,
            })?,
            Happened::Paired(paired) => report(What::Paired(Report::new(&paired)))?,
            Happened::PairingFailed(failure) => {
                let error = Fault::new("pairing", None, failure);
                report(What::PairingFailed { error })?;
            }
            Happened::BondLost => report(What::BondLost)?,
            Happened::Phy(phys) => report(What::Phy { phy: phy_name(phys) })?,
            Happened::Disconnected(reason) => {
                peers.left(&peer);
                return report(What::disconnected(reason));
            }
            _ => {}
        }
    }
}

/// Echoes what was written to the UART.
async fn give_back_text(connection: &Connection<'_>, out: Output, peer: &str, value: &[u8]) {
    match echo::uart(connection, value).await {
        // A peer without a subscription gets no echo.
        Ok(()) | Err(Error::NotSubscribed | Error::Disconnected(_)) => {}
        Err(error) => out.note(&format!("{peer}: the echo failed: {error}")),
    }
}

fn name_of(uuid: Uuid) -> String {
    numbers::characteristic(uuid).map_or_else(|| uuid.to_string(), str::to_owned)
}

/// Echoes the data of every channel of our PSM.
async fn channels(
    host: &'static Host,
    out: Output,
    psm: Psm,
    peers: &Peers,
) -> Result<(), Failure> {
    let mut listener = host.listen(psm, l2cap::SHARED).doing("listening")?;
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (connection, channel) = accepted.doing("accepting a channel")?;
                let peer = connection.peer().map(|peer| peers.spelling(peer));
                open.spawn_local(give_back(peer.unwrap_or_default(), channel, out));
            }
            Some(closed) = open.join_next() => closed.unwrap_or(Ok(()))?,
        }
    }
}

async fn give_back(peer: String, channel: Channel<'static>, out: Output) -> Result<(), Failure> {
    out.record(&Event::of(
        &peer,
        What::Channel { mtu: channel.mtu(), peer_mtu: channel.peer_mtu() },
    ))?;
    let (bytes, _) = echo::channel(channel).await;
    out.record(&Event::of(&peer, What::ChannelClosed { bytes }))
}

/// Serves the channels of measurements.
async fn bench_channels(host: &'static Host, echo: Psm, baud: Option<u32>) -> Result<(), Failure> {
    let psm = if echo == bench::PSM { Psm(echo.0.saturating_add(1)) } else { bench::PSM };
    bench::serve_all(host, psm, bench::WINDOW, baud).await.doing("serving measurements")
}

/// Notifies the battery level every second.
async fn battery(host: &Host) -> Result<(), Failure> {
    let mut period = time::interval(Duration::from_secs(1));
    for level in (1..=100u8).rev().cycle() {
        period.tick().await;
        host.gatt().write(&BATTERY_LEVEL, &[level]).doing("measuring the battery")?;
        match host.gatt().notify_all(&BATTERY_LEVEL, &[level]).await {
            Ok(_) | Err(Error::Disconnected(_)) => {}
            Err(error) => return Err(error).doing("notifying the battery level"),
        }
    }
    Ok(())
}
