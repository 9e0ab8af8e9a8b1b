//! A central: finds a battery, reads its level, sets another one and waits for its notification.
//!
//! `cargo run -p bindrune --features serial,tcp --example central -- /dev/ttyACM0`

mod port;

use bindrune::{Config, Error, Host, Resources, Scan, Uuid};

const BATTERY: Uuid = Uuid::new_16(0x180f);
const LEVEL: Uuid = Uuid::new_16(0x2a19);
const COMMAND: Uuid = Uuid::new_128(0xb1de_0001_6d2f_4b1a_9c57_3f1a_77d0_52e4);

pub(crate) const CONFIG: Config = Config::new("Central");

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (rx, tx) = port::open()?;
    let host = Host::new(Box::leak(Box::new(Resources::<1>::new())), CONFIG)?;
    tokio::select! {
        end = host.run(rx, tx) => Err(end.into()),
        result = app(&host, 42) => {
            println!("the level is {} % now", result?);
            Ok(())
        }
    }
}

// ANCHOR: app
/// Sets the level of the first battery that advertises, and returns the level that it notifies.
pub(crate) async fn app(host: &Host, percent: u8) -> Result<u8, Error> {
    let battery = host.scan(&Scan::active())?.find_service(BATTERY).await?;
    let link = host.connect(&battery).await?;
    let service = link.service(BATTERY).await?;
    let level = service.characteristic(LEVEL).await?;
    let command = service.characteristic(COMMAND).await?;

    let mut value = [0];
    link.read(&level, &mut value).await?;
    println!("{battery} is at {} %", value[0]);

    let mut updates = link.subscribe(&level).await?;
    link.write(&command, &[percent]).await?;
    updates.next(&mut value).await?;
    link.disconnect().await?;
    Ok(value[0])
}
// ANCHOR_END: app
