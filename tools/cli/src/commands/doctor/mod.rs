//! `doctor`: finds serial ports, and says what is attached and what to do about it.

mod answer;
pub(crate) mod cli;
mod probe;
mod report;
mod wire;

use std::{io, path::Path};

use crate::{advice, failure::Failure, output::Output, stop};
use probe::{Found, examine};
use report::Report;
use wire::Port;

pub(super) async fn run(out: Output, options: cli::Doctor) -> Result<(), Failure> {
    let ports = if options.ports.is_empty() { all()? } else { options.ports };
    let (mut controllers, count) = (0usize, ports.len());
    for port in ports {
        let report = tokio::select! {
            report = look(&port) => report,
            () = stop::requested() => return Err(Failure::failed("interrupted")),
        };
        controllers = controllers.saturating_add(usize::from(report.is_controller()));
        out.record(&report)?;
    }
    match (controllers, count) {
        (1.., _) => Ok(()),
        (0, 0) => Err(Failure::no_controller("there is no serial port").advise(
            "Plug in a controller, such as a board with Zephyr's hci_uart. If it is there, `sudo dmesg` shows why the system made no\n\
             port for it. Without hardware, all commands work on the virtual controller: `bindrune demo`.",
        )),
        (0, _) => Err(Failure::no_controller("no controller was found")
            .advise("The advice for each port is above. Without hardware, all commands work on the virtual controller.")),
    }
}

/// Returns the paths of all serial ports.
fn all() -> Result<Vec<String>, Failure> {
    let ports = serialport::available_ports().map_err(|error| {
        Failure::no_controller(format!("cannot list the serial ports: {error}"))
            .advise("Name the port: `bindrune doctor /dev/ttyACM0`.")
    })?;
    let mut paths: Vec<_> = ports.into_iter().map(|port| port.port_name).collect();
    paths.sort();
    Ok(paths)
}

/// Examines a port.
async fn look(path: &str) -> Report {
    let found = match examine(&mut Port::new(path)).await {
        Ok(found) => found,
        Err(error) => unopened(Path::new(path), &error),
    };
    Report::new(path, found)
}

/// Says why a port could not be used.
fn unopened(path: &Path, error: &io::Error) -> Found {
    match advice::trouble(path, error) {
        Some(trouble) => Found::Trouble(trouble),
        None if path.exists() => Found::Failed(error.to_string()),
        None => Found::Gone,
    }
}
