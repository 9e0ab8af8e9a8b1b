use core::fmt;

use bindrune_hci::{
    Opcode, OwnAddressType, Status,
    cmd::{SupportedCommands, le::LeFeatures},
};
use bindrune_wire::{Address, AddressKind};

use crate::capability::{EXTENDED, PRIVACY};

/// Parameters of a controller's set-up.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Address of this device.
    pub address: AddressChoice,
    /// Maximum length of ACL data in one packet to the host, for flow control from controller to host, in octets.
    pub host_acl_len: u16,
    /// Number of ACL packets that the host holds; 0 leaves flow control from controller to host off.
    pub host_acl_count: u16,
    /// Whether each link requests 251-octet packets if both sides support them.
    pub data_length: bool,
    /// Whether each link requests the 2M PHY if both sides support it.
    pub phy_2m: bool,
    /// Whether only private addresses go on the air: nothing advertises, scans or connects before
    /// [`crate::Gap::set_private_address`].
    pub private: bool,
}

/// Choice of this device's address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum AddressChoice {
    /// The public address; if there is none, the static address that the vendor programmed; if there is none either,
    /// an address that is generated once and kept in the store of bonds.
    #[default]
    Automatic,
    /// This random static address.
    Static(Address),
}

impl Config {
    /// Automatic address, no flow control to the host, long packets and 2M PHY if possible.
    pub const DEFAULT: Self = Self {
        address: AddressChoice::Automatic,
        host_acl_len: 251,
        host_acl_count: 0,
        data_length: true,
        phy_2m: true,
        private: false,
    };
}

impl Default for Config {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Capabilities of the controller, and those that this host uses.
#[derive(Clone, Copy, Debug)]
pub struct ControllerInfo {
    /// HCI version: 6 is 4.0, 9 is 5.0, 12 is 5.3, 14 is 6.0.
    pub hci_version: u8,
    /// HCI subversion, the vendor's.
    pub hci_subversion: u16,
    /// LMP version, numbered as the HCI version.
    pub lmp_version: u8,
    /// LMP subversion, the vendor's.
    pub lmp_subversion: u16,
    /// Company identifier of the manufacturer.
    pub manufacturer: u16,
    /// Supported commands, without those that are avoided, see [`crate::Gap::unanswered`].
    pub commands: SupportedCommands,
    /// LMP features, page 0.
    pub features: u64,
    /// LE features, page 0.
    pub le_features: LeFeatures,
    /// Which states and roles may be combined; 0 unless this host scans and connects. [Vol 4] Part E, 7.8.27
    pub le_states: u64,
    /// Octets of one ACL packet's payload.
    pub acl_len: u16,
    /// ACL packets that the controller holds.
    pub acl_count: u16,
    /// Whether the ACL buffers are shared with BR/EDR.
    pub acl_shared: bool,
    /// Whether flow control from controller to host is on.
    pub host_flow_control: bool,
    /// The public device address, if there is one.
    pub public_address: Option<Address>,
    /// The identity address of this device.
    pub address: Address,
    /// The private address that the controller got last; it is used instead of [`Self::address`].
    pub private_address: Option<Address>,
    /// Number of peers that the accept list holds; 0 if this host does not connect.
    pub accept_list_size: u8,
    /// Number of peers that the resolving list holds; 0 in a host without private addresses.
    pub resolving_list_size: u8,
    /// Whether extended advertising, scanning and connecting commands are used, and no legacy ones.
    pub extended: bool,
    /// Number of advertising sets; 1 with legacy commands.
    pub advertising_sets: u8,
    /// Maximum length of advertising data in one set, in octets.
    pub max_advertising_data: u16,
    /// Longest payload of a link-layer packet that the controller sends, 27 to 251 octets.
    pub max_tx_octets: u16,
    /// Longest time of such a packet in microseconds.
    pub max_tx_time: u16,
    /// Whether new links request long packets.
    pub uses_data_length: bool,
    /// Whether new links request the 2M PHY.
    pub uses_phy_2m: bool,
}

impl ControllerInfo {
    /// Returns whether extended commands are in use.
    pub(crate) const fn is_extended(&self) -> bool {
        EXTENDED && self.extended
    }

