//! aioble, `BufferedCharacteristic`: long values, which arrive in several writes.

use bindrune::{Advertisement, Characteristic, Config, Error, Host, Service, Uuid};
use embassy_futures::select::{Either, select};

pub(crate) const SERVICE: Uuid = Uuid::new_16(0xff10);
static SERVICES: &[Service] = &[Service::primary(SERVICE, &[&BLOB])];
pub(crate) const CONFIG: Config = Config::new("openmv-blob").services(SERVICES).prepare_octets(600);

pub(crate) async fn serve(host: &Host) -> Result<(), Error> {
    let advertise = async {
        loop {
            host.advertise(&Advertisement::connectable().service(SERVICE))
                .await?
                .disconnected()
                .await;
        }
    };
    let mut print = |chunk: &[u8]| println!("{} bytes", chunk.len());
    match select(advertise, receive_blob(host, &mut print)).await {
        Either::First(end) | Either::Second(end) => end,
    }
}

/// What is done with a chunk.
type Handler<'a> = &'a mut dyn FnMut(&[u8]);

// ANCHOR: blob
static BLOB: Characteristic =
    Characteristic::new(Uuid::new_16(0xff11)).write().max_len(512).capture(2048);

pub(crate) async fn receive_blob(host: &Host, handle_chunk: Handler<'_>) -> Result<(), Error> {
    let mut buffer = [0; 512];
    loop {
        let (_link, len) = host.gatt().written(&BLOB, &mut buffer).await?;
        handle_chunk(&buffer[..len]);
    }
}
// ANCHOR_END: blob
