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
pub const SDUS: usize = (64 << 10) / ECHO_MAX;
/// What is written to the UART service.
const GREETING: &[u8] = b"good morning";
/// The time between two visits.
const PAUSE: Duration = Duration::from_secs(2);

/// What a visit found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// There was a bond already, with which the link was encrypted; else the devices paired.
    pub known: bool,
    /// There is a bond now.
    pub bonded: bool,
    /// Level of the battery, in percent.
    pub battery: u8,
    /// The UART service sent the greeting back.
    pub greeted: bool,
    /// How many of [`SDUS`] came back through the channel as they were sent.
    pub sdus: usize,
}

/// Visits the peripheral again and again; returns if a visit fails.
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

/// Finds the peripheral, uses all that it has, and disconnects.
///
/// # Errors
///
/// Whatever fails first.
pub async fn visit(host: &Host) -> Result<Visit, Error> {
    let peer = find(host).await?;
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
