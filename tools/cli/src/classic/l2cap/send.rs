//! `classic l2cap send`: sends a file to a device.

use std::{fs::File, io::Read as _, path::Path, time::Duration};

use bindrune::{ClassicChannel, Host};

use super::{Opening, Outcome};
use crate::{
    classic::{Use, cli::Target, echo, session},
    cli::Globals,
    commands::l2cap::{sdu_len, step},
    failure::{Doing as _, Failure},
    output::Output,
    transfer::Transfer,
};

pub(super) async fn run(
    globals: &Globals,
    out: Output,
    target: &Target,
    opening: &Opening,
    path: &Path,
) -> Result<(), Failure> {
    let mut file = File::open(path).map_err(|e| Failure::file("open", path, &e))?;
    let total = file.metadata().ok().filter(std::fs::Metadata::is_file).map(|m| m.len());
    session(globals, Use::central(), async |host, classic| {
        let channel = opening.open(classic, target).await?;
        let patience = Duration::from_secs_f64(target.timeout);
        let mut transfer = Transfer::new(out, total);
        send(host, patience, &channel, &mut transfer, |buffer| {
            file.read(buffer).map_err(|e| Failure::file("read", path, &e))
        })
        .await?;
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
    mut source: impl FnMut(&mut [u8]) -> Result<usize, Failure>,
) -> Result<(), Failure> {
    let mut buffer = vec![0; sdu_len(channel.peer_mtu().into())];
    transfer.start();
    let sent = async {
        loop {
            let len = source(&mut buffer)?;
            let datagram = buffer.get(..len).unwrap_or_default();
            if datagram.is_empty() {
                break;
            }
            step(host, patience, "sending", channel.send(datagram)).await?;
            transfer.moved(datagram);
        }
        step(host, patience, "sending", channel.flush()).await
    };
    tokio::select! {
        end = sent => end,
        (_, error) = echo::channel(channel, false, |_| {}) => Err(error).doing("sending"),
    }
}
