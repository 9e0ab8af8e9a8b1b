//! Echoes the datagrams of a channel.

use bindrune::{ClassicChannel, Error};

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
