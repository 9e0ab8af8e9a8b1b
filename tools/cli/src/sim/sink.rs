//! A device that takes channels on a PSM, and gives back what comes.

use bindrune::{Advertisement, ChannelConfig, Error, Event, Host, Psm};

use crate::echo;

/// Where the sink listens.
const PSM: Psm = Psm(0x80);

pub(super) async fn live(host: &'static Host) -> Result<(), Error> {
    tokio::select! {
        end = listen(host) => end,
        end = advertise(host) => end,
    }
}

async fn listen(host: &'static Host) -> Result<(), Error> {
    let mut listener = host.listen(PSM, ChannelConfig { window: 32, ..ChannelConfig::DEFAULT })?;
    loop {
        let (_connection, channel) = listener.accept().await?;
        let (octets, reason) = echo::channel(channel).await;
        log::info!("L2CAP sink: {octets} octets, then: {reason}");
    }
}

async fn advertise(host: &'static Host) -> Result<(), Error> {
    loop {
        let mut connection =
            host.advertise(&Advertisement::connectable().name("L2CAP sink")).await?;
        while !matches!(connection.next().await, Event::Disconnected(_)) {}
    }
}
