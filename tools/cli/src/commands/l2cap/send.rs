//! `l2cap send`: sends a file to a device.

use std::time::Duration;

use bindrune::{Host, Receiver, Sender};

use super::{drain, open, sdu_len, step};
use crate::{
    cli::{Globals, Remote},
    failure::{Doing as _, Failure},
    file::Source,
    find,
    output::Output,
    session,
    transfer::{Summary, Transfer},
};

pub(super) async fn run(
    globals: &Globals,
    out: Output,
    remote: &Remote,
    psm: u16,
    mut source: Source,
) -> Result<(), Failure> {
    session::run(globals, remote.setup()?, async |host| {
        let connection = find::link(host, out, remote).await?;
        let mut ends = open(&connection, psm).await?.split();
        let transfer = Transfer::new(out, source.len());
        let patience = Duration::from_secs_f64(remote.target.timeout);
        let summary = send(host, patience, &mut ends, transfer, &mut source).await?;
        // The device sees the end of the channel as the end of the data.
        step(host, patience, "closing the channel", ends.0.close()).await?;
        out.record(&summary)
    })
    .await
}

/// Sends all data of `source`. Data that the peer sends meanwhile is dropped.
pub(crate) async fn send(
    host: &Host,
    patience: Duration,
    (sender, receiver): &mut (Sender<'_>, Receiver<'_>),
    mut transfer: Transfer,
    source: &mut Source,
) -> Result<Summary, Failure> {
    let mut buffer = vec![0; sdu_len(sender.peer_mtu())];
    transfer.start();
    let sent = async {
        loop {
            let len = source.read(&mut buffer).await?;
            let sdu = buffer.get(..len).unwrap_or_default();
            if sdu.is_empty() {
                break;
            }
            step(host, patience, "sending", sender.send(sdu)).await?;
            transfer.moved(sdu);
        }
        step(host, patience, "sending", sender.flush()).await
    };
    let sent = tokio::select! {
        end = sent => end,
        error = drain(receiver) => Err(error).doing("sending"),
    };
    match sent {
        Ok(()) => Ok(transfer.finish()),
        Err(failure) => Err(transfer.unsent(failure)),
    }
}
