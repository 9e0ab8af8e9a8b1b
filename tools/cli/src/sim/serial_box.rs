//! A device with BR/EDR: offers a serial port, and echoes and a sink over L2CAP, and visits what listens here.

use std::time::Duration;

use bindrune::{
    Classic, ClassicChannel, ClassicChannelConfig, ClassicConfig, ClassicDiscoverable,
    ClassicIoCapability, ClassicPsm, Error, Host, Level, Port, ServiceRecord, Uuid,
    sdp::{Profile, class},
};
use tokio::time;

use super::OURS;
use crate::{classic::echo, transfer::Pattern};

/// Settings of the device.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SerialBox {
    /// What it does here; `None` if nothing listens.
    pub(crate) visit: Option<Visit>,
}

/// Data that the device sends to our port.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visit {
    /// Port that it sends to.
    pub(crate) port: Port,
    /// Number of bytes that it sends.
    pub(crate) octets: usize,
}

/// It has a display with two buttons, and requests the highest protection that the other side supports.
pub(super) const CONFIG: ClassicConfig = ClassicConfig::new()
    .class(bindrune::ClassOfDevice::new(0x02_0300))
    .io_capability(ClassicIoCapability::DisplayYesNo)
    .mitm(true);

/// PSM of the echo.
const ECHO: ClassicPsm = ClassicPsm(0x1001);
/// PSM of the sink.
const SINK: ClassicPsm = ClassicPsm(0x1003);
/// PSM of the echo in Streaming mode.
const STREAM: ClassicPsm = ClassicPsm(0x1005);
/// Server channel of the serial port, which echoes.
const SERIAL: u8 = 1;

const ECHO_CLASS: Uuid = Uuid::new_128(0x6f0e1001_5a4d_4c8b_9a5e_b1d2c3a4e5f6);
const SINK_CLASS: Uuid = Uuid::new_128(0x6f0e1003_5a4d_4c8b_9a5e_b1d2c3a4e5f6);

const ECHO_CLASSES: [Uuid; 2] = [ECHO_CLASS, class::GENERIC_NETWORKING];
const SINK_CLASSES: [Uuid; 2] = [SINK_CLASS, class::GENERIC_FILE_TRANSFER];

static ECHO_RECORD: ServiceRecord<'static> = ServiceRecord::new(&ECHO_CLASSES, Port::L2cap(ECHO.0))
    .name("Echo")
    .description("Returns every datagram")
    .provider("bindrune")
    .profiles(&[Profile::new(ECHO_CLASS, 0x0100)]);
static SINK_RECORD: ServiceRecord<'static> = ServiceRecord::new(&SINK_CLASSES, Port::L2cap(SINK.0))
    .name("Sink")
    .description("Drops every datagram")
    .provider("bindrune")
    .profiles(&[Profile::new(SINK_CLASS, 0x0100)]);
static STREAM_RECORD: ServiceRecord<'static> =
    ServiceRecord::new(&ECHO_CLASSES, Port::L2cap(STREAM.0))
        .name("Stream echo")
        .description("Returns every datagram that is in time")
        .provider("bindrune")
        .profiles(&[Profile::new(ECHO_CLASS, 0x0100)]);
static SERIAL_RECORD: ServiceRecord<'static> =
    ServiceRecord::new(&[class::SERIAL_PORT], Port::Rfcomm(SERIAL))
        .name("Serial port")
        .description("Returns every byte")
        .provider("bindrune")
        .profiles(&[Profile::new(class::SERIAL_PORT, 0x0102)]);

/// Channels of the device, if the peer wants no other mode.
const CHANNEL: ClassicChannelConfig = ClassicChannelConfig::ENHANCED.mtu(4096);
/// Channels of the echo in Streaming mode.
const LATE: ClassicChannelConfig = ClassicChannelConfig::STREAMING.mtu(4096);

/// Time between two visits.
const PAUSE: Duration = Duration::from_secs(5);

pub(super) async fn live(host: &'static Host, settings: SerialBox) -> Result<(), Error> {
    let classic = host.classic();
    classic.ready().await?;
    let _echo = classic.advertise(&ECHO_RECORD)?;
    let _sink = classic.advertise(&SINK_RECORD)?;
    let _stream = classic.advertise(&STREAM_RECORD)?;
    classic.set_discoverable(ClassicDiscoverable::General)?;
    let visits = async {
        match settings.visit {
            Some(visit) => call(classic, visit).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        end = serve(classic, ECHO, CHANNEL, true) => end,
        end = serve(classic, SINK, CHANNEL, false) => end,
        end = serve(classic, STREAM, LATE, true) => end,
        end = serve_serial(classic) => end,
        () = visits => Ok(()),
    }
}

/// Serves one channel of a PSM after another.
async fn serve(
    classic: Classic<'static>,
    psm: ClassicPsm,
    config: ClassicChannelConfig,
    echoes: bool,
) -> Result<(), Error> {
    let mut listener = classic.listen(psm, config)?;
    loop {
        let channel = listener.accept().await?;
        let (bytes, reason) = echo::channel(&channel, echoes, |_| {}).await;
        log::info!("PSM {:#06x}: {bytes} bytes, then: {reason}", psm.0);
    }
}

/// Echoes what comes over its serial port, on one connection after another.
async fn serve_serial(classic: Classic<'static>) -> Result<(), Error> {
    let mut listener = classic.rfcomm_listen(Some(SERIAL), Level::Encrypted)?;
    let _serial = classic.advertise(&SERIAL_RECORD)?;
    loop {
        let port = listener.accept().await?;
        let (bytes, end) = echo::serial(&port).await;
        log::info!("RFCOMM channel {SERIAL}: {bytes} bytes, then: {end:?}");
    }
}

async fn call(classic: Classic<'static>, visit: Visit) {
    loop {
        match send(classic, visit).await {
            Ok(()) => log::info!("Serial box: done"),
            Err(error) => log::info!("Serial box: {error}"),
        }
        time::sleep(PAUSE).await;
    }
}

/// Sends to the port, drops what comes back, and closes the channel.
async fn send(classic: Classic<'static>, visit: Visit) -> Result<(), Error> {
    let mut octets = vec![0; visit.octets];
    Pattern::new(1).fill(&mut octets);
    match visit.port {
        Port::L2cap(psm) => send_datagrams(classic, ClassicPsm(psm), &octets).await,
        Port::Rfcomm(channel) => send_bytes(classic, channel, &octets).await,
        Port::None => Ok(()),
    }
}

async fn send_bytes(classic: Classic<'static>, channel: u8, bytes: &[u8]) -> Result<(), Error> {
    let port = classic.rfcomm_connect(OURS, channel).await?;
    let send = async {
        port.write_all(bytes).await?;
        port.flush().await
    };
    let drain = async {
        let mut buffer = [0; 4096];
        while port.read(&mut buffer).await? > 0 {}
        Ok(())
    };
    tokio::select! {
        end = send => end?,
        end = drain => return end,
    }
    port.close().await
}

async fn send_datagrams(
    classic: Classic<'static>,
    psm: ClassicPsm,
    bytes: &[u8],
) -> Result<(), Error> {
    let channel = classic.open_channel(OURS, psm, CHANNEL).await?;
    let most = usize::from(channel.peer_mtu()).max(1);
    let send = async {
        for datagram in bytes.chunks(most) {
            channel.send(datagram).await?;
        }
        channel.flush().await
    };
    tokio::select! {
        end = send => end?,
        error = drain(&channel) => return Err(error),
    }
    channel.close().await
}

async fn drain(channel: &ClassicChannel<'_>) -> Error {
    echo::channel(channel, false, |_| {}).await.1
}
