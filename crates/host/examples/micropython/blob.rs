//! aioble, `BufferedCharacteristic`: long values, which arrive in several writes.

use bindrune::{Characteristic, Config, Error, Host, Service, Uuid};

pub(crate) const SERVICE: Uuid = Uuid::new_16(0xff10);
static SERVICES: &[Service] = &[Service::primary(SERVICE, &[&BLOB])];
pub(crate) const CONFIG: Config = Config::new("openmv-blob").services(SERVICES).prepare_bytes(600);

pub(crate) async fn serve(host: &Host) -> Result<(), Error> {
    let mut print = |chunk: &[u8]| println!("{} bytes", chunk.len());
    super::advertise_beside(host, SERVICE, receive_blob(host, &mut print)).await
}

/// Handles a chunk.
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
