use core::fmt;

use bindrune_wire::{Address, AddressKind, open_enum};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Declares values of fixed length in the layout of the wire.
macro_rules! octets {
    ($($(#[$meta:meta])* $name:ident[$len:literal];)*) => { $(
        $(#[$meta])*
        #[derive(
            Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, FromBytes, IntoBytes, Immutable, KnownLayout,
            Unaligned,
        )]
        #[repr(transparent)]
        pub struct $name(pub [u8; $len]);
    )* };
}

octets! {
    /// A device address of BR/EDR, least significant octet first.
    BdAddress[6];

    /// What a device is: major and minor device class, and service classes. [Vol 3] Part C, 3.2.4
    ClassOfDevice[3];

    /// Lower part of the address that an inquiry uses. [Assigned Numbers] 2.2
    Lap[3];
}

impl BdAddress {
    /// No address: all zeros.
    pub const NONE: Self = Self([0; 6]);

    /// Returns it as a public address.
    #[must_use]
    pub const fn get(self) -> Address {
        Address::new(AddressKind::Public, self.0)
    }
}

impl From<Address> for BdAddress {
    fn from(address: Address) -> Self {
        Self(address.octets())
    }
}

impl fmt::Debug for BdAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{g:02X}:{e:02X}:{d:02X}:{c:02X}:{b:02X}:{a:02X}")
    }
}

impl ClassOfDevice {
    /// Nothing is known of the device.
    pub const UNKNOWN: Self = Self([0; 3]);

    /// Creates it from its 24 bits; higher ones are dropped.
    #[must_use]
    pub const fn new(value: u32) -> Self {
        let [a, b, c, _] = value.to_le_bytes();
        Self([a, b, c])
    }

    /// Returns its 24 bits.
    #[must_use]
    pub const fn get(self) -> u32 {
        let [a, b, c] = self.0;
        u32::from_le_bytes([a, b, c, 0])
    }

    /// Returns the major device class, 0 to 31: for example 1 for a computer, 2 for a phone, 4 for audio and video.
    #[must_use]
    pub const fn major(self) -> u8 {
        let [_, b, _] = self.0;
        b & 0x1f
    }

    /// Returns the minor device class, 0 to 63; its meaning depends on the major one.
    #[must_use]
    pub const fn minor(self) -> u8 {
        let [a, _, _] = self.0;
        a >> 2
    }

    /// Returns the service classes.
    #[must_use]
    pub const fn services(self) -> ServiceClasses {
        ServiceClasses::from_bits_retain(self.get() & 0x00ff_e000)
    }

    /// Returns it with `services` instead of its service classes.
    #[must_use]
    pub const fn with_services(self, services: ServiceClasses) -> Self {
        Self::new(self.get() & 0x1fff | services.bits() & 0x00ff_e000)
    }
}

impl fmt::Debug for ClassOfDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:06x}", self.get())
    }
}

bitflags::bitflags! {
    /// Service classes of a class of device. [Assigned Numbers] 2.8.1
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct ServiceClasses: u32 {
        /// Limited discoverable mode.
        const LIMITED_DISCOVERABLE = 1 << 13;
        /// LE audio.
        const LE_AUDIO = 1 << 14;
        /// Positioning.
        const POSITIONING = 1 << 16;
        /// Networking.
        const NETWORKING = 1 << 17;
        /// Rendering: printers, speakers.
        const RENDERING = 1 << 18;
        /// Capturing: scanners, microphones.
        const CAPTURING = 1 << 19;
        /// Object transfer.
        const OBJECT_TRANSFER = 1 << 20;
        /// Audio.
        const AUDIO = 1 << 21;
        /// Telephony.
        const TELEPHONY = 1 << 22;
        /// Information: web server, location.
        const INFORMATION = 1 << 23;
    }
}

impl Lap {
    /// General inquiry: all discoverable devices.
    pub const GENERAL: Self = Self([0x33, 0x8b, 0x9e]);
    /// Limited inquiry: devices that are discoverable for a limited time.
    pub const LIMITED: Self = Self([0x00, 0x8b, 0x9e]);

    /// Returns its 24 bits.
    #[must_use]
    pub const fn get(self) -> u32 {
        let [a, b, c] = self.0;
        u32::from_le_bytes([a, b, c, 0])
    }
}

impl fmt::Debug for Lap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:06x}", self.get())
    }
}

open_enum! {
    /// How often a device listens for pages. [Vol 2] Part B, 8.3.1
    pub struct ScanRepetition(u8) {
        /// Continuously.
        R0 = 0x00,
        /// At least every 1.28 s.
        R1 = 0x01,
        /// At least every 2.56 s.
        R2 = 0x02,
    }
}

