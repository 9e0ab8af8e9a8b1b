//! PyBluez, `rfcomm-client.py`: finds a serial port by its service, and writes to it.

// ANCHOR: rfcomm_client
use bindrune::{Address, Error, Host, Port, sdp::class};

pub(crate) async fn write(host: &Host, device: Address, text: &[u8]) -> Result<(), Error> {
    let (classic, mut buffer) = (host.classic(), [0; 1024]);
    let mut services = classic.services(device, &[class::SERIAL_PORT], &mut buffer).await?;
    let Some(Port::Rfcomm(channel)) = services.next().map(|record| record.port()) else {
        println!("couldn't find the SampleServer service");
        return Ok(());
    };
    let port = classic.rfcomm_connect(device, channel).await?;
    port.write_all(text).await?;
    port.close().await
}
// ANCHOR_END: rfcomm_client
