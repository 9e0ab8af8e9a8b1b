use zerocopy::little_endian::{U16, U64};

use crate::{
    BdAddress, ClassOfDevice, LinkType, Passkey, RawHandle, Role, ScanRepetition, SecretKey,
    Status,
    cmd::classic::{
        AuthenticationRequirements, EXTENDED_INQUIRY_RESPONSE_LEN, IoCapability, Keypress,
        LocalName,
    },
    event::views,
};

views! {
    /// An inquiry ended by itself. [Vol 4] Part E, 7.7.1
    InquiryComplete {
        /// Success if it ended as requested.
        status: Status,
    }

    /// One device that answered an inquiry. [Vol 4] Part E, 7.7.2
    InquiryResult {
        /// The device.
        address: BdAddress,
        /// How often it listens for pages.
        scan_repetition: ScanRepetition,
        /// Reserved.
        reserved: [u8; 2],
        /// Its class.
        class: ClassOfDevice,
        /// Bits 16 to 2 of the difference of the clocks.
        clock_offset: U16,
    }

    /// One device that answered an inquiry, with its signal. [Vol 4] Part E, 7.7.33
    InquiryResultWithRssi {
        /// The device.
        address: BdAddress,
        /// How often it listens for pages.
        scan_repetition: ScanRepetition,
        /// Reserved.
        reserved: u8,
        /// Its class.
        class: ClassOfDevice,
        /// Bits 16 to 2 of the difference of the clocks.
        clock_offset: U16,
        /// dBm, -127 to 20.
        rssi: i8,
    }

    /// One device that answered an inquiry, with its signal and its data. [Vol 4] Part E, 7.7.38
    ExtendedInquiryResult {
        /// Always 1.
        count: u8,
        /// The device.
        address: BdAddress,
        /// How often it listens for pages.
        scan_repetition: ScanRepetition,
        /// Reserved.
        reserved: u8,
        /// Its class.
        class: ClassOfDevice,
        /// Bits 16 to 2 of the difference of the clocks.
        clock_offset: U16,
        /// dBm, -127 to 20.
        rssi: i8,
        /// Structures as in advertising data; zeros after them.
        data: [u8; EXTENDED_INQUIRY_RESPONSE_LEN],
    }

    /// A link came up, or failed to. [Vol 4] Part E, 7.7.3
    ConnectionComplete {
        /// Success if the link is up.
        status: Status,
        /// The link.
        handle: RawHandle,
        /// The peer.
        address: BdAddress,
        /// ACL or synchronous.
        link_type: LinkType,
        /// 1 if the link is encrypted.
        encrypted: u8,
    }

    /// A peer requests a link. [Vol 4] Part E, 7.7.4
    ConnectionRequest {
        /// The peer.
        address: BdAddress,
        /// Its class.
        class: ClassOfDevice,
        /// ACL or synchronous.
        link_type: LinkType,
    }

    /// Authentication of a peer ended. [Vol 4] Part E, 7.7.6
    AuthenticationComplete {
        /// Success if the peer has the link key.
        status: Status,
        /// The link.
        handle: RawHandle,
    }

    /// A device's name was read, or could not be. [Vol 4] Part E, 7.7.7
    RemoteNameRequestComplete {
        /// Success if it was.
        status: Status,
        /// The device.
        address: BdAddress,
        /// The name.
        name: LocalName,
    }

    /// A peer reported its features. [Vol 4] Part E, 7.7.11
    ReadRemoteSupportedFeaturesComplete {
        /// Success if it did.
        status: Status,
        /// The link.
        handle: RawHandle,
        /// Bits of [`crate::LmpFeatures`].
        features: U64,
    }

    /// A peer reported one page of its features. [Vol 4] Part E, 7.7.34
    ReadRemoteExtendedFeaturesComplete {
        /// Success if it did.
        status: Status,
        /// The link.
        handle: RawHandle,
        /// The page.
        page: u8,
        /// The last page.
        max_page: u8,
        /// Bits of [`crate::LmpFeatures`], [`crate::LmpFeatures1`] or [`crate::LmpFeatures2`].
        features: U64,
    }

    /// A peer dropped data of a link, or the controller did. [Vol 4] Part E, 7.7.17
    FlushOccurred {
        /// The link.
        handle: RawHandle,
    }

    /// The roles on a link changed, or failed to. [Vol 4] Part E, 7.7.18
    RoleChange {
        /// Success if they changed.
        status: Status,
        /// The peer.
        address: BdAddress,
        /// Role of this device.
        role: Role,
    }

    /// The mode of a link changed, or failed to. [Vol 4] Part E, 7.7.20
    ModeChange {
        /// Success if it changed.
        status: Status,
        /// The link.
        handle: RawHandle,
        /// 0 active, 1 hold, 2 sniff.
        mode: u8,
        /// Interval in units of 0.625 ms.
        interval: U16,
    }

    /// The controller needs a PIN code. [Vol 4] Part E, 7.7.22
    PinCodeRequest {
        /// The peer.
        address: BdAddress,
    }

    /// The controller needs the link key. [Vol 4] Part E, 7.7.23
    LinkKeyRequest {
        /// The peer.
        address: BdAddress,
    }

    /// A pairing made a link key. [Vol 4] Part E, 7.7.24
    LinkKeyNotification {
        /// The peer.
        address: BdAddress,
        /// The key.
        key: SecretKey,
        /// How it was made.
        key_type: LinkKeyType,
    }

    /// The longest packets of a link changed. [Vol 4] Part E, 7.7.27
    MaxSlotsChange {
        /// The link.
        handle: RawHandle,
        /// Slots of the longest packet: 1, 3 or 5.
        max_slots: u8,
    }

    /// The difference of the clocks was read, or could not be. [Vol 4] Part E, 7.7.28
    ReadClockOffsetComplete {
        /// Success if it was.
        status: Status,
        /// The link.
        handle: RawHandle,
        /// Bits 16 to 2 of the difference.
        clock_offset: U16,
    }

    /// The packet types of a link changed, or failed to. [Vol 4] Part E, 7.7.29
    ConnectionPacketTypeChanged {
        /// Success if they changed.
        status: Status,
        /// The link.
        handle: RawHandle,
        /// Bits of [`crate::PacketTypes`].
        packet_types: U16,
    }

    /// A device listens for pages more or less often. [Vol 4] Part E, 7.7.31
    PageScanRepetitionModeChange {
        /// The device.
        address: BdAddress,
        /// How often it listens.
        scan_repetition: ScanRepetition,
    }

    /// The controller needs what this device can do for a pairing. [Vol 4] Part E, 7.7.40
    IoCapabilityRequest {
        /// The peer.
        address: BdAddress,
    }

    /// What the peer can do for a pairing. [Vol 4] Part E, 7.7.41
    IoCapabilityResponse {
        /// The peer.
        address: BdAddress,
        /// Its input and output.
        capability: IoCapability,
        /// 1 if it has data of this device, received out of band.
        oob_data_present: u8,
        /// What the pairing must reach.
        requirements: AuthenticationRequirements,
    }

    /// The user must compare a number. [Vol 4] Part E, 7.7.42
    UserConfirmationRequest {
        /// The peer.
        address: BdAddress,
        /// The number.
        number: Passkey,
    }

    /// The user must enter the peer's passkey. [Vol 4] Part E, 7.7.43
    UserPasskeyRequest {
        /// The peer.
        address: BdAddress,
    }

    /// The controller needs data received out of band. [Vol 4] Part E, 7.7.44
    RemoteOobDataRequest {
        /// The peer.
        address: BdAddress,
    }

    /// A pairing ended. [Vol 4] Part E, 7.7.45
    SimplePairingComplete {
        /// Success if it ended well.
        status: Status,
        /// The peer.
        address: BdAddress,
    }

    /// The peer changed the supervision timeout. [Vol 4] Part E, 7.7.46
    LinkSupervisionTimeoutChanged {
        /// The link.
        handle: RawHandle,
        /// In slots of 0.625 ms; 0 for never.
        timeout: U16,
    }

    /// The flushable data of a link was dropped. [Vol 4] Part E, 7.7.47
    EnhancedFlushComplete {
        /// The link.
        handle: RawHandle,
    }

    /// The passkey that the peer's user must enter. [Vol 4] Part E, 7.7.48
    UserPasskeyNotification {
        /// The peer.
        address: BdAddress,
        /// The passkey.
        passkey: Passkey,
    }

    /// The peer's user pressed a key. [Vol 4] Part E, 7.7.49
    KeypressNotification {
        /// The peer.
        address: BdAddress,
        /// The keypress.
        keypress: Keypress,
    }

    /// What the peer's host turned on. [Vol 4] Part E, 7.7.50
    RemoteHostSupportedFeatures {
        /// The peer.
        address: BdAddress,
        /// Bits of [`crate::LmpFeatures1`].
        features: U64,
    }

    /// No authenticated packet arrived in time. [Vol 4] Part E, 7.7.75
    AuthenticatedPayloadTimeoutExpired {
        /// The link.
        handle: RawHandle,
    }
}

bindrune_wire::open_enum! {
    /// How a link key was made. [Vol 4] Part E, 7.7.24
    pub struct LinkKeyType(u8) {
        /// Legacy pairing.
        COMBINATION = 0x00,
        /// Debug mode of Secure Simple Pairing.
        DEBUG_COMBINATION = 0x03,
        /// Unauthenticated, of P-192.
        UNAUTHENTICATED_P192 = 0x04,
        /// Authenticated, of P-192.
        AUTHENTICATED_P192 = 0x05,
        /// Changed; the type is that of the key before.
        CHANGED_COMBINATION = 0x06,
        /// Unauthenticated, of P-256.
        UNAUTHENTICATED_P256 = 0x07,
        /// Authenticated, of P-256.
        AUTHENTICATED_P256 = 0x08,
    }
}
