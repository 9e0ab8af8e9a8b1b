//! A device whose values and whose channel only those may use that have paired with it.

use bindrune::{Advertisement, Error, Event, Host, Level, Psm};

use super::sink;
use crate::services::VAULT;

/// Where channels are given back, on encrypted links.
const PSM: Psm = Psm(0x81);

pub(super) async fn live(host: &'static Host) -> Result<(), Error> {
    tokio::select! {
        end = sink::listen(host, PSM, Level::Encrypted) => end,
        end = advertise(host) => end,
    }
}

async fn advertise(host: &'static Host) -> Result<(), Error> {
    let advertisement = Advertisement::connectable().name("Vault").service(VAULT);
    loop {
        let mut connection = host.advertise(&advertisement).await?;
        while !matches!(connection.next().await, Event::Disconnected(_)) {}
    }
}
