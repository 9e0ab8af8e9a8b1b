//! A peripheral that notifies a battery level, and has a status of 20 bytes.

use embassy_futures::select::select;
use embassy_time::Timer;
use trouble_host::prelude::*;

use crate::{External, advertise, allow_bonds, keep_bond};

#[gatt_server]
struct Server {
    battery: Battery,
}

#[gatt_service(uuid = service::BATTERY)]
struct Battery {
    #[characteristic(uuid = characteristic::BATTERY_LEVEL, read, notify, value = 10)]
    level: u8,
    #[characteristic(uuid = "408813df-5dd4-1f87-ec11-cdb001100000", write, read, notify)]
    status: [u8; 20],
}

/// Serves one central after another.
pub async fn serve(stack: &Stack<'_, External, DefaultPacketPool>) {
    let config = PeripheralConfig { name: "T", appearance: &appearance::UNKNOWN };
    let Ok(server) = Server::new_with_config(GapConfig::Peripheral(config)) else { return };
    let mut peripheral = stack.peripheral();
    loop {
        let Some(link) = advertise(&mut peripheral).await else { continue };
        allow_bonds(&link);
        let Ok(link) = link.with_attribute_server(&server) else { continue };
        let events = async {
            loop {
                match link.next().await {
                    GattConnectionEvent::Disconnected { .. } => return,
                    GattConnectionEvent::Gatt { event } => {
                        if let Ok(reply) = event.accept() {
                            reply.send().await;
                        }
                    }
                    other => keep_bond(stack, other),
                }
            }
        };
        let level = async {
            let mut level = 0_u8;
            loop {
                Timer::after_secs(2).await;
                level = level.wrapping_add(1);
                if server.battery.level.notify(&link, &level, true).await.is_err() {
                    return;
                }
            }
        };
        select(events, level).await;
    }
}
