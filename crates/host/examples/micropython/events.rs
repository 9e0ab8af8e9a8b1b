//! MicroPython, `irq`: prints every event of a link. Results that MicroPython reports as events of scanning, discovery,
//! reads and channels are return values here.

use bindrune::{Advertisement, Config, Connection, Error, Event, Host};

use super::uart;

pub(crate) const CONFIG: Config = uart::CONFIG;

pub(crate) async fn serve(host: &Host) -> Result<(), Error> {
    let advertisement = Advertisement::connectable();
    loop {
        print_events(host.advertise(&advertisement).await?).await?;
    }
}

// ANCHOR: irq
async fn print_events(mut link: Connection<'_>) -> Result<(), Error> {
    println!("connected: {} as {:?}", link.peer()?, link.role()?);
    loop {
        match link.next().await {
            Event::Read(request) => println!("read request for handle {:#06x}", request.handle()),
            Event::Write(request) => {
                println!("write to {:#06x}: {:?}", request.handle(), request.value())
            }
            Event::Written(written) => println!("written: {written:?}"),
            Event::LostWrites(count) => println!("{count} write commands were lost"),
            Event::Subscribed(change) => println!("subscription: {change:?}"),
            Event::Mtu(mtu) => println!("MTU: {mtu} bytes"),
            Event::Parameters(parameters) => println!("connection parameters: {parameters:?}"),
            Event::Phy(phys) => println!("PHYs: {phys:?}"),
            Event::DataLength(lengths) => println!("data lengths: {lengths:?}"),
            Event::ServiceChanged { start, end } => println!("services changed: {start} to {end}"),
            Event::Encrypted(security) => println!("encrypted: {security:?}"),
            Event::Paired(paired) => println!("paired: {paired:?}"),
            Event::PairingFailed(failure) => println!("pairing failed: {failure:?}"),
            Event::BondLost => println!("the key of the bond is missing on one side"),
            Event::SecurityRequested => println!("the peripheral asks for encryption"),
            Event::Disconnected(reason) => {
                println!("disconnected: {reason}");
                return Ok(());
            }
            other => println!("{other:?}"),
        }
    }
}
// ANCHOR_END: irq
