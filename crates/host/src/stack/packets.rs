//! Transmit packets of applications, and the tasks that wait for one.

use bindrune_wire::Packet;

use super::{LinkRef, Stack, attribute::Outgoing};
use crate::{
    capability::CHANNELS,
    mask::{Mask, bit, indices, next_bit},
    waiters::{ChannelKey, LinkKey},
};

/// Links and channels with tasks that wait for a transmit packet, one bit each.
#[derive(Debug)]
pub(super) struct AwaitingPacket {
    links: Mask,
    channels: Mask,
}

impl AwaitingPacket {
    pub(super) const NONE: Self = Self { links: 0, channels: 0 };

    const fn channels(&self) -> Mask {
        if CHANNELS { self.channels } else { 0 }
    }
}

/// For what the application of a link takes a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum PacketUser {
    /// No turn: any user may take it.
    NoUser = 0,
    /// A PDU of ATT that the peer does not answer.
    Unanswered,
    /// A request.
    Request,
    /// An indication.
    Indication,
    /// A PDU of the application's fixed channel.
    Fixed,
    /// A frame of this channel.
    Channel(u8),
}

impl PacketUser {
    const CHANNEL: u8 = 4;

    pub(super) const fn of(kind: Outgoing) -> Self {
        match kind {
            Outgoing::Unanswered => Self::Unanswered,
            Outgoing::Request(_) => Self::Request,
            Outgoing::Indication => Self::Indication,
        }
    }

    const fn class(self) -> u8 {
        match self {
            Self::NoUser | Self::Unanswered => 0,
            Self::Request => 1,
            Self::Indication => 2,
            Self::Fixed => 3,
            Self::Channel(_) => Self::CHANNEL,
        }
    }
}

const fn flag(class: u8) -> u8 {
    1u8.wrapping_shl(class as u32)
}

/// Whose turn it is to take a link's next free packet.
///
/// A turn that is not used, because its future is not polled, ends when the controller has sent what it had of the
/// link when the turn began. So no future waits for one that is not polled.
#[derive(Debug)]
pub(crate) struct PacketTurn {
    user: PacketUser,
    /// Packets that the controller sends before the turn ends.
    left: u16,
    /// Classes of users that wait, one bit each, except channels.
    waiting: u8,
    /// Class of the user that took the last packet.
    last: u8,
}

impl PacketTurn {
    /// All bytes are zero.
    pub(crate) const NONE: Self = Self { user: PacketUser::NoUser, left: 0, waiting: 0, last: 0 };
}

impl Stack {
    /// Takes a packet for the application of a link. If there is none, the user is woken when it is its turn.
    pub(super) fn packet_for_app(
        &mut self,
        index: u8,
        user: PacketUser,
        headroom: usize,
    ) -> Option<Packet> {
        let holds_some = self.app_holds_packets(index);
        let turn = &mut self.links.get_mut(usize::from(index))?.packet_turn;
        let is_turn = turn.user == user;
        let may = is_turn || turn.user == PacketUser::NoUser;
        let packet = may.then(|| self.tx.take_for_app(holds_some, headroom)).flatten();
        if packet.is_some() {
            turn.last = user.class();
            turn.user = PacketUser::NoUser;
            if is_turn && self.tx.app_may_take(true) {
                self.offer_packet(index);
            }
            return packet;
        }
        if let PacketUser::Channel(channel) = user {
            self.awaiting_packet.channels |= bit(channel);
        } else {
            turn.waiting |= flag(user.class());
            self.awaiting_packet.links |= bit(index);
        }
        None
    }

    /// Begins the turn of the next user that waits for a packet of a link.
    fn offer_packet(&mut self, index: u8) {
        let slot = self.links.get(usize::from(index));
        let waiting = slot.is_some_and(|slot| slot.packet_turn.waiting != 0);
        if waiting || self.awaiting_packet.channels() != 0 {
            self.offer_to_next(index);
        }
    }

    #[inline(never)]
    fn offer_to_next(&mut self, index: u8) {
        if !self.tx.app_may_take(self.app_holds_packets(index)) {
            return;
        }
        let (_, channels) = self.waiting_for_packet(bit(index));
        let Some(slot) = self.links.get_mut(usize::from(index)) else { return };
        let left = slot.credits.outstanding();
        let turn = &mut slot.packet_turn;
        if turn.user != PacketUser::NoUser {
            return;
        }
        if left == 0 {
            // Nothing would end the turn.
            return self.wake_for_packet(bit(index));
        }
        let waiting = turn.waiting | if channels == 0 { 0 } else { flag(PacketUser::CHANNEL) };
        if waiting == 0 {
            return;
        }
        let class = next_bit(waiting.into(), turn.last);
        turn.waiting &= !flag(class);
        let user = match class {
            0 => PacketUser::Unanswered,
            1 => PacketUser::Request,
            2 => PacketUser::Indication,
            3 => PacketUser::Fixed,
            _ => PacketUser::Channel(next_bit(channels, slot.last_channel)),
        };
        (turn.user, turn.left) = (user, left);
        match user {
            PacketUser::NoUser => {}
            PacketUser::Unanswered | PacketUser::Request => self.ready.link(index, LinkKey::Push),
            PacketUser::Indication => self.ready.link(index, LinkKey::Confirmation),
            PacketUser::Fixed => self.ready.link(index, LinkKey::Fixed),
            PacketUser::Channel(channel) => {
                self.awaiting_packet.channels &= !bit(channel);
                self.ready.channel(channel, ChannelKey::Send);
            }
        }
    }

