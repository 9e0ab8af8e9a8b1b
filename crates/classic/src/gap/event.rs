use bindrune_hci::{BdAddress, Opcode, Role, Status};
use bindrune_wire::Handle;

use crate::{ConnectError, InquiryEnd, LinkMode, LinkUp};

/// An event for the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapEvent {
    /// The controller is set up; [`crate::Gap::controller`] returns its capabilities.
    Ready,
    /// The controller has no BR/EDR. Nothing happens before [`crate::Gap::restart`].
    Unsupported,
    /// BR/EDR cannot be used. Nothing happens before [`crate::Gap::restart`].
    SetupFailed {
        /// The command that failed.
        opcode: Opcode,
        /// How it failed.
        status: Status,
    },
    /// A link came up.
    LinkUp(LinkUp),
    /// A link ended; its slot is free.
    LinkDown {
        /// The link.
        slot: u8,
        /// Its handle.
        handle: Handle,
        /// Reason of the end.
        reason: Status,
    },
    /// The role on a link changed, by either side.
    RoleChanged {
        /// The link.
        slot: u8,
        /// Role of this device.
        role: Role,
    },
    /// [`crate::Gap::switch_role`] ended.
    RoleSwitchEnded {
        /// The link.
        slot: u8,
        /// Whether this device has the role.
        result: Result<(), Status>,
    },
    /// The mode of a link changed, by either side.
    ModeChanged {
        /// The link.
        slot: u8,
        /// Its mode.
        mode: LinkMode,
        /// Interval of sniff mode in slots of 0.625 ms; 0 in active mode.
        interval: u16,
    },
    /// [`crate::Gap::sniff`] or [`crate::Gap::exit_sniff`] ended.
    ModeRequestEnded {
        /// The link.
        slot: u8,
        /// Whether the link has the mode.
        result: Result<(), Status>,
    },
    /// The supervision timeout of a link changed, by either side.
    SupervisionTimeoutChanged {
        /// The link.
        slot: u8,
        /// In slots of 0.625 ms; 0 for none.
        timeout: u16,
    },
    /// [`crate::Gap::set_supervision_timeout`] ended.
    SupervisionTimeout {
        /// The link.
        slot: u8,
        /// Whether the controller uses it.
        result: Result<(), Status>,
    },
    /// The features of a peer are known, as far as it reports them: [`crate::Gap::link`].
    Features {
        /// The link.
        slot: u8,
    },
    /// [`crate::Gap::set_flush_timeout`] ended.
    FlushTimeout {
        /// The link.
        slot: u8,
        /// Whether the controller uses it.
        result: Result<(), Status>,
    },
    /// [`crate::Gap::set_packet_types`] ended.
    PacketTypes {
        /// The link.
        slot: u8,
        /// Whether the controller uses them.
        result: Result<(), Status>,
    },
    /// The controller dropped data of a link after its flush timeout.
    Flushed {
        /// The link.
        slot: u8,
        /// Its handle.
        handle: Handle,
        /// How often since the last such event.
        count: u32,
    },
    /// A request for a link ended. If it succeeded, [`Self::LinkUp`] came before.
    ConnectEnded {
        /// The device.
        address: BdAddress,
        /// The link, or why there is none.
        result: Result<u8, ConnectError>,
    },
    /// A request for a name ended: [`crate::Gap::name`] returns it.
    Name {
        /// The device.
        address: BdAddress,
        /// Whether the name was read.
        result: Result<(), Status>,
    },
    /// Results wait: [`crate::Gap::next_result`], until there is none.
    InquiryResult,
    /// The inquiry ended; results may still wait.
    InquiryDone(InquiryEnd),
    /// Limited discoverable mode ended after its time.
    DiscoverableEnded,
    /// The controller refused to turn its scans on or off: this device is not discoverable and connectable as
    /// requested. The next request tries again.
    ScanFailed(Status),
}

/// Reason of a deadline of [`crate::Gap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum GapTimer {
    /// Limited discoverable mode ends.
    Discoverable,
    /// The inquiry ends, or is tried again.
    Inquiry,
    /// Reading a name takes too long, or is tried again.
    Name,
    /// Connecting takes too long, or is tried again.
    Connect,
    /// A peer's connection is overdue.
    Accept,
    /// A procedure of a link is overdue, or disconnecting is tried again.
    Link,
    /// Disconnecting a link without an owner is tried again.
    Refused,
}
