//! PyBluez, `set_l2cap_mtu`: receives datagrams of up to 65,535 bytes on a channel that is already open.

// ANCHOR: mtu
use bindrune::{Address, ClassicChannelConfig, ClassicPsm, Error, Host};

const PSM: ClassicPsm = ClassicPsm(0x1001);

pub(crate) async fn receive(host: &Host, device: Address) -> Result<Vec<u8>, Error> {
    let classic = host.classic();
    let channel = classic.open_channel(device, PSM, ClassicChannelConfig::BASIC).await?;
    channel.set_mtu(65_535).await?;
    let mut datagram = vec![0; channel.mtu().into()];
    let len = channel.recv(&mut datagram).await?;
    datagram.truncate(len);
    channel.close().await?;
    Ok(datagram)
}
// ANCHOR_END: mtu
