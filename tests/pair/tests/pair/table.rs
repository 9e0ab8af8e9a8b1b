//! The services of the peripherals in these tests, and helpers that serve them.

use bindrune::{Characteristic, Config, Connection, Descriptor, Event, Service, Uuid};

pub(crate) const BATTERY: Uuid = Uuid::new_16(0x180f);
pub(crate) const LAB: Uuid = Uuid::new_128(0x4c41_4200_0000_1000_8000_0080_5f9b_34fb);

pub(crate) static LEVEL: Characteristic =
    Characteristic::new(Uuid::new_16(0x2a19)).read().notify().value(&[100]);
/// Host-held, up to 512 octets.
pub(crate) static LONG: Characteristic = lab(1).read().write().value(&[1, 2, 3]).max_len(512);
/// Held by the application.
pub(crate) static COMMAND: Characteristic = lab(2).read().write().write_without_response();
pub(crate) static STREAM: Characteristic = lab(3).notify();
pub(crate) static ALERT: Characteristic = lab(4).indicate();
/// An append buffer.
pub(crate) static LOG: Characteristic = lab(5).write().write_without_response().append(600);
static RANGE: Descriptor = Descriptor::new(Uuid::new_16(0x2906)).read().value(&[0, 9]);
static FORMAT: Descriptor = Descriptor::presentation_format(&[4, 0, 0xad, 0x27, 1, 0, 0]);
static DESCRIBED: Characteristic = lab(6)
    .read()
    .reliable_write()
    .write()
    .value(&[7])
    .user_description("described")
    .descriptors(&[&RANGE, &FORMAT]);

static INNER: Service = Service::secondary(Uuid::new_16(0xfff1), &[&DESCRIBED]);
pub(crate) static SERVICES: &[Service] = &[
    Service::primary(BATTERY, &[&LEVEL]),
    Service::primary(LAB, &[&LONG, &COMMAND, &STREAM, &ALERT, &LOG]).includes(&[&INNER]),
    INNER,
];

/// The UUID of the characteristic in the included service.
pub(crate) const DESCRIBED_UUID: Uuid = lab_uuid(6);

/// The services that replace [`SERVICES`].
pub(crate) static MOVED: &[Service] =
    &[Service::primary(LAB, &[&STREAM, &LONG]), Service::primary(BATTERY, &[&LEVEL])];

const fn lab(number: u128) -> Characteristic {
    Characteristic::new(lab_uuid(number))
}

const fn lab_uuid(number: u128) -> Uuid {
    Uuid::new_128(LAB.as_u128() + (number << 96))
}

/// A peripheral with [`SERVICES`].
pub(crate) const LAMP: Config = Config::new("lamp").services(SERVICES).prepare_bytes(600);
/// A device without services of its own.
pub(crate) const PHONE: Config = Config::new("phone").scan_bytes(4096);

/// Returns `len` octets that depend on their position and on `seed`.
pub(crate) fn pattern(seed: usize, len: usize) -> Vec<u8> {
    (0..len).map(|i| ((i * 7 + i / 251 + seed * 31) % 256) as u8).collect()
}

/// Updates a running hash (FNV-1a).
pub(crate) fn hash(mut hash: u64, octets: &[u8]) -> u64 {
    for octet in octets {
        hash = (hash ^ u64::from(*octet)).wrapping_mul(0x100_0000_01b3);
    }
    hash
}

/// Returns the remote characteristic for this one.
pub(crate) async fn find<'h>(
    link: &Connection<'h>,
    service: Uuid,
    characteristic: &Characteristic,
) -> bindrune::RemoteCharacteristic<'h> {
    link.service(service).await.unwrap().characteristic(characteristic.uuid()).await.unwrap()
}

/// Takes events until the peer has subscribed to a characteristic.
pub(crate) async fn subscribed(link: &mut Connection<'_>, to: &'static Characteristic) {
    loop {
        match link.next().await {
            Event::Subscribed(change) if core::ptr::eq(change.characteristic, to) => return,
            Event::Disconnected(reason) => panic!("disconnected: {reason}"),
            _ => {}
        }
    }
}
