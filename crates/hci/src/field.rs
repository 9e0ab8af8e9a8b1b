use core::fmt;

use bindrune_wire::{Address, Handle, open_enum};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned, little_endian::U16};

/// A connection handle in the layout of the wire: any two octets.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(transparent)]
pub struct RawHandle(U16);

impl RawHandle {
    /// Creates it from any number.
    #[must_use]
    pub const fn new(value: u16) -> Self {
        Self(U16::new(value))
    }

    /// Returns the handle in the 12 significant bits, if a controller may assign it.
    #[must_use]
    pub const fn get(self) -> Option<Handle> {
        Handle::new(self.0.get() & 0x0fff)
    }

    /// Returns the number unchanged.
    #[must_use]
    pub const fn raw(self) -> u16 {
        self.0.get()
    }
}

impl From<Handle> for RawHandle {
    fn from(handle: Handle) -> Self {
        Self::new(handle.get())
    }
}

impl fmt::Debug for RawHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:03x}", self.raw())
    }
}

/// A device address with its type, in the layout of the wire.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct DeviceAddress {
    /// The address type.
    pub kind: AddressType,
    /// The address, least significant octet first.
    pub octets: [u8; 6],
}

impl DeviceAddress {
    /// No address: type 0, all zeros.
    pub const NONE: Self = Self { kind: AddressType::PUBLIC, octets: [0; 6] };

    /// Returns the address, if its type is known and not anonymous.
    #[must_use]
    pub const fn get(self) -> Option<Address> {
        Address::from_hci(self.kind.0, self.octets)
    }

    /// Returns whether the controller resolved the address to an identity. [Vol 4] Part E, 7.7.65.2
    #[must_use]
    pub const fn is_resolved(self) -> bool {
        matches!(self.kind, AddressType::PUBLIC_IDENTITY | AddressType::RANDOM_IDENTITY)
    }
}

impl From<Address> for DeviceAddress {
    fn from(address: Address) -> Self {
        Self { kind: AddressType(address.hci_kind()), octets: address.octets() }
    }
}

impl fmt::Debug for DeviceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.octets;
        write!(f, "{g:02X}:{e:02X}:{d:02X}:{c:02X}:{b:02X}:{a:02X}/{:?}", self.kind)
    }
}

open_enum! {
    /// Type of a peer's address. [Vol 4] Part E, 7.7.65.2
    pub struct AddressType(u8) {
        /// Public device address.
        PUBLIC = 0x00,
        /// Random device address.
        RANDOM = 0x01,
        /// Public identity address, resolved by the controller.
        PUBLIC_IDENTITY = 0x02,
        /// Random static identity address, resolved by the controller.
        RANDOM_IDENTITY = 0x03,
        /// Random address that the controller could not resolve (directed reports).
        UNRESOLVED = 0xfe,
        /// Anonymous: no address.
        ANONYMOUS = 0xff,
    }
}

open_enum! {
    /// Type of our own address. [Vol 4] Part E, 7.8.5
    pub struct OwnAddressType(u8) {
        /// Public device address.
        PUBLIC = 0x00,
        /// The random address that the host set.
        RANDOM = 0x01,
        /// Resolvable private address from the resolving list, otherwise public.
        RESOLVABLE_OR_PUBLIC = 0x02,
        /// Resolvable private address from the resolving list, otherwise random.
        RESOLVABLE_OR_RANDOM = 0x03,
    }
}

open_enum! {
    /// Role on a link. [Vol 4] Part E, 7.7.65.1
    pub struct Role(u8) {
        /// Central.
        CENTRAL = 0x00,
        /// Peripheral.
        PERIPHERAL = 0x01,
    }
}

open_enum! {
    /// Type of a link. [Vol 4] Part E, 7.7.26
    pub struct LinkType(u8) {
        /// Synchronous: SCO.
        SYNCHRONOUS = 0x00,
        /// ACL.
        ACL = 0x01,
        /// Isochronous.
        ISO = 0x02,
    }
}

