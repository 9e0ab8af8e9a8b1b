//! One link: its identity, and every machine that exists as long as the link.

use bindrune_gap::LinkControl;
use bindrune_gatt::Peer;
use bindrune_hci::{
    Status,
    credits::{HostLinkCredits, LinkCredits},
};
use bindrune_l2cap::{Fragments, LinkId, Reassembly, Role, Signalling};
use bindrune_wire::{Handle, time::Instant};

use super::{
    attribute::Attributes, fill::InOutput, fixed::Fixed, gap::Claim, inbox::Inbox, notify::Room,
    packets::PacketTurn, security::Lazy, transmit::AppPdu,
};
use crate::{
    capability::{CENTRAL, CHANNELS},
    mask::Mask,
};

/// Identifies one link until its slot is used for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LinkRef {
    pub(crate) index: u8,
    pub(crate) generation: u32,
}

impl LinkRef {
    /// Refers to no link.
    pub(crate) const NONE: Self = Self { index: u8::MAX, generation: 0 };
}

/// Stage in the life of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    /// The slot is free.
    Free,
    /// The controller has the link.
    Up,
    /// The link ended for this reason. Its received data may still be read.
    Ended(Status),
}

/// One link slot of `Resources`. The fields that are used most come first: they take the shortest instructions.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Link {
    pub(crate) generation: u32,
    pub(crate) life: Life,
    pub(crate) handle: Handle,
    /// Number of the application's handles on this link. The request that made the link counts as one.
    pub(crate) users: u16,
    /// The slot of the link whose handle, modulo the number of slots, is the index of this slot.
    pub(crate) by_handle: u8,
    /// The reason to disconnect with once everything pending is sent.
    pub(crate) leaving: Option<Status>,
    /// Number of transmit packets that the application has borrowed.
    pub(crate) borrowed: u8,
    pub(crate) packet_turn: PacketTurn,
    /// Whether the packet that is being sent is the application's.
    pub(crate) app_sending: bool,
    /// The channel whose frame is being sent.
    pub(crate) sending_channel: Option<u8>,
    /// The application's PDU that was sent last, for fairness.
    pub(crate) last: AppPdu,
    /// Whether the last PDU was of a machine while one of the application waited.
    pub(crate) app_passed_over: bool,
    /// The channel that sent last, for fairness.
    pub(crate) last_channel: u8,
    /// Whether the link is being disconnected because it took no packet for too long.
    pub(crate) stalled: bool,
    /// When the controller was last asked whether it still has this link.
    pub(crate) looked: Option<Instant>,
    /// Channels of this link whose out-slot is full.
    pub(crate) full_channels: Mask,
    /// The PDU that is being fragmented.
    pub(crate) outgoing: Option<Fragments>,
    pub(crate) credits: LinkCredits,
    pub(crate) host_credits: HostLinkCredits,
    /// The request that made the link, until its future takes the link.
    pub(crate) claim: Option<Claim>,
    /// Until when the request waits for the first data from the peer, if none has been received yet.
    pub(crate) unproven: Option<Instant>,
    /// When the wait for `leaving` ends, if it has begun.
    pub(crate) leaving_until: Option<Instant>,
    /// Packets in the buffer for the transport, of this link or of the last one in the slot.
    pub(crate) in_output: InOutput,
    /// When something was last received from this link.
    pub(crate) last_rx: Option<Instant>,
    pub(crate) reassembly: Reassembly,
    pub(crate) attributes: Attributes,
    pub(crate) fixed: Fixed,
    /// Data and events that `Connection::next` has not returned yet.
    pub(crate) inbox: Inbox,
    pub(crate) signalling: Signalling,
    pub(crate) control: LinkControl,
    pub(crate) peer: Option<Peer>,
    pub(crate) room: Room,
    pub(crate) protection: Lazy,
}

bitflags::bitflags! {
    /// Events for `Connection::next` that replace an earlier one of their kind. Their details are read from the
    /// machines.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(crate) struct PendingEvents: u16 {
        const MTU = 1;
        const PARAMETERS = 1 << 1;
        // With security.
        const ENCRYPTED = 1 << 2;
        const PAIRED = 1 << 3;
        const PAIRING_FAILED = 1 << 4;
        const BOND_LOST = 1 << 5;
        const SECURITY_REQUESTED = 1 << 6;
        // With the GATT client.
        const SERVICE_CHANGED = 1 << 7;
        // With tuning.
        const PHY = 1 << 8;
        const DATA_LENGTH = 1 << 9;
    }
}

impl Link {
    /// A free slot. All bytes are zero, so that slots in a `static` take no flash.
    pub(crate) const FREE: Self = Self {
        generation: 0,
        by_handle: 0,
        life: Life::Free,
        users: 0,
        claim: None,
        unproven: None,
        handle: Handle::MIN,
        control: LinkControl::NONE,
        credits: LinkCredits::NONE,
        host_credits: HostLinkCredits::NONE,
        reassembly: Reassembly::new(),
        signalling: Signalling::new(LinkId(0), Role::Central),
        attributes: Attributes::NONE,
        peer: None,
        fixed: Fixed::NONE,
        outgoing: None,
        in_output: InOutput::NONE,
        inbox: Inbox::EMPTY,
        borrowed: 0,
        packet_turn: PacketTurn::NONE,
        app_sending: false,
        sending_channel: None,
        full_channels: 0,
        last: AppPdu::Attribute,
        app_passed_over: false,
        last_channel: 0,
        leaving: None,
        leaving_until: None,
        protection: Lazy::NONE,
        room: Room::Unknown,
        last_rx: None,
        looked: None,
        stalled: false,
    };

    pub(crate) fn is_central(&self) -> bool {
        CENTRAL && self.control.role() == bindrune_hci::Role::CENTRAL
    }

    /// Returns whether a PDU of the application is in an out-slot.
    pub(super) const fn has_unsent(&self) -> bool {
        !self.attributes.out.is_empty()
            || (CHANNELS && self.full_channels != 0)
            || self.fixed.has_unsent()
    }

    pub(crate) const fn is_up(&self) -> bool {
        matches!(self.life, Life::Up)
    }
}
