//! PyBluez, `l2cap-client.py`: sends a datagram.

// ANCHOR: client
use bindrune::{Address, ClassicChannelConfig, ClassicPsm, Error, Host};

const PSM: ClassicPsm = ClassicPsm(0x1001);

pub(crate) async fn greet(host: &Host, device: Address) -> Result<(), Error> {
    let classic = host.classic();
    let channel = classic.open_channel(device, PSM, ClassicChannelConfig::BASIC).await?;
    channel.send(b"hello!!").await?;
    channel.close().await
}
// ANCHOR_END: client
