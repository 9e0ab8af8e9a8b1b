//! A thermometer with a changing temperature.

use std::time::Duration;

use bindrune::{Advertisement, Error, Host};
use tokio::time;

use super::welcome;
use crate::services::{ENVIRONMENT, TEMPERATURE};

/// Time between two measurements.
const PERIOD: Duration = Duration::from_millis(500);

pub(super) async fn live(host: &'static Host) -> Result<(), Error> {
    let advertisement = Advertisement::connectable().name("Thermometer").service(ENVIRONMENT);
    tokio::select! {
        end = measure(host) => end,
        end = welcome(host, advertisement) => end,
    }
}

async fn measure(host: &Host) -> Result<(), Error> {
    let mut period = time::interval(PERIOD);
    for hundredths in wave(2458, 60, 7).cycle() {
        period.tick().await;
        let value = hundredths.to_le_bytes();
        host.gatt().write(&TEMPERATURE, &value)?;
        host.gatt().notify_all(&TEMPERATURE, &value).await?;
    }
    Ok(())
}

/// Returns numbers that rise and fall around `middle`.
pub(super) fn wave(middle: i16, height: i16, step: usize) -> impl Iterator<Item = i16> + Clone {
    let up = (0..height).step_by(step);
    let down = up.clone().rev();
    up.chain(down).map(move |offset| middle.saturating_add(offset))
}
