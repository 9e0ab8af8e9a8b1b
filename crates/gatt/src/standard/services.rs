//! Ready-made services: the UUIDs, properties and lengths of their specifications, one module for each service.

use bindrune_wire::Uuid;

use crate::{Characteristic, Service};

/// Creates a characteristic with a constant value.
const fn constant(uuid: u16, value: &'static [u8]) -> Characteristic {
    Characteristic::new(Uuid::new_16(uuid)).read().value(value)
}

macro_rules! service {
    ($uuid:expr) => {
        /// The UUID of the service.
        pub const SERVICE: Uuid = $uuid;

        /// Creates the service with these characteristics.
        #[must_use]
        pub const fn service(characteristics: &'static [&'static Characteristic]) -> Service {
            Service::primary(SERVICE, characteristics)
        }
    };
}

/// Device Information: the manufacturer and the identity of a device. [Device Information Service 1.1]
///
/// All characteristics are optional.
pub mod device_information {
    use super::{Characteristic, Service, Uuid, constant};

    service!(Uuid::new_16(0x180a));

    macro_rules! texts {
        ($($name:ident $uuid:literal $what:literal;)*) => {$(
            #[doc = concat!($what, ", UUID ", stringify!($uuid), ".")]
            #[must_use]
            pub const fn $name(text: &'static str) -> Characteristic {
                constant($uuid, text.as_bytes())
            }
        )*};
    }

    texts! {
        manufacturer_name 0x2a29 "The name of the manufacturer";
        model_number 0x2a24 "The model number, as the manufacturer has it";
        serial_number 0x2a25 "The serial number of this device";
        hardware_revision 0x2a27 "The revision of the hardware";
        firmware_revision 0x2a26 "The revision of the firmware";
        software_revision 0x2a28 "The revision of the software";
    }

    /// Creates the System ID: an identifier of the manufacturer (5 octets) and of an organization (3 octets), UUID
    /// 0x2A23.
    #[must_use]
    pub const fn system_id(id: &'static [u8; 8]) -> Characteristic {
        constant(0x2a23, id)
    }

    /// Creates the PnP ID from the result of [`PnpId::encode`](crate::standard::value::PnpId::encode), UUID 0x2A50. HID
    /// over GATT needs it.
    #[must_use]
    pub const fn pnp_id(id: &'static [u8; 7]) -> Characteristic {
        constant(0x2a50, id)
    }
}

/// Battery: the charge level. [Battery Service 1.0]
pub mod battery {
    use super::{Characteristic, Service, Uuid};
    use crate::standard::value::BatteryLevel;

    service!(Uuid::new_16(0x180f));

    /// Creates the level in percent, read and notified, UUID 0x2A19. The host holds it; see
    /// [`BatteryLevel`](crate::standard::value::BatteryLevel).
    #[must_use]
    pub const fn level(initial: &'static [u8; 1]) -> Characteristic {
        Characteristic::new(BatteryLevel::UUID).read().notify().value(initial)
    }
}

/// Heart Rate. [Heart Rate Service 1.0]
pub mod heart_rate {
    use super::{Characteristic, Service, Uuid, constant};
    use crate::standard::value::HeartRate;

    service!(Uuid::new_16(0x180d));

    /// Creates the measurement, notified, UUID 0x2A37; see [`HeartRate`](crate::standard::value::HeartRate). Mandatory.
    #[must_use]
    pub const fn measurement() -> Characteristic {
        Characteristic::new(HeartRate::UUID).notify()
    }

    /// Creates the position of the sensor: 0 other, 1 chest, 2 wrist, 3 finger, 4 hand, 5 ear lobe, 6 foot. UUID
    /// 0x2A38.
    #[must_use]
    pub const fn body_sensor_location(location: &'static [u8; 1]) -> Characteristic {
        constant(0x2a38, location)
    }

    /// Creates the control point, whose writes the application answers, UUID 0x2A39: 1 resets the energy expended;
    /// refuse any other value with the application error 0x80. Mandatory if measurements contain the energy.
    #[must_use]
    pub const fn control_point() -> Characteristic {
        Characteristic::new(Uuid::new_16(0x2a39)).write()
    }
}

/// Environmental Sensing: temperature, humidity, pressure and others. [Environmental Sensing Service 1.0]
pub mod environmental_sensing {
    use super::{Characteristic, Service, Uuid};
    use crate::standard::value::{Humidity, Pressure, Temperature};

    service!(Uuid::new_16(0x181a));

    /// Creates any quantity of [`value`](crate::standard::value), read and notified; the host holds it, starting from
    /// `initial`.
    ///
    /// If a service has two characteristics of one kind, or describes how it measures, add the descriptors that the
    /// specification names.
    #[must_use]
    pub const fn measurement(uuid: Uuid, initial: &'static [u8]) -> Characteristic {
        Characteristic::new(uuid).read().notify().value(initial)
    }

    /// Creates the temperature, UUID 0x2A6E; its initial value is unknown.
    #[must_use]
    pub const fn temperature() -> Characteristic {
        measurement(Temperature::UUID, &const { Temperature::UNKNOWN.encode() })
    }

