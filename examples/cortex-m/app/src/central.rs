//! A central: finds the peripheral, pairs or encrypts with the bond, uses all services, and starts again.

use core::convert::Infallible;

use bindrune::{Config, Connection, Error, Host, Level, Resources, Scan};
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

/// Configuration of the central's host.
pub const CONFIG: Config = Config::new("Visitor");
/// One link with one channel, and receive packets for both.
pub type Memory = Resources<1, 1, { 6 + ECHO_WINDOW }, 4, 264, { CONFIG.arena(1) }>;

/// SDUs that a visit sends through the channel: 64 KiB.
pub const SDUS: usize = (64 << 10) / ECHO_MAX;
/// Text for the UART service.
const GREETING: &[u8] = b"good morning";
/// Time between two visits.
const PAUSE: Duration = Duration::from_secs(2);

/// Results of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The link was encrypted with an existing bond; otherwise the devices paired.
    pub known: bool,
    /// The devices are bonded after the visit.
    pub bonded: bool,
    /// Level of the battery, in percent.
    pub battery: u8,
    /// The UART service echoed the greeting.
    pub greeted: bool,
    /// How many of [`SDUS`] the channel echoed unchanged.
    pub sdus: usize,
}

/// Visits the peripheral repeatedly; returns if a visit fails.
///
/// # Errors
///
/// Those of [`visit`].
pub async fn run(host: &Host) -> Result<Infallible, Error> {
    let mut number = 0u32;
    loop {
        number = number.wrapping_add(1);
        let visit = visit(host).await?;
        info!("visit {number}: {visit:?}");
        Timer::after(PAUSE).await;
    }
}

/// Finds the peripheral, uses all services, and disconnects.
///
/// # Errors
///
/// Returns the first error.
pub async fn visit(host: &Host) -> Result<Visit, Error> {
    let peer = host.scan(&Scan::active())?.find_service(UART).await?;
    let link = host.connect(&peer).await?;
    info!("connected to {peer}");
    let known = link.identity().is_some();
    let bonded = link.secure(Level::Encrypted).await?.bonded;
    let battery = battery(&link).await?;
    let greeted = greet(&link).await?;
    let sdus = echo(&link).await?;
    link.disconnect().await?;
    Ok(Visit { known, bonded, battery, greeted, sdus })
}

/// Reads the level of the battery.
async fn battery(link: &Connection<'_>) -> Result<u8, Error> {
    let level = link.service(BATTERY).await?.characteristic(BATTERY_LEVEL).await?;
    let mut value = [0];
    link.read(&level, &mut value).await?;
    Ok(value[0])
}

/// Writes to the UART service, and returns whether the same bytes came back.
async fn greet(link: &Connection<'_>) -> Result<bool, Error> {
    let uart = link.service(UART).await?;
    let (rx, tx) = (uart.characteristic(UART_RX).await?, uart.characteristic(UART_TX).await?);
    let mut updates = link.subscribe(&tx).await?;
    link.write(&rx, GREETING).await?;
    let mut value = [0; UART_MAX];
    let len = updates.next(&mut value).await?;
    Ok(value[..len] == *GREETING)
}

/// Sends through the channel, and counts the SDUs that come back unchanged.
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
