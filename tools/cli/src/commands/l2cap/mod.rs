//! `l2cap`: sends and receives bytes over credit-based channels.

pub(crate) mod echo;
pub(crate) mod receive;
pub(crate) mod send;

use std::{future::Future, time::Duration};

use bindrune::{Channel, ChannelConfig, Connection, Error, Host, Psm, Receiver};

use crate::{
    cli::{Globals, L2cap},
    failure::{Doing as _, Failure},
    file::{Sink, Source},
    output::Output,
};

/// Longest SDU to send, in bytes. A longer one would only make the progress coarser.
const LONGEST_SENT: usize = 8192;

/// Window for files.
pub(crate) const CONFIG: ChannelConfig = ChannelConfig { window: 48, ..ChannelConfig::DEFAULT };

/// Window for one of several channels.
pub(crate) const SHARED: ChannelConfig = ChannelConfig { window: 20, ..ChannelConfig::DEFAULT };

pub(crate) async fn run(globals: &Globals, out: Output, command: L2cap) -> Result<(), Failure> {
    match command {
        L2cap::Send { remote, psm, file } => {
            send::run(globals, out, &remote, psm, Source::open(&file)?).await
        }
        L2cap::Receive { psm, output, name, timeout, force } => {
            let patience = Duration::from_secs_f64(timeout);
            let sink = Sink::create(&output, force)?;
            receive::run(globals, out, psm, sink, &name, patience).await
        }
        L2cap::Echo { remote, psm, bytes } => echo::run(globals, out, &remote, psm, bytes).await,
    }
}

pub(crate) use echo::there_and_back;

/// Opens a channel.
pub(crate) async fn open(
    connection: &Connection<'static>,
    psm: u16,
) -> Result<Channel<'static>, Failure> {
    let channel = connection.open_channel(Psm(psm), CONFIG).await;
    channel.doing(format_args!("opening PSM {psm:#04x}"))
}

/// Returns the size of SDUs to a peer with this MTU.
pub(crate) fn sdu_len(peer_mtu: usize) -> usize {
    peer_mtu.clamp(1, LONGEST_SENT)
}

/// Runs a step of a transfer, with this time limit for the other device.
pub(crate) async fn step<T>(
    host: &Host,
    patience: Duration,
    doing: &str,
    operation: impl Future<Output = Result<T, Error>>,
) -> Result<T, Failure> {
    match within(host, patience, operation).await {
        Err(Error::Timeout) => Err(stands_still(doing, patience)),
        result => result.doing(doing),
    }
}

/// Calls [`Host::within`] with the time from the command line.
pub(crate) async fn within<T>(
    host: &Host,
    limit: Duration,
    operation: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let micros = u64::try_from(limit.as_micros()).unwrap_or(u64::MAX);
    host.within(embassy_time::Duration::from_micros(micros), operation).await
}

/// Describes a transfer without progress on a link that is up.
pub(crate) fn stands_still(doing: &str, patience: Duration) -> Failure {
    let seconds = patience.as_secs_f64();
    Failure::timed_out(format!(
        "{doing}: the device did nothing for {seconds} s, but the link is up"
    ))
    .advise("Does the program on the device still run, and read its data? --timeout waits longer.")
}

/// Reads and drops all data until the channel ends.
async fn drain(receiver: &mut Receiver<'_>) -> Error {
    let mut buffer = vec![0; crate::echo::LONGEST];
    loop {
        if let Err(error) = receiver.recv(&mut buffer).await {
            return error;
        }
    }
}
