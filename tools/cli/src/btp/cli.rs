//! The command line of `btp`.

use clap::Args;

use super::socket::Endpoint;

#[derive(Args, Debug)]
pub(crate) struct Btp {
    /// Wait for testers on unix:PATH, tcp:PORT or tcp:HOST:PORT
    #[arg(long, value_name = "ADDRESS", required_unless_present = "connect")]
    pub(crate) listen: Option<Endpoint>,
    /// Connect to the socket that the tester made: unix:PATH or tcp:HOST:PORT
    #[arg(long, value_name = "ADDRESS", conflicts_with = "listen")]
    pub(crate) connect: Option<Endpoint>,
    /// Let the tester decide each request for a channel, instead of accepting it
    #[arg(long)]
    pub(crate) ask_channels: bool,
}
