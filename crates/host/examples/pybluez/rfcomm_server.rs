//! PyBluez, `rfcomm-server.py`: a serial port that other devices find, and what arrives on it.

// ANCHOR: rfcomm_server
use bindrune::{Error, Host, Level, Port, ServiceRecord, sdp::class};

pub(crate) async fn serve(host: &Host) -> Result<Vec<u8>, Error> {
    let classic = host.classic();
    let mut listener = classic.rfcomm_listen(None, Level::Encrypted)?;
    let record = ServiceRecord::new(&[class::SERIAL_PORT], Port::Rfcomm(listener.channel()));
    let _advertised = classic.advertise(&record.name("SampleServer"))?;

    let port = listener.accept().await?;
    println!("Accepted connection from {:#}", port.peer());
    let (mut received, mut buffer) = (Vec::new(), [0; 1024]);
    loop {
        match port.read(&mut buffer).await? {
            0 => return Ok(received),
            len => received.extend_from_slice(&buffer[..len]),
        }
    }
}
// ANCHOR_END: rfcomm_server
