//! Channels of the bench service: each does what its first SDU says.

use bindrune::{Channel, Error, Host, Psm, Receiver, Sender};

use super::{Facts, Numbered, SDU, channel, command};

/// Publishes the facts, and serves the channels of a PSM, one after another. `baud` is the rate of the serial line, if
/// there is one.
pub(crate) async fn serve_all(
    host: &'static Host,
    psm: Psm,
    window: u16,
    baud: Option<u32>,
) -> Result<(), Error> {
    Facts::new(psm, window, &host.controller().await?, baud).publish(host)?;
    let mut listener = host.listen(psm, channel(window))?;
    loop {
        let (_connection, channel) = listener.accept().await?;
        let end = serve(channel).await;
        log::info!("bench: PSM {:#04x}: {end}", psm.0);
    }
}

/// Serves a channel until it closes; returns why.
async fn serve(channel: Channel<'_>) -> Error {
    let len = sdu_len(&channel);
    let (mut sender, mut receiver) = channel.split();
    let mut sdu = [0; SDU as usize];
    match receiver.recv(&mut sdu).await.map(|len| sdu.get(..len)) {
        Ok(Some(&[command::START])) => {
            tokio::select! {
                end = send(&mut sender, len) => end,
                end = drop_all(&mut receiver) => end,
            }
        }
        Ok(Some(&[command::ECHO])) => echo(&mut sender, &mut receiver).await,
        Ok(_) => drop_all(&mut receiver).await,
        Err(error) => error,
    }
}

async fn send(sender: &mut Sender<'_>, len: usize) -> Error {
    let mut values = Numbered::default();
    loop {
        if let Err(error) = sender.send(&values.next(len)).await {
            return error;
        }
    }
}

async fn echo(sender: &mut Sender<'_>, receiver: &mut Receiver<'_>) -> Error {
    let mut sdu = [0; SDU as usize];
    loop {
        let len = match receiver.recv(&mut sdu).await {
            Ok(len) => len,
            Err(error) => return error,
        };
        if let Err(error) = sender.send(sdu.get(..len).unwrap_or_default()).await {
            return error;
        }
    }
}

async fn drop_all(receiver: &mut Receiver<'_>) -> Error {
    loop {
        if let Err(error) = receiver.next_chunk().await {
            return error;
        }
    }
}

/// Returns the length of SDUs to the peer that have one K-frame.
pub(crate) fn sdu_len(channel: &Channel<'_>) -> usize {
    channel.peer_mps().saturating_sub(2).min(channel.peer_mtu()).min(SDU.into())
}
