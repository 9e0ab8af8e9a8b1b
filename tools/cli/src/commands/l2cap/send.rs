//! `l2cap send`: sends a file to a device.

use std::time::Duration;

use bindrune::{Channel, Host, Psm};

use super::{CONFIG, drain, sdu_len, step};
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
        let channel = connection.open_channel(Psm(psm), CONFIG).await;
        let channel = channel.doing(format_args!("opening PSM {psm:#04x}"))?;
        let transfer = Transfer::new(out, source.len());
        let patience = Duration::from_secs_f64(remote.target.timeout);
        let summary = send(host, patience, channel, transfer, &mut source);
        out.record(&summary.await?)
    })
    .await
}

/// Sends all data of `source`, and closes the channel to mark the end. Data that the peer sends meanwhile
/// is dropped.
async fn send(
    host: &Host,
    patience: Duration,
    channel: Channel<'_>,
    mut transfer: Transfer,
    source: &mut Source,
) -> Result<Summary, Failure> {
    let (mut sender, mut receiver) = channel.split();
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
    tokio::select! {
        end = sent => end?,
        error = drain(&mut receiver) => return Err(error).doing("sending"),
    }
    step(host, patience, "closing the channel", sender.close()).await?;
    Ok(transfer.finish())
}
