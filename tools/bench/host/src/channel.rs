//! SDUs over a credit-based channel.

use anyhow::Result;
use bindrune::{ChannelConfig, Event, Psm};
use bindrune_bench_null::{MPS, WINDOW};

use crate::link::Link;

const PSM: Psm = Psm(0x81);

/// Sends `count` SDUs of `sdu` bytes, and returns how many arrived.
pub(crate) async fn send(sdu: u16, count: u64) -> Result<u64> {
    // A window holds an SDU, and three K-frames more, so that the next one can begin.
    let frames = (sdu + 2).div_ceil(MPS) + 3;
    let (link, window) = match frames <= WINDOW {
        true => (Link::new(&[]).await?, WINDOW),
        false => (Link::with_packets::<64>(&[]).await?, frames),
    };
    let Link { host, mut peripheral, central } = link;
    let config = ChannelConfig { mtu: Some(sdu), mps: MPS, window };
    let mut listener = host.listen(PSM, config)?;
    let (accepted, opened) = tokio::join!(listener.accept(), central.open_channel(PSM, config));
    let ((_link, mut receiver), mut sender) = (accepted?, opened?);
    tokio::task::spawn_local(async move {
        while !matches!(peripheral.next().await, Event::Disconnected(_)) {}
    });
    let receive = tokio::task::spawn_local(async move {
        let mut buffer = vec![0; 65_535];
        let mut bytes = 0;
        for _ in 0..count {
            bytes += receiver.recv(&mut buffer).await?;
        }
        anyhow::Ok(bytes as u64)
    });
    let value = vec![0x5a; usize::from(sdu)];
    for _ in 0..count {
        sender.send(&value).await?;
    }
    Ok(receive.await?? / u64::from(sdu))
}
