//! aioble, "Receiving writes": `capture=True` and `written()`.

use bindrune::{Address, Characteristic, Config, Error, Host, Service, Uuid};

pub(crate) const SERVICE: Uuid = Uuid::new_16(0x181a);
static SERVICES: &[Service] = &[Service::primary(SERVICE, &[&COMMAND])];
pub(crate) const CONFIG: Config = Config::new("openmv-env").services(SERVICES);

pub(crate) async fn serve(host: &Host) -> Result<(), Error> {
    let mut print = |peer, data: &[u8]| println!("command from {peer:?} = {data:?}");
    super::advertise_beside(host, SERVICE, handle_commands(host, &mut print)).await
}

/// Handles a command.
type Handler<'a> = &'a mut dyn FnMut(Result<Address, Error>, &[u8]);

// ANCHOR: written
static COMMAND: Characteristic = Characteristic::new(Uuid::new_16(0xff01)).write().capture(256);

pub(crate) async fn handle_commands(host: &Host, handle: Handler<'_>) -> Result<(), Error> {
    let mut data = [0; 20];
    loop {
        let (link, len) = host.gatt().written(&COMMAND, &mut data).await?;
        handle(link.peer(), &data[..len]);
    }
}
// ANCHOR_END: written
