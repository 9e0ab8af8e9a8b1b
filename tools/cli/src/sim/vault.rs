//! A device whose values and channel require pairing.

use bindrune::{Advertisement, Error, Host, Level, Psm};

use super::{sink, welcome};
use crate::services::VAULT;

/// PSM that echoes on encrypted links.
const PSM: Psm = Psm(0x81);

pub(super) async fn live(host: &'static Host) -> Result<(), Error> {
    let advertisement = Advertisement::connectable().name("Vault").service(VAULT);
    tokio::select! {
        end = sink::listen(host, PSM, Level::Encrypted) => end,
        end = welcome(host, advertisement) => end,
    }
}
