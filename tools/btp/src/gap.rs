//! The GAP service.

use bindrune_wire::{Address, Malformed, Reader};

use crate::{Bytes16, Field, List8, Supported, message::messages};

/// Bits of the settings of a controller.
pub mod settings {
    /// The controller is on.
    pub const POWERED: u32 = 1;
    /// Peers may connect to what is advertised.
    pub const CONNECTABLE: u32 = 1 << 1;
    /// Advertising has the limited or the general discoverable flag.
    pub const DISCOVERABLE: u32 = 1 << 3;
    /// Pairing keeps keys.
    pub const BONDABLE: u32 = 1 << 4;
    /// The controller has LE.
    pub const LOW_ENERGY: u32 = 1 << 9;
    /// The controller advertises.
    pub const ADVERTISING: u32 = 1 << 10;
    /// Pairing offers LE Secure Connections.
    pub const SECURE_CONNECTIONS: u32 = 1 << 11;
    /// Private addresses are on the air.
    pub const PRIVACY: u32 = 1 << 13;
    /// The identity address is a static one.
    pub const STATIC_ADDRESS: u32 = 1 << 15;
    /// Only LE Secure Connections with authentication are accepted.
    pub const SECURE_CONNECTIONS_ONLY: u32 = 1 << 16;
    /// Advertising uses extended PDUs.
    pub const EXTENDED_ADVERTISING: u32 = 1 << 17;
}

/// Bits of the flags of discovery.
pub mod discovery {
    /// Scans on LE.
    pub const LE: u8 = 1;
    /// Inquires on BR/EDR.
    pub const BR_EDR: u8 = 1 << 1;
    /// Reports devices in limited discoverable mode only.
    pub const LIMITED: u8 = 1 << 2;
    /// Requests scan responses.
    pub const ACTIVE: u8 = 1 << 3;
    /// Reports all advertisers, discoverable or not.
    pub const OBSERVE: u8 = 1 << 4;
    /// Uses the identity address.
    pub const OWN_IDENTITY: u8 = 1 << 5;
    /// Reports devices of the filter list only.
    pub const FILTER_LIST: u8 = 1 << 6;
}

/// Bits of the flags of a found device.
pub mod found {
    /// The RSSI is valid.
    pub const RSSI: u8 = 1;
    /// The data contains advertising data.
    pub const ADVERTISING_DATA: u8 = 1 << 1;
    /// The data contains a scan response.
    pub const SCAN_RESPONSE: u8 = 1 << 2;
}

/// Bits of the options of directed advertising.
pub mod directed {
    /// As often as possible, for 1.28 s.
    pub const HIGH_DUTY: u16 = 1;
    /// Uses the identity address, also with privacy.
    pub const OWN_IDENTITY: u16 = 1 << 1;
    /// The target is the private address of the peer.
    pub const PEER_PRIVATE: u16 = 1 << 2;
}

bindrune_wire::open_enum! {
    /// Kind of our address.
    pub struct OwnAddress(u8) {
        /// The identity address.
        IDENTITY = 0x00,
        /// A resolvable private address.
        RESOLVABLE = 0x01,
        /// A non-resolvable private address.
        NON_RESOLVABLE = 0x02,
    }
}

bindrune_wire::open_enum! {
    /// What the host can display and enter.
    pub struct IoCapability(u8) {
        /// A display.
        DISPLAY_ONLY = 0x00,
        /// A display, and yes or no.
        DISPLAY_YES_NO = 0x01,
        /// A keyboard.
        KEYBOARD_ONLY = 0x02,
        /// Neither.
        NO_INPUT_NO_OUTPUT = 0x03,
        /// A keyboard and a display.
        KEYBOARD_DISPLAY = 0x04,
    }
}

macro_rules! byte_fields {
    ($($kind:ty),*) => {
        $(impl Field for $kind {
            fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
                r.u8().map(Self)
            }

            fn write(&self, out: &mut Vec<u8>) {
                out.push(self.0);
            }
        })*
    };
}
byte_fields!(OwnAddress, IoCapability);

