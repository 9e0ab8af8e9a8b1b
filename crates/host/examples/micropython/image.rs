//! aioble, "L2CAP channels": an image from a camera to a phone.

use bindrune::{Advertisement, Config, Scan, Uuid};

pub(crate) const CONFIG: Config = Config::new("openmv-cam");
const SERVICE: Uuid = Uuid::new_16(0xff20);

pub(crate) async fn serve(host: &Host, image: &[u8]) -> Result<(), Error> {
    let link = host.advertise(&Advertisement::connectable().service(SERVICE)).await?;
    serve_l2cap(host, image).await?;
    link.disconnected().await;
    Ok(())
}

pub(crate) async fn fetch(host: &Host, len: usize) -> Result<Vec<u8>, Error> {
    let link = host.connect(&host.scan(&Scan::active())?.find_service(SERVICE).await?).await?;
    open_l2cap(&link, len).await
}

// ANCHOR: server
use bindrune::{ChannelConfig, Connection, Error, Host, Psm};

const CHANNEL: ChannelConfig = ChannelConfig { mtu: Some(512), ..ChannelConfig::DEFAULT };

async fn serve_l2cap(host: &Host, image: &[u8]) -> Result<(), Error> {
    let (_link, mut channel) = host.listen(Psm(0x80), CHANNEL)?.accept().await?;
    channel.send_all(image).await?;
    channel.close().await
}
// ANCHOR_END: server

// ANCHOR: client
async fn open_l2cap(link: &Connection<'_>, total: usize) -> Result<Vec<u8>, Error> {
    let mut channel = link.open_channel(Psm(0x80), CHANNEL).await?;
    let (mut image, mut received) = (vec![0; total], 0);
    while received < total {
        match channel.recv(&mut image[received..]).await? {
            0 => break,
            len => received += len,
        }
    }
    Ok(image)
}
// ANCHOR_END: client