    pub(crate) const UNKNOWN: Self = Self {
        hci_version: 0,
        hci_subversion: 0,
        lmp_version: 0,
        lmp_subversion: 0,
        manufacturer: 0,
        commands: SupportedCommands::NONE,
        features: 0,
        le_features: LeFeatures::empty(),
        le_states: 0,
        acl_len: 0,
        acl_count: 0,
        acl_shared: false,
        host_flow_control: false,
        public_address: None,
        address: Address::public([0; 6]),
        private_address: None,
        accept_list_size: 0,
        resolving_list_size: 0,
        extended: false,
        advertising_sets: 1,
        max_advertising_data: 31,
        max_tx_octets: 27,
        max_tx_time: 328,
        uses_data_length: false,
        uses_phy_2m: false,
    };

    /// Returns whether the controller supports a command (never for vendor commands).
    #[must_use]
    pub fn supports(&self, opcode: Opcode) -> bool {
        self.commands.supports(opcode)
    }

    /// Returns the address that advertising, scanning and connecting show on the air.
    #[must_use]
    pub const fn own_address(&self) -> Address {
        match self.private_address {
            Some(address) if PRIVACY => address,
            _ => self.address,
        }
    }

    /// Returns the kind of address that advertising, scanning and connecting use.
    #[must_use]
    pub const fn own_address_type(&self) -> OwnAddressType {
        match self.own_address().kind() {
            AddressKind::Public => OwnAddressType::PUBLIC,
            AddressKind::Random => OwnAddressType::RANDOM,
        }
    }

    /// Returns the address type towards a peer, if the controller generates private addresses for it: ours and the
    /// peer's.
    pub(crate) const fn own_address_type_towards(&self, resolved: bool) -> OwnAddressType {
        match (resolved, self.own_address().kind()) {
            (false, _) => self.own_address_type(),
            (true, AddressKind::Public) => OwnAddressType::RESOLVABLE_OR_PUBLIC,
            (true, AddressKind::Random) => OwnAddressType::RESOLVABLE_OR_RANDOM,
        }
    }

    /// Returns whether passive or active scanning may continue while a connection is being created. [Vol 4] Part E,
    /// 7.8.27
    pub(crate) const fn may_scan_while_initiating(&self, active: bool) -> bool {
        let bit = if active { STATE_ACTIVE_SCAN_INITIATING } else { STATE_PASSIVE_SCAN_INITIATING };
        self.le_states & bit != 0
    }
}

const STATE_PASSIVE_SCAN_INITIATING: u64 = 1 << 22;
const STATE_ACTIVE_SCAN_INITIATING: u64 = 1 << 23;

/// Reason why a controller cannot be used. A host without the feature `recovery` also reports failures after the
/// set-up with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitError {
    /// The controller refused a command that the host needs, or its answer made no sense.
    Command {
        /// The command.
        opcode: Opcode,
        /// Its status; 0x1f if the answer made no sense.
        status: Status,
    },
    /// In every attempt, the controller did not answer a command of the set-up within 2 s, or did not accept it.
    NoAnswer(Opcode),
    /// In every attempt, the controller reported a hardware error with this code of its vendor during the set-up. [Vol
    /// 4] Part E, 7.7.16
    HardwareError(u8),
    /// In every attempt, the controller reported an overflow of its data buffers during the set-up. [Vol 4] Part E,
    /// 7.7.26
    BufferOverflow,
    /// In every attempt, the bytes on the line were not HCI packets during the set-up.
    Framing,
    /// The controller has no buffer for ACL data, neither for LE nor shared.
    NoBuffers,
    /// The controller's ACL packets hold fewer than 27 octets.
    ShortBuffers(u16),
    /// The address of [`AddressChoice::Static`] is not a random static one.
    NotStatic(Address),
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command { opcode, status } => {
                write!(f, "the controller refused {opcode:?}: {status}")
            }
            Self::NoAnswer(opcode) => write!(f, "the controller did not answer {opcode:?}"),
            Self::HardwareError(code) => {
                write!(f, "the controller reported hardware error {code:#04x}")
            }
            Self::BufferOverflow => {
                f.write_str("the controller reported an overflow of its data buffers")
            }
            Self::Framing => f.write_str("the bytes on the line were not HCI packets"),
            Self::NoBuffers => f.write_str("the controller has no buffers for ACL data"),
            Self::ShortBuffers(len) => {
                write!(f, "the controller's ACL packets hold {len} bytes, fewer than 27")
            }
            Self::NotStatic(address) => write!(f, "{address} is not a random static address"),
        }
    }
}

