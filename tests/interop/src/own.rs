//! Operations of the tests with two of our own hosts.

use crate::services::{
    INDICATE, LONG_VALUE, NOTIFY, REFUSAL, database, discover, find, serve, uuid,
};
use crate::transfer::{Log, Volume};
use crate::{Node, Stopwatch, Tally, numbered, numbered_sha256, soon};
use anyhow::{Context, Result, ensure};
use bindrune::{
    Advertisement, Characteristic, Connection, Error, ErrorCode, Host, Psm, RemoteCharacteristic,
};
use tokio::sync::watch;

const COUNT: u32 = 1000;
const LENGTH: usize = 244;

/// Both ends of a link. The peripheral serves it.
#[derive(Debug)]
pub struct Linked {
    /// The peripheral's end.
    pub peripheral: Connection<'static>,
    /// The central's end.
    pub central: Connection<'static>,
    /// Writes of the central without response.
    pub sink: watch::Receiver<Tally>,
}

/// Connects `central` to `peripheral`, which serves the link.
///
/// # Errors
/// When an operation fails, or a result is wrong.
pub async fn connect(peripheral: &Node, central: &Node) -> Result<Linked> {
    let (address, advertisement) = (peripheral.address().await?, Advertisement::connectable());
    let advertise = async { anyhow::Ok(soon(peripheral.host().advertise(&advertisement)).await??) };
    let connect = async { Ok(soon(central.host().connect(&address)).await??) };
    let (peripheral, central) = tokio::try_join!(advertise, connect)?;
    let (sender, sink) = watch::channel(Tally::default());
    tokio::spawn(serve(peripheral.clone(), sender));
    Ok(Linked { peripheral, central, sink })
}

/// Discovers, reads and writes all attributes.
///
/// # Errors
/// When an operation fails, or a result is wrong.
pub async fn use_database(linked: &Linked) -> Result<()> {
    let link = &linked.central;
    let found = soon(discover(link)).await??;
    ensure!(found == database(), "another database: {found}");
    let value_4 = find(link, uuid::VALUE_4).await?;
    ensure!(read(link, &value_4).await? == [1, 2, 3, 4], "another first value");
    soon(link.write(&value_4, &[0xde, 0xad, 0xbe, 0xef])).await??;
    ensure!(read(link, &value_4).await? == [0xde, 0xad, 0xbe, 0xef], "another value");
    let longer = soon(link.write(&value_4, &[0; 5])).await?;
    let too_long = Err(Error::Att(ErrorCode::INVALID_ATTRIBUTE_VALUE_LENGTH));
    ensure!(longer == too_long, "{longer:?} for five octets");

    let long = find(link, uuid::LONG).await?;
    ensure!(read(link, &long).await? == LONG_VALUE, "another long value");
    soon(link.write(&long, &[0x5a; 512])).await??;
    ensure!(read(link, &long).await? == [0x5a; 512], "another long value after a long write");
    // Restores the value for the next central.
    soon(link.write(&long, &LONG_VALUE)).await??;
    soon(link.write(&value_4, &[1, 2, 3, 4])).await??;

    let refused = find(link, uuid::REFUSED).await?;
    let refusal = Err(Error::Att(REFUSAL));
    ensure!(soon(link.read(&refused, &mut [0; 8])).await?.map(drop) == refusal, "no refusal");
    ensure!(soon(link.write(&refused, &[1])).await? == refusal, "no refusal");
    Ok(())
}

async fn read(link: &Connection<'_>, of: &RemoteCharacteristic<'_>) -> Result<Vec<u8>> {
    let mut buffer = vec![0; 512];
    let length = soon(link.read(of, &mut buffer)).await??;
    buffer.truncate(length);
    Ok(buffer)
}

/// Notifies, indicates, and writes without response, a thousand times each.
///
/// # Errors
/// When an operation fails, or a result is wrong.
pub async fn push(linked: &mut Linked) -> Result<()> {
    let Linked { peripheral, central, sink } = linked;
    let due = numbered_sha256(COUNT, LENGTH);
    for (source, uuid) in [(&NOTIFY, uuid::NOTIFY), (&INDICATE, uuid::INDICATE)] {
        let remote = find(central, uuid).await?;
        let ((), tally) =
            tokio::try_join!(send_updates(peripheral, source), updates(central, &remote))?;
        ensure!(
            (tally.in_order(), tally.sha256()) == (COUNT, due.clone()),
            "other updates: {tally:?}"
        );
    }
    let remote = find(central, uuid::SINK).await?;
    for number in 0..COUNT {
        let value = numbered(number, LENGTH);
        soon(central.write_without_response(&remote, &value)).await??;
    }
    let seen = soon(sink.wait_for(|tally| tally.count() == COUNT)).await??.clone();
    ensure!((seen.in_order(), seen.sha256()) == (COUNT, due), "other commands: {seen:?}");
    Ok(())
}

async fn send_updates(link: &Connection<'_>, source: &'static Characteristic) -> Result<()> {
    soon(async {
        while link.subscribed(source)? == (false, false) {
            tokio::task::yield_now().await;
        }
        anyhow::Ok(())
    })
    .await??;
    for number in 0..COUNT {
        let value = numbered(number, LENGTH);
        if source.uuid() == uuid::NOTIFY {
            soon(link.notify(source, &value)).await??;
        } else {
            soon(link.indicate(source, &value)).await??;
        }
    }
    Ok(())
}

async fn updates(link: &Connection<'_>, of: &RemoteCharacteristic<'_>) -> Result<Tally> {
    let mut updates = soon(link.subscribe(of)).await??;
    let (mut tally, mut buffer) = (Tally::default(), [0; 512]);
    while tally.count() < COUNT {
        let length = soon(updates.next(&mut buffer)).await??;
        tally.add(buffer.get(..length).context("longer than its buffer")?);
    }
    ensure!(updates.lost() == 0, "updates were lost");
    soon(updates.unsubscribe()).await??;
    Ok(tally)
}

/// Sends a volume in both directions, one after the other.
///
/// # Errors
/// When an operation fails, or a result is wrong.
pub async fn transfer(
    host: &'static Host,
    linked: &Linked,
    psm: Psm,
    volume: &Volume,
    log: &mut Log,
) -> Result<()> {
    let mut listener = host.listen(psm, volume.config())?;
    let open = async { Ok(soon(linked.central.open_channel(psm, volume.config())).await??) };
    let accept = async { anyhow::Ok(soon(listener.accept()).await??) };
    let (there, (_, here)) = tokio::try_join!(open, accept)?;
    ensure!(there.peer_mps() == usize::from(volume.mps), "an MPS of {}", there.peer_mps());
    let ((mut sender, mut receiver), (mut answer, mut answered)) = (there.split(), here.split());

    for (direction, sender, receiver) in [
        ("to the peripheral", &mut sender, &mut answered),
        ("to the central", &mut answer, &mut receiver),
    ] {
        let stopwatch = Stopwatch::start();
        let send = async { Ok(volume.send(sender).await?) };
        tokio::try_join!(send, volume.receive(receiver))?;
        log.add(volume, direction, stopwatch);
    }
    Ok(soon(sender.close()).await??)
}
