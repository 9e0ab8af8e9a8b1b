//! `classic l2cap listen`: echoes what devices send.

use bindrune::Port;
use serde::Serialize;

use super::{Listening, Opened, lost};
use crate::{
    classic::{Use, echo, session},
    cli::Globals,
    failure::{Failure, Fault},
    output::{Output, Record},
    paint::Paint,
    sim::Visit,
};

/// Bytes that the virtual device sends.
const VISIT_OCTETS: usize = 16 * 1024;

/// This device can be found and used.
#[derive(Debug, Serialize)]
struct Started {
    event: &'static str,
    psm: u16,
    name: &'static str,
}

impl Record for Started {
    fn human(&self, paint: Paint) -> String {
        format!(" {} as {:?} on PSM {:#06x}", paint.green("listening"), self.name, self.psm)
    }
}

/// A channel ended.
#[derive(Debug, Serialize)]
struct Closed {
    event: &'static str,
    peer: String,
    bytes: u64,
    lost_received: u32,
    lost_sent: u32,
    reason: Fault,
}

impl Record for Closed {
    fn human(&self, paint: Paint) -> String {
        let Self { peer, bytes, reason, .. } = self;
        let text = format!(
            " {} of {peer}: {bytes} bytes; {}",
            paint.dim("channel closed"),
            reason.message
        );
        match lost(self.lost_received, self.lost_sent) {
            Some(lost) => format!("{text}; {}", paint.red(&lost)),
            None => text,
        }
    }
}

pub(super) async fn run(
    globals: &Globals,
    out: Output,
    listening: Listening,
) -> Result<(), Failure> {
    let visit = Some(Visit { port: Port::L2cap(listening.psm.0), octets: VISIT_OCTETS });
    let how = Use { visit, name: listening.name, endless: true, ..Use::central() };
    session(globals, how, async |_, classic| {
        listening
            .with(classic, async |listener| {
                let (psm, name) = (listening.psm.0, listening.name);
                out.record(&Started { event: "listening", psm, name })?;
                loop {
                    let channel = listening.accept(classic, listener).await?;
                    let opened = Opened::new(&channel);
                    out.record(&opened)?;
                    let (bytes, reason) = echo::channel(&channel, true, |_| {}).await;
                    let lost = channel.lost();
                    let reason = Fault::of(reason);
                    out.record(&Closed {
                        event: "channel-closed",
                        peer: opened.peer,
                        bytes,
                        lost_received: lost.received,
                        lost_sent: lost.sent,
                        reason,
                    })?;
                }
            })
            .await
    })
    .await
}
