//! Transmit packets of applications, and the tasks that wait for one.

use bindrune_wire::Packet;

use super::{LinkRef, Stack};
use crate::{
    mask::{Mask, bit, indices},
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
}

impl Stack {
    /// Takes a packet for the application of a link. If there is none, the link's tasks are woken once there may be
    /// one.
    pub(super) fn packet_for_link(&mut self, index: u8, headroom: usize) -> Option<Packet> {
        let packet = self.packet_for_app(index, headroom);
        if packet.is_none() {
            self.awaiting_packet.links |= bit(index);
        }
        packet
    }

    /// Like [`Self::packet_for_link`], for a channel.
    pub(super) fn packet_for_channel(
        &mut self,
        index: u8,
        channel: u8,
        headroom: usize,
    ) -> Option<Packet> {
        let packet = self.packet_for_app(index, headroom);
        if packet.is_none() {
            self.awaiting_packet.channels |= bit(channel);
        }
        packet
    }

    fn packet_for_app(&mut self, index: u8, headroom: usize) -> Option<Packet> {
        let holds_some = self.app_holds_packets(index);
        self.tx.take_for_app(holds_some, headroom)
    }

    /// Returns a transmit packet of a link to the pool.
    pub(super) fn packet_free(&mut self, index: u8, packet: Packet) {
        let was_empty = self.tx.pool.free() == 0;
        self.tx.pool.give(packet);
        // If other links may not take it, only the link that had it can use it.
        let any = was_empty || self.tx.app_may_take(true);
        self.wake_for_packet(if any { Mask::MAX } else { bit(index) });
    }

    /// Wakes the tasks that wait for a transmit packet on some of the links.
    pub(super) fn wake_for_packet(&mut self, links: Mask) {
        let awaiting = self.awaiting_packet.links & links;
        self.awaiting_packet.links &= !links;
        for index in indices(awaiting) {
            self.ready.link(index, LinkKey::Push);
            self.ready.link(index, LinkKey::Confirmation);
            self.ready.link(index, LinkKey::Fixed);
        }
        for channel in indices(self.awaiting_packet.channels) {
            let link = self.channels.get(channel.into()).map_or(0, |channel| channel.link().0);
            if links & bit(link) != 0 {
                self.awaiting_packet.channels &= !bit(channel);
                self.ready.channel(channel, ChannelKey::Send);
            }
        }
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
}