open_enum! {
    /// A PHY, or none. [Vol 4] Part E, 7.7.65.12
    pub struct Phy(u8) {
        /// No packets on this PHY (secondary PHY of a report).
        NONE = 0x00,
        /// LE 1M.
        LE_1M = 0x01,
        /// LE 2M.
        LE_2M = 0x02,
        /// LE Coded.
        CODED = 0x03,
    }
}

/// A set of PHYs. [Vol 4] Part E, 7.8.48
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    FromBytes,
    IntoBytes,
    Immutable,
    KnownLayout,
    Unaligned,
)]
#[repr(transparent)]
pub struct PhyMask(pub u8);

bitflags::bitflags! {
    impl PhyMask: u8 {
        /// LE 1M.
        const LE_1M = 1;
        /// LE 2M.
        const LE_2M = 2;
        /// LE Coded.
        const CODED = 4;
    }
}

open_enum! {
    /// Type of legacy advertising. [Vol 4] Part E, 7.8.5
    pub struct AdvertisingType(u8) {
        /// ADV_IND: connectable and scannable, undirected.
        CONNECTABLE = 0x00,
        /// ADV_DIRECT_IND, high duty cycle.
        DIRECTED_HIGH_DUTY = 0x01,
        /// ADV_SCAN_IND: scannable, undirected.
        SCANNABLE = 0x02,
        /// ADV_NONCONN_IND.
        NON_CONNECTABLE = 0x03,
        /// ADV_DIRECT_IND, low duty cycle.
        DIRECTED_LOW_DUTY = 0x04,
    }
}

open_enum! {
    /// Type of the PDU in a legacy advertising report. [Vol 4] Part E, 7.7.65.2
    pub struct AdvertisingEventType(u8) {
        /// ADV_IND.
        CONNECTABLE = 0x00,
        /// ADV_DIRECT_IND.
        DIRECTED = 0x01,
        /// ADV_SCAN_IND.
        SCANNABLE = 0x02,
        /// ADV_NONCONN_IND.
        NON_CONNECTABLE = 0x03,
        /// SCAN_RSP.
        SCAN_RESPONSE = 0x04,
    }
}

open_enum! {
    /// The devices that an advertiser serves, or whether an initiator uses the accept list (0 or 1). [Vol 4]
    /// Part E, 7.8.5
    pub struct FilterPolicy(u8) {
        /// All devices; for an initiator, the peer in the command.
        ALL = 0x00,
        /// Scan requests only from the accept list; for an initiator, any peer of the accept list.
        SCAN_BY_LIST = 0x01,
        /// Connection requests only from the accept list.
        CONNECT_BY_LIST = 0x02,
        /// Requests only from the accept list.
        BY_LIST = 0x03,
    }
}

open_enum! {
    /// The advertising that a scanner reports. [Vol 4] Part E, 7.8.10
    pub struct ScanFilterPolicy(u8) {
        /// All advertising, except that directed to another device.
        ALL = 0x00,
        /// Only advertisers of the accept list.
        BY_LIST = 0x01,
        /// All advertising, including that directed to an address that may resolve to us.
        ALL_OR_RESOLVABLE = 0x02,
        /// Advertisers of the accept list, including advertising directed to an address that may resolve to
        /// us.
        BY_LIST_OR_RESOLVABLE = 0x03,
    }
}

open_enum! {
    /// The part of the data that a command carries. [Vol 4] Part E, 7.8.54
    pub struct DataOperation(u8) {
        /// A fragment in the middle.
        INTERMEDIATE = 0x00,
        /// The first fragment.
        FIRST = 0x01,
        /// The last fragment.
        LAST = 0x02,
        /// The whole data.
        COMPLETE = 0x03,
        /// No data: only the advertising DID changes.
        UNCHANGED = 0x04,
    }
}

open_enum! {
    /// Whether a peer's identity address is accepted. [Vol 4] Part E, 7.8.77
    pub struct PrivacyMode(u8) {
        /// Only resolvable private addresses of the peer are accepted.
        NETWORK = 0x00,
        /// Its identity address is accepted too.
        DEVICE = 0x01,
    }
}
