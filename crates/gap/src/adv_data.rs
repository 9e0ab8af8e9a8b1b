//! Advertising data: a sequence of AD structures, each with length, type and octets. [Vol 3] Part C, 11
//!
//! [`AdData`] parses any octets; [`AdWriter`] writes structures; [`lay_out`] distributes an [`crate::Advertisement`]
//! over advertising data and scan response. The Core Specification Supplement, Part A, 1, defines the types.

mod layout;
mod parse;
mod write;

pub(crate) use layout::{Compose, write_others, write_services};
pub use layout::{TooLong, lay_out};
pub use parse::{AdData, Manufacturer, Name, ServiceData, Services, Structure, Structures};
pub use write::AdWriter;

/// Maximum length of advertising data, and of a scan response, in a legacy PDU, in octets. [Vol 6] Part B, 2.3.1
pub const LEGACY_DATA_MAX: usize = 31;

bindrune_wire::open_enum! {
    /// Type of an AD structure. Assigned Numbers, 2.3
    pub struct AdType(u8) {
        /// Flags.
        FLAGS = 0x01,
        /// Some of the 16-bit service UUIDs.
        INCOMPLETE_SERVICES_16 = 0x02,
        /// All 16-bit service UUIDs.
        COMPLETE_SERVICES_16 = 0x03,
        /// Some of the 32-bit service UUIDs.
        INCOMPLETE_SERVICES_32 = 0x04,
        /// All 32-bit service UUIDs.
        COMPLETE_SERVICES_32 = 0x05,
        /// Some of the 128-bit service UUIDs.
        INCOMPLETE_SERVICES_128 = 0x06,
        /// All 128-bit service UUIDs.
        COMPLETE_SERVICES_128 = 0x07,
        /// The beginning of the local name.
        SHORTENED_LOCAL_NAME = 0x08,
        /// The local name.
        COMPLETE_LOCAL_NAME = 0x09,
        /// Transmit power in dBm.
        TX_POWER_LEVEL = 0x0a,
        /// The connection intervals that a peripheral prefers.
        PERIPHERAL_CONNECTION_INTERVAL_RANGE = 0x12,
        /// 16-bit UUIDs of solicited services.
        SOLICITED_SERVICES_16 = 0x14,
        /// 128-bit UUIDs of solicited services.
        SOLICITED_SERVICES_128 = 0x15,
        /// Data of a service with a 16-bit UUID.
        SERVICE_DATA_16 = 0x16,
        /// The public address that the advertisement is for.
        PUBLIC_TARGET_ADDRESS = 0x17,
        /// The random address that the advertisement is for.
        RANDOM_TARGET_ADDRESS = 0x18,
        /// Appearance.
        APPEARANCE = 0x19,
        /// Advertising interval in 0.625 ms.
        ADVERTISING_INTERVAL = 0x1a,
        /// LE device address.
        LE_DEVICE_ADDRESS = 0x1b,
        /// LE role.
        LE_ROLE = 0x1c,
        /// 32-bit UUIDs of solicited services.
        SOLICITED_SERVICES_32 = 0x1f,
        /// Data of a service with a 32-bit UUID.
        SERVICE_DATA_32 = 0x20,
        /// Data of a service with a 128-bit UUID.
        SERVICE_DATA_128 = 0x21,
        /// URI.
        URI = 0x24,
        /// Supported LE features.
        LE_SUPPORTED_FEATURES = 0x27,
        /// Encrypted data.
        ENCRYPTED_DATA = 0x31,
        /// Data of a manufacturer.
        MANUFACTURER_DATA = 0xff,
    }
}

bitflags::bitflags! {
    /// Discoverable mode and capabilities of a device. Core Specification Supplement, Part A, 1.3
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Flags: u8 {
        /// LE limited discoverable mode.
        const LIMITED_DISCOVERABLE = 1;
        /// LE general discoverable mode.
        const GENERAL_DISCOVERABLE = 1 << 1;
        /// BR/EDR is not supported.
        const BR_EDR_NOT_SUPPORTED = 1 << 2;
        /// LE and BR/EDR at once in this controller.
        const SIMULTANEOUS_LE_BR_EDR = 1 << 3;
        const _ = !0;
    }
}
