//! Instructions of each operation on both hosts.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Result, ensure};

use crate::{
    classic,
    count::cost,
    links,
    programs::{Variant, program},
    table::{markdown, ratio, thousands},
};

/// An operation: its name for the programs, its title, and the build of trouble-host for it.
struct Operation {
    name: &'static str,
    title: &'static str,
    peer: Variant,
}

/// Operations in the order of the table.
const OPERATIONS: [Operation; 5] = [
    Operation {
        name: "coc-1024",
        title: "SDU of 1,024 bytes, MPS 247, window 8",
        peer: Variant::PeerLarge,
    },
    Operation {
        name: "coc-245",
        title: "SDU of 245 bytes, MPS 247, window 8",
        peer: Variant::Peer,
    },
    Operation {
        name: "write-command",
        title: "write without response, 244 bytes",
        peer: Variant::Peer,
    },
    Operation {
        name: "write-request",
        title: "write with response, 244 bytes",
        peer: Variant::Peer,
    },
    Operation { name: "notification", title: "notification, 244 bytes", peer: Variant::Peer },
];

/// The operation that is also measured with many services before its own.
const NOTIFICATION: &str = "notification";
const SERVICES: u16 = 40;
const AMONG_SERVICES: &str = "notification-40-services";
const FLOOR: &str = "floor";

/// Instructions by the name of the operation.
pub(crate) type Instructions = BTreeMap<String, u64>;

/// Measures this host.
pub(crate) fn measure(variant: Variant) -> Result<Instructions> {
    let program = program(variant)?;
    let mut measured = Instructions::new();
    for operation in &OPERATIONS {
        measured.insert(operation.name.into(), without_loss(&program, operation.name, 0)?);
    }
    let among = without_loss(&program, NOTIFICATION, SERVICES)?;
    measured.insert(AMONG_SERVICES.into(), among);
    Ok(measured)
}

/// Measures both hosts, and returns the table.
pub(crate) fn table() -> Result<String> {
    let desktop = measure(Variant::Desktop)?;
    let embedded = measure(Variant::Embedded)?;
    let floor = cost(&program(Variant::Desktop)?, FLOOR, 0)?.instructions;
    let mut rows = Vec::new();
    for operation in &OPERATIONS {
        let peer = cost(&program(operation.peer)?, operation.name, 0)?;
        let [ours, small] = [&desktop, &embedded].map(|measured| measured[operation.name]);
        let lost = if peer.lost > 0 { format!(" ({} % lost)", peer.lost) } else { String::new() };
        rows.push(vec![
            operation.title.into(),
            thousands(ours),
            thousands(small),
            thousands(peer.instructions) + &lost,
            ratio(ours, peer.instructions),
            ratio(small, peer.instructions),
        ]);
    }
    let head = ["operation", "desktop", "embedded", "trouble-host", "ratio", "embedded"];
    let alone = desktop[NOTIFICATION];
    let among = desktop[AMONG_SERVICES];
    Ok(format!(
        "{}\nA notification with {SERVICES} more services in front of its own: {}, {} times as many. A packet that is parsed and copied \
         twice by no host at all: {floor}.\n\nOne host with several links, on the desktop, and its controller with 64 buffers:\n\n{}\n\
         Data over BR/EDR, of two hosts on the desktop that were built with it. trouble-host has no BR/EDR, so each row stands beside a channel of LE \
         with the same bytes in one SDU and MPS 247. The controller takes 1,021 bytes in one packet of BR/EDR, and 251 in one of LE:\n\n{}",
        markdown(&head, &rows),
        thousands(among),
        ratio(among, alone),
        links::table(&links::measure()?),
        classic::table(&classic::measure()?)
    ))
}

/// Returns the instructions of an operation. Fails if not all of them arrive.
pub(crate) fn without_loss(program: &Path, work: &str, services: u16) -> Result<u64> {
    let cost = cost(program, work, services)?;
    ensure!(cost.lost == 0, "{work}: {} % were lost", cost.lost);
    Ok(cost.instructions)
}