/// Advertising data and scan response, each at most 255 bytes: `type, length, value` for each structure, not the order
/// of the air.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdvertisingData {
    /// Structures of the advertising data.
    pub data: Vec<u8>,
    /// Structures of the scan response.
    pub scan_response: Vec<u8>,
}

impl Field for AdvertisingData {
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        let (data, scan_response) = (r.u8()?, r.u8()?);
        let data = r.bytes(data.into())?.to_vec();
        Ok(Self { data, scan_response: r.bytes(scan_response.into())?.to_vec() })
    }

    fn write(&self, out: &mut Vec<u8>) {
        let lengths =
            [&self.data, &self.scan_response].map(|d| u8::try_from(d.len()).unwrap_or(u8::MAX));
        out.extend(lengths);
        for (data, len) in [&self.data, &self.scan_response].into_iter().zip(lengths) {
            out.extend(data.iter().take(len.into()));
        }
    }
}

messages! {
    /// Commands of GAP.
    pub enum Command,
    /// Opcodes of commands.
    Opcode {
        /// Reads which commands of this service the host supports.
        READ_SUPPORTED_COMMANDS = 0x01, ReadSupportedCommands {}
        /// Reads the indices of the controllers.
        READ_INDEX_LIST = 0x02, ReadIndexList {}
        /// Reads address, settings and name of a controller.
        READ_CONTROLLER_INFO = 0x03, ReadControllerInfo {}
        /// Forgets keys, and restores the default settings.
        RESET = 0x04, Reset {}
        /// Turns the controller on or off.
        SET_POWERED = 0x05, SetPowered { on: bool }
        /// Sets whether peers may connect to what is advertised.
        SET_CONNECTABLE = 0x06, SetConnectable { on: bool }
        /// Sets fast page scans of BR/EDR.
        SET_FAST_CONNECTABLE = 0x07, SetFastConnectable { on: bool }
        /// Sets the discoverable mode: 0 off, 1 general, 2 limited.
        SET_DISCOVERABLE = 0x08, SetDiscoverable { mode: u8 }
        /// Sets whether pairing keeps keys.
        SET_BONDABLE = 0x09, SetBondable { on: bool }
        /// Starts advertising, for `duration` milliseconds unless that is the greatest number.
        START_ADVERTISING = 0x0a, StartAdvertising { data: AdvertisingData, duration: u32, own_address: OwnAddress }
        /// Stops advertising.
        STOP_ADVERTISING = 0x0b, StopAdvertising {}
        /// Starts discovery with the flags of [`discovery`].
        START_DISCOVERY = 0x0c, StartDiscovery { flags: u8 }
        /// Stops discovery.
        STOP_DISCOVERY = 0x0d, StopDiscovery {}
        /// Connects to a peer; to any of the filter list for the public address 00:00:00:00:00:00.
        CONNECT = 0x0e, Connect { peer: Address, own_address: OwnAddress }
        /// Disconnects a peer, or ends the attempt to connect.
        DISCONNECT = 0x0f, Disconnect { peer: Address }
        /// Sets what the host can display and enter.
        SET_IO_CAPABILITY = 0x10, SetIoCapability { io: IoCapability }
        /// Encrypts the link with the key of the bond, or pairs.
        PAIR = 0x11, Pair { peer: Address }
        /// Removes the bond with a peer.
        UNPAIR = 0x12, Unpair { peer: Address }
        /// Answers with a passkey.
        PASSKEY_ENTRY = 0x13, PasskeyEntry { peer: Address, passkey: u32 }
        /// Answers whether the numbers match.
        PASSKEY_CONFIRM = 0x14, PasskeyConfirm { peer: Address, matches: bool }
        /// Starts advertising for one peer, with the options of [`directed`].
        START_DIRECTED_ADVERTISING = 0x15, StartDirectedAdvertising { peer: Address, options: u16 }
        /// Requests other connection parameters, in their units of HCI.
        UPDATE_PARAMETERS = 0x16, UpdateParameters { peer: Address, interval_min: u16, interval_max: u16, latency: u16, timeout: u16 }
        /// Answers whether to pair.
        PAIRING_CONSENT = 0x17, PairingConsent { peer: Address, consent: bool }
        /// Sets the temporary key of legacy pairing, which came out of band.
        OOB_LEGACY_SET_DATA = 0x18, OobLegacySetData { key: [u8; 16] }
        /// Makes our out-of-band data of LE Secure Connections.
        OOB_GET_LOCAL_DATA = 0x19, OobGetLocalData {}
        /// Sets the peer's out-of-band data of LE Secure Connections.
        OOB_SET_REMOTE_DATA = 0x1a, OobSetRemoteData { random: [u8; 16], confirm: [u8; 16] }
        /// Sets whether pairing requests protection against a man in the middle.
        SET_MITM = 0x1b, SetMitm { on: bool }
        /// Sets the filter list.
        SET_FILTER_LIST = 0x1c, SetFilterList { peers: List8<Address> }
        /// Sets whether private addresses are used.
        SET_PRIVACY = 0x1d, SetPrivacy { on: bool }
        /// Sets whether only authenticated LE Secure Connections are accepted.
        SET_SECURE_CONNECTIONS_ONLY = 0x1e, SetSecureConnectionsOnly { on: bool }
        /// Sets whether LE Secure Connections are offered.
        SET_SECURE_CONNECTIONS = 0x1f, SetSecureConnections { on: bool }
        /// Sets the shortest encryption key to accept, in bytes.
        SET_MIN_KEY_SIZE = 0x20, SetMinKeySize { size: u8 }
        /// Sets whether advertising uses extended PDUs.
        SET_EXTENDED_ADVERTISING = 0x21, SetExtendedAdvertising { on: bool }
        /// Secures the link up to a level of a mode, 0xFF for any; flag 0 pairs in any case.
        PAIR_V2 = 0x2a, PairV2 { peer: Address, mode: u8, level: u8, flags: u8 }
        /// Sets after how many seconds a private address changes.
        SET_PRIVATE_ADDRESS_TIMEOUT = 0x30, SetPrivateAddressTimeout { seconds: u16 }
    }
}

