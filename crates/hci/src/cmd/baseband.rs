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
        /// Disconnection Complete.
        const DISCONNECTION_COMPLETE = 1 << 4;
        /// Encryption Change [v1].
        const ENCRYPTION_CHANGE = 1 << 7;
        /// Read Remote Version Information Complete.
        const READ_REMOTE_VERSION_INFORMATION_COMPLETE = 1 << 11;
        /// Hardware Error.
        const HARDWARE_ERROR = 1 << 15;
        /// Data Buffer Overflow.
        const DATA_BUFFER_OVERFLOW = 1 << 25;
        /// Encryption Key Refresh Complete.
        const ENCRYPTION_KEY_REFRESH_COMPLETE = 1 << 47;
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
