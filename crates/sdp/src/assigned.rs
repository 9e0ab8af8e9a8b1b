//! Assigned numbers of service discovery. [Assigned Numbers, 3 and 5]

use bindrune_wire::open_enum;

macro_rules! uuids {
    ($($name:ident = $number:literal $text:literal;)*) => {
        $(
            #[doc = concat!($text, ", ", stringify!($number))]
            pub const $name: bindrune_wire::Uuid = bindrune_wire::Uuid::new_16($number);
        )*

        /// Returns the name in words, if the number is in this table.
        #[must_use]
        pub const fn name(uuid: bindrune_wire::Uuid) -> Option<&'static str> {
            match uuid.as_u16() {
                $(Some($number) => Some($text),)*
                _ => None,
            }
        }
    };
}

pub mod class;
pub mod protocol;

open_enum! {
    /// Attribute of a service record. [Vol 3] Part B, 5.1
    ///
    /// The meaning of 0x0200 and up depends on the service class. The IDs of texts are those of the first language.
    pub struct AttributeId(u16) {
        /// The handle that names the record on its server.
        SERVICE_RECORD_HANDLE = 0x0000,
        /// Service classes, from the most special to the most general.
        SERVICE_CLASS_ID_LIST = 0x0001,
        /// A number that changes whenever the record does.
        SERVICE_RECORD_STATE = 0x0002,
        /// The UUID of this instance of the service.
        SERVICE_ID = 0x0003,
        /// Protocols from the lowest to the highest, with their parameters.
        PROTOCOL_DESCRIPTOR_LIST = 0x0004,
        /// Browse groups of the service.
        BROWSE_GROUP_LIST = 0x0005,
        /// Languages and encodings of the texts, with the ID of their first one.
        LANGUAGE_BASE_ATTRIBUTE_ID_LIST = 0x0006,
        /// Seconds for which the record is probably correct.
        SERVICE_INFO_TIME_TO_LIVE = 0x0007,
        /// How many more clients the service can take, from 0x00 to 0xFF.
        SERVICE_AVAILABILITY = 0x0008,
        /// Profiles with their versions.
        PROFILE_DESCRIPTOR_LIST = 0x0009,
        /// URL of the documentation.
        DOCUMENTATION_URL = 0x000a,
        /// URL of a program that uses the service.
        CLIENT_EXECUTABLE_URL = 0x000b,
        /// URL of an icon.
        ICON_URL = 0x000c,
        /// Protocols of further channels.
        ADDITIONAL_PROTOCOL_DESCRIPTOR_LISTS = 0x000d,
        /// Name of the service.
        SERVICE_NAME = 0x0100,
        /// Description of the service.
        SERVICE_DESCRIPTION = 0x0101,
        /// Provider of the service.
        PROVIDER_NAME = 0x0102,
        /// Versions that an SDP server supports; UUID of the group in a browse group descriptor.
        VERSION_NUMBER_LIST = 0x0200,
        /// A number of an SDP server that changes whenever its records do.
        SERVICE_DATABASE_STATE = 0x0201,
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for AttributeId {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=u16:#06x}", self.0);
    }
}