messages! {
    /// Responses of GAP. Those with settings have the current ones.
    pub enum Response,
    /// Opcodes of responses.
    ResponseOpcode {
        /// The supported commands.
        SUPPORTED_COMMANDS = 0x01, SupportedCommands { commands: Supported }
        /// The indices of the controllers.
        INDEX_LIST = 0x02, IndexList { indices: List8<u8> }
        /// The controller; names end with a zero.
        CONTROLLER_INFO = 0x03, ControllerInfo {
            address: [u8; 6], supported: u32, current: u32, class_of_device: [u8; 3], name: Box<[u8; 249]>, short_name: [u8; 11],
        }
        /// The host has its default state.
        WAS_RESET = 0x04, WasReset { settings: u32 }
        /// The controller is on or off.
        POWERED = 0x05, Powered { settings: u32 }
        /// Connectable mode is set.
        CONNECTABLE = 0x06, Connectable { settings: u32 }
        /// Discoverable mode is set.
        DISCOVERABLE = 0x08, Discoverable { settings: u32 }
        /// Bondable mode is set.
        BONDABLE = 0x09, Bondable { settings: u32 }
        /// Advertising has started.
        ADVERTISING_STARTED = 0x0a, AdvertisingStarted { settings: u32 }
        /// Advertising has stopped.
        ADVERTISING_STOPPED = 0x0b, AdvertisingStopped { settings: u32 }
        /// Discovery has started.
        DISCOVERY_STARTED = 0x0c, DiscoveryStarted {}
        /// Discovery has stopped.
        DISCOVERY_STOPPED = 0x0d, DiscoveryStopped {}
        /// The attempt to connect has begun.
        CONNECTING = 0x0e, Connecting {}
        /// The link is being closed, or the attempt has ended.
        DISCONNECTING = 0x0f, Disconnecting {}
        /// The capability is set.
        IO_CAPABILITY_SET = 0x10, IoCapabilitySet {}
        /// Pairing or encryption has begun.
        PAIRING = 0x11, Pairing {}
        /// The bond is removed.
        UNPAIRED = 0x12, Unpaired {}
        /// The passkey is passed on.
        PASSKEY_ENTERED = 0x13, PasskeyEntered {}
        /// The answer is passed on.
        PASSKEY_CONFIRMED = 0x14, PasskeyConfirmed {}
        /// Directed advertising has started.
        DIRECTED_ADVERTISING_STARTED = 0x15, DirectedAdvertisingStarted { settings: u32 }
        /// The request for other parameters has begun.
        UPDATING_PARAMETERS = 0x16, UpdatingParameters {}
        /// The answer is passed on.
        CONSENTED = 0x17, Consented {}
        /// The temporary key is set.
        OOB_LEGACY_SET = 0x18, OobLegacySet {}
        /// Our out-of-band data.
        OOB_LOCAL_DATA = 0x19, OobLocalData { random: [u8; 16], confirm: [u8; 16] }
        /// The peer's out-of-band data is set.
        OOB_REMOTE_SET = 0x1a, OobRemoteSet {}
        /// The protection is set.
        MITM_SET = 0x1b, MitmSet {}
        /// The filter list is set.
        FILTER_LIST_SET = 0x1c, FilterListSet {}
        /// Privacy is set.
        PRIVACY_SET = 0x1d, PrivacySet { settings: u32 }
        /// The mode is set.
        SECURE_CONNECTIONS_ONLY_SET = 0x1e, SecureConnectionsOnlySet { settings: u32 }
        /// The mode is set.
        SECURE_CONNECTIONS_SET = 0x1f, SecureConnectionsSet { settings: u32 }
        /// The length is set.
        MIN_KEY_SIZE_SET = 0x20, MinKeySizeSet {}
        /// The kind of PDUs is set.
        EXTENDED_ADVERTISING_SET = 0x21, ExtendedAdvertisingSet { settings: u32 }
        /// Pairing or encryption has begun.
        PAIRING_V2 = 0x2a, PairingV2 {}
    }
}

