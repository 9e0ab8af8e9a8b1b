//! MicroPython, `gatts_register_services`: Heart Rate and Nordic UART; this UART sends back what it receives.

use bindrune::{Advertisement, Config, Error, Event, Host};

// ANCHOR: services
use bindrune::{Characteristic, Service, Uuid};

static HR: Characteristic =
    Characteristic::new(Uuid::new_16(0x2a37)).read().notify().value(&[0, 60]);
const UART: Uuid = Uuid::new_128(0x6e400001_b5a3_f393_e0a9_e50e24dcca9e);
const RX_UUID: Uuid = Uuid::new_128(0x6e400002_b5a3_f393_e0a9_e50e24dcca9e);
const TX_UUID: Uuid = Uuid::new_128(0x6e400003_b5a3_f393_e0a9_e50e24dcca9e);
static RX: Characteristic = Characteristic::new(RX_UUID).write().append(100);
static TX: Characteristic = Characteristic::new(TX_UUID).read().notify().value(&[]);
static SERVICES: &[Service] =
    &[Service::primary(Uuid::new_16(0x180d), &[&HR]), Service::primary(UART, &[&TX, &RX])];
// ANCHOR_END: services

pub(crate) const CONFIG: Config = Config::new("mpy-uart").services(SERVICES);

pub(crate) async fn serve(host: &Host) -> Result<(), Error> {
    loop {
        let mut link = host.advertise(&Advertisement::connectable().service(UART)).await?;
        loop {
            match link.next().await {
                Event::Written(written) if written.target.is(&RX) => {
                    let mut buffer = [0; 100];
                    let len = host.gatt().take_appended(&RX, &mut buffer)?;
                    for line in buffer[..len].chunks(link.mtu()? - 3) {
                        link.notify(&TX, line).await?;
                    }
                }
                Event::Disconnected(_) => break,
                _ => {}
            }
        }
    }
}
