//! A bulk transfer over an L2CAP channel: as fast as the link allows, with back-pressure by credits.
//!
//! ```sh
//! cargo run -p bindrune --features serial,tcp --example bulk -- receive /dev/ttyACM0
//! cargo run -p bindrune --features serial,tcp --example bulk -- send /dev/ttyACM1
//! ```

mod port;

use bindrune::{Advertisement, ChannelConfig, Config, Error, Host, Psm, Resources, Scan, Uuid};

const IMAGE: usize = 1 << 20;
const PSM: Psm = Psm(0x80);
/// The service that the receiver advertises.
const SERVICE: Uuid = Uuid::new_128(0xb1de_0002_6d2f_4b1a_9c57_3f1a_77d0_52e4);

pub(crate) const CONFIG: Config = Config::new("Bulk");
/// The peer may send 32 frames before it must wait for credits, which keeps the link busy.
const CHANNEL: ChannelConfig = ChannelConfig { window: 32, ..ChannelConfig::DEFAULT };
/// One link, one channel, and enough packets for its window.
pub(crate) type Memory = Resources<1, 1, 64, 8>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (rx, tx) = port::open()?;
    let host = Host::new(Box::leak(Box::new(Memory::new())), CONFIG)?;
    let sends = std::env::args().any(|argument| argument == "send");
    let work = async {
        match sends {
            true => send(&host, &vec![0x5a; IMAGE]).await.map(|()| println!("sent {IMAGE} bytes")),
            false => receive(&host).await.map(|image| println!("received {} bytes", image.len())),
        }
    };
    tokio::select! {
        end = host.run(rx, tx) => Err(end.into()),
        result = work => Ok(result?),
    }
}

// ANCHOR: transfer
pub(crate) async fn send(host: &Host, image: &[u8]) -> Result<(), Error> {
    let link = host.connect(&host.scan(&Scan::active())?.find_service(SERVICE).await?).await?;
    let mut channel = link.open_channel(PSM, CHANNEL).await?;
    for block in image.chunks(channel.peer_mtu()) {
        channel.send(block).await?;
    }
    channel.close().await?;
    link.disconnect().await
}

/// Receives one transfer, which ends when the sender closes the channel.
pub(crate) async fn receive(host: &Host) -> Result<Vec<u8>, Error> {
    let mut listener = host.listen(PSM, CHANNEL)?;
    let advertisement = Advertisement::connectable().name("Bulk").service(SERVICE);
    let _link = host.advertise(&advertisement).await?;
    let (link, mut channel) = listener.accept().await?;
    println!("{} sends", link.peer()?);
    let (mut image, mut sdu) = (Vec::new(), vec![0; channel.mtu()]);
    loop {
        match channel.recv(&mut sdu).await {
            Ok(len) => image.extend_from_slice(sdu.get(..len).unwrap_or_default()),
            Err(Error::Closed(_)) => break,
            Err(error) => return Err(error),
        }
    }
    // If the program ended at once, the sender would get no answer.
    link.disconnected().await;
    Ok(image)
}
// ANCHOR_END: transfer
