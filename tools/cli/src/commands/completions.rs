//! `completions`: prints a completion script for a shell.

use std::io::{self, Write as _};

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::{cli::Cli, failure::Failure};

pub(crate) fn run(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "bindrune", &mut script);
    Ok(io::stdout().lock().write_all(&script)?)
}
