//! PyBluez, `set_packet_timeout`: datagrams that are late are dropped, and counted.

// ANCHOR: timeout
use bindrune::{Address, ClassicChannelConfig, ClassicPsm, Duration, Error, Host};

const PSM: ClassicPsm = ClassicPsm(0x1001);
const TIMEOUT: Duration = Duration::from_millis(20);

/// Sends 100 datagrams. Returns how many were lost.
pub(crate) async fn stream(host: &Host, device: Address) -> Result<u32, Error> {
    let classic = host.classic();
    let channel = classic.open_channel(device, PSM, ClassicChannelConfig::BASIC).await?;
    classic.set_packet_timeout(device, Some(TIMEOUT)).await?;
    for number in 0..100 {
        channel.send(&[number; 672]).await?;
    }
    channel.flush().await?;
    host.sleep(Duration::from_secs(1)).await; // the controller may still drop the last ones
    Ok(channel.lost().sent)
}
// ANCHOR_END: timeout
