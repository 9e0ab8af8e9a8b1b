//! `classic`: Bluetooth Classic (BR/EDR).

mod class;
pub(crate) mod cli;
pub(crate) mod echo;
mod find;
mod info;
mod l2cap;
mod pair;
mod ping;
mod rfcomm;
mod scan;
mod services;
mod words;

pub(crate) use pair::kind_name;
pub(crate) use words::words;

use bindrune::{Classic, ClassicConfig, Error, Host};

use crate::{
    bonds::Keep,
    cli::Globals,
    failure::{Doing as _, Failure},
    output::Output,
    session::{self, Setup},
    sim::Visit,
};

pub(crate) async fn run(
    globals: &Globals,
    out: Output,
    command: cli::Command,
) -> Result<(), Failure> {
    match command {
        cli::Command::Info => info::run(globals, out).await,
        cli::Command::Scan(options) => scan::run(globals, out, options).await,
        cli::Command::Services { target, uuid } => services::run(globals, out, &target, uuid).await,
        cli::Command::Pair(options) => pair::run(globals, out, options).await,
        cli::Command::Ping(options) => ping::run(globals, out, options).await,
        cli::Command::L2cap(command) => l2cap::run(globals, out, command).await,
        cli::Command::Rfcomm(command) => rfcomm::run(globals, out, command).await,
    }
}

/// How a command uses BR/EDR.
struct Use {
    config: ClassicConfig,
    keep: Keep,
    visit: Option<Visit>,
    endless: bool,
    name: &'static str,
}

impl Use {
    /// A host that connects to other devices, and uses the bonds with them.
    const fn central() -> Self {
        let config = ClassicConfig::new();
        Self { config, keep: Keep::Known, visit: None, endless: false, name: "bindrune" }
    }
}

/// Runs `work` with a host on a controller that has BR/EDR.
async fn session(
    globals: &Globals,
    how: Use,
    work: impl AsyncFnOnce(&'static Host, Classic<'static>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let Use { config, keep, visit, endless, name } = how;
    let config = if globals.zero_keys { config.zero_keys() } else { config };
    let classic = Some(session::Classic { config, visit });
    let config = session::config(name);
    let setup = Setup { config, classic, keep, endless, ..Setup::central() };
    session::run(globals, setup, async |host| {
        let classic = host.classic();
        match classic.ready().await {
            Ok(_) => work(host, classic).await,
            Err(Error::Unsupported) => Err(no_classic(globals)),
            Err(error) => Err(error).doing("starting BR/EDR"),
        }
    })
    .await
}

/// Describes a controller for LE alone.
fn no_classic(globals: &Globals) -> Failure {
    Failure::failed(format!("the controller on {} has no BR/EDR", globals.transport)).advise(
        "It is for LE alone: use another controller. `bindrune controller --classic` serves virtual ones with BR/EDR.",
    )
}
