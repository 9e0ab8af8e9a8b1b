//! One host with many links to peers without a host.

use std::{cell::Cell, rc::Rc};

use anyhow::{Result, bail};
use bindrune::{Address, AddressKind, Config, Connection, Host, Resources};
use bindrune_bench_null::{Controller, Shared, VALUE, settle, split};

use crate::link::BUFFER;

/// Handles of the peers' values.
const NOTIFIED: u16 = 0x10;
const WRITTEN: u16 = 0x20;
/// Most notifications in flight.
const UNDER_WAY: u64 = 2;

/// The links of the host.
struct Links {
    controller: Shared,
    all: &'static [Connection<'static>],
}

/// Receives values by notification on the links in turn, each read by a task of its link; returns how many were read.
pub(crate) async fn received(links: u8, count: u64) -> Result<u64> {
    let Links { controller, all } = Links::new(links).await?;
    let read = Rc::new(Cell::new(0));
    for link in all {
        let (mut values, read) = (link.listen(NOTIFIED)?, Rc::clone(&read));
        tokio::task::spawn_local(async move {
            let mut buffer = [0; 256];
            while let Ok(len) = values.next(&mut buffer).await {
                read.set(read.get() + u64::from(len == VALUE.len()));
            }
        });
    }
    let [low, high] = NOTIFIED.to_le_bytes();
    let pdu = [&[247, 0, 4, 0, 0x1b, low, high], &VALUE[..]].concat();
    settle().await;
    for number in 0..count {
        while number - read.get() >= UNDER_WAY {
            tokio::task::yield_now().await;
        }
        controller.borrow_mut().push((number % u64::from(links)) as u16, &pdu);
    }
    settle().await;
    Ok(read.get())
}

/// Writes values on the links in turn; returns how many arrived.
pub(crate) async fn sent(links: u8, count: u64) -> Result<u64> {
    let Links { controller, all } = Links::new(links).await?;
    let before = controller.borrow().received();
    for (_, link) in (0..count).zip(all.iter().cycle()) {
        link.write_without_response(WRITTEN, &VALUE).await?;
    }
    settle().await;
    Ok(controller.borrow().received() - before)
}

/// Writes values by a task for each link; returns how many arrived.
pub(crate) async fn sent_by_tasks(links: u8, count: u64) -> Result<u64> {
    let Links { controller, all } = Links::new(links).await?;
    let before = controller.borrow().received();
    let each = count / u64::from(links);
    let more = count % u64::from(links);
    let tasks: Vec<_> = (0..)
        .zip(all)
        .map(|(number, link)| {
            let count = each + u64::from(number < more);
            tokio::task::spawn_local(async move {
                for _ in 0..count {
                    link.write_without_response(WRITTEN, &VALUE).await?;
                }
                anyhow::Ok(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    settle().await;
    Ok(controller.borrow().received() - before)
}

impl Links {
    async fn new(links: u8) -> Result<Self> {
        let controller = Controller::with_peers();
        let host = match links {
            1 => host::<1, 8, 8>(),
            8 => host::<8, 44, 16>(),
            64 => host::<64, 324, 128>(),
            _ => bail!("not measured with {links} links"),
        }?;
        let (receiver, sender) = split(&controller, 0);
        tokio::task::spawn_local(async move {
            let end = host.run(receiver, sender).await;
            eprintln!("the host stopped: {end:?}");
        });
        host.controller().await?;
        let mut all = Vec::new();
        for number in 0..links {
            let peer = Address::new(AddressKind::Random, [number, 0, 0, 0, 0, 0xc0]);
            let link = host.connect(&peer).await?;
            while link.mtu()? < 247 {
                tokio::task::yield_now().await;
            }
            all.push(link);
        }
        settle().await;
        Ok(Self { controller, all: all.leak() })
    }
}

fn host<const LINKS: usize, const RX: usize, const TX: usize>() -> Result<&'static Host> {
    type Memory<const LINKS: usize, const RX: usize, const TX: usize> =
        Resources<LINKS, 0, RX, TX, 264, 32768, BUFFER, BUFFER>;
    let memory = Box::leak(Box::new(Memory::<LINKS, RX, TX>::new()));
    let host = Host::new(memory, Config::new("tb"))?;
    Ok(Box::leak(Box::new(host)))
}
