//! `l2cap send`: sends a file to a device.

use std::{fs::File, io::Read as _, path::Path, time::Duration};

use bindrune::{Channel, Host, Psm};

use super::{CONFIG, drain, sdu_len, step};
use crate::{
    cli::{Globals, Target},
    failure::{Doing as _, Failure},
    find,
    output::Output,
    session::{self, Setup},
    transfer::{Summary, Transfer},
};

pub(super) async fn run(
    globals: &Globals,
    out: Output,
    target: &Target,
    psm: u16,
    path: &Path,
) -> Result<(), Failure> {
    let mut file = File::open(path).map_err(|e| Failure::file("open", path, &e))?;
    let total = file.metadata().ok().filter(std::fs::Metadata::is_file).map(|m| m.len());
    session::run(globals, Setup::central(), async |host| {
        let connection = find::connect(host, target).await?;
        let channel = connection.open_channel(Psm(psm), CONFIG).await;
        let channel = channel.doing(format_args!("opening PSM {psm:#04x}"))?;
        let transfer = Transfer::new(out, total);
        let patience = Duration::from_secs_f64(target.timeout);
        let summary = send(host, patience, channel, transfer, |buffer| {
            file.read(buffer).map_err(|e| Failure::file("read", path, &e))
        });
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
    mut source: impl FnMut(&mut [u8]) -> Result<usize, Failure>,
) -> Result<Summary, Failure> {
    let (mut sender, mut receiver) = channel.split();
    let mut buffer = vec![0; sdu_len(sender.peer_mtu())];
    transfer.start();
    let sent = async {
        loop {
            let len = source(&mut buffer)?;
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
