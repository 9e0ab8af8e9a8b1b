//! GATT services that the program serves, as a peripheral and as virtual devices.

use bindrune::{Characteristic, Level, Service, Uuid};

use crate::bench;

const fn assigned(number: u16) -> Uuid {
    Uuid::new_16(number)
}

/// The Nordic UART Service.
pub(crate) const UART: Uuid = Uuid::new_128(0x6e400001_b5a3_f393_e0a9_e50e24dcca9e);
/// Data to the UART.
pub(crate) const UART_RX_UUID: Uuid = Uuid::new_128(0x6e400002_b5a3_f393_e0a9_e50e24dcca9e);
/// Data from the UART.
pub(crate) const UART_TX_UUID: Uuid = Uuid::new_128(0x6e400003_b5a3_f393_e0a9_e50e24dcca9e);
/// Battery.
pub(crate) const BATTERY: Uuid = assigned(0x180f);
/// Battery Level.
pub(crate) const BATTERY_LEVEL_UUID: Uuid = assigned(0x2a19);
/// Environmental Sensing.
pub(crate) const ENVIRONMENT: Uuid = assigned(0x181a);
/// Temperature.
pub(crate) const TEMPERATURE_UUID: Uuid = assigned(0x2a6e);
/// Heart Rate.
pub(crate) const HEART_RATE: Uuid = assigned(0x180d);

/// Values for paired devices only.
pub(crate) const VAULT: Uuid = Uuid::new_128(0x6f0e0001_5a4d_4c8b_9a5e_b1d2c3a4e5f6);
/// Readable on an encrypted link.
pub(crate) const VAULT_ENCRYPTED_UUID: Uuid = Uuid::new_128(0x6f0e0002_5a4d_4c8b_9a5e_b1d2c3a4e5f6);
/// Read and written on an authenticated link.
const VAULT_AUTHENTICATED_UUID: Uuid = Uuid::new_128(0x6f0e0003_5a4d_4c8b_9a5e_b1d2c3a4e5f6);

pub(crate) static VAULT_ENCRYPTED: Characteristic = Characteristic::new(VAULT_ENCRYPTED_UUID)
    .read()
    .permission(Level::Encrypted)
    .value(b"encrypted");
pub(crate) static VAULT_AUTHENTICATED: Characteristic =
    Characteristic::new(VAULT_AUTHENTICATED_UUID)
        .read()
        .write()
        .permission(Level::Authenticated)
        .value(b"authenticated")
        .max_len(64);

pub(crate) static BATTERY_LEVEL: Characteristic =
    Characteristic::new(BATTERY_LEVEL_UUID).read().notify().value(&[100]);
pub(crate) static UART_RX: Characteristic =
    Characteristic::new(UART_RX_UUID).write().write_without_response();
pub(crate) static UART_TX: Characteristic = Characteristic::new(UART_TX_UUID).notify();
pub(crate) static TEMPERATURE: Characteristic =
    Characteristic::new(TEMPERATURE_UUID).read().notify().value(&[0x9a, 0x09]);
pub(crate) static HEART_RATE_MEASUREMENT: Characteristic =
    Characteristic::new(assigned(0x2a37)).notify();
static BODY_LOCATION: Characteristic = Characteristic::new(assigned(0x2a38)).read().value(&[1]);

static MANUFACTURER: Characteristic =
    Characteristic::new(assigned(0x2a29)).read().value(b"bindrune");
static MODEL: Characteristic = Characteristic::new(assigned(0x2a24)).read().value(b"peripheral");
static FIRMWARE: Characteristic =
    Characteristic::new(assigned(0x2a26)).read().value(env!("CARGO_PKG_VERSION").as_bytes());

/// Services of `bindrune peripheral`.
pub(crate) static PERIPHERAL: &[Service] = &[
    Service::primary(assigned(0x180a), &[&MANUFACTURER, &MODEL, &FIRMWARE]),
    Service::primary(BATTERY, &[&BATTERY_LEVEL]),
    Service::primary(UART, &[&UART_RX, &UART_TX]),
    Service::primary(VAULT, &[&VAULT_ENCRYPTED, &VAULT_AUTHENTICATED]),
    bench::SERVICE,
];
/// Services of the virtual L2CAP sink.
pub(crate) static SINK: &[Service] = &[bench::SERVICE];
/// Services of the virtual vault.
pub(crate) static STRONGROOM: &[Service] =
    &[Service::primary(VAULT, &[&VAULT_ENCRYPTED, &VAULT_AUTHENTICATED])];
/// Services of the virtual thermometer.
pub(crate) static THERMOMETER: &[Service] = &[Service::primary(ENVIRONMENT, &[&TEMPERATURE])];
/// Services of the virtual heart-rate belt.
pub(crate) static BELT: &[Service] = &[
    Service::primary(HEART_RATE, &[&HEART_RATE_MEASUREMENT, &BODY_LOCATION]),
    Service::primary(BATTERY, &[&BATTERY_LEVEL]),
];
/// Services of the virtual UART.
pub(crate) static SERIAL: &[Service] = &[Service::primary(UART, &[&UART_RX, &UART_TX])];
