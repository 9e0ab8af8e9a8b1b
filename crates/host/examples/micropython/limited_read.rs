//! aioble, `on_read`: a value that is measured when a peer reads it, at most once a second.

use bindrune::{Advertisement, Config, Service};

use super::sensor;

pub(crate) const SERVICE: Uuid = Uuid::new_16(0x181a);
static SERVICES: &[Service] = &[Service::primary(SERVICE, &[&TEMPERATURE])];
pub(crate) const CONFIG: Config = Config::new("openmv-env").services(SERVICES);

pub(crate) async fn serve(host: &Host) -> Result<(), Error> {
    loop {
        let link = host.advertise(&Advertisement::connectable().service(SERVICE)).await?;
        answer_reads(host, link).await;
    }
}

// ANCHOR: on_read
use bindrune::{Characteristic, Connection, Duration, Error, ErrorCode, Event, Host, Uuid};

const MIN_READ_INTERVAL: Duration = Duration::from_secs(1);
static TEMPERATURE: Characteristic = Characteristic::new(Uuid::new_16(0x2a6e)).read();

async fn answer_reads(host: &Host, mut link: Connection<'_>) {
    let mut next_read = host.now().await;
    while link.is_connected() {
        let Event::Read(request) = link.next().await else { continue };
        let now = host.now().await;
        if now < next_read {
            request.reject(ErrorCode::READ_NOT_PERMITTED);
        } else {
            next_read = now + MIN_READ_INTERVAL;
            request.reply(&sensor::read().to_le_bytes());
        }
    }
}
// ANCHOR_END: on_read
