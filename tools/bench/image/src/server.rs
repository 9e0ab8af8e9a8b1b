//! A peripheral that notifies a battery level, and has a status of 20 bytes.

use bindrune::{Advertisement, Characteristic, Event, Host, Service, Uuid};
use embassy_futures::join::join;
use embassy_time::Timer;

const BATTERY: Uuid = Uuid::new_16(0x180f);
static LEVEL: Characteristic =
    Characteristic::new(Uuid::new_16(0x2a19)).read().notify().value(&[10]);
static STATUS: Characteristic =
    Characteristic::new(Uuid::new_128(0x408813df_5dd4_1f87_ec11_cdb001100000))
        .write()
        .read()
        .notify()
        .value(&[0; 20]);

/// The table.
pub static SERVICES: &[Service] = &[Service::primary(BATTERY, &[&LEVEL, &STATUS])];

/// Serves one central after another.
pub async fn serve(host: &Host) {
    let links = async {
        loop {
            let advertisement = Advertisement::connectable().service(BATTERY);
            let Ok(mut link) = host.advertise(&advertisement).await else { continue };
            while !matches!(link.next().await, Event::Disconnected(_)) {}
        }
    };
    let level = async {
        let mut level = 0_u8;
        loop {
            Timer::after_secs(2).await;
            level = level.wrapping_add(1);
            let _written = host.gatt().write(&LEVEL, &[level]);
            let _notified = host.gatt().notify_all(&LEVEL, &[level]).await;
        }
    };
    join(links, level).await;
}
