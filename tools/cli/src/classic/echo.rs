//! Echoes what comes over a channel, or over a serial port.

use bindrune::{ClassicChannel, Error, Rfcomm};

/// Longest datagram, in bytes.
pub(super) const LONGEST: usize = 65_535;

/// Reads every datagram until the channel closes, and sends it back if `echoes`. Returns the number of received bytes,
/// and why the channel closed.
///
/// If a peer closes the channel without waiting for its echo, its data still counts.
pub(crate) async fn channel(
    channel: &ClassicChannel<'_>,
    echoes: bool,
    mut seen: impl FnMut(&[u8]),
) -> (u64, Error) {
    let mut buffer = vec![0; LONGEST];
    let (mut octets, mut listens) = (0u64, echoes);
    loop {
        let datagram = match channel.recv(&mut buffer).await {
            Ok(len) => buffer.get(..len).unwrap_or_default(),
            Err(error) => return (octets, error),
        };
        seen(datagram);
        octets = octets.saturating_add(u64::try_from(datagram.len()).unwrap_or_default());
        if listens {
            listens = send(channel, datagram).await.is_ok();
        }
    }
}

/// Sends data in datagrams that the peer can receive.
async fn send(channel: &ClassicChannel<'_>, octets: &[u8]) -> Result<(), Error> {
    let most = usize::from(channel.peer_mtu()).max(1);
    if octets.is_empty() {
        return channel.send(octets).await;
    }
    for part in octets.chunks(most) {
        channel.send(part).await?;
    }
    Ok(())
}

/// Sends back every byte until the connection ends. Returns the number of received bytes, and how it ended: without an
/// error if the peer closed it.
pub(crate) async fn serial(port: &Rfcomm<'_>) -> (u64, Result<(), Error>) {
    let mut buffer = vec![0; 4096];
    let (mut bytes, mut listens) = (0u64, true);
    loop {
        let part = match port.read(&mut buffer).await {
            Ok(0) => return (bytes, Ok(())),
            Ok(len) => buffer.get(..len).unwrap_or_default(),
            Err(error) => return (bytes, Err(error)),
        };
        bytes = bytes.saturating_add(u64::try_from(part.len()).unwrap_or_default());
        listens = listens && port.write_all(part).await.is_ok();
    }
}
