//! A peripheral: a battery, and the Nordic UART service and an L2CAP channel that echo for paired peers.

use core::convert::Infallible;

use bindrune::{
    Advertisement, Characteristic, Config, Connection, Error, Event, Host, Level, Question,
    Resources, Service, Status,
};
use embassy_futures::select::{Either4, select4};
use embassy_time::{Duration, Ticker};
use log::{info, warn};

use crate::uuid::{
    BATTERY, BATTERY_LEVEL, ECHO, ECHO_CHANNEL, ECHO_MAX, ECHO_WINDOW, UART, UART_MAX, UART_RX,
    UART_TX,
};

/// The host holds this value, and answers reads.
static LEVEL: Characteristic = Characteristic::new(BATTERY_LEVEL).read().notify().value(&[100]);
/// The application answers each write.
static RX: Characteristic =
    Characteristic::new(UART_RX).write().write_without_response().permission(Level::Encrypted);
static TX: Characteristic = Characteristic::new(UART_TX).notify().permission(Level::Encrypted);
static SERVICES: &[Service] =
    &[Service::primary(BATTERY, &[&LEVEL]), Service::primary(UART, &[&RX, &TX])];

/// Name of the peripheral.
pub const NAME: &str = "Bindrune";
/// Configuration of the peripheral's host.
pub const CONFIG: Config = Config::new(NAME).services(SERVICES).scan_bytes(0);
/// One link with one channel, and receive packets for both.
pub type Memory = Resources<1, 1, { 6 + ECHO_WINDOW }, 4, 264, { CONFIG.arena(1) }>;

/// Time between two measurements of the battery.
const MEASURE: Duration = Duration::from_secs(5);

/// Serves one central after another; returns if the host cannot continue.
///
/// # Errors
///
/// Those of [`Host::advertise`], [`Host::listen_at`] and [`Host::pairing_requests`].
pub async fn run(host: &Host) -> Result<Infallible, Error> {
    let ended = select4(serve(host), echo(host), measure(host), agree(host)).await;
    let (Either4::First(end) | Either4::Second(end) | Either4::Third(end) | Either4::Fourth(end)) =
        ended;
    end
}

// ANCHOR: serve
/// Advertises until a central connects, then echoes its writes.
async fn serve(host: &Host) -> Result<Infallible, Error> {
    let advertisement = Advertisement::connectable().name(NAME).service(UART);
    loop {
        let mut link = host.advertise(&advertisement).await?;
        info!("connected to {}", link.peer()?);
        let reason = serve_link(&mut link).await;
        info!("disconnected: {reason}");
    }
}

async fn serve_link(link: &mut Connection<'_>) -> Status {
    loop {
        match link.next().await {
            Event::Write(request) if request.is(&RX) => {
                let mut bytes = [0; UART_MAX];
                let len = request.value().len().min(UART_MAX);
                bytes[..len].copy_from_slice(&request.value()[..len]);
                request.accept();
                // Sends nothing to a peer that has not subscribed.
                let _unsubscribed = link.notify(&TX, &bytes[..len]).await;
            }
            Event::Paired(paired) => info!("paired, bonded: {}", paired.bonded),
            Event::PairingFailed(failure) => info!("pairing failed: {failure:?}"),
            Event::Encrypted(security) => info!("encrypted, bonded: {}", security.bonded),
            // A write command has no response, so the peer does not wait.
            Event::LostWrites(count) => warn!("{count} write commands had no room"),
            Event::Disconnected(reason) => return reason,
            _ => {}
        }
    }
}
// ANCHOR_END: serve

/// Echoes each SDU of a channel that a paired peer opens.
async fn echo(host: &Host) -> Result<Infallible, Error> {
    let mut listener = host.listen_at(ECHO, ECHO_CHANNEL, Level::Encrypted)?;
    let mut sdu = [0; ECHO_MAX];
    loop {
        let (_link, mut channel) = listener.accept().await?;
        let mut bytes = 0;
        while let Ok(len) = channel.recv(&mut sdu).await {
            if channel.send(&sdu[..len]).await.is_err() {
                break;
            }
            bytes += len;
        }
        info!("channel closed: {bytes} bytes echoed");
    }
}

/// Measures a battery that loses one percent each time, and is full again at the end.
async fn measure(host: &Host) -> Result<Infallible, Error> {
    let (mut level, mut ticker) = (100, Ticker::every(MEASURE));
    loop {
        ticker.next().await;
        level = if level == 0 { 100 } else { level - 1 };
        // The host holds the value, it is one byte long, and no long read of it runs: both succeed.
        let _held = host.gatt().write(&LEVEL, &[level]);
        let _sent = host.gatt().notify_all(&LEVEL, &[level]).await;
    }
}

// ANCHOR: agree
/// Accepts every pairing request. A device with a button would wait for it here.
async fn agree(host: &Host) -> Result<Infallible, Error> {
    let mut requests = host.pairing_requests()?;
    loop {
        let mut request = requests.next().await;
        if request.question() == Question::Confirm {
            request.accept();
        }
    }
}
// ANCHOR_END: agree
