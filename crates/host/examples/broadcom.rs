//! A peripheral on a Broadcom controller, which first gets its firmware, an address and a faster UART.
//!
//! `cargo run -p bindrune --features serial --example broadcom -- /dev/ttyS1 BCM4345C0.hcd`

use bindrune::{
    Advertisement, BringUp, BringUpError, Clock, Config, ControllerEvent, Error, Event, Host,
    Opcode, Resources, transport::serial::Serial,
};
use embassy_time::Duration;
use embedded_io_async::{Read, Write};

/// Commands of the vendor.
const DOWNLOAD_MINIDRIVER: Opcode = Opcode(0xfc2e);
const WRITE_BD_ADDR: Opcode = Opcode(0xfc01);
const UPDATE_BAUD_RATE: Opcode = Opcode(0xfc18);

/// Baud rate without firmware, and working baud rate.
const SLOW: u32 = 115_200;
const FAST: u32 = 3_000_000;
/// Least significant byte first.
const ADDRESS: [u8; 6] = [1, 2, 3, 4, 5, 0xc0];
const FIRMWARE_STARTS: Duration = Duration::from_millis(250);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(firmware)) = (arguments.next(), arguments.next()) else {
        return Err("say which port, and which file has the firmware".into());
    };
    let firmware = std::fs::read(firmware)?;
    let host = Host::new(Box::leak(Box::new(Resources::<1>::new())), Config::new("Lamp"))?;
    loop {
        let (mut rx, mut tx, mut port) = Serial::new(path.as_str()).baud(SLOW).open_with_baud()?;
        let mut chip = BringUp::new(&mut rx, &mut tx);
        bring_up(&mut chip, &firmware).await?;
        port.set(FAST)?;
        // The new rate, or an error.
        chip.reset().await?;
        tokio::select! {
            end = host.run(rx, tx) => return Err(end.into()),
            () = lost_power(&host) => {}
            result = app(&host) => return Ok(result?),
        }
    }
}

/// Sends all commands up to the answer that comes at the old baud rate.
async fn bring_up<R: Read, W: Write<Error = R::Error>, C: Clock>(
    chip: &mut BringUp<R, W, C>,
    firmware: &[u8],
) -> Result<(), BringUpError<R::Error>> {
    chip.reset().await?;
    chip.command(DOWNLOAD_MINIDRIVER, &[]).await?;
    chip.wait(Duration::from_millis(50)).await;
    chip.download(firmware).await?;
    chip.wait(FIRMWARE_STARTS).await;
    chip.reset().await?;
    chip.command(WRITE_BD_ADDR, &ADDRESS).await?;
    let [a, b, c, d] = FAST.to_le_bytes();
    chip.command(UPDATE_BAUD_RATE, &[0, 0, a, b, c, d]).await?;
    Ok(())
}

/// Waits until the controller does not answer a Reset: it has lost its firmware and its baud rate.
async fn lost_power(host: &Host) {
    let mut events = host.watch_controller();
    while events.next().await != ControllerEvent::Silent {}
}

async fn app(host: &Host) -> Result<(), Error> {
    loop {
        let mut link = host.advertise(&Advertisement::connectable().name("Lamp")).await?;
        while !matches!(link.next().await, Event::Disconnected(_)) {}
    }
}
