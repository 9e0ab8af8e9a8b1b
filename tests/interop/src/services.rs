//! The database of `peers/peripheral.py`, served by our own host, and a full discovery of any peer.

use crate::{Tally, soon};
use anyhow::Result;
use bindrune::{
    Advertisement, Characteristic, Connection, Descriptor, ErrorCode, Event, RemoteCharacteristic,
    RemoteService, Service, Status, Uuid,
};
use serde_json::{Value, json};
use tokio::sync::watch;

const BASE: u128 = 0x6f0e_0000_5a4d_4c8b_9a5e_b1d2_c3a4_e5f6;

/// Arguments of the Bumble peripheral's `advertise`: `thermometer`, two services, and manufacturer data.
#[must_use]
pub const fn advertisement(extended: bool) -> Advertisement<'static> {
    let advertisement = Advertisement::connectable()
        .name("thermometer")
        .services(&[uuid::BATTERY, uuid::MAIN])
        .manufacturer(0x1234, &[1, 2]);
    if extended { advertisement.extended() } else { advertisement }
}

/// UUIDs of the tests' service and its characteristics.
pub mod uuid {
    use super::BASE;
    use bindrune::Uuid;

    /// Battery.
    pub const BATTERY: Uuid = Uuid::new_16(0x180f);
    /// The tests' service.
    pub const MAIN: Uuid = Uuid::new_128(BASE | 0x0100 << 96);
    /// At most four bytes.
    pub const VALUE_4: Uuid = Uuid::new_128(BASE | 0x0101 << 96);
    /// At most 512 bytes.
    pub const LONG: Uuid = Uuid::new_128(BASE | 0x0102 << 96);
    /// Written without response.
    pub const SINK: Uuid = Uuid::new_128(BASE | 0x0103 << 96);
    /// Notifies.
    pub const NOTIFY: Uuid = Uuid::new_128(BASE | 0x0104 << 96);
    /// Indicates.
    pub const INDICATE: Uuid = Uuid::new_128(BASE | 0x0105 << 96);
    /// Refuses with 0x80.
    pub const REFUSED: Uuid = Uuid::new_128(BASE | 0x0106 << 96);
}

/// The application error of [`REFUSED`].
pub const REFUSAL: ErrorCode = ErrorCode(0x80);

static LEVEL: Characteristic =
    Characteristic::new(Uuid::new_16(0x2a19)).read().notify().value(&[100]);
static MANUFACTURER: Characteristic =
    Characteristic::new(Uuid::new_16(0x2a29)).read().value(b"bindrune");
static MODEL: Characteristic = Characteristic::new(Uuid::new_16(0x2a24)).read().value(b"host");

static PRESENTATION: Descriptor = Descriptor::presentation_format(&[4, 0, 0, 0x27, 1, 0, 0]);
/// Four bytes in the host.
pub static VALUE_4: Characteristic = Characteristic::new(uuid::VALUE_4)
    .read()
    .write()
    .value(&[1, 2, 3, 4])
    .max_len(4)
    .user_description("four octets")
    .descriptors(&[&PRESENTATION]);
/// 512 bytes in the host.
pub static LONG: Characteristic =
    Characteristic::new(uuid::LONG).read().write().value(&LONG_VALUE).max_len(512);
/// Takes writes without response.
pub static SINK: Characteristic = Characteristic::new(uuid::SINK).write_without_response();
/// Notifies.
pub static NOTIFY: Characteristic = Characteristic::new(uuid::NOTIFY).notify();
/// Indicates.
pub static INDICATE: Characteristic = Characteristic::new(uuid::INDICATE).indicate();
/// Refuses reads and writes.
pub static REFUSED: Characteristic = Characteristic::new(uuid::REFUSED).read().write();

static BATTERY: Service = Service::primary(uuid::BATTERY, &[&LEVEL]);
/// The whole database.
pub static SERVICES: &[Service] = &[
    Service::primary(uuid::BATTERY, &[&LEVEL]),
    Service::primary(Uuid::new_16(0x180a), &[&MANUFACTURER, &MODEL]),
    Service::primary(uuid::MAIN, &[&VALUE_4, &LONG, &SINK, &NOTIFY, &INDICATE, &REFUSED])
        .includes(&[&BATTERY]),
];

