//! PyBluez, `advertise_service`: a server that other devices find by inquiry and by its service.

// ANCHOR: sdp_server
use bindrune::{
    ClassicChannelConfig, ClassicDiscoverable, ClassicPsm, Error, Host, Port, ServiceRecord, Uuid,
};

pub(crate) const SERVICE: Uuid = Uuid::new_128(0x94f39d29_7d6d_437d_973b_fba39e49d4ee);

pub(crate) async fn serve(host: &Host) -> Result<Vec<u8>, Error> {
    let classic = host.classic();
    let mut listener = classic.listen(ClassicPsm(0x1003), ClassicChannelConfig::BASIC)?;
    let record = ServiceRecord::new(&[SERVICE], Port::L2cap(0x1003)).name("SampleServer");
    let _advertised = classic.advertise(&record)?;
    classic.set_discoverable(ClassicDiscoverable::General)?;

    let channel = listener.accept().await?;
    let mut buffer = [0; 1024];
    let len = channel.recv(&mut buffer).await?;
    channel.close().await?;
    Ok(buffer[..len].to_vec())
}
// ANCHOR_END: sdp_server
