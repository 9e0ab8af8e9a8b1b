//! `l2cap receive`: writes what the first device sends into a file.

use std::time::Duration;

use bindrune::{Advertisement, Channel, CloseReason, Connection, Error, Host, Psm, Receiver};
use serde::Serialize;
use tokio::time;

use super::{CONFIG, stands_still, within};
use crate::{
    cli::Globals,
    failure::{Doing as _, Failure},
    file::Sink,
    output::{Output, Record},
    paint::Paint,
    session::{self, Setup},
    shown,
    sim::Phone,
    transfer::{Summary, Transfer},
};

/// Bytes that the virtual phone sends.
const PHONE_OCTETS: usize = 128 * 1024;

/// Time for the sender to end the link.
const FAREWELL: Duration = Duration::from_secs(1);

/// A peer opened the channel.
#[derive(Debug, Serialize)]
struct Opened {
    event: &'static str,
    peer: String,
}

impl Record for Opened {
    fn human(&self, paint: Paint) -> String {
        format!(" {} from {}", paint.green("receiving"), self.peer)
    }
}

pub(super) async fn run(
    globals: &Globals,
    out: Output,
    psm: u16,
    mut sink: Sink,
    name: &str,
    patience: Duration,
) -> Result<(), Failure> {
    let psm = Psm(psm);
    let setup = Setup {
        config: session::config(String::leak(name.to_owned())),
        phone: Some(Phone { psm, octets: PHONE_OCTETS }),
        ..Setup::central()
    };
    let received = session::run(globals, setup, async |host| {
        let (connection, channel) = accept(host, out, psm, name).await?;
        let peer = connection.peer().map(|p| format!("{p:?}")).unwrap_or_default();
        sink.report(out, &Opened { event: "channel", peer })?;
        let (sender, mut receiver) = channel.split();
        let transfer = Transfer::new(out, None);
        let summary = receive(host, patience, &mut receiver, transfer, &mut sink).await?;
        drop(sender);
        sink.report(out, &summary)?;
        // The sender ends the link once both ends have closed the channel.
        let _ = time::timeout(FAREWELL, connection.disconnected()).await;
        Ok(())
    });
    let received = received.await;
    sink.finish(received)
}

/// Advertises until a peer has opened a channel.
async fn accept(
    host: &'static Host,
    out: Output,
    psm: Psm,
    name: &str,
) -> Result<(Connection<'static>, Channel<'static>), Failure> {
    let mut listener = host.listen(psm, CONFIG).doing("listening")?;
    out.note(&format!("waiting for a sender: {name:?}, PSM {:#04x}", psm.0));
    let advertisement = Advertisement::connectable().name(name);
    shown::note(out, &advertisement, name, session::ADVERTISING_BYTES);
    let invite = async {
        loop {
            let connection = host.advertise(&advertisement).await;
            connection.doing("advertising")?.disconnected().await;
        }
    };
    let (connection, channel) = tokio::select! {
        opened = listener.accept() => opened.doing("accepting a channel")?,
        end = invite => return end,
    };
    Ok((connection, channel))
}

/// Stores all data until the sender closes the channel.
pub(crate) async fn receive(
    host: &Host,
    patience: Duration,
    receiver: &mut Receiver<'_>,
    mut transfer: Transfer,
    sink: &mut Sink,
) -> Result<Summary, Failure> {
    let mut buffer = vec![0; crate::echo::LONGEST];
    loop {
        match within(host, patience, receiver.recv(&mut buffer)).await {
            Ok(len) => {
                let octets = buffer.get(..len).unwrap_or_default();
                sink.write(octets).await?;
                transfer.moved(octets);
            }
            Err(Error::Closed(CloseReason::Peer)) => return Ok(transfer.finish()),
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
