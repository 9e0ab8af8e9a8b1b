//! A device that accepts channels on a PSM, and echoes their data.

use bindrune::{Advertisement, ChannelConfig, Error, Host, Level, Psm};

use super::welcome;
use crate::echo;

/// PSM of the sink.
const PSM: Psm = Psm(0x80);

pub(super) async fn live(host: &'static Host) -> Result<(), Error> {
    tokio::select! {
        end = listen(host, PSM, Level::Open) => end,
        end = welcome(host, Advertisement::connectable().name("L2CAP sink")) => end,
    }
}

/// Echoes the data of the channels of a PSM.
pub(super) async fn listen(host: &'static Host, psm: Psm, level: Level) -> Result<(), Error> {
    let config = ChannelConfig { window: 32, ..ChannelConfig::DEFAULT };
    let mut listener = host.listen_at(psm, config, level)?;
    loop {
        let (_connection, channel) = listener.accept().await?;
        let (bytes, reason) = echo::channel(channel).await;
        log::info!("PSM {:#04x}: {bytes} bytes, then: {reason}", psm.0);
    }
}
