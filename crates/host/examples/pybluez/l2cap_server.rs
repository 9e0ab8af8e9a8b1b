//! PyBluez, `l2cap-server.py`: accepts a channel, and prints the first datagram.

// ANCHOR: server
use bindrune::{ClassicChannelConfig, ClassicPsm, Error, Host};

const PSM: ClassicPsm = ClassicPsm(0x1001);

pub(crate) async fn serve(host: &Host) -> Result<Vec<u8>, Error> {
    let mut listener = host.classic().listen(PSM, ClassicChannelConfig::BASIC)?;
    let channel = listener.accept().await?;
    println!("Accepted connection from {:#}", channel.peer());

    let mut buffer = [0; 1024];
    let len = channel.recv(&mut buffer).await?;
    println!("received [{}]", String::from_utf8_lossy(&buffer[..len]));

    channel.close().await?;
    Ok(buffer[..len].to_vec())
}
// ANCHOR_END: server
