//! Values of a characteristic.

use std::{cell::Cell, rc::Rc};

use anyhow::{Result, ensure};
use bindrune::{Characteristic, Connection, Event, RemoteCharacteristic, Service, Uuid};
use bindrune_bench_null::{Task, VALUE, settle};

use crate::link::Link;

static OUTPUT: Characteristic =
    Characteristic::new(Uuid::new_128(0x408813df_5dd4_1f87_ec11_cdb001100000))
        .read()
        .notify()
        .value(&[0; 244]);
static INPUT: Characteristic =
    Characteristic::new(Uuid::new_128(0x408813df_5dd4_1f87_ec11_cdb002100000))
        .write()
        .write_without_response();
static CHARACTERISTICS: [&Characteristic; 2] = [&OUTPUT, &INPUT];
const SERVICE: Uuid = Uuid::new_128(0x408813df_5dd4_1f87_ec11_cdb000100000);

/// Number of values that arrived.
type Count = Rc<Cell<u64>>;

/// Writes values without a response, and returns how many arrived.
pub(crate) async fn write_commands(task: Task) -> Result<u64> {
    let link = Link::new(services(task.services)).await?;
    let arrived = take_writes(link.peripheral);
    let input = find(&link.central, &INPUT).await?;
    for _ in 0..task.count {
        link.central.write_without_response(&input, &VALUE).await?;
    }
    settle().await;
    Ok(arrived.get())
}

/// Writes values with a response, and returns how many arrived.
pub(crate) async fn write_requests(task: Task) -> Result<u64> {
    let link = Link::new(services(task.services)).await?;
    let arrived = take_writes(link.peripheral);
    let input = find(&link.central, &INPUT).await?;
    for _ in 0..task.count {
        link.central.write(&input, &VALUE).await?;
    }
    settle().await;
    Ok(arrived.get())
}

/// Notifies values, and returns how many the application of the client has read.
pub(crate) async fn notifications(task: Task) -> Result<u64> {
    let link = Link::new(services(task.services)).await?;
    let _requests = take_writes(link.peripheral.clone());
    let output = find(&link.central, &OUTPUT).await?;
    let mut subscription = link.central.subscribe(&output).await?;
    let arrived = Count::default();
    let counted = Rc::clone(&arrived);
    tokio::task::spawn_local(async move {
        let mut buffer = [0; 256];
        while let Ok(len) = subscription.next(&mut buffer).await {
            counted.set(counted.get() + u64::from(len == VALUE.len()));
        }
    });
    for _ in 0..task.count {
        link.peripheral.notify(&OUTPUT, &VALUE).await?;
    }
    settle().await;
    Ok(arrived.get())
}

/// Accepts the peer's writes until the link ends.
fn take_writes(mut link: Connection<'static>) -> Count {
    let arrived = Count::default();
    let counted = Rc::clone(&arrived);
    tokio::task::spawn_local(async move {
        loop {
            match link.next().await {
                Event::Write(request) => {
                    counted.set(counted.get() + 1);
                    request.accept();
                }
                Event::Disconnected(_) => return,
                _ => {}
            }
        }
    });
    arrived
}

async fn find<'a>(
    link: &'a Connection<'static>,
    what: &Characteristic,
) -> Result<RemoteCharacteristic<'a>> {
    let service = link.service(SERVICE).await?;
    let found = service.characteristic(what.uuid()).await?;
    ensure!(link.mtu()? >= 247, "an MTU that is too small for the values");
    Ok(found)
}

/// Returns the services: `others`, followed by the one under test.
fn services(others: u16) -> &'static [Service] {
    let mut all = Vec::new();
    for number in 0..others {
        let uuid = Uuid::new_16(0x3000 + number);
        let one = Characteristic::new(uuid).read().notify().value(&[0]);
        let one: &'static Characteristic = Box::leak(Box::new(one));
        all.push(Service::primary(Uuid::new_16(0x4000 + number), Box::leak(Box::new([one]))));
    }
    all.push(Service::primary(SERVICE, &CHARACTERISTICS));
    all.leak()
}
