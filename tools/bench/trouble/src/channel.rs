//! SDUs over a credit-based channel.

use anyhow::Result;
use bindrune_bench_null::{MPS, WINDOW};
use trouble_host::prelude::*;

use crate::{
    failed,
    link::{Link, PSM},
};

/// Sends `count` SDUs of `sdu` bytes, and returns how many arrived.
pub(crate) async fn send(sdu: u16, count: u64) -> Result<u64> {
    let Link { server, client, peripheral, central } = Link::new().await?;
    let config = L2capChannelConfig {
        mtu: Some(sdu),
        mps: Some(MPS),
        flow_policy: CreditFlowPolicy::Every(1),
        initial_credits: Some(WINDOW),
    };
    let peripheral = Box::leak(Box::new(peripheral));
    let listener = L2capChannel::listen(server, peripheral);
    let create = L2capChannel::create(client, &central, PSM, &config);
    let (accepted, created) = tokio::join!(listener.accept(&config), create);
    let (mut receiver, mut sender) = (accepted.map_err(failed)?, created.map_err(failed)?);
    let receive = tokio::task::spawn_local(async move {
        let mut buffer = vec![0; 65_535];
        let mut bytes = 0;
        for _ in 0..count {
            bytes += receiver.receive(server, &mut buffer).await.map_err(failed)?;
        }
        anyhow::Ok(bytes as u64)
    });
    let value = vec![0x5a; usize::from(sdu)];
    for _ in 0..count {
        sender.send(client, &value).await.map_err(failed)?;
    }
    Ok(receive.await?? / u64::from(sdu))
}
