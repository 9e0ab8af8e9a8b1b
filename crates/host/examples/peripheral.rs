//! A peripheral: a battery whose level any peer can read, subscribe to and set.
//!
//! `cargo run -p bindrune --features serial,tcp --example peripheral -- /dev/ttyACM0`
#![expect(clippy::wildcard_enum_match_arm, reason = "an application cares for some events only")]

mod port;

use bindrune::{
    Advertisement, Characteristic, Config, Error, ErrorCode, Event, Host, Resources, Service, Uuid,
};

const BATTERY: Uuid = Uuid::new_16(0x180f);
const COMMAND_UUID: Uuid = Uuid::new_128(0xb1de_0001_6d2f_4b1a_9c57_3f1a_77d0_52e4);

/// The host holds this value, and answers reads itself.
static LEVEL: Characteristic =
    Characteristic::new(Uuid::new_16(0x2a19)).read().notify().value(&[100]);
/// The application holds this value: it decides each write.
static COMMAND: Characteristic = Characteristic::new(COMMAND_UUID).write();
static SERVICES: &[Service] = &[Service::primary(BATTERY, &[&LEVEL, &COMMAND])];

pub(crate) const CONFIG: Config = Config::new("Battery").services(SERVICES);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (rx, tx) = port::open()?;
    let host = Host::new(Box::leak(Box::new(Resources::<1>::new())), CONFIG)?;
    tokio::select! {
        end = host.run(rx, tx) => Err(end.into()),
        result = app(&host) => Ok(result?),
    }
}

pub(crate) async fn app(host: &Host) -> Result<(), Error> {
    let advertisement = Advertisement::connectable().name("Battery").service(BATTERY);
    loop {
        let mut link = host.advertise(&advertisement).await?;
        println!("connected to {}", link.peer()?);
        loop {
            match link.next().await {
                Event::Write(request) if request.is(&COMMAND) => match *request.value() {
                    [level @ 0..=100] => {
                        request.accept();
                        host.gatt().write(&LEVEL, &[level])?;
                        host.gatt().notify_all(&LEVEL, &[level]).await?;
                    }
                    _ => request.reject(ErrorCode::VALUE_NOT_ALLOWED),
                },
                Event::Disconnected(reason) => {
                    println!("disconnected: {reason}");
                    break;
                }
                Event::Subscribed(change) => println!("subscribed to: {:?}", change.cccd),
                event => println!("{event:?}"),
            }
        }
    }
}
