//! A device whose values and whose channel only those may use that have paired with it.

use bindrune::{Advertisement, Error, Host, Level, Psm};

use super::{sink, welcome};
use crate::services::VAULT;

/// Where channels are given back, on encrypted links.
const PSM: Psm = Psm(0x81);

pub(super) async fn live(host: &'static Host) -> Result<(), Error> {
    let advertisement = Advertisement::connectable().name("Vault").service(VAULT);
    tokio::select! {
        end = sink::listen(host, PSM, Level::Encrypted) => end,
        end = welcome(host, advertisement) => end,
    }
}
