//! The command line of `doctor`.

use clap::Args;

#[derive(Args, Debug)]
pub(crate) struct Doctor {
    /// Ports to examine; without any, all serial ports of this machine
    #[arg(value_name = "PORT")]
    pub(crate) ports: Vec<String>,
}
