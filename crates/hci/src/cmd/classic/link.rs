use zerocopy::little_endian::U16;

use super::AddressReturn;
use crate::{
    BdAddress, RawHandle, Role, ScanRepetition, Status,
    cmd::{Accepted, Done, HandleReturn, commands, returns},
};

commands! {
    /// Connects to a device. Connection Complete follows. [Vol 4] Part E, 7.1.5
    CreateConnection = CREATE_CONNECTION -> Accepted {
        /// The device.
        address: BdAddress,
        /// Bits of [`crate::PacketTypes`].
        packet_types: U16,
        /// As in the inquiry result.
        scan_repetition: ScanRepetition,
        /// Always 0.
        reserved: u8,
        /// Bits 16 to 2 of the difference of the clocks; bit 15 if it is valid.
        clock_offset: U16,
        /// 1 if the peer may request to be central.
        allow_role_switch: u8,
    }

    /// Cancels [`CreateConnection`]. Connection Complete follows anyway. [Vol 4] Part E, 7.1.7
    CreateConnectionCancel = CREATE_CONNECTION_CANCEL -> AddressReturn {
        /// The device.
        address: BdAddress,
    }

    /// Accepts a peer's connection. Connection Complete follows. [Vol 4] Part E, 7.1.8
    AcceptConnectionRequest = ACCEPT_CONNECTION_REQUEST -> Accepted {
        /// The peer.
        address: BdAddress,
        /// Role of this device: central requests a role switch.
        role: Role,
    }

    /// Refuses a peer's connection. Connection Complete follows. [Vol 4] Part E, 7.1.9
    RejectConnectionRequest = REJECT_CONNECTION_REQUEST -> Accepted {
        /// The peer.
        address: BdAddress,
        /// The reason, 0x0d to 0x0f.
        reason: Status,
    }

    /// Selects the packet types of a link. Connection Packet Type Changed follows. [Vol 4] Part E, 7.1.14
    ChangeConnectionPacketType = CHANGE_CONNECTION_PACKET_TYPE -> Accepted {
        /// The link.
        handle: RawHandle,
        /// Bits of [`crate::PacketTypes`].
        packet_types: U16,
    }

    /// Reads a peer's features. Read Remote Supported Features Complete follows. [Vol 4] Part E, 7.1.21
    ReadRemoteSupportedFeatures = READ_REMOTE_SUPPORTED_FEATURES -> Accepted {
        /// The link.
        handle: RawHandle,
    }

    /// Reads one page of a peer's features. Read Remote Extended Features Complete follows. [Vol 4] Part E, 7.1.22
    ReadRemoteExtendedFeatures = READ_REMOTE_EXTENDED_FEATURES -> Accepted {
        /// The link.
        handle: RawHandle,
        /// The page.
        page: u8,
    }

    /// Reads the difference of the clocks. Read Clock Offset Complete follows. [Vol 4] Part E, 7.1.24
    ReadClockOffset = READ_CLOCK_OFFSET -> Accepted {
        /// The link.
        handle: RawHandle,
    }

    /// Requests sniff mode. Mode Change follows. [Vol 4] Part E, 7.2.2
    SniffMode = SNIFF_MODE -> Accepted {
        /// The link.
        handle: RawHandle,
        /// Longest interval in units of 0.625 ms, even.
        interval_max: U16,
        /// Shortest interval in units of 0.625 ms, even.
        interval_min: U16,
        /// Number of slots in which the peripheral listens.
        attempt: U16,
        /// Number of slots for which it listens after data.
        timeout: U16,
    }

    /// Ends sniff mode. Mode Change follows. [Vol 4] Part E, 7.2.3
    ExitSniffMode = EXIT_SNIFF_MODE -> Accepted {
        /// The link.
        handle: RawHandle,
    }

    /// Reads the role of this device on a link. [Vol 4] Part E, 7.2.7
    RoleDiscovery = ROLE_DISCOVERY -> LinkRole {
        /// The link.
        handle: RawHandle,
    }

    /// Requests another role. Role Change follows. [Vol 4] Part E, 7.2.8
    SwitchRole = SWITCH_ROLE -> Accepted {
        /// The peer.
        address: BdAddress,
        /// Role of this device.
        role: Role,
    }

    /// Selects what a link allows. [Vol 4] Part E, 7.2.10
    WriteLinkPolicySettings = WRITE_LINK_POLICY_SETTINGS -> HandleReturn {
        /// The link.
        handle: RawHandle,
        /// Bits of [`LinkPolicy`].
        policy: U16,
    }

    /// Selects what new links allow. [Vol 4] Part E, 7.2.12
    WriteDefaultLinkPolicySettings = WRITE_DEFAULT_LINK_POLICY_SETTINGS -> Done {
        /// Bits of [`LinkPolicy`].
        policy: U16,
    }
}

returns! {
    /// Return parameters of [`RoleDiscovery`].
    LinkRole {
        /// The link.
        handle: RawHandle,
        /// Role of this device.
        role: Role,
    }
}

bitflags::bitflags! {
    /// What a link allows. [Vol 4] Part E, 7.2.10
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct LinkPolicy: u16 {
        /// A role switch.
        const ROLE_SWITCH = 1 << 0;
        /// Hold mode.
        const HOLD = 1 << 1;
        /// Sniff mode.
        const SNIFF = 1 << 2;
    }
}
