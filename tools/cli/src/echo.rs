//! Echoes data: over the Nordic UART Service, and over a channel.

use bindrune::{Channel, Connection, Error, WriteRequest};

use crate::services::UART_TX;

/// Maximum length of an attribute value, in bytes. [Vol 3] Part F, 3.2.9
pub(crate) const LONGEST_VALUE: usize = 512;
/// Longest SDU that is echoed, in bytes.
pub(crate) const LONGEST: usize = 65_535;

/// Returns the whole value of a write.
pub(crate) fn written(request: &WriteRequest<'_>) -> Vec<u8> {
    let mut value = vec![0; LONGEST_VALUE];
    let len = request.read(&mut value);
    value.truncate(len);
    value
}

/// Notifies a value, split into several notifications if necessary.
pub(crate) async fn uart(connection: &Connection<'_>, value: &[u8]) -> Result<(), Error> {
    let most = connection.mtu()?.saturating_sub(3).max(1);
    for part in value.chunks(most) {
        connection.notify(&UART_TX, part).await?;
    }
    Ok(())
}

/// Echoes every SDU until the channel closes; returns the number of received bytes, and why the channel closed.
///
/// If a peer closes the channel without waiting for its echo, its data still counts.
pub(crate) async fn channel(channel: Channel<'_>) -> (u64, Error) {
    let (mut sender, mut receiver) = channel.split();
    let mut buffer = vec![0; LONGEST];
    let mut octets = 0u64;
    let mut listens = true;
    loop {
        let sdu = match receiver.recv(&mut buffer).await {
            Ok(len) => buffer.get(..len).unwrap_or_default(),
            Err(error) => return (octets, error),
        };
        octets = octets.saturating_add(u64::try_from(sdu.len()).unwrap_or_default());
        let most = sender.peer_mtu().max(1);
        for part in sdu.chunks(most) {
            listens = listens && sender.send(part).await.is_ok();
        }
    }
}
