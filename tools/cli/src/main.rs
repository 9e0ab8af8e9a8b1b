//! `bindrune`: Bluetooth LE and BR/EDR from a terminal.
#![forbid(unsafe_code)]

mod advice;
mod bonds;
mod capture;
mod classic;
mod cli;
mod commands;
mod echo;
mod failure;
mod find;
mod log;
mod memory;
mod numbers;
mod output;
mod paint;
mod parse;
mod person;
mod render;
mod security;
mod services;
mod session;
mod sim;
mod transfer;
mod transport;

use std::process::ExitCode;

use clap::Parser as _;

use crate::{cli::Cli, failure::Failure};

fn main() -> ExitCode {
    let cli = Cli::parse();
    log::start(cli.globals.verbose);
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::failure(&failure);
            failure.exit_code()
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("cannot start: {error}")))?;
    runtime.block_on(commands::run(cli))
}
