//! `classic rfcomm`: serial ports over BR/EDR.

use std::{convert::Infallible, time::Duration};

use bindrune::{
    Address, BitRate, Classic, ClassicDiscoverable, Level, Port, Rfcomm, ServiceRecord, sdp::class,
};
use serde::Serialize;
use tokio::{sync::watch, time};

use super::{Use, cli, echo, find, session};
use crate::{
    cli::Globals,
    failure::{Doing as _, Failure, Fault},
    file::{standard_input, standard_output},
    output::{Output, Record},
    paint::Paint,
    parse::hex,
    sim::Visit,
};

/// Bytes that the virtual device sends.
const VISIT_OCTETS: usize = 16 * 1024;

/// Time without an answer after the end of the input, until the connection is closed.
const SILENCE: Duration = Duration::from_secs(1);

/// Bytes that are read at once.
const BLOCK: usize = 4096;

pub(super) async fn run(
    globals: &Globals,
    out: Output,
    command: cli::Rfcomm,
) -> Result<(), Failure> {
    match command {
        cli::Rfcomm::Connect { target, channel, baud } => {
            connect(globals, out, &target, channel, baud).await
        }
        cli::Rfcomm::Listen { channel, name } => {
            listen(globals, out, channel, String::leak(name)).await
        }
    }
}

/// What happens on a connection.
#[derive(Debug, Serialize)]
struct Event {
    event: &'static str,
    channel: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Fault>,
}

impl Event {
    const fn new(event: &'static str, channel: u8) -> Self {
        Self { event, channel, peer: None, value: None, bytes: None, reason: None }
    }
}

impl Record for Event {
    fn human(&self, paint: Paint) -> String {
        let mut text = format!(" {} {}", paint.green(self.event), self.channel);
        let reason = self.reason.as_ref().map(|reason| &reason.message);
        for part in [self.peer.as_ref(), reason].into_iter().flatten() {
            text.push_str("  ");
            text.push_str(part);
        }
        if let Some(bytes) = self.bytes {
            text.push_str(&format!("  {bytes} bytes"));
        }
        text
    }
}

async fn connect(
    globals: &Globals,
    out: Output,
    target: &cli::Target,
    channel: Option<u8>,
    baud: Option<BitRate>,
) -> Result<(), Failure> {
    session(globals, Use::central(), async |_, classic| {
        let peer = find::find(classic, target).await?;
        let channel = match channel {
            Some(channel) => channel,
            None => serial_port(classic, peer).await?,
        };
        let port = classic.rfcomm_connect(peer, channel).await;
        let port = port.doing(format_args!("connecting to RFCOMM channel {channel} of {peer}"))?;
        out.note(&format!("connected to RFCOMM channel {channel} of {peer}"));
        if let Some(rate) = baud {
            set_rate(out, &port, rate).await?;
        }
        talk(out, &port).await?;
        port.close().await.doing("closing the connection")
    })
    .await
}

/// Sets the bit rate of the device's port. A device without a real one may ignore it.
async fn set_rate(out: Output, port: &Rfcomm<'_>, rate: BitRate) -> Result<(), Failure> {
    let settings = port.port_settings().with_rate(rate);
    let agreed = port.set_port_settings(settings).await.doing("setting the bit rate")?;
    if agreed.rate != rate {
        out.note("the device did not accept the bit rate");
    }
    Ok(())
}

/// Returns the server channel of the device's first Serial Port service.
async fn serial_port(classic: Classic<'static>, peer: Address) -> Result<u8, Failure> {
    let mut buffer = vec![0; 16 * 1024];
    let found = classic.services(peer, &[class::SERIAL_PORT], &mut buffer).await;
    let mut found = found.doing(format_args!("asking {peer} for its services"))?;
    let channel = found.find_map(|record| match record.port() {
        Port::Rfcomm(channel) => Some(channel),
        Port::L2cap(_) | Port::None => None,
    });
    channel.ok_or_else(|| {
        Failure::failed(format!("{peer} has no Serial Port service")).advise(
            "`bindrune classic services DEVICE` shows its services; name the channel of one.",
        )
    })
}

/// Sends the input and prints what comes, until the peer closes the connection, or is silent after the end of the
/// input. Each direction goes on while the other one waits: a peer that echoes waits for us to read.
async fn talk(out: Output, port: &Rfcomm<'_>) -> Result<(), Failure> {
    let (sent, ended) = watch::channel(false);
    let mut outcome = Ok(());
    let sending = async {
        outcome = send(port).await;
        sent.send_replace(true);
        std::future::pending::<Infallible>().await
    };
    tokio::select! {
        biased;
        end = receive(out, port, ended) => end?,
        never = sending => match never {},
    }
    outcome
}

/// Sends the input to its end.
async fn send(port: &Rfcomm<'_>) -> Result<(), Failure> {
    let mut input = standard_input();
    while let Some(block) = input.recv().await {
        let block = block
            .map_err(|error| Failure::failed(format!("cannot read standard input: {error}")))?;
        port.write_all(&block).await.doing("sending")?;
    }
    port.flush().await.doing("sending")
}

/// Prints what comes, until the peer closes the connection, or is silent after the end of the input.
async fn receive(
    out: Output,
    port: &Rfcomm<'_>,
    mut ended: watch::Receiver<bool>,
) -> Result<(), Failure> {
    let mut output = standard_output();
    let mut buffer = vec![0; BLOCK];
    loop {
        let silence = async {
            if ended.wait_for(|ended| *ended).await.is_ok() {
                time::sleep(SILENCE).await;
            }
        };
        let len = tokio::select! {
            biased;
            read = port.read(&mut buffer) => read.doing("receiving")?,
            () = silence => return Ok(()),
        };
        match buffer.get(..len).unwrap_or_default() {
            [] => return Ok(()),
            bytes if out.is_json() => {
                let value = Some(hex(bytes));
                out.record(&Event { value, ..Event::new("received", port.channel()) })?;
            }
            bytes => output.write(bytes).await?,
        }
    }
}

async fn listen(
    globals: &Globals,
    out: Output,
    channel: u8,
    name: &'static str,
) -> Result<(), Failure> {
    let visit = Some(Visit { port: Port::Rfcomm(channel), octets: VISIT_OCTETS });
    let how = Use { visit, name, endless: true, ..Use::central() };
    session(globals, how, async |_, classic| {
        let mut listener =
            classic.rfcomm_listen(Some(channel), Level::Encrypted).doing("listening")?;
        let classes = [class::SERIAL_PORT];
        let record = ServiceRecord::new(&classes, Port::Rfcomm(channel)).name(name);
        let _offered = classic.advertise(&record).doing("offering the service")?;
        classic.set_discoverable(ClassicDiscoverable::General).doing("becoming discoverable")?;
        out.record(&Event::new("listening", channel))?;
        loop {
            let port = listener.accept().await.doing("accepting a connection")?;
            let peer = Some(format!("{:?}", port.peer()));
            out.record(&Event { peer: peer.clone(), ..Event::new("connected", channel) })?;
            let (bytes, end) = echo::serial(&port).await;
            let reason = end.err().map(Fault::of);
            let bytes = Some(bytes);
            out.record(&Event { peer, bytes, reason, ..Event::new("closed", channel) })?;
        }
    })
    .await
}
