//! Endless traffic over a link.

use core::cell::Cell;

use anyhow::{Result, bail};
use bindrune::{
    ChannelConfig, Characteristic, Connection, Event, Psm, RemoteCharacteristic, Service, Uuid,
};
use bindrune_bound::{Flow, SDU};
use embassy_futures::{
    join::join,
    select::{Either3, select3},
};
use embassy_time::Duration;

use crate::link::Link;

const SERVICE: Uuid = Uuid::new_16(0x1234);
static OUTPUT: Characteristic =
    Characteristic::new(Uuid::new_16(0x2a01)).read().notify().value(&[0; 244]);
static INPUT: Characteristic =
    Characteristic::new(Uuid::new_16(0x2a02)).write().write_without_response();
/// Services of every host of the program.
pub(crate) static SERVICES: &[Service] = &[Service::primary(SERVICE, &[&OUTPUT, &INPUT])];

const PSM: Psm = Psm(0x81);
const VALUE: [u8; 244] = [0x5a; 244];

/// Connection intervals before counting begins.
const WARMING: u32 = 8;
/// Counting takes this long, or this many intervals if that is longer.
const COUNTING: Duration = Duration::from_secs(2);
const INTERVALS: u64 = 24;

/// Sends endlessly, and returns the bits per second that arrive.
pub(crate) async fn rate(link: Link, flow: Flow) -> Result<f64> {
    match flow {
        Flow::Notification => notifications(link).await,
        Flow::WriteCommand => write_commands(link).await,
        Flow::Channel(window) => channel(link, window).await,
    }
}

async fn notifications(link: Link) -> Result<f64> {
    let output = find(&link.central, &OUTPUT).await?;
    let mut subscription = link.central.subscribe(&output).await?;
    let arrived = Cell::new(0);
    let send = async {
        loop {
            link.peripheral.notify(&OUTPUT, &VALUE).await?;
        }
    };
    let receive = async {
        let mut buffer = [0; 256];
        loop {
            add(&arrived, subscription.next(&mut buffer).await?);
        }
    };
    count(&link, &arrived, send, receive).await
}

async fn write_commands(link: Link) -> Result<f64> {
    let input = find(&link.central, &INPUT).await?;
    let mut peripheral = link.peripheral.clone();
    let arrived = Cell::new(0);
    let send = async {
        loop {
            link.central.write_without_response(&input, &VALUE).await?;
        }
    };
    let receive = async {
        loop {
            if let Event::Write(request) = peripheral.next().await {
                add(&arrived, request.value().len());
                request.accept();
            }
        }
    };
    count(&link, &arrived, send, receive).await
}

async fn channel(link: Link, window: u16) -> Result<f64> {
    let config = ChannelConfig { mtu: Some(SDU), mps: 247, window };
    let mut listener = link.host.listen(PSM, config)?;
    let (accepted, opened) = join(listener.accept(), link.central.open_channel(PSM, config)).await;
    let ((_link, mut receiver), mut sender) = (accepted?, opened?);
    let arrived = Cell::new(0);
    let send = async {
        loop {
            sender.send(&[0x5a; SDU as usize]).await?;
        }
    };
    let receive = async {
        loop {
            add(&arrived, receiver.next_chunk().await?.len());
        }
    };
    count(&link, &arrived, send, receive).await
}

/// Counts received bytes while both sides run, for whole intervals from an arbitrary start.
async fn count(
    link: &Link,
    arrived: &Cell<u64>,
    send: impl Future<Output = Result<(), bindrune::Error>>,
    receive: impl Future<Output = Result<(), bindrune::Error>>,
) -> Result<f64> {
    let intervals = INTERVALS.max(COUNTING.as_micros() / link.interval.as_micros());
    let time = link.interval * u32::try_from(intervals)?;
    let measure = async {
        link.clock.sleep(link.interval * WARMING).await;
        let before = arrived.get();
        link.clock.sleep(time).await;
        arrived.get() - before
    };
    match select3(measure, send, receive).await {
        Either3::First(bytes) => Ok(bytes as f64 * 8.0 * 1e6 / time.as_micros() as f64),
        Either3::Second(end) | Either3::Third(end) => bail!("the flow ended: {end:?}"),
    }
}

fn add(count: &Cell<u64>, bytes: usize) {
    count.set(count.get() + bytes as u64);
}

async fn find<'a>(
    link: &'a Connection<'static>,
    what: &Characteristic,
) -> Result<RemoteCharacteristic<'a>> {
    let service = link.service(SERVICE).await?;
    Ok(service.characteristic(what.uuid()).await?)
}
