//! Controller and baseband commands. [Vol 4] Part E, 7.3

use bindrune_wire::{Malformed, NoRoom, Reader, Writer};
use zerocopy::{
    FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned,
    little_endian::{U16, U64},
};

use super::{Command, Done, Unanswered, commands, queries, returns};
use crate::{Opcode, RawHandle};

bitflags::bitflags! {
    /// Events that the controller may send. [Vol 4] Part E, 7.3.1
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct EventMask: u64 {
        /// Inquiry Complete.
        const INQUIRY_COMPLETE = 1 << 0;
        /// Inquiry Result.
        const INQUIRY_RESULT = 1 << 1;
        /// Connection Complete.
        const CONNECTION_COMPLETE = 1 << 2;
        /// Connection Request.
        const CONNECTION_REQUEST = 1 << 3;
        /// Disconnection Complete.
        const DISCONNECTION_COMPLETE = 1 << 4;
        /// Authentication Complete.
        const AUTHENTICATION_COMPLETE = 1 << 5;
        /// Remote Name Request Complete.
        const REMOTE_NAME_REQUEST_COMPLETE = 1 << 6;
        /// Encryption Change [v1].
        const ENCRYPTION_CHANGE = 1 << 7;
        /// Read Remote Supported Features Complete.
        const READ_REMOTE_SUPPORTED_FEATURES_COMPLETE = 1 << 10;
        /// Read Remote Version Information Complete.
        const READ_REMOTE_VERSION_INFORMATION_COMPLETE = 1 << 11;
        /// Hardware Error.
        const HARDWARE_ERROR = 1 << 15;
        /// Flush Occurred.
        const FLUSH_OCCURRED = 1 << 16;
        /// Role Change.
        const ROLE_CHANGE = 1 << 17;
        /// Mode Change.
        const MODE_CHANGE = 1 << 19;
        /// PIN Code Request.
        const PIN_CODE_REQUEST = 1 << 21;
        /// Link Key Request.
        const LINK_KEY_REQUEST = 1 << 22;
        /// Link Key Notification.
        const LINK_KEY_NOTIFICATION = 1 << 23;
        /// Data Buffer Overflow.
        const DATA_BUFFER_OVERFLOW = 1 << 25;
        /// Max Slots Change.
        const MAX_SLOTS_CHANGE = 1 << 26;
        /// Read Clock Offset Complete.
        const READ_CLOCK_OFFSET_COMPLETE = 1 << 27;
        /// Connection Packet Type Changed.
        const CONNECTION_PACKET_TYPE_CHANGED = 1 << 28;
        /// Page Scan Repetition Mode Change.
        const PAGE_SCAN_REPETITION_MODE_CHANGE = 1 << 31;
        /// Inquiry Result with RSSI.
        const INQUIRY_RESULT_WITH_RSSI = 1 << 33;
        /// Read Remote Extended Features Complete.
        const READ_REMOTE_EXTENDED_FEATURES_COMPLETE = 1 << 34;
        /// Extended Inquiry Result.
        const EXTENDED_INQUIRY_RESULT = 1 << 46;
        /// Encryption Key Refresh Complete.
        const ENCRYPTION_KEY_REFRESH_COMPLETE = 1 << 47;
        /// IO Capability Request.
        const IO_CAPABILITY_REQUEST = 1 << 48;
        /// IO Capability Response.
        const IO_CAPABILITY_RESPONSE = 1 << 49;
        /// User Confirmation Request.
        const USER_CONFIRMATION_REQUEST = 1 << 50;
        /// User Passkey Request.
        const USER_PASSKEY_REQUEST = 1 << 51;
        /// Remote OOB Data Request.
        const REMOTE_OOB_DATA_REQUEST = 1 << 52;
        /// Simple Pairing Complete.
        const SIMPLE_PAIRING_COMPLETE = 1 << 53;
        /// Link Supervision Timeout Changed.
        const LINK_SUPERVISION_TIMEOUT_CHANGED = 1 << 55;
        /// Enhanced Flush Complete.
        const ENHANCED_FLUSH_COMPLETE = 1 << 56;
        /// User Passkey Notification.
        const USER_PASSKEY_NOTIFICATION = 1 << 58;
        /// Keypress Notification.
        const KEYPRESS_NOTIFICATION = 1 << 59;
        /// Remote Host Supported Features Notification.
        const REMOTE_HOST_SUPPORTED_FEATURES = 1 << 60;
        /// LE Meta.
        const LE_META = 1 << 61;
        /// The events of a controller after Reset.
        const DEFAULT = 0x0000_1fff_ffff_ffff;
    }
}