    /// Creates the humidity, UUID 0x2A6F; its initial value is unknown.
    #[must_use]
    pub const fn humidity() -> Characteristic {
        measurement(Humidity::UUID, &const { Humidity::UNKNOWN.encode() })
    }

    /// Creates the pressure, UUID 0x2A6D; its specification has no unknown value.
    #[must_use]
    pub const fn pressure(initial: &'static [u8; 4]) -> Characteristic {
        measurement(Pressure::UUID, initial)
    }
}

/// The UART of Nordic Semiconductor: bytes in both directions, without flow control from the device. To send much data,
/// open a channel instead.
pub mod nordic_uart {
    use super::{Characteristic, Service, Uuid};

    service!(Uuid::new_128(0x6e40_0001_b5a3_f393_e0a9_e50e_24dc_ca9e));

    /// The UUID of [`rx`].
    pub const RX: Uuid = Uuid::new_128(0x6e40_0002_b5a3_f393_e0a9_e50e_24dc_ca9e);
    /// The UUID of [`tx`].
    pub const TX: Uuid = Uuid::new_128(0x6e40_0003_b5a3_f393_e0a9_e50e_24dc_ca9e);

    /// Creates the characteristic that the peer writes; the application gets each write as an event.
    #[must_use]
    pub const fn rx() -> Characteristic {
        Characteristic::new(RX).write().write_without_response()
    }

    /// Creates the characteristic that the application notifies.
    #[must_use]
    pub const fn tx() -> Characteristic {
        Characteristic::new(TX).notify()
    }
}

/// HID over GATT: keyboards, mice and other input devices. [HID Service 1.0]
///
/// Everything needs an encrypted link, as the profile requires. A device also has [`battery`] and
/// [`device_information`] with a PnP ID.
pub mod hid {
    use bindrune_wire::Level;

    use super::{Characteristic, Service, Uuid, constant};
    use crate::Descriptor;

    service!(Uuid::new_16(0x1812));

    /// Bit 0 of the flags of [`information`]: the device can wake its host.
    pub const REMOTE_WAKE: u8 = 1;
    /// Bit 1 of the flags of [`information`]: the device connects when it has data to send.
    pub const NORMALLY_CONNECTABLE: u8 = 2;

    /// Creates the HID information: the version of HID (0x0111 for 1.11, little-endian), the country code, and flags.
    /// UUID 0x2A4A.
    #[must_use]
    pub const fn information(information: &'static [u8; 4]) -> Characteristic {
        constant(0x2a4a, information).permission(Level::Encrypted)
    }

    /// Creates the report map: the report descriptor of USB HID, at most 512 octets. UUID 0x2A4B.
    #[must_use]
    pub const fn report_map(map: &'static [u8]) -> Characteristic {
        constant(0x2a4b, map).permission(Level::Encrypted)
    }

    /// Creates the control point, with which the HID host suspends the device (0) or ends the suspension (1); the
    /// application gets each command. UUID 0x2A4C.
    #[must_use]
    pub const fn control_point() -> Characteristic {
        Characteristic::new(Uuid::new_16(0x2a4c))
            .write_without_response()
            .permission(Level::Encrypted)
    }

    /// Creates the protocol mode: boot protocol (0) or report protocol (1), the initial value; the host holds it. UUID
    /// 0x2A4E. Mandatory for keyboards and mice that support the boot protocol.
    #[must_use]
    pub const fn protocol_mode() -> Characteristic {
        constant(0x2a4e, &[1]).write_without_response().fixed_len().permission(Level::Encrypted)
    }

    /// Creates a report from the device, read and notified; the host holds the last one. UUID 0x2A4D, with a
    /// [`report_reference`] in `descriptors`.
    #[must_use]
    pub const fn input_report(
        initial: &'static [u8],
        descriptors: &'static [&'static Descriptor],
    ) -> Characteristic {
        report(initial, descriptors).notify()
    }

    /// Creates a report to the device, such as the lamps of a keyboard; the host holds the last one. UUID 0x2A4D, as
    /// above.
    #[must_use]
    pub const fn output_report(
        initial: &'static [u8],
        descriptors: &'static [&'static Descriptor],
    ) -> Characteristic {
        report(initial, descriptors).write().write_without_response()
    }

    /// Creates settings of the device, read and written; the host holds them. UUID 0x2A4D, as above.
    #[must_use]
    pub const fn feature_report(
        initial: &'static [u8],
        descriptors: &'static [&'static Descriptor],
    ) -> Characteristic {
        report(initial, descriptors).write()
    }

    /// Creates the report reference of a characteristic: its identifier in the report map, and its type: 1 input, 2
    /// output, 3 feature. UUID 0x2908.
    #[must_use]
    pub const fn report_reference(reference: &'static [u8; 2]) -> Descriptor {
        Descriptor::new(Uuid::new_16(0x2908)).read().value(reference).permission(Level::Encrypted)
    }

    const fn report(
        initial: &'static [u8],
        descriptors: &'static [&'static Descriptor],
    ) -> Characteristic {
        constant(0x2a4d, initial).descriptors(descriptors).permission(Level::Encrypted)
    }
}
