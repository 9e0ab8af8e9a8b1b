//! `bindrune`: Bluetooth LE and BR/EDR from a terminal.
#![forbid(unsafe_code)]

mod advice;
mod bench;
mod bonds;
mod btp;
mod capture;
mod classic;
mod cli;
mod commands;
mod echo;
mod event;
mod failure;
mod file;
mod find;
mod lines;
mod log;
mod memory;
mod output;
mod paint;
mod parse;
mod person;
mod properties;
mod render;
mod security;
mod services;
mod session;
mod shown;
mod sim;
mod stop;
mod table;
mod transfer;
mod transport;
mod usage;

use std::process::ExitCode;

use bindrune_trace::numbers;

use crate::{cli::Cli, failure::Failure, output::Output};

fn main() -> ExitCode {
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(error) => return usage::end(&error),
    };
    log::start(cli.globals.verbose);
    let out = Output::new(cli.globals.json);
    let failed = run(cli, out).inspect_err(|failure| out.failure(failure));
    match (failed, out.finish()) {
        (Ok(()), Ok(())) => ExitCode::SUCCESS,
        (Ok(()), Err(failure)) => {
            out.failure(&failure);
            failure.exit_code()
        }
        (Err(failure), _) => failure.exit_code(),
    }
}

fn run(cli: Cli, out: Output) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("cannot start: {error}")))?;
    runtime.block_on(commands::run(cli, out))
}
