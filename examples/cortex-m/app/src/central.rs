//! A central: finds the peripheral, pairs or encrypts with the bond, and uses all that it has; then again.

use core::convert::Infallible;

use bindrune::{Address, Config, Connection, Error, Host, Level, Resources, Scan};
use embassy_futures::join::join;
use embassy_time::{Duration, Timer};
use log::info;

use crate::{
    pattern::Pattern,
    uuid::{
        BATTERY, BATTERY_LEVEL, ECHO, ECHO_CHANNEL, ECHO_MAX, ECHO_WINDOW, UART, UART_MAX, UART_RX,
        UART_TX,
    },
};

/// How the central's host behaves.
pub const CONFIG: Config = Config::new("Visitor");
/// One link with one channel, and receive packets for both.
pub type Memory = Resources<1, 1, { 6 + ECHO_WINDOW }, 4, 264, { CONFIG.arena(1) }>;

/// SDUs that go through the channel in a visit: 64 KiB.
const SDUS: usize = (64 << 10) / ECHO_MAX;
/// What is written to the UART service.
const GREETING: &[u8] = b"good morning";
/// The time between two visits.
const PAUSE: Duration = Duration::from_secs(2);

/// Visits the peripheral again and again; returns if a visit fails.
///
/// # Errors
///
/// Those of the visit.
pub async fn run(host: &Host) -> Result<Infallible, Error> {
    for number in 1u32.. {
        let peer = find(host).await?;
        let link = host.connect(&peer).await?;
        info!("visit {number}: connected to {peer}");
        visit(&link).await?;
        link.disconnect().await?;
        info!("visit {number}: done");
        Timer::after(PAUSE).await;
    }
    Err(Error::Timeout)
}

/// The first device that advertises the UART service.
async fn find(host: &Host) -> Result<Address, Error> {
    let mut data = [0; 64];
    let mut scanner = host.scan(&Scan::active())?;
    loop {
        let report = scanner.next(&mut data).await?;
        let serves = report.ad().services().any(|uuid| uuid == UART);
        if let (true, Some(address)) = (serves && report.is_connectable(), report.address) {
            return Ok(address);
        }
    }
}

async fn visit(link: &Connection<'_>) -> Result<(), Error> {
    let known = link.identity().is_some();
    let security = link.secure(Level::Encrypted).await?;
    let how = if known { "encrypted with the bond" } else { "paired" };
    info!("{how}, bonded: {}", security.bonded);

    let mut value = [0; UART_MAX];
    let level = link.service(BATTERY).await?.characteristic(BATTERY_LEVEL).await?;
    let len = link.read(&level, &mut value).await?;
    info!("battery: {:?} %", &value[..len]);

    let uart = link.service(UART).await?;
    let (rx, tx) = (uart.characteristic(UART_RX).await?, uart.characteristic(UART_TX).await?);
    let mut updates = link.subscribe(&tx).await?;
    link.write(&rx, GREETING).await?;
    let len = updates.next(&mut value).await?;
    info!("uart: {}", if value[..len] == *GREETING { "the greeting came back" } else { "damaged" });

    let right = echo(link).await?;
    info!("channel: {right} of {SDUS} SDUs came back as they were sent");
    Ok(())
}

/// Sends through the channel, and counts what comes back unchanged.
async fn echo(link: &Connection<'_>) -> Result<usize, Error> {
    let (mut sender, mut receiver) = link.open_channel(ECHO, ECHO_CHANNEL).await?.split();
    let send = async {
        let (mut pattern, mut sdu) = (Pattern::new(1), [0; ECHO_MAX]);
        for _ in 0..SDUS {
            pattern.fill(&mut sdu);
            sender.send(&sdu).await?;
        }
        Ok(())
    };
    let receive = async {
        let (mut pattern, mut sdu, mut due) = (Pattern::new(1), [0; ECHO_MAX], [0; ECHO_MAX]);
        let mut right = 0;
        for _ in 0..SDUS {
            let len = receiver.recv(&mut sdu).await?;
            pattern.fill(&mut due);
            right += usize::from(sdu[..len] == due);
        }
        Ok(right)
    };
    let (sent, right) = join(send, receive).await;
    let right = sent.and(right)?;
    sender.close().await?;
    Ok(right)
}
