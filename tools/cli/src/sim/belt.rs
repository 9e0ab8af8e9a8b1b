//! A heart-rate belt.

use std::time::Duration;

use bindrune::{Advertisement, Error, Host};
use tokio::time;

use super::{thermometer::wave, welcome};
use crate::services::{BATTERY, BATTERY_LEVEL, HEART_RATE, HEART_RATE_MEASUREMENT};

/// Time between two measurements.
const PERIOD: Duration = Duration::from_secs(1);

pub(super) async fn live(host: &'static Host) -> Result<(), Error> {
    host.gatt().write(&BATTERY_LEVEL, &[87])?;
    let advertisement =
        Advertisement::connectable().name("HR belt").service(HEART_RATE).service(BATTERY);
    tokio::select! {
        end = measure(host) => end,
        end = welcome(host, advertisement) => end,
    }
}

async fn measure(host: &Host) -> Result<(), Error> {
    let mut period = time::interval(PERIOD);
    for rate in wave(64, 30, 1).cycle() {
        period.tick().await;
        // Flags: a rate of one byte, skin contact supported and detected.
        let value = [0x06, u8::try_from(rate).unwrap_or(u8::MAX)];
        host.gatt().notify_all(&HEART_RATE_MEASUREMENT, &value).await?;
    }
    Ok(())
}