bitflags::bitflags! {
    /// Packet types of a link. [Vol 4] Part E, 7.1.14
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct PacketTypes: u16 {
        /// 2-DH1 may not be used.
        const NO_2_DH1 = 0x0002;
        /// 3-DH1 may not be used.
        const NO_3_DH1 = 0x0004;
        /// DM1 may be used.
        const DM1 = 0x0008;
        /// DH1 may be used.
        const DH1 = 0x0010;
        /// 2-DH3 may not be used.
        const NO_2_DH3 = 0x0100;
        /// 3-DH3 may not be used.
        const NO_3_DH3 = 0x0200;
        /// DM3 may be used.
        const DM3 = 0x0400;
        /// DH3 may be used.
        const DH3 = 0x0800;
        /// 2-DH5 may not be used.
        const NO_2_DH5 = 0x1000;
        /// 3-DH5 may not be used.
        const NO_3_DH5 = 0x2000;
        /// DM5 may be used.
        const DM5 = 0x4000;
        /// DH5 may be used.
        const DH5 = 0x8000;
        /// All types of basic rate; those of EDR too, because no bit forbids them.
        const EVERY = 0xcc18;
    }
}

bitflags::bitflags! {
    /// LMP features, page 0. [Vol 2] Part C, 3.3
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct LmpFeatures: u64 {
        /// Packets of 3 slots.
        const THREE_SLOTS = 1 << 0;
        /// Packets of 5 slots.
        const FIVE_SLOTS = 1 << 1;
        /// Encryption.
        const ENCRYPTION = 1 << 2;
        /// Role switch.
        const ROLE_SWITCH = 1 << 5;
        /// Sniff mode.
        const SNIFF = 1 << 7;
        /// EDR at 2 Mb/s.
        const EDR_2M = 1 << 25;
        /// EDR at 3 Mb/s.
        const EDR_3M = 1 << 26;
        /// Interlaced inquiry scan.
        const INTERLACED_INQUIRY_SCAN = 1 << 28;
        /// Interlaced page scan.
        const INTERLACED_PAGE_SCAN = 1 << 29;
        /// RSSI with inquiry results.
        const RSSI_WITH_INQUIRY = 1 << 30;
        /// BR/EDR is not supported.
        const BREDR_NOT_SUPPORTED = 1 << 37;
        /// LE is supported.
        const LE_SUPPORTED = 1 << 38;
        /// EDR packets of 3 slots.
        const EDR_THREE_SLOTS = 1 << 39;
        /// EDR packets of 5 slots.
        const EDR_FIVE_SLOTS = 1 << 40;
        /// Sniff subrating.
        const SNIFF_SUBRATING = 1 << 41;
        /// Pause of encryption.
        const PAUSE_ENCRYPTION = 1 << 42;
        /// Extended inquiry response.
        const EXTENDED_INQUIRY = 1 << 48;
        /// LE and BR/EDR to the same device at once.
        const SIMULTANEOUS_LE = 1 << 49;
        /// Secure Simple Pairing.
        const SIMPLE_PAIRING = 1 << 51;
        /// Packet boundary flag for data that is not flushed.
        const NON_FLUSHABLE = 1 << 54;
        /// Link Supervision Timeout Changed.
        const SUPERVISION_TIMEOUT_EVENT = 1 << 56;
        /// Features beyond page 0.
        const EXTENDED_FEATURES = 1 << 63;
    }
}

bitflags::bitflags! {
    /// LMP features, page 1: those that the host turned on. [Vol 2] Part C, 3.3
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct LmpFeatures1: u64 {
        /// Secure Simple Pairing.
        const SIMPLE_PAIRING_HOST = 1 << 0;
        /// LE.
        const LE_HOST = 1 << 1;
        /// Secure Connections.
        const SECURE_CONNECTIONS_HOST = 1 << 3;
    }
}

bitflags::bitflags! {
    /// LMP features, page 2. [Vol 2] Part C, 3.3
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct LmpFeatures2: u64 {
        /// Secure Connections.
        const SECURE_CONNECTIONS = 1 << 8;
        /// Ping, and the authenticated payload timeout.
        const PING = 1 << 9;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_of_device_has_its_parts() {
        let class = ClassOfDevice::new(0x5a_020c);
        assert_eq!((class.major(), class.minor()), (2, 3));
        let services = ServiceClasses::NETWORKING
            | ServiceClasses::CAPTURING
            | ServiceClasses::OBJECT_TRANSFER
            | ServiceClasses::TELEPHONY;
        assert_eq!(class.services(), services);
        let limited = class.with_services(services | ServiceClasses::LIMITED_DISCOVERABLE);
        assert_eq!(limited, ClassOfDevice::new(0x5a_220c));
        assert_eq!(std::format!("{class:?}"), "0x5a020c");
    }

    #[test]
    fn addresses_and_laps_are_printed_from_the_most_significant_octet() {
        let address = BdAddress([6, 5, 4, 3, 2, 0xa1]);
        assert_eq!(std::format!("{address:?}"), "A1:02:03:04:05:06");
        assert_eq!(BdAddress::from(address.get()), address);
        let laps = std::format!("{:?} {:?}", Lap::GENERAL, Lap::LIMITED);
        assert_eq!(laps, "0x9e8b33 0x9e8b00");
    }
}
