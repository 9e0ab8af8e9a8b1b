//! A controller that is killed in mid-transfer, and started again.

use anyhow::{Context, Result};
use bindrune::{
    Address, Advertisement, Channel, ChannelConfig, Config, Connect, Error, Event, Psm, Scan,
};
use bindrune_interop::own::{Linked, connect, transfer, use_database};
use bindrune_interop::services::{INDICATE, NOTIFY, SERVICES, find, uuid};
use bindrune_interop::transfer::{Log, Volume};
use bindrune_interop::{Air, Node, Scratch, Stopwatch, block_on, soon};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

const PERIPHERAL: Config = Config::new("thermometer").services(SERVICES).prepare_bytes(1024);
const CENTRAL: Config = Config::new("phone").scan_bytes(1024);
const ABSENT: Address = Address::random([0xc0, 1, 2, 3, 4, 5]);
const PSM: Psm = Psm(0x80);

/// Operations that continue until an error ends them.
type Operations = JoinSet<(&'static str, Error)>;

/// Repeats an operation until it fails.
fn repeat<F>(
    operations: &mut Operations,
    name: &'static str,
    operation: impl Fn() -> F + Send + 'static,
) where
    F: Future<Output = Result<(), Error>> + Send + 'static,
{
    operations.spawn(async move {
        loop {
            if let Err(error) = operation().await {
                return (name, error);
            }
        }
    });
}

/// All operations of a peripheral.
async fn busy_peripheral(
    operations: &mut Operations,
    linked: &Linked,
    mut channel: Channel<'static>,
) -> Result<()> {
    for _ in 0..20 {
        soon(channel.recv(&mut [0; 2000])).await??;
    }
    operations.spawn(async move {
        loop {
            if let Err(error) = channel.recv(&mut [0; 2000]).await {
                return ("receive", error);
            }
        }
    });
    let link = Arc::new(linked.peripheral.clone());
    let notifier = Arc::clone(&link);
    repeat(operations, "notify", move || {
        let link = Arc::clone(&notifier);
        async move { link.notify(&NOTIFY, &[0; 20]).await }
    });
    repeat(operations, "indicate", move || {
        let link = Arc::clone(&link);
        async move { link.indicate(&INDICATE, &[0; 20]).await }
    });
    Ok(())
}

/// All operations of a central.
async fn busy_central(operations: &mut Operations, linked: &Linked) -> Result<()> {
    let link = Arc::new(linked.central.clone());
    let (notify, indicate) = (find(&link, uuid::NOTIFY).await?, find(&link, uuid::INDICATE).await?);
    for characteristic in [notify, indicate] {
        let mut updates = soon(link.subscribe(&characteristic)).await??;
        operations.spawn(async move {
            loop {
                if let Err(error) = updates.next(&mut [0; 20]).await {
                    return ("update", error);
                }
            }
        });
    }
    let mut channel = soon(link.open_channel(PSM, ChannelConfig::default())).await??;
    operations.spawn(async move {
        loop {
            if let Err(error) = channel.send(&[0x5a; 1000]).await {
                return ("send", error);
            }
        }
    });
    let mut events = linked.central.clone();
    operations.spawn(async move {
        loop {
            if let Event::Disconnected(reason) = events.next().await {
                return ("event", Error::Disconnected(reason));
            }
        }
    });
    let (long, sink) = (find(&link, uuid::LONG).await?, find(&link, uuid::SINK).await?);
    let reader = Arc::clone(&link);
    repeat(operations, "read", move || {
        let link = Arc::clone(&reader);
        async move { link.read(&long, &mut [0; 512]).await.map(drop) }
    });
    let writer = Arc::clone(&link);
    repeat(operations, "write command", move || {
        let link = Arc::clone(&writer);
        async move { link.write_without_response(&sink, &[1; 20]).await }
    });
    repeat(operations, "signal strength", move || {
        let link = Arc::clone(&link);
        async move { link.rssi().await.map(drop) }
    });
    Ok(())
}

#[test]
fn a_lost_controller_ends_what_is_pending_and_comes_back() -> Result<()> {
    let mut air = Air::start(&Scratch::new("lost_controller")?)?;
    let mut peripheral = Node::start(&air, PERIPHERAL, "peripheral")?;
    let mut central = Node::start(&air, CENTRAL, "central")?;
    block_on(async {
        let linked = connect(&peripheral, &central).await?;
        let host = peripheral.host();
        let mut listener = host.listen(PSM, ChannelConfig::default())?;
        // A request, which survives the loss of the controller.
        let again = tokio::spawn(async { host.advertise(&Advertisement::connectable()).await });
        let mut operations = JoinSet::new();
        busy_central(&mut operations, &linked).await?;
        let (_, channel) = soon(listener.accept()).await??;
        busy_peripheral(&mut operations, &linked, channel).await?;
        assert_eq!(operations.len(), 10);
        assert!(operations.try_join_next().is_none());

        let stopwatch = Stopwatch::start();
        air.kill();
        while let Some(ended) = soon(operations.join_next()).await? {
            let (name, error) = ended?;
            println!("{name}: {error} after {:?}", stopwatch.elapsed());
            assert!(stopwatch.elapsed() < Duration::from_secs(1), "{name}");
            assert!(matches!(error, Error::Disconnected(_) | Error::Closed(_)), "{name}: {error}");
        }
        assert!(!linked.central.is_connected() && !linked.peripheral.is_connected());
        println!("{:?} {:?}", peripheral.ended().await?, central.ended().await?);
        drop(linked);
        peripheral.check_packets()?;
        central.check_packets()?;

        air.restart()?;
        peripheral.connect(&air)?;
        central.connect(&air)?;
        let link = soon(central.host().connect(&peripheral.address().await?)).await??;
        let served = soon(again).await???;
        assert_eq!(served.peer()?, central.address().await?);
        drop((link, served));
        let linked = connect(&peripheral, &central).await?;
        use_database(&linked).await?;
        let volume = Volume { mps: 247, sdu: 1017, count: 64 };
        drop(listener);
        transfer(host, &linked, PSM, &volume, &mut Log::new("again")).await?;
        drop(linked);
        peripheral.finish().await?;
        central.finish().await
    })
}

#[test]
fn requests_of_a_central_outlive_its_controller() -> Result<()> {
    let mut air = Air::start(&Scratch::new("lost_requests")?)?;
    let mut peripheral = Node::start(&air, PERIPHERAL, "peripheral")?;
    let mut central = Node::start(&air, CENTRAL, "central")?;
    block_on(async {
        let host = peripheral.host();
        let advertising = tokio::spawn(async move {
            host.advertise(&Advertisement::connectable().name("thermometer")).await
        });
        let mut scanner = central.host().scan(&Scan::passive())?;
        let mut buffer = [0; 512];
        soon(scanner.next(&mut buffer)).await??;
        let host = central.host();
        let absent = Connect::to(ABSENT);
        let connecting =
            tokio::spawn(async move { host.connect_with(&absent, &[]).await.map(drop) });

        air.kill();
        println!("{:?} {:?}", peripheral.ended().await?, central.ended().await?);
        air.restart()?;
        peripheral.connect(&air)?;
        central.connect(&air)?;
        let address = peripheral.address().await?;
        loop {
            let report = soon(scanner.next(&mut buffer)).await??;
            if report.address == Some(address) {
                break;
            }
        }
        drop(scanner);
        assert!(!connecting.is_finished());
        connecting.abort();
        let _ = connecting.await;
        let link = soon(central.host().connect(&address)).await??;
        let served = soon(advertising).await???;
        drop((link, served));
        peripheral.finish().await?;
        central.finish().await.context("the central")
    })
}
