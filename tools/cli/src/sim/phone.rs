//! A phone that connects to what we advertise, uses it, and sends to our PSM.

use std::time::Duration;

use bindrune::{Address, ChannelConfig, Connection, Error, Host, Level, Psm, Scan};
use tokio::time;

use super::is_neighbour;
use crate::{
    services::{
        BATTERY, BATTERY_LEVEL_UUID, UART, UART_RX_UUID, UART_TX_UUID, VAULT, VAULT_ENCRYPTED_UUID,
    },
    transfer::Pattern,
};

/// Settings of the phone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Phone {
    /// PSM that it sends to.
    pub(crate) psm: Psm,
    /// Number of bytes that it sends.
    pub(crate) octets: usize,
}

/// Time between two visits.
const PAUSE: Duration = Duration::from_secs(5);

pub(super) async fn live(host: &'static Host, phone: Phone) -> Result<(), Error> {
    loop {
        let peer = look(host).await?;
        match visit(host, peer, phone).await {
            Ok(()) => log::info!("phone: done with {peer}"),
            Err(error) => log::info!("phone: {peer}: {error}"),
        }
        time::sleep(PAUSE).await;
    }
}

/// Finds a device that is not one of the virtual devices.
async fn look(host: &Host) -> Result<Address, Error> {
    let mut scanner = host.scan(&Scan::passive())?;
    let mut buffer = [0; 512];
    loop {
        let report = scanner.next(&mut buffer).await?;
        let stranger = report.address.filter(|&address| !is_neighbour(address));
        if let Some(address) = stranger.filter(|_| report.is_connectable()) {
            return Ok(address);
        }
    }
}

async fn visit(host: &'static Host, peer: Address, phone: Phone) -> Result<(), Error> {
    let connection = host.connect(&peer).await?;
    battery(&connection).await?;
    uart(&connection).await?;
    if let Err(error) = vault(&connection).await {
        log::info!("phone: {peer}: the vault is not readable: {error}");
    }
    send(&connection, phone).await
}

/// Reads the battery level and waits for one notification, if the peer has the service.
async fn battery(connection: &Connection<'static>) -> Result<(), Error> {
    let Some(service) = there_is(connection.service(BATTERY).await)? else { return Ok(()) };
    let level = service.characteristic(BATTERY_LEVEL_UUID).await?;
    let mut value = [0; 8];
    connection.read(&level, &mut value).await?;
    let mut levels = connection.subscribe(&level).await?;
    levels.next(&mut value).await?;
    Ok(())
}

/// Writes to the UART and waits for the echo, if the peer has the service.
async fn uart(connection: &Connection<'static>) -> Result<(), Error> {
    let Some(service) = there_is(connection.service(UART).await)? else { return Ok(()) };
    let rx = service.characteristic(UART_RX_UUID).await?;
    let tx = service.characteristic(UART_TX_UUID).await?;
    let mut echo = connection.subscribe(&tx).await?;
    let text = b"hello from the phone";
    connection.write(&rx, text).await?;
    let (mut received, mut buffer) = (0usize, [0; 512]);
    while received < text.len() {
        received = received.saturating_add(echo.next(&mut buffer).await?);
    }
    Ok(())
}

/// Pairs, or encrypts with its key, and reads the protected value, if the peer has the service.
async fn vault(connection: &Connection<'static>) -> Result<(), Error> {
    let Some(service) = there_is(connection.service(VAULT).await)? else { return Ok(()) };
    let value = service.characteristic(VAULT_ENCRYPTED_UUID).await?;
    connection.secure(Level::Encrypted).await?;
    connection.read(&value, &mut [0; 32]).await.map(drop)
}

/// Sends to the PSM, drops what comes back, and closes the channel.
async fn send(connection: &Connection<'static>, phone: Phone) -> Result<(), Error> {
    let config = ChannelConfig { window: 32, ..ChannelConfig::DEFAULT };
    let channel = connection.open_channel(phone.psm, config).await?;
    let (mut sender, mut receiver) = channel.split();
    let mut octets = vec![0; phone.octets];
    Pattern::new(1).fill(&mut octets);
    let most = sender.peer_mtu().max(1);
    let send = async {
        for sdu in octets.chunks(most) {
            sender.send(sdu).await?;
        }
        sender.flush().await
    };
    let drain = async {
        let mut buffer = vec![0; crate::echo::LONGEST];
        loop {
            match receiver.recv(&mut buffer).await {
                Ok(_) => {}
                Err(error) => break error,
            }
        }
    };
    tokio::select! {
        end = send => end?,
        error = drain => return Err(error),
    }
    sender.close().await
}

/// Returns `None` if the peer does not have it.
fn there_is<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}
