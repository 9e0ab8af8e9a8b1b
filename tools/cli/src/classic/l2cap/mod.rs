//! `classic l2cap`: sends and receives bytes over channels of BR/EDR.

mod echo;
mod listen;
mod receive;
mod send;

use std::time::Duration;

use bindrune::{
    Classic, ClassicChannel, ClassicDiscoverable, ClassicListener, ClassicPsm, Port, ServiceRecord,
    Uuid,
};
use serde::Serialize;

use super::{cli, find};
use crate::{
    cli::Globals,
    failure::{Doing as _, Failure},
    file::{Sink, Source},
    output::{Output, Record},
    paint::Paint,
    transfer::Summary,
};

pub(super) async fn run(
    globals: &Globals,
    out: Output,
    command: cli::L2cap,
) -> Result<(), Failure> {
    match command {
        cli::L2cap::Send { target, psm, file, channel } => {
            let opening = Opening { psm: ClassicPsm(psm), channel };
            send::run(globals, out, &target, &opening, Source::open(&file)?).await
        }
        cli::L2cap::Receive { psm, output, force, name, timeout, channel } => {
            let listening = Listening { psm: ClassicPsm(psm), name: String::leak(name), channel };
            let patience = Duration::from_secs_f64(timeout);
            receive::run(globals, out, listening, Sink::create(&output, force)?, patience).await
        }
        cli::L2cap::Echo { target, psm, bytes, channel } => {
            echo::run(globals, out, &target, &Opening { psm: ClassicPsm(psm), channel }, bytes)
                .await
        }
        cli::L2cap::Listen { psm, name, channel } => {
            let listening = Listening { psm: ClassicPsm(psm), name: String::leak(name), channel };
            listen::run(globals, out, listening).await
        }
    }
}

/// A channel to open.
struct Opening {
    psm: ClassicPsm,
    channel: cli::Channel,
}

impl Opening {
    async fn open(
        &self,
        classic: Classic<'static>,
        target: &cli::Target,
    ) -> Result<ClassicChannel<'static>, Failure> {
        let connection = find::connect(classic, target).await?;
        let channel = connection.open_channel(self.psm, self.channel.config()).await;
        let channel = channel.doing(format_args!("opening PSM {:#06x}", self.psm.0))?;
        set_packet_timeout(classic, &channel, self.channel).await?;
        Ok(channel)
    }
}

/// Channels to accept.
struct Listening {
    psm: ClassicPsm,
    name: &'static str,
    channel: cli::Channel,
}

/// The service that `receive` and `listen` offer.
const SERVICE: [Uuid; 1] = [Uuid::new_128(0x6f0e1005_5a4d_4c8b_9a5e_b1d2c3a4e5f6)];

impl Listening {
    /// Listens, and runs `work`. Inquiries find this device with its service meanwhile.
    async fn with(
        &self,
        classic: Classic<'static>,
        work: impl AsyncFnOnce(&mut ClassicListener<'static>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut listener = classic.listen(self.psm, self.channel.config()).doing("listening")?;
        let record = ServiceRecord::new(&SERVICE, Port::L2cap(self.psm.0)).name(self.name);
        let _offered = classic.advertise(&record).doing("offering the service")?;
        classic.set_discoverable(ClassicDiscoverable::General).doing("becoming discoverable")?;
        work(&mut listener).await
    }

    async fn accept(
        &self,
        classic: Classic<'static>,
        listener: &mut ClassicListener<'static>,
    ) -> Result<ClassicChannel<'static>, Failure> {
        let channel = listener.accept().await.doing("accepting a channel")?;
        set_packet_timeout(classic, &channel, self.channel).await?;
        Ok(channel)
    }
}

async fn set_packet_timeout(
    classic: Classic<'static>,
    channel: &ClassicChannel<'static>,
    options: cli::Channel,
) -> Result<(), Failure> {
    let Some(milliseconds) = options.packet_timeout else { return Ok(()) };
    let timeout = embassy_time::Duration::from_millis(milliseconds);
    let set = classic.set_packet_timeout(channel.peer(), Some(timeout)).await;
    set.doing("setting the packet timeout")
}

/// A peer opened a channel.
#[derive(Debug, Serialize)]
struct Opened {
    event: &'static str,
    peer: String,
    mtu: u16,
    peer_mtu: u16,
}

impl Opened {
    fn new(channel: &ClassicChannel<'_>) -> Self {
        let peer = format!("{:?}", channel.peer());
        Self { event: "channel", peer, mtu: channel.mtu(), peer_mtu: channel.peer_mtu() }
    }
}

impl Record for Opened {
    fn human(&self, paint: Paint) -> String {
        format!(" {} from {}", paint.green("channel"), self.peer)
    }
}

/// Size and speed of a transfer, and what was lost.
#[derive(Debug, Serialize)]
struct Outcome {
    #[serde(flatten)]
    summary: Summary,
    mtu: u16,
    peer_mtu: u16,
    lost_received: u32,
    lost_sent: u32,
}

impl Outcome {
    fn new(summary: Summary, channel: &ClassicChannel<'_>) -> Self {
        let lost = channel.lost();
        Self {
            summary,
            mtu: channel.mtu(),
            peer_mtu: channel.peer_mtu(),
            lost_received: lost.received,
            lost_sent: lost.sent,
        }
    }
}

impl Record for Outcome {
    fn human(&self, paint: Paint) -> String {
        let text = self.summary.human(paint);
        match lost(self.lost_received, self.lost_sent) {
            Some(lost) => format!("{text}\n {}", paint.red(&lost)),
            None => text,
        }
    }
}

/// Describes lost datagrams.
fn lost(received: u32, sent: u32) -> Option<String> {
    match (received, sent) {
        (0, 0) => None,
        (received, sent) => {
            Some(format!("datagrams lost: {received} of the other side, {sent} of this side"))
        }
    }
}
