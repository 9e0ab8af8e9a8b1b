//! Goodput on virtual controllers, in virtual time, as a share of what the link and the line allow.
//!
//! Prints the tables of docs/performance.md; `just goodput` calls it.
#![forbid(unsafe_code)]

mod flow;
mod link;
mod rows;
#[cfg(test)]
mod tests;

use anyhow::{Result, bail, ensure};
use bindrune_bound::{Flow, Row};
use bindrune_controller::World;
use embassy_futures::{
    join::join,
    select::{Either, select},
};
use link::{Link, drive, host};

fn main() -> Result<()> {
    usual()?;
    lines()?;
    low()
}

/// The usual controller, by PHY and interval.
fn usual() -> Result<()> {
    println!("Eight buffers of 251 bytes, not encrypted; kbit/s, and the share of the bound:\n");
    println!(
        "| PHY | interval | channel, window 8 | channel, window 32 | notifications | write commands |"
    );
    println!("|---|--:|--:|--:|--:|--:|");
    for two_mbit in [false, true] {
        for interval in rows::INTERVALS {
            print!("| {} | {} ms ", phy(two_mbit), milliseconds(interval));
            for flow in rows::FLOWS {
                let row = rows::usual(flow, two_mbit, interval);
                let rate = measure(row)?;
                print!("| {:.0}, {} ", rate / 1e3, percent(rate, row));
            }
            println!("|");
        }
    }
    Ok(())
}

/// The usual controller behind serial lines.
fn lines() -> Result<()> {
    println!(
        "\nThe same on 2M every 30 ms, behind a serial line with this many bits per second:\n"
    );
    println!(
        "| line | bound, values | channel, window 8 | channel, window 32 | notifications | write commands |"
    );
    println!("|---|--:|--:|--:|--:|--:|");
    for baud in rows::BAUDS {
        let bound = Row { baud: Some(baud), ..rows::usual(Flow::Notification, true, 24) }.bound();
        print!("| {baud} | {:.0} ", bound / 1e3);
        for row in rows::lines().filter(|row| row.baud == Some(baud)) {
            let rate = measure(row)?;
            print!("| {:.0}, {} ", rate / 1e3, percent(rate, row));
        }
        println!("|");
    }
    Ok(())
}

/// Measures every combination, and lists those below the bound.
fn low() -> Result<()> {
    let (mut all, mut below) = (0, Vec::new());
    for row in rows::all() {
        let rate = measure(row)?;
        all += 1;
        if rate < rows::LOW * row.bound() {
            below.push((row, rate));
        }
    }
    let few = below.iter().filter(|(row, _)| row.buffers < 4).count();
    println!(
        "\nOf {all} combinations of flow, PHY, interval, buffers and encryption, {} are below 98 % of their bound, {few} of them with \
         fewer than four buffers:\n",
        below.len()
    );
    println!("| flow | PHY | interval | buffers | encrypted | kbit/s | bound | share |");
    println!("|---|---|--:|--:|---|--:|--:|--:|");
    for (row, rate) in below {
        println!(
            "| {} | {} | {} ms | {} × {} | {} | {:.0} | {:.0} | {} |",
            name(row.flow),
            phy(row.two_mbit),
            milliseconds(row.interval),
            row.buffers,
            row.bytes,
            if row.encrypted { "yes" } else { "no" },
            rate / 1e3,
            row.bound() / 1e3,
            percent(rate, row)
        );
    }
    Ok(())
}

/// Returns the bits per second that arrive.
fn measure(row: Row) -> Result<f64> {
    let world = World::new(1);
    let (server, client) = (host()?, host()?);
    let (first, drive_server) = drive(server, &world, row);
    let (second, drive_client) = drive(client, &world, row);
    let app = async {
        let link = Link::new(server, client, world.clock(), row).await?;
        flow::rate(link, row.flow).await
    };
    let rate = match world.block_on(select(app, join(drive_server, drive_client))) {
        Either::First(rate) => rate?,
        Either::Second(_) => bail!("both hosts stopped: {row:?}"),
    };
    for id in [first, second] {
        let violations = world.violations(id);
        ensure!(violations.is_none(), "{row:?}: {violations}");
    }
    for stats in [server.stats(), client.stats()] {
        let lost = stats.dropped_pushes + stats.discarded_pdus;
        ensure!(lost == 0, "{row:?}: {lost} PDUs were dropped");
    }
    Ok(rate)
}

fn name(flow: Flow) -> String {
    match flow {
        Flow::Channel(window) => format!("channel, window {window}"),
        Flow::Notification => "notifications".into(),
        Flow::WriteCommand => "write commands".into(),
    }
}

fn phy(two_mbit: bool) -> &'static str {
    if two_mbit { "2M" } else { "1M" }
}

fn milliseconds(interval: u16) -> f64 {
    f64::from(interval) * 1.25
}

fn percent(rate: f64, row: Row) -> String {
    format!("{:.1} %", 100.0 * rate / row.bound())
}
