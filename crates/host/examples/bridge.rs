//! A byte bridge: a TCP connection on each side, and an L2CAP channel between them. The slower side slows the other
//! down.
//!
//! ```sh
//! cargo run -p bindrune --features serial,tcp --example bridge -- accept 127.0.0.1:4001 /dev/ttyACM0
//! cargo run -p bindrune --features serial,tcp --example bridge -- connect C0:00:00:00:00:01 127.0.0.1:4002 /dev/ttyACM1
//! nc 127.0.0.1 4001 & nc 127.0.0.1 4002
//! ```

mod port;

use std::{future::pending, net::TcpListener};

use bindrune::{
    Address, Advertisement, Channel, ChannelConfig, CloseReason, Config, Error, Host, Psm,
    Resources, transport::tcp,
};
use embassy_futures::select::{Either, select};
use embedded_io_async::{Read, Write};

const PSM: Psm = Psm(0x81);
pub(crate) const CONFIG: Config = Config::new("Bridge");
/// One link, one channel, and enough packets for its window.
pub(crate) type Memory = Resources<1, 1, 24, 4>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let (peer, listen) = match arguments[..] {
        ["accept", listen, _] => (None, listen),
        ["connect", peer, listen, _] => (Some(peer.parse::<Address>()?), listen),
        _ => return Err("say accept LISTEN CONTROLLER, or connect PEER LISTEN CONTROLLER".into()),
    };
    let (rx, tx) = port::open()?;
    let host = Host::new(Box::leak(Box::new(Memory::new())), CONFIG)?;
    let (bytes, _) = TcpListener::bind(listen)?.accept()?;
    let (from, to) = tcp::split(bytes)?;
    tokio::select! {
        end = host.run(rx, tx) => Err(end.into()),
        result = async { bridge(open(&host, peer).await?, from, to).await } => Ok(result?),
    }
}

/// Waits for a peer and its channel, or opens a channel to `peer`.
pub(crate) async fn open(host: &Host, peer: Option<Address>) -> Result<Channel<'_>, Error> {
    let config = ChannelConfig::DEFAULT;
    let Some(peer) = peer else {
        let mut listener = host.listen(PSM, config)?;
        let _link = host.advertise(&Advertisement::connectable().name("Bridge")).await?;
        return Ok(listener.accept().await?.1);
    };
    host.connect(&peer).await?.open_channel(PSM, config).await
}

/// Connects a channel to a byte stream in both directions, until one of them ends.
///
/// Bytes are read only after the bytes before them have left, and the credit of a piece returns to the peer after the
/// piece is written.
pub(crate) async fn bridge<R: Read, W: Write>(
    channel: Channel<'_>,
    mut from: R,
    mut to: W,
) -> Result<(), Error> {
    let (mut sender, mut receiver) = channel.split();
    let outward = async {
        let mut buffer = [0; 1024];
        loop {
            // A stream that fails is over, like a stream that has ended.
            let len = from.read(&mut buffer).await.unwrap_or(0);
            let Some(bytes @ [_, ..]) = buffer.get(..len) else { return sender.close().await };
            sender.send_all(bytes).await?;
        }
    };
    let inward = async {
        loop {
            let piece = match receiver.next_chunk().await {
                Err(Error::Closed(CloseReason::Peer)) => return Ok(()),
                // The other direction is closing the channel.
                Err(Error::Closed(CloseReason::Local)) => pending().await,
                piece => piece?,
            };
            if to.write_all(&piece).await.is_err() || to.flush().await.is_err() {
                return Ok(());
            }
        }
    };
    match select(outward, inward).await {
        Either::First(end) | Either::Second(end) => end,
    }
}
