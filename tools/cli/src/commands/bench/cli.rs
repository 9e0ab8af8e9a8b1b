//! The command line of `bench`.

use clap::Args;

use crate::{cli::Remote, parse};

#[derive(Args, Debug)]
pub(crate) struct Bench {
    #[command(flatten)]
    pub(crate) remote: Remote,
    /// Time to measure each path, in seconds; with a long connection interval it takes longer
    #[arg(long, default_value = "2", value_name = "N", value_parser = parse::seconds)]
    pub(crate) seconds: f64,
}
