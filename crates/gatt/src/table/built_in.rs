//! The services at the start of every table. [Vol 3] Part C, 12 and Part G, 7

use bindrune_wire::Uuid;

use super::{BuiltIn, Characteristic, Service};
use crate::capability::CACHING;

/// Maximum length of the device name in octets.
pub const DEVICE_NAME_ROOM: u16 = 64;

/// The Device Name if a peer may only read it. [Vol 3] Part C, 12.1
pub static DEVICE_NAME: Characteristic =
    Characteristic::new(Uuid::new_16(0x2a00)).read().value(&[]).max_len(DEVICE_NAME_ROOM);

/// The Device Name if a peer may write it. [Vol 3] Part C, 12.1
pub static WRITABLE_DEVICE_NAME: Characteristic =
    Characteristic::new(Uuid::new_16(0x2a00)).read().write().value(&[]).max_len(DEVICE_NAME_ROOM);

/// The Appearance. [Vol 3] Part C, 12.2
pub static APPEARANCE: Characteristic =
    Characteristic::new(Uuid::new_16(0x2a01)).read().built_in(BuiltIn::Appearance);

/// The Peripheral Preferred Connection Parameters. [Vol 3] Part C, 12.3
pub static PREFERRED_PARAMETERS: Characteristic =
    Characteristic::new(Uuid::new_16(0x2a04)).read().built_in(BuiltIn::PreferredParameters);

/// Central Address Resolution. [Vol 3] Part C, 12.4
pub static CENTRAL_ADDRESS_RESOLUTION: Characteristic =
    Characteristic::new(Uuid::new_16(0x2aa6)).read().built_in(BuiltIn::CentralAddressResolution);

/// Service Changed. [Vol 3] Part G, 7.1
pub static SERVICE_CHANGED: Characteristic =
    Characteristic::new(Uuid::new_16(0x2a05)).indicate().built_in(BuiltIn::ServiceChanged);

/// Client Supported Features. [Vol 3] Part G, 7.2
pub static CLIENT_SUPPORTED_FEATURES: Characteristic = Characteristic::new(Uuid::new_16(0x2b29))
    .read()
    .write()
    .built_in(BuiltIn::ClientSupportedFeatures);

/// The Database Hash. [Vol 3] Part G, 7.3
pub static DATABASE_HASH: Characteristic =
    Characteristic::new(Uuid::new_16(0x2b2a)).read().built_in(BuiltIn::DatabaseHash);

const GAP: Uuid = Uuid::new_16(0x1800);
static GATT: Service = Service::primary(
    Uuid::new_16(0x1801),
    if CACHING {
        &[&SERVICE_CHANGED, &CLIENT_SUPPORTED_FEATURES, &DATABASE_HASH]
    } else {
        &[&SERVICE_CHANGED]
    },
);

pub(crate) static BUILT_IN: [Service; 2] = [
    Service::primary(
        GAP,
        &[&DEVICE_NAME, &APPEARANCE, &PREFERRED_PARAMETERS, &CENTRAL_ADDRESS_RESOLUTION],
    ),
    GATT,
];

pub(crate) static BUILT_IN_WRITABLE_NAME: [Service; 2] = [
    Service::primary(
        GAP,
        &[&WRITABLE_DEVICE_NAME, &APPEARANCE, &PREFERRED_PARAMETERS, &CENTRAL_ADDRESS_RESOLUTION],
    ),
    GATT,
];
