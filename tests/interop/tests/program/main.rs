//! The program `bindrune`: every command that needs a controller, on rootcanal over TCP and on a pseudo-terminal before
//! it. The tests of `tools/cli` run them on the virtual controllers.
#![cfg(unix)]
#![allow(
    clippy::indexing_slicing,
    reason = "JSON without a key is null, and a test fails by panicking"
)]

mod attributes;
mod bytes;
mod classic;
mod device;
mod run;
mod world;

use anyhow::Result;

use run::bindrune;
use world::{Transport, World};

/// The commands that are tested here.
const TESTED: [&str; 13] = [
    "advertise",
    "bench",
    "btp",
    "classic",
    "demo",
    "gatt",
    "hci",
    "info",
    "l2cap",
    "pair",
    "peripheral",
    "scan",
    "shell",
];
/// The commands that use no controller of `-t`.
const WITHOUT_CONTROLLER: [&str; 6] =
    ["bonds", "completions", "controller", "doctor", "help", "trace"];

#[test]
fn every_command_is_tested() -> Result<()> {
    let help = bindrune("--help")?.stdout;
    let commands = help.split("\nCommands:\n").nth(1).and_then(|rest| rest.split("\n\n").next());
    let lines = commands.unwrap_or_default().lines();
    // The description of a long line goes on further to the right.
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let mut names: Vec<_> = names.filter_map(|line| line.split_whitespace().next()).collect();
    names.sort_unstable();
    let mut tested = [&TESTED[..], &WITHOUT_CONTROLLER].concat();
    tested.sort_unstable();
    assert_eq!(names, tested);
    Ok(())
}

#[test]
fn commands_work_over_tcp() -> Result<()> {
    every_command(&World::new("program_tcp", Transport::Tcp)?)
}

#[test]
fn commands_work_on_a_pseudo_terminal() -> Result<()> {
    every_command(&World::new("program_serial", Transport::Serial)?)
}

fn every_command(world: &World) -> Result<()> {
    device::controller(world)?;
    device::advertise(world)?;
    device::tester(world)?;
    attributes::values(world)?;
    attributes::pairing(world)?;
    attributes::shell(world)?;
    bytes::transfers(world)?;
    classic::discovery(world)?;
    classic::transfers(world)?;
    device::demo(world)
}