    /// Handles that the controller no longer has `count` packets of a link.
    pub(super) fn packets_gone(&mut self, index: u8, count: u16) {
        let Some(slot) = self.links.get_mut(usize::from(index)) else { return };
        let turn = &mut slot.packet_turn;
        if turn.user == PacketUser::NoUser {
            return;
        }
        turn.left = turn.left.saturating_sub(count);
        if turn.left == 0 {
            turn.user = PacketUser::NoUser;
            self.wake_for_packet(bit(index));
        }
    }

    /// Returns a transmit packet of a link to the pool.
    pub(super) fn packet_free(&mut self, index: u8, packet: Packet) {
        let was_empty = self.tx.pool.free() == 0;
        self.tx.pool.give(packet);
        if (self.awaiting_packet.links | self.awaiting_packet.channels()) == 0 {
            return;
        }
        // If other links may not take it, only the link that had it can use it.
        if was_empty || self.tx.app_may_take(true) {
            self.wake_for_packet(!bit(index));
        }
        self.offer_packet(index);
    }

    /// Wakes the tasks that wait for a transmit packet on some of the links. Those that still wait when they are polled
    /// are recorded again.
    pub(super) fn wake_for_packet(&mut self, links: Mask) {
        let (waiting, channels) = self.waiting_for_packet(links);
        self.awaiting_packet.links &= !waiting;
        self.awaiting_packet.channels &= !channels;
        for index in indices(waiting) {
            if let Some(slot) = self.links.get_mut(usize::from(index)) {
                slot.packet_turn.waiting = 0;
            }
            self.ready.link(index, LinkKey::Push);
            self.ready.link(index, LinkKey::Confirmation);
            self.ready.link(index, LinkKey::Fixed);
        }
        for channel in indices(channels) {
            self.ready.channel(channel, ChannelKey::Send);
        }
    }

    /// Returns those of the links, and their channels, on which tasks wait for a transmit packet.
    fn waiting_for_packet(&self, links: Mask) -> (Mask, Mask) {
        let mut channels = 0;
        for channel in indices(self.awaiting_packet.channels()) {
            let link = self.channels.get(channel.into()).map_or(0, |channel| channel.link().0);
            if links & bit(link) != 0 {
                channels |= bit(channel);
            }
        }
        (self.awaiting_packet.links & links, channels)
    }

    /// Takes back a borrowed packet that the application did not send.
    pub(crate) fn return_packet(&mut self, link: LinkRef, packet: Packet) {
        self.packet_returned(link);
        self.packet_free(link.index, packet);
    }

    /// Counts that the application no longer holds a borrowed packet.
    pub(super) fn packet_returned(&mut self, link: LinkRef) {
        if let Some(slot) = self.slot_mut(link) {
            slot.borrowed = slot.borrowed.saturating_sub(1);
        }
    }

    /// Counts that the application of a link borrows a packet.
    pub(super) fn packet_borrowed(&mut self, index: u8) {
        if let Some(slot) = self.links.get_mut(usize::from(index)) {
            slot.borrowed = slot.borrowed.saturating_add(1);
        }
    }

    /// Panics if a task is not woken although a packet is free for it, or waits for a turn that nothing ends.
    #[cfg(feature = "std")]
    #[doc(hidden)]
    pub(crate) fn check_packets(&self) {
        for (index, slot) in (0u8..).zip(self.links.iter()).filter(|(_, slot)| slot.is_up()) {
            let turn = &slot.packet_turn;
            let (links, channels) = self.waiting_for_packet(bit(index));
            let waits = turn.waiting != 0 || channels != 0;
            let may = self.tx.app_may_take(self.app_holds_packets(index));
            let missed = waits && may && turn.user == PacketUser::NoUser;
            assert!(!missed, "a packet is free for link {index}: {turn:?}, {channels:#x}");
            let ends = turn.user == PacketUser::NoUser || turn.left <= slot.credits.outstanding();
            assert!(ends, "nothing ends {turn:?} of link {index}");
            assert!(turn.waiting == 0 || links != 0, "{turn:?} of link {index}");
        }
    }
}