messages! {
    /// Events of GAP.
    pub enum Event,
    /// Opcodes of events.
    EventOpcode {
        /// The settings changed.
        NEW_SETTINGS = 0x80, NewSettings { settings: u32 }
        /// A device was found; flags of [`found`], data as on the air.
        DEVICE_FOUND = 0x81, DeviceFound { peer: Address, rssi: i8, flags: u8, data: Bytes16 }
        /// A link is up; its parameters in their units of HCI.
        CONNECTED = 0x82, Connected { peer: Address, interval: u16, latency: u16, timeout: u16 }
        /// A link ended.
        DISCONNECTED = 0x83, Disconnected { peer: Address }
        /// The user enters this passkey at the peer.
        PASSKEY_DISPLAY = 0x84, PasskeyDisplay { peer: Address, passkey: u32 }
        /// The peer displays a passkey: [`Command::PasskeyEntry`] answers.
        PASSKEY_ENTRY_REQUEST = 0x85, PasskeyEntryRequest { peer: Address }
        /// Both sides display a number: [`Command::PasskeyConfirm`] answers.
        PASSKEY_CONFIRM_REQUEST = 0x86, PasskeyConfirmRequest { peer: Address, passkey: u32 }
        /// A pairing is complete, so that the peer's identity is known.
        IDENTITY_RESOLVED = 0x87, IdentityResolved { peer: Address, identity: Address }
        /// The parameters of a link changed.
        PARAMETERS_UPDATED = 0x88, ParametersUpdated { peer: Address, interval: u16, latency: u16, timeout: u16 }
        /// The security of a link changed: 1 encrypted, 2 authenticated, 3 authenticated LE Secure Connections.
        SECURITY_CHANGED = 0x89, SecurityChanged { peer: Address, level: u8 }
        /// May the peer pair? [`Command::PairingConsent`] answers.
        PAIRING_CONSENT_REQUEST = 0x8a, PairingConsentRequest { peer: Address }
        /// One side no longer has the key of the bond.
        BOND_LOST = 0x8b, BondLost { peer: Address }
        /// A pairing failed, with a reason of the Security Manager.
        PAIRING_FAILED = 0x8c, PairingFailed { peer: Address, reason: u8 }
    }
}
