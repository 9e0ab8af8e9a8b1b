//! `classic l2cap receive`: writes what the first device sends into a file.

use std::time::Duration;

use bindrune::{ClassicChannel, ClassicCloseReason, Error, Host, Port};

use super::{Listening, Opened, Outcome};
use crate::{
    classic::{Use, echo, session},
    cli::Globals,
    commands::l2cap::{stands_still, within},
    failure::{Doing as _, Failure},
    file::Sink,
    output::Output,
    sim::Visit,
    transfer::Transfer,
};

/// Bytes that the virtual device sends.
const VISIT_OCTETS: usize = 128 * 1024;

/// Time for the sender to end the link.
const FAREWELL: Duration = Duration::from_secs(1);

pub(super) async fn run(
    globals: &Globals,
    out: Output,
    listening: Listening,
    mut sink: Sink,
    patience: Duration,
) -> Result<(), Failure> {
    let visit = Some(Visit { port: Port::L2cap(listening.psm.0), octets: VISIT_OCTETS });
    let how = Use { visit, name: listening.name, ..Use::central() };
    let received = session(globals, how, async |host, classic| {
        listening
            .with(classic, async |listener| {
                out.note(&format!(
                    "waiting for a sender: {:?}, PSM {:#06x}",
                    listening.name, listening.psm.0
                ));
                let channel = listening.accept(classic, listener).await?;
                sink.report(out, &Opened::new(&channel))?;
                let mut transfer = Transfer::new(out, None);
                receive(host, patience, &channel, &mut transfer, &mut sink).await?;
                sink.report(out, &Outcome::new(transfer.finish(), &channel))?;
                // The sender ends the link once both ends have closed the channel.
                tokio::time::sleep(FAREWELL).await;
                Ok(())
            })
            .await
    });
    let received = received.await;
    sink.finish(received)
}

/// Stores all data until the sender closes the channel.
async fn receive(
    host: &Host,
    patience: Duration,
    channel: &ClassicChannel<'_>,
    transfer: &mut Transfer,
    sink: &mut Sink,
) -> Result<(), Failure> {
    let mut buffer = vec![0; echo::LONGEST];
    loop {
        match within(host, patience, channel.recv(&mut buffer)).await {
            Ok(len) => {
                let octets = buffer.get(..len).unwrap_or_default();
                sink.write(octets).await?;
                transfer.moved(octets);
            }
            Err(Error::ClassicClosed(ClassicCloseReason::Peer)) => return Ok(()),
            Err(error) => {
                let doing = format!("receiving, with {} bytes stored", transfer.bytes());
                if error == Error::Timeout {
                    return Err(stands_still(&doing, patience));
                }
                return Err(error).doing(doing);
            }
        }
    }
}
