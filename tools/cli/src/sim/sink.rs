//! A device that accepts channels on a PSM and echoes their data, and takes part in measurements.

use bindrune::{Advertisement, ChannelConfig, Error, Host, Level, Psm};

use crate::{bench, echo};

/// PSM of the sink.
const PSM: Psm = Psm(0x80);

pub(super) async fn live(host: &'static Host) -> Result<(), Error> {
    tokio::select! {
        end = listen(host, PSM, Level::Open) => end,
        end = bench::serve_all(host, bench::PSM, bench::WINDOW, None) => end,
        end = welcome(host) => end,
    }
}

/// Advertises, and serves one central after another.
async fn welcome(host: &'static Host) -> Result<(), Error> {
    let advertisement = Advertisement::connectable().name("L2CAP sink");
    loop {
        bench::attend(host.advertise(&advertisement).await?).await;
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
