//! `bench`: goodput and latency of each path to a device, and what limits it.

pub(crate) mod cli;
mod count;
mod lab;
mod path;
mod report;
mod ways;

use std::time::Duration;

use bindrune::Error;

use crate::{
    bench::{self, Facts},
    cli::Globals,
    failure::{Doing as _, Failure},
    find,
    output::Output,
    session,
    transport::Transport,
};
use lab::Lab;
use path::Path;

pub(super) async fn run(
    globals: &Globals,
    out: Output,
    options: cli::Bench,
) -> Result<(), Failure> {
    let remote = &options.remote;
    session::run(globals, remote.setup()?, async |host| {
        let connection = find::link(host, out, remote).await?;
        let lab = Lab {
            host,
            connection: &connection,
            baud: baud(&globals.transport),
            patience: Duration::from_secs_f64(remote.target.timeout),
            seconds: options.seconds,
        };
        let facts = facts(&lab).await?;
        lab.settle().await?;
        for path in Path::ALL {
            match path.measure(&lab, &facts).await {
                Ok(measured) => out.record(&measured)?,
                Err(missing) => out.record(&path.missing(missing)?)?,
            }
        }
        Ok(())
    })
    .await
}

/// Returns the rate of our own serial line.
pub(super) const fn baud(transport: &Transport) -> Option<u32> {
    match transport {
        Transport::Serial { baud, .. } => Some(*baud),
        Transport::Sim | Transport::TcpClient { .. } => None,
    }
}

/// Reads what the device says about itself.
async fn facts(lab: &Lab<'_>) -> Result<Facts, Failure> {
    let missing = || {
        Failure::failed("the device does not take part in measurements").advise(
            "It has no bench service. Run `bindrune peripheral` on the other side; on the virtual controller,\n\
             use `bindrune bench \"L2CAP sink\"`.",
        )
    };
    let mut value = [0; 32];
    let read = async {
        let service = lab.connection.service(bench::BENCH).await?;
        let facts = service.characteristic(bench::FACTS_UUID).await?;
        lab.connection.read(&facts, &mut value).await
    };
    let len = match read.await {
        Err(Error::NotFound) => return Err(missing()),
        read => read.doing("reading the facts of the device")?,
    };
    let other = || {
        Failure::failed("the bench service of the device has another version")
            .advise("Run the same version of `bindrune` on both sides.")
    };
    value.get(..len).and_then(Facts::decode).ok_or_else(other)
}

#[cfg(test)]
mod tests;
