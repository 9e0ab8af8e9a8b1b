//! One file for each command.

mod advertise;
pub(crate) mod bench;
mod bonds;
mod completions;
pub(crate) mod controller;
mod demo;
pub(crate) mod doctor;
mod gatt;
mod hci;
pub(crate) mod info;
pub(crate) mod l2cap;
pub(crate) mod pair;
mod peripheral;
pub(crate) mod scan;
mod shell;
pub(crate) mod trace;

use crate::{
    btp, classic,
    cli::{Cli, Command},
    failure::Failure,
    output::Output,
};

/// Runs the command of the command line.
pub(crate) async fn run(cli: Cli, out: Output) -> Result<(), Failure> {
    let Cli { mut globals, command } = cli;
    if globals.capture.is_some() && !has_traffic(&command) {
        return Err(Failure::usage("--capture: this command has no HCI traffic of its own").advise(
            "Give --capture to the command that uses the controller, also to a host of `bindrune controller`.",
        ));
    }
    match command {
        Command::Demo => demo::run(&globals, out).await,
        Command::Info => info::run(&globals, out).await,
        Command::Scan(options) => scan::run(&globals, out, options).await,
        Command::Peripheral(options) => peripheral::run(&globals, out, options).await,
        Command::Gatt(command) => gatt::run(&globals, out, command).await,
        Command::Pair(options) => pair::run(&globals, out, options).await,
        Command::Bonds { command } => bonds::run(&globals, out, command),
        Command::L2cap(command) => l2cap::run(&globals, out, command).await,
        Command::Classic(options) => {
            globals.zero_keys = options.zero_keys;
            classic::run(&globals, out, options.command).await
        }
        Command::Bench(options) => bench::run(&globals, out, options).await,
        Command::Advertise(options) => advertise::run(&globals, out, options).await,
        Command::Hci(options) => hci::run(&globals, out, options).await,
        Command::Btp(options) => btp::run(&globals, out, options).await,
        Command::Shell(options) => shell::run(&globals, out, options).await,
        Command::Controller(options) => controller::run(out, options).await,
        Command::Doctor(options) => doctor::run(out, options).await,
        Command::Trace(options) => trace::run(&globals, out, &options),
        Command::Completions { shell } => completions::run(shell),
    }
}

/// Returns whether a command runs a host, whose traffic can be captured.
const fn has_traffic(command: &Command) -> bool {
    !matches!(
        command,
        Command::Bonds { .. }
            | Command::Controller(_)
            | Command::Doctor(_)
            | Command::Trace(_)
            | Command::Completions { .. }
    )
}
