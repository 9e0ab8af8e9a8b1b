//! ACL data for the controller: pulled and written only when the controller has room for it.

use bindrune_gatt::Server;
use bindrune_l2cap::{Cid, Fragments};
use bindrune_wire::{Interest, Packet, time::Instant};

use super::{
    Link, Stack,
    attribute::{ClientState, Exchange, Indications, Outgoing},
    notify::Room,
};
use crate::{
    capability::CHANNELS,
    mask::{bit, next_bit},
    waiters::{ChannelKey, LinkKey},
};

/// A PDU that is ready to be fragmented.
struct Pdu {
    cid: Cid,
    packet: Packet,
    /// Whether the packet is the application's.
    app: bool,
    channel: Option<u8>,
}

impl Pdu {
    const fn of_machine(cid: Cid, packet: Packet) -> Self {
        Self { cid, packet, app: false, channel: None }
    }
}

impl Stack {
    /// Wakes the tasks that wait for the out-slot of ATT, which is free again.
    pub(super) fn out_free(&mut self, index: u8) {
        self.ready.link(index, LinkKey::Push);
        self.ready.link(index, LinkKey::Confirmation);
    }

    pub(super) fn next_fragments(&mut self, now: Instant, index: u8) -> Option<Fragments> {
        let Pdu { cid, packet, app, channel } = self.next_pdu(now, index)?;
        let slot = self.links.get_mut(usize::from(index))?;
        match Fragments::new(packet, cid) {
            Ok(fragments) => {
                (slot.app_sending, slot.sending_channel) = (app, channel);
                Some(fragments)
            }
            Err(packet) => {
                self.packet_free(index, packet);
                None
            }
        }
    }

    /// Returns the first PDU that a link has to send: pairing, signalling, ATT replies, ATT of the application,
    /// channels in turn.
    fn next_pdu(&mut self, now: Instant, index: u8) -> Option<Pdu> {
        self.pairing_pdu(now, index)
            .or_else(|| self.signalling_pdu(now, index))
            .or_else(|| self.attribute_reply(now, index))
            .or_else(|| self.pdu_of_app(now, index))
    }

    /// Returns the next PDU of the application. Returns none if the encryption that it was meant for is lost.
    fn pdu_of_app(&mut self, now: Instant, index: u8) -> Option<Pdu> {
        if self.links.get(usize::from(index)).is_some_and(|slot| slot.protection.is_lost()) {
            return None;
        }
        self.attribute_of_app(now, index)
            .or_else(|| self.fixed_pdu(index))
            .or_else(|| self.channel_pdu(index))
    }

    fn pairing_pdu(&mut self, now: Instant, index: u8) -> Option<Pdu> {
        let slot = self.links.get_mut(usize::from(index))?;
        if !self.security.has_anything_pending(&slot.protection) {
            return None;
        }
        let mut packet = self.tx.take_for_machine()?;
        let written = packet.write(|w| self.security.poll_transmit(&mut slot.protection, w));
        self.pairing_changed(now, index);
        if !written {
            self.tx.pool.give(packet);
            return None;
        }
        Some(Pdu::of_machine(Cid::SMP, packet))
    }

    fn signalling_pdu(&mut self, now: Instant, index: u8) -> Option<Pdu> {
        let slot = self.links.get_mut(usize::from(index))?;
        if slot.signalling.interest(&self.channels) == Interest::None {
            return None;
        }
        let mut packet = self.tx.take_for_machine()?;
        let channels = &mut self.channels;
        let written = packet.write(|w| slot.signalling.poll_transmit(now, channels, w));
        if !written {
            self.tx.pool.give(packet);
            return None;
        }
        self.signalling_deadline(index);
        // A channel that was just accepted may send once the peer has the response.
        self.ready_channels_of(index);
        Some(Pdu::of_machine(Cid::SIGNALLING, packet))
    }

    fn attribute_reply(&mut self, now: Instant, index: u8) -> Option<Pdu> {
        let Link { attributes, peer, .. } = self.links.get_mut(usize::from(index))?;
        let mtu = usize::from(attributes.bearer.mtu());
        if attributes.exchange == Exchange::Wanted && !attributes.client.is_waiting() {
            attributes.bearer.exchange_mtu(now);
            attributes.exchange = Exchange::Begun;
        }
        let peer = peer.as_mut()?;
        let change = self.server.service_changed_pending(peer).is_some()
            && attributes.bearer.may_indicate()
            && attributes.indications == Indications::Idle;
        if attributes.bearer.interest() == Interest::None
            && !attributes.has_pending_reply()
            && !change
        {
            return None;
        }
        let mut packet = self.tx.take_for_machine()?;
        let (server, rx): (&Server, _) = (&self.server, &mut self.rx);
        let was = attributes.bearer.mtu();
        let written = packet.write(|w| {
            w.limit(mtu);
            attributes.bearer.poll_transmit(w)
                || attributes.poll_reply(server, peer, rx, w)
                || (change && attributes.poll_service_changed(server, peer, now, w))
        });
        if attributes.bearer.mtu() != was {
            self.mtu_changed(index);
        }
        self.take_early(now, index);
        self.attribute_deadlines(index);
        if !written {
            self.tx.pool.give(packet);
            return None;
        }
        Some(Pdu::of_machine(Cid::ATT, packet))
    }

    fn attribute_of_app(&mut self, now: Instant, index: u8) -> Option<Pdu> {
        let slot = self.links.get_mut(usize::from(index))?;
        let out = slot.attributes.out.take();
        let app = out.is_some();
        if app {
            slot.room = Room::Unknown;
        }
        let (packet, kind) = out.or_else(|| self.pending_cancel(index))?;
        let attributes = &mut self.links.get_mut(usize::from(index))?.attributes;
        match kind {
            Outgoing::Request(opcode) => {
                attributes.bearer.request_sent(now, opcode);
                attributes.client.requests = attributes.client.requests.wrapping_add(1);
                if app {
                    attributes.client.state = ClientState::Sent;
                } else {
                    attributes.bearer.abandon_request();
                }
            }
            Outgoing::Indication => attributes.bearer.indication_sent(now),
            Outgoing::Unanswered => {}
        }
        self.attribute_deadlines(index);
        self.out_free(index);
        Some(Pdu { app, ..Pdu::of_machine(Cid::ATT, packet) })
    }

    fn fixed_pdu(&mut self, index: u8) -> Option<Pdu> {
        let slot = self.links.get_mut(usize::from(index))?;
        let (cid, packet) = slot.fixed.out.take()?;
        self.ready.link(index, LinkKey::Fixed);
        Some(Pdu { app: true, ..Pdu::of_machine(cid, packet) })
    }

    fn channel_pdu(&mut self, index: u8) -> Option<Pdu> {
        while CHANNELS {
            let slot = self.links.get_mut(usize::from(index)).filter(|l| l.full_channels != 0)?;
            let channel = next_bit(slot.full_channels, slot.last_channel);
            slot.full_channels &= !bit(channel);
            slot.last_channel = channel;
            if let Some((cid, packet)) = self.channels.take_out(channel.into()) {
                self.ready.channel(channel, ChannelKey::Send);
                return Some(Pdu { cid, packet, app: true, channel: Some(channel) });
            }
        }
        None
    }
}
