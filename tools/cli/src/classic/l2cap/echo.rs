//! `classic l2cap echo`: sends bytes to a device that returns them, and compares.

use std::time::Duration;

use bindrune::{ClassicChannel, Host};

use super::{Opening, Outcome, lost};
use crate::{
    classic::{Use, cli::Target, echo, session},
    cli::Globals,
    commands::l2cap::{echo::Expected, sdu_len, step},
    failure::Failure,
    output::Output,
    transfer::{Pattern, Transfer},
};

/// Maximum number of bytes on the way there and back. In Basic mode a device drops what it has no room for.
const WINDOW: u64 = 16 * 1024;

pub(super) async fn run(
    globals: &Globals,
    out: Output,
    target: &Target,
    opening: &Opening,
    bytes: u64,
) -> Result<(), Failure> {
    session(globals, Use::central(), async |host, classic| {
        let channel = opening.open(classic, target).await?;
        let patience = Duration::from_secs_f64(target.timeout);
        let mut transfer = Transfer::new(out, Some(bytes));
        let there_and_back = there_and_back(host, patience, &channel, &mut transfer, bytes).await;
        there_and_back.map_err(|failure| with_losses(failure, &channel))?;
        let outcome = Outcome::new(transfer.finish(), &channel);
        step(host, patience, "closing the channel", channel.close()).await?;
        out.record(&outcome)
    })
    .await
}

/// Explains a failure by lost datagrams, if there are any.
fn with_losses(failure: Failure, channel: &ClassicChannel<'_>) -> Failure {
    let figures = channel.lost();
    match lost(figures.received, figures.sent) {
        Some(lost) => failure.advise(format!("{lost}. --mode enhanced loses nothing.")),
        None => failure,
    }
}

/// Sends `bytes` bytes, and compares the echo.
async fn there_and_back(
    host: &Host,
    patience: Duration,
    channel: &ClassicChannel<'_>,
    transfer: &mut Transfer,
    bytes: u64,
) -> Result<(), Failure> {
    let most = sdu_len(channel.peer_mtu().into());
    let (mut pattern, mut expected) = (Pattern::new(1), Expected::new(most, bytes));
    let (mut out, mut back) = (vec![0; most], vec![0; echo::LONGEST]);
    let mut left = bytes;
    transfer.start();
    while expected.left > 0 {
        while left > 0 && expected.left.saturating_sub(left) < WINDOW {
            let len = usize::try_from(left).unwrap_or(usize::MAX).min(out.len());
            let datagram = out.get_mut(..len).unwrap_or_default();
            pattern.fill(datagram);
            step(host, patience, "sending", channel.send(datagram)).await?;
            left = left.saturating_sub(u64::try_from(len).unwrap_or(left));
        }
        let received = channel.recv(&mut back);
        let len = step(host, patience, "receiving the echo", received).await?;
        let octets = back.get(..len).unwrap_or_default();
        expected.compare(octets)?;
        transfer.moved(octets);
    }
    Ok(())
}
