//! Giving back what came: over the Nordic UART Service, and over a channel.

use bindrune::{Channel, Connection, Error, WriteRequest};

use crate::services::UART_TX;

/// Octets of the longest attribute value. [Vol 3] Part F, 3.2.9
pub(crate) const LONGEST_VALUE: usize = 512;
/// Longest SDU that is echoed, in octets.
pub(crate) const LONGEST: usize = 65_535;

/// What a peer writes, whole, however it came.
pub(crate) fn written(request: &WriteRequest<'_>) -> Vec<u8> {
    let mut value = vec![0; LONGEST_VALUE];
    let len = request.read(&mut value);
    value.truncate(len);
    value
}

/// Notifies a value back, in as many notifications as it takes.
pub(crate) async fn uart(connection: &Connection<'_>, value: &[u8]) -> Result<(), Error> {
    let most = connection.mtu()?.saturating_sub(3).max(1);
    for part in value.chunks(most) {
        connection.notify(&UART_TX, part).await?;
    }
    Ok(())
}

/// Sends every SDU back until the channel closes; tells how many octets came, and why it closed.
///
/// A peer that closes the channel may not have waited for its echo; what it sent is counted all the same.
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
