//! `classic l2cap send`: sends a file to a device.

use std::time::Duration;

use bindrune::{ClassicChannel, Host};

use super::{Opening, Outcome};
use crate::{
    classic::{Use, cli::Target, echo, session},
    cli::Globals,
    commands::l2cap::{sdu_len, step},
    failure::{Doing as _, Failure},
    file::Source,
    output::Output,
    transfer::Transfer,
};

pub(super) async fn run(
    globals: &Globals,
    out: Output,
    target: &Target,
    opening: &Opening,
    mut source: Source,
) -> Result<(), Failure> {
    session(globals, Use::central(), async |host, classic| {
        let channel = opening.open(classic, target).await?;
        let patience = Duration::from_secs_f64(target.timeout);
        let mut transfer = Transfer::new(out, source.len());
        send(host, patience, &channel, &mut transfer, &mut source).await?;
        let outcome = Outcome::new(transfer.finish(), &channel);
        step(host, patience, "closing the channel", channel.close()).await?;
        out.record(&outcome)
    })
    .await
}

/// Sends all data of `source`. Data that the peer sends meanwhile is dropped.
async fn send(
    host: &Host,
    patience: Duration,
    channel: &ClassicChannel<'_>,
    transfer: &mut Transfer,
    source: &mut Source,
) -> Result<(), Failure> {
    let mut buffer = vec![0; sdu_len(channel.peer_mtu().into())];
    transfer.start();
    let sent = async {
        loop {
            let len = source.read(&mut buffer).await?;
            let datagram = buffer.get(..len).unwrap_or_default();
            if datagram.is_empty() {
                break;
            }
            step(host, patience, "sending", channel.send(datagram)).await?;
            transfer.moved(datagram);
        }
        step(host, patience, "sending", channel.flush()).await
    };
    let sent = tokio::select! {
        end = sent => end,
        (_, error) = echo::channel(channel, false, |_| {}) => Err(error).doing("sending"),
    };
    sent.map_err(|failure| transfer.unsent(failure))
}
