//! aioble, "Building the GATT database", "Serving one client" and "Updating a characteristic".

use embassy_futures::select::select;

use super::sensor;

// ANCHOR: environment
use bindrune::{
    Advertisement, Characteristic, Config, Connection, Duration, Error, Host, Service, Uuid,
};

const ENVIRONMENTAL_SENSING: Uuid = Uuid::new_16(0x181a);
static TEMPERATURE: Characteristic =
    Characteristic::new(Uuid::new_16(0x2a6e)).read().notify().value(&[0, 0]);
static HUMIDITY: Characteristic =
    Characteristic::new(Uuid::new_16(0x2a6f)).read().notify().value(&[0, 0]);
static SERVICES: &[Service] =
    &[Service::primary(ENVIRONMENTAL_SENSING, &[&TEMPERATURE, &HUMIDITY])];

pub(crate) const CONFIG: Config = Config::new("openmv-env").services(SERVICES);

async fn stream_temperature(host: &Host, link: &Connection<'_>) -> Result<(), Error> {
    while link.is_connected() {
        host.gatt().update(&TEMPERATURE, &sensor::read().to_le_bytes()).await?;
        host.sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}

pub(crate) async fn serve(host: &Host) -> Result<(), Error> {
    let advertisement =
        Advertisement::connectable().service(ENVIRONMENTAL_SENSING).appearance(0x0540);
    loop {
        let link = host.advertise(&advertisement).await?;
        println!("connected: {}", link.peer()?);
        select(stream_temperature(host, &link), link.disconnected()).await;
        println!("disconnected; advertising again");
    }
}
// ANCHOR_END: environment
