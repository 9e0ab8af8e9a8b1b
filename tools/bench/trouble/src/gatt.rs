//! Values of a characteristic.

use std::{cell::Cell, rc::Rc};

use anyhow::{Context as _, Result};
use bindrune_bench_null::{Task, VALUE, settle};
use trouble_host::prelude::*;

use crate::{
    failed,
    link::{External, Link, LinkEnd},
};

const SERVICE: u128 = 0x408813df_5dd4_1f87_ec11_cdb000100000;
const OUTPUT: u128 = 0x408813df_5dd4_1f87_ec11_cdb001100000;
const INPUT: u128 = 0x408813df_5dd4_1f87_ec11_cdb002100000;

#[gatt_server]
struct Server {
    values: Values,
}

#[gatt_service(uuid = "408813df-5dd4-1f87-ec11-cdb000100000")]
struct Values {
    #[characteristic(uuid = "408813df-5dd4-1f87-ec11-cdb001100000", read, notify, value = [0u8; 244])]
    output: [u8; 244],
    #[characteristic(uuid = "408813df-5dd4-1f87-ec11-cdb002100000", write_without_response, write, value = [0u8; 244])]
    input: [u8; 244],
}

type ServerEnd = GattConnection<'static, 'static, DefaultPacketPool>;
type Client = GattClient<'static, External, DefaultPacketPool, 10>;
type Value = Characteristic<[u8; 244]>;

/// Number of values that arrived.
type Count = Rc<Cell<u64>>;

/// A server and a client on their link.
struct Bench {
    server: &'static Server<'static>,
    end: &'static ServerEnd,
    client: &'static Client,
    written: Count,
}

impl Bench {
    async fn new() -> Result<Self> {
        let Link { client, peripheral, central, .. } = Link::new().await?;
        let config = PeripheralConfig { name: "tb", appearance: &appearance::UNKNOWN };
        let server = Server::new_with_config(GapConfig::Peripheral(config)).map_err(failed)?;
        let server = Box::leak(Box::new(server));
        let end = serve(peripheral, server)?;
        let written = take_writes(end);
        let client = GattClient::new(client, &central).await.map_err(failed)?;
        let client: &'static Client = Box::leak(Box::new(client));
        tokio::task::spawn_local(async move {
            let end = client.task().await;
            eprintln!("the client stopped: {end:?}");
        });
        Ok(Self { server, end, client, written })
    }

    async fn find(&self, uuid: u128) -> Result<Value> {
        let services = self.client.services_by_uuid(&Uuid::from(SERVICE)).await.map_err(failed)?;
        let service = services.first().context("no such service")?;
        self.client.characteristic_by_uuid(service, &Uuid::from(uuid)).await.map_err(failed)
    }
}

/// Writes values without a response, and returns how many arrived.
pub(crate) async fn write_commands(task: Task) -> Result<u64> {
    let bench = Bench::new().await?;
    let input = bench.find(INPUT).await?;
    for _ in 0..task.count {
        let write = bench.client.write_characteristic_without_response(&input, &VALUE);
        write.await.map_err(failed)?;
    }
    settle().await;
    Ok(bench.written.get())
}

/// Writes values with a response, and returns how many arrived.
pub(crate) async fn write_requests(task: Task) -> Result<u64> {
    let bench = Bench::new().await?;
    let input = bench.find(INPUT).await?;
    for _ in 0..task.count {
        bench.client.write_characteristic(&input, &VALUE).await.map_err(failed)?;
    }
    settle().await;
    Ok(bench.written.get())
}

/// Notifies values, and returns how many the application of the client has read.
pub(crate) async fn notifications(task: Task) -> Result<u64> {
    let bench = Bench::new().await?;
    let output = bench.find(OUTPUT).await?;
    let mut listener = bench.client.subscribe(&output, false).await.map_err(failed)?;
    let arrived = Count::default();
    let counted = Rc::clone(&arrived);
    tokio::task::spawn_local(async move {
        loop {
            let value = listener.next().await;
            counted.set(counted.get() + u64::from(value.as_ref().len() == VALUE.len()));
        }
    });
    let local = &bench.server.values.output;
    for _ in 0..task.count {
        local.notify(bench.end, &VALUE, false).await.map_err(failed)?;
    }
    settle().await;
    Ok(arrived.get())
}

fn serve(link: LinkEnd, server: &'static Server<'static>) -> Result<&'static ServerEnd> {
    Ok(Box::leak(Box::new(link.with_attribute_server(server).map_err(failed)?)))
}

/// Accepts the peer's writes until the link ends.
fn take_writes(end: &'static ServerEnd) -> Count {
    let written = Count::default();
    let counted = Rc::clone(&written);
    tokio::task::spawn_local(async move {
        loop {
            let event = match end.next().await {
                GattConnectionEvent::Gatt { event } => event,
                GattConnectionEvent::Disconnected { .. } => return,
                _ => continue,
            };
            if matches!(event, GattEvent::Write(_)) {
                counted.set(counted.get() + 1);
            }
            if let Ok(reply) = event.accept() {
                reply.send().await;
            }
        }
    });
    written
}