impl core::error::Error for InitError {}

#[cfg(feature = "defmt")]
impl defmt::Format for InitError {
    fn format(&self, f: defmt::Formatter<'_>) {
        match self {
            Self::Command { opcode, status } => {
                defmt::write!(f, "Command {=u16:04x} {}", opcode.0, status);
            }
            Self::NoAnswer(opcode) => defmt::write!(f, "NoAnswer({=u16:04x})", opcode.0),
            Self::HardwareError(code) => defmt::write!(f, "HardwareError({=u8:02x})", code),
            Self::BufferOverflow => defmt::write!(f, "BufferOverflow"),
            Self::Framing => defmt::write!(f, "Framing"),
            Self::NoBuffers => defmt::write!(f, "NoBuffers"),
            Self::ShortBuffers(len) => defmt::write!(f, "ShortBuffers({})", len),
            Self::NotStatic(address) => defmt::write!(f, "NotStatic({})", address),
        }
    }
}

/// Returns a random static address from random octets: the two highest bits are 1; of the others at least one is 0 and
/// one is 1. [Vol 6] Part B, 1.3.2.1
#[must_use]
pub const fn static_address(random: [u8; 6]) -> Address {
    let [low, b, c, d, e, high] = random;
    let number = match u64::from_le_bytes([low, b, c, d, e, high | 0xc0, 0, 0]) {
        0xc000_0000_0000 => 0xc000_0000_0001,
        0xffff_ffff_ffff => 0xffff_ffff_fffe,
        number => number,
    };
    let [low, b, c, d, e, high, ..] = number.to_le_bytes();
    Address::new(AddressKind::Random, [low, b, c, d, e, high])
}

/// A non-resolvable private address from random octets: the two highest bits are 0, of the others at least one is 0 and
/// one is 1, and it is not the public address. [Vol 6] Part B, 1.3.2.2
#[must_use]
pub fn non_resolvable_address(random: [u8; 6], public: Option<Address>) -> Address {
    let [low, b, c, d, e, high] = random;
    let high = high & 0x3f;
    let is_valid = |address: &Address| {
        let octets = address.octets();
        let taken = public.is_some_and(|public| public.octets() == octets);
        !taken && octets != [0; 6] && octets != [0xff, 0xff, 0xff, 0xff, 0xff, 0x3f]
    };
    // Three addresses are excluded, so that one of four is valid.
    let with = |bits: u8| Address::new(AddressKind::Random, [low ^ bits, b, c, d, e, high]);
    (0..3).map(with).find(is_valid).unwrap_or(with(3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_non_resolvable_address_is_never_all_zeros_or_ones_nor_the_public_one() {
        let ones = [0xff, 0xff, 0xff, 0xff, 0xff, 0x3f];
        let publics = [[0; 6], [1, 0, 0, 0, 0, 0], [2, 0, 0, 0, 0, 0], ones, [0xfe; 6]];
        for random in [[0; 6], [0xff; 6], [1, 0, 0, 0, 0, 0xc0], [0x12, 0x34, 0, 0, 0, 0xf5]] {
            for public in publics.map(|octets| Address::new(AddressKind::Public, octets)) {
                let octets = non_resolvable_address(random, Some(public)).octets();
                assert!(octets != [0; 6] && octets != ones && octets != public.octets());
                assert_eq!((octets[5] >> 6, &octets[1..5]), (0, &random[1..5]));
                assert!((octets[5] ^ random[5]) & 0x3f == 0 && octets[0] ^ random[0] < 4);
            }
        }
        let plain = non_resolvable_address([9, 8, 7, 6, 5, 0xc4], None);
        assert_eq!(plain, Address::random([4, 5, 6, 7, 8, 9]));
    }

    #[test]
    fn a_static_address_is_never_all_zeros_or_ones() {
        for octets in [[0; 6], [0xff; 6], [0x12, 0x34, 0, 0, 0, 0x05]] {
            let address = static_address(octets);
            assert!(address.is_static(), "{address:?}");
            let [.., high] = address.octets();
            let ones = address.octets().iter().map(|o| o.count_ones()).sum::<u32>();
            assert!(high >> 6 == 3 && (3..48).contains(&ones), "{address:?}");
        }
    }
}
