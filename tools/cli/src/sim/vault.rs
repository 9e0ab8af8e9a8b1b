//! A device whose values only those may read that have paired with it.

use bindrune::{Advertisement, Error, Event, Host};

use crate::services::VAULT;

pub(super) async fn live(host: &'static Host) -> Result<(), Error> {
    let advertisement = Advertisement::connectable().name("Vault").service(VAULT);
    loop {
        let mut connection = host.advertise(&advertisement).await?;
        while !matches!(connection.next().await, Event::Disconnected(_)) {}
    }
}