/// Returns what a full discovery of [`SERVICES`] must find, in the form of the Bumble peripheral's `database`.
#[must_use]
pub fn database() -> Value {
    let battery = json!([{ "declaration": 28, "handle": 18, "end": 21, "uuid": "180f" }]);
    let main = |digits: &str| format!("6f0e{digits}-5a4d-4c8b-9a5e-b1d2c3a4e5f6");
    let cccd = |handle: u16| json!([{ "handle": handle, "uuid": "2902" }]);
    let described = json!([{ "handle": 31, "uuid": "2901" }, { "handle": 32, "uuid": "2904" }]);
    let characteristic = |handle: u16, uuid: &str, properties: u8, descriptors: Value| json!({ "handle": handle, "uuid": uuid, "properties": properties, "descriptors": descriptors });
    let plain =
        |handle, uuid: &str, properties| characteristic(handle, uuid, properties, json!([]));
    let service = |handle: u16, end: u16, uuid: &str, includes: Value, characteristics: Value| json!({ "handle": handle, "end": end, "uuid": uuid, "includes": includes, "characteristics": characteristics });
    json!([
        service(
            1,
            9,
            "1800",
            json!([]),
            json!([
                plain(3, "2a00", 0x02),
                plain(5, "2a01", 0x02),
                plain(7, "2a04", 0x02),
                plain(9, "2aa6", 0x02),
            ])
        ),
        service(
            10,
            17,
            "1801",
            json!([]),
            json!([
                characteristic(12, "2a05", 0x20, cccd(13)),
                plain(15, "2b29", 0x0a),
                plain(17, "2b2a", 0x02),
            ])
        ),
        service(18, 21, "180f", json!([]), json!([characteristic(20, "2a19", 0x12, cccd(21))])),
        service(
            22,
            26,
            "180a",
            json!([]),
            json!([plain(24, "2a29", 0x02), plain(26, "2a24", 0x02),])
        ),
        service(
            27,
            44,
            &main("0100"),
            battery,
            json!([
                characteristic(30, &main("0101"), 0x0a, described),
                plain(34, &main("0102"), 0x0a),
                plain(36, &main("0103"), 0x04),
                characteristic(38, &main("0104"), 0x10, cccd(39)),
                characteristic(41, &main("0105"), 0x20, cccd(42)),
                plain(44, &main("0106"), 0x0a),
            ])
        ),
    ])
}

/// The first value of [`LONG`].
#[expect(clippy::indexing_slicing, reason = "evaluated when it is compiled")]
pub const LONG_VALUE: [u8; 512] = {
    let mut value = [0; 512];
    let mut at = 0;
    while at < value.len() {
        value[at] = (at % 251).to_le_bytes()[0];
        at += 1;
    }
    value
};

/// Serves a peer until its link ends, and returns why it ended. Writes to [`SINK`] go to `sink`.
#[expect(clippy::wildcard_enum_match_arm, reason = "only these events concern the tests")]
pub async fn serve(mut link: Connection<'static>, sink: watch::Sender<Tally>) -> Status {
    loop {
        match link.next().await {
            Event::Read(request) => request.reject(REFUSAL),
            Event::Write(request) if request.is(&SINK) => {
                sink.send_modify(|tally| tally.add(request.value()));
                request.accept();
            }
            Event::Write(request) => request.reject(REFUSAL),
            Event::Disconnected(reason) => return reason,
            _ => {}
        }
    }
}

/// Finds a characteristic of the tests' service.
///
/// # Errors
/// When a request fails, or it does not exist.
pub async fn find<'h>(link: &Connection<'h>, uuid: Uuid) -> Result<RemoteCharacteristic<'h>> {
    let service = soon(link.service(uuid::MAIN)).await??;
    Ok(soon(service.characteristic(uuid)).await??)
}

/// Returns a peer's whole database, in the form of the Bumble central's `discover`.
///
/// # Errors
/// When a request fails.
pub async fn discover(link: &Connection<'_>) -> Result<Value> {
    let (mut services, mut found) = (link.services(), Vec::new());
    while let Some(service) = services.next().await? {
        found.push(service);
    }
    let mut described = Vec::new();
    for service in found {
        described.push(describe_service(&service).await?);
    }
    Ok(Value::Array(described))
}

async fn describe_service(service: &RemoteService<'_>) -> Result<Value> {
    let (mut cursor, mut includes) = (service.includes(), Vec::new());
    while let Some(include) = cursor.next().await? {
        let (start, end) = include.range();
        includes.push(json!({
            "declaration": include.handle(),
            "handle": start,
            "end": end,
            "uuid": include.uuid().map(|uuid| uuid.to_string()),
        }));
    }
    let (mut cursor, mut characteristics) = (service.characteristics(), Vec::new());
    while let Some(characteristic) = cursor.next().await? {
        characteristics.push(describe_characteristic(&characteristic).await?);
    }
    let (start, end) = service.range();
    Ok(json!({
        "handle": start,
        "end": end,
        "uuid": service.uuid().to_string(),
        "includes": includes,
        "characteristics": characteristics,
    }))
}

async fn describe_characteristic(characteristic: &RemoteCharacteristic<'_>) -> Result<Value> {
    let (mut cursor, mut descriptors) = (characteristic.descriptors(), Vec::new());
    while let Some(descriptor) = cursor.next().await? {
        descriptors
            .push(json!({ "handle": descriptor.handle(), "uuid": descriptor.uuid().to_string() }));
    }
    Ok(json!({
        "handle": characteristic.handle(),
        "uuid": characteristic.uuid().to_string(),
        "properties": characteristic.properties().bits(),
        "descriptors": descriptors,
    }))
}