bitflags::bitflags! {
    /// Further events that the controller may send. [Vol 4] Part E, 7.3.69
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct EventMask2: u64 {
        /// Authenticated Payload Timeout Expired.
        const AUTHENTICATED_PAYLOAD_TIMEOUT_EXPIRED = 1 << 23;
        /// Encryption Change [v2].
        const ENCRYPTION_CHANGE_V2 = 1 << 25;
    }
}

queries! {
    /// Puts the controller into its state after power on. [Vol 4] Part E, 7.3.2
    Reset = RESET -> Done;
}

commands! {
    /// Selects the events that the controller sends. [Vol 4] Part E, 7.3.1
    SetEventMask = SET_EVENT_MASK -> Done {
        /// Bits of [`EventMask`].
        mask: U64,
    }

    /// Selects further events that the controller sends. [Vol 4] Part E, 7.3.69
    SetEventMaskPage2 = SET_EVENT_MASK_PAGE_2 -> Done {
        /// Bits of [`EventMask2`].
        mask: U64,
    }

    /// Reads the transmit power of a link. [Vol 4] Part E, 7.3.35
    ReadTransmitPowerLevel = READ_TRANSMIT_POWER_LEVEL -> TransmitPowerLevel {
        /// The link.
        handle: RawHandle,
        /// 0 for the current, 1 for the highest level.
        kind: u8,
    }

    /// Turns flow control from the controller to the host on or off. [Vol 4] Part E, 7.3.38
    SetControllerToHostFlowControl = SET_CONTROLLER_TO_HOST_FLOW_CONTROL -> Done {
        /// The data under flow control.
        flow_control: FlowControl,
    }

    /// Reports the host's buffers to the controller. [Vol 4] Part E, 7.3.39
    HostBufferSize = HOST_BUFFER_SIZE -> Done {
        /// Longest payload of an ACL packet to the host, in octets.
        acl_len: U16,
        /// Longest payload of a synchronous packet to the host, in octets.
        synchronous_len: u8,
        /// Number of ACL packets that the host holds.
        acl_count: U16,
        /// Number of synchronous packets that the host holds.
        synchronous_count: U16,
    }
}

returns! {
    /// Return parameters of [`ReadTransmitPowerLevel`].
    TransmitPowerLevel {
        /// The link.
        handle: RawHandle,
        /// dBm, -30 to 20.
        level: i8,
    }
}

bindrune_wire::open_enum! {
    /// The data that the host's flow control applies to. [Vol 4] Part E, 7.3.38
    pub struct FlowControl(u8) {
        /// None.
        OFF = 0x00,
        /// ACL data.
        ACL = 0x01,
        /// Synchronous data.
        SYNCHRONOUS = 0x02,
        /// Both.
        BOTH = 0x03,
    }
}

/// A link and its number of completed packets. [Vol 4] Part E, 7.7.19
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct CompletedPackets {
    /// The link.
    pub handle: RawHandle,
    /// Number of packets.
    pub count: U16,
}

/// Returns buffers to the controller. It needs no command credit, and is answered only on an error. [Vol 4] Part E,
/// 7.3.40
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostNumberOfCompletedPackets<'a> {
    /// The links; at most 63 fit.
    pub links: &'a [CompletedPackets],
}

impl<'a> HostNumberOfCompletedPackets<'a> {
    /// Parses the parameters of this command.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the octets end early, are too many, or hold a forbidden value.
    pub fn parse(parameters: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(parameters);
        let count = r.u8()?;
        let links = crate::event::completed_packets(count, r.rest())?;
        Ok(Self { links })
    }
}

impl Command for HostNumberOfCompletedPackets<'_> {
    const OPCODE: Opcode = Opcode::HOST_NUMBER_OF_COMPLETED_PACKETS;
    type Return = Unanswered;

    fn write_parameters(&self, w: &mut Writer<'_>) -> Result<(), NoRoom> {
        w.u8(u8::try_from(self.links.len()).map_err(|_| NoRoom)?)?;
        w.bytes(self.links.as_bytes())
    }
}
