//! ACL data for the controller: pulled and written only when the controller has room for it.

use bindrune_gatt::Server;
use bindrune_l2cap::{Cid, Fragments};
use bindrune_wire::{Interest, Packet, Writer, time::Instant};

use super::{
    Link, Stack,
    attribute::{ClientState, Exchange, Indications, Outgoing},
    notify::Room,
};
use crate::{
    capability::{CENTRAL, CHANNELS, CLIENT, SERVER},
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

/// Kinds of PDUs of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum AppPdu {
    Attribute,
    Fixed,
    Channel,
}

impl AppPdu {
    /// Returns the kind whose turn is after this one.
    const fn next(self) -> Self {
        match self {
            Self::Attribute => Self::Fixed,
            Self::Fixed => Self::Channel,
            Self::Channel => Self::Attribute,
        }
    }
}

impl Stack {
    /// Wakes the tasks that wait for the out-slot of ATT, which is free again.
    pub(super) fn out_free(&mut self, index: u8) {
        self.ready.link(index, LinkKey::Push);
        self.ready.link(index, LinkKey::Confirmation);
    }

    /// Begins the next PDU that a link has to send. Those of the machines (pairing, signalling, ATT replies) are first,
    /// but each of them lets one of the application pass that waited for it. The fragments are written from
    /// [`Link::outgoing`].
    pub(super) fn begin_pdu(&mut self, now: Instant, index: u8) {
        let passed = self.links.get(usize::from(index)).is_some_and(|slot| {
            // Values of a table are sent after the peer knows of the table.
            slot.app_passed_over && !self.service_changed_pending(slot)
        });
        let (mut pdu, mut of_app) = (None, passed);
        for _ in 0..2 {
            pdu = match of_app {
                true => self.pdu_of_app(now, index),
                false => self.pdu_of_machine(now, index),
            };
            if pdu.is_some() {
                break;
            }
            of_app = !of_app;
        }
        let Some(Pdu { cid, packet, app, channel }) = pdu else { return };
        let Some(slot) = self.links.get_mut(usize::from(index)) else {
            return self.tx.pool.give(packet);
        };
        slot.app_passed_over = !app && slot.has_unsent();
        match Fragments::new(packet, cid) {
            Ok(fragments) => {
                (slot.app_sending, slot.sending_channel) = (app, channel);
                slot.outgoing = Some(fragments);
            }
            Err(packet) => self.packet_free(index, packet),
        }
    }

    /// Returns the next PDU of the application: ATT, its fixed channel, its channels in turn. Returns none if the
    /// encryption that it was meant for is lost.
    fn pdu_of_app(&mut self, now: Instant, index: u8) -> Option<Pdu> {
        let slot = self.links.get(usize::from(index)).filter(|l| !l.protection.is_lost())?;
        let attribute = !slot.attributes.out.is_empty() || slot.attributes.has_pending_cancel();
        let (fixed, channel) = (slot.fixed.has_unsent(), CHANNELS && slot.full_channels != 0);
        if !(attribute || fixed || channel) {
            return None;
        }
        let mut kind = slot.last;
        for _ in 0..3 {
            kind = kind.next();
            let pdu = match kind {
                AppPdu::Attribute if attribute => self.attribute_of_app(now, index),
                AppPdu::Fixed if fixed => self.fixed_pdu(index),
                AppPdu::Channel if channel => self.channel_pdu(index),
                AppPdu::Attribute | AppPdu::Fixed | AppPdu::Channel => None,
            };
            if pdu.is_some() {
                self.links.get_mut(usize::from(index))?.last = kind;
                return pdu;
            }
        }
        None
    }

    /// Returns the next PDU of the link's machines, in a packet that is taken only if one may be pending.
    fn pdu_of_machine(&mut self, now: Instant, index: u8) -> Option<Pdu> {
        if self.machines & bit(index) == 0 {
            return None;
        }
        let mut slot = self.links.get(usize::from(index))?;
        if (CLIENT || CENTRAL) && slot.attributes.exchange == Exchange::Wanted {
            self.exchange_mtu(now, index);
            slot = self.links.get(usize::from(index))?;
        }
        if !self.machines_pending(slot)
            && !self.security.has_anything_pending(&slot.protection)
            && !self.service_changed_pending(slot)
        {
            self.machines &= !bit(index);
            return None;
        }
        let mut packet = self.tx.take_for_machine()?;
        let mut cid = None;
        let written = packet.write(|w| {
            cid = self.write_of_machine(now, index, w);
            cid.is_some()
        });
        match cid.filter(|_| written) {
            Some(cid) => Some(Pdu { cid, packet, app: false, channel: None }),
            None => {
                self.tx.pool.give(packet);
                None
            }
        }
    }

    /// Panics if a machine of a link has a PDU to send, and the link is not marked.
    #[cfg(feature = "std")]
    pub(crate) fn check_pending(&self) {
        let links = (0u8..).zip(self.links.iter()).filter(|(_, link)| link.is_up());
        for (index, link) in links {
            let pending = self.machines_pending(link)
                || self.security.has_anything_pending(&link.protection)
                || self.service_changed_pending(link)
                || (link.attributes.exchange == Exchange::Wanted
                    && !link.attributes.client.is_waiting());
            let marked = self.machines & self.sending & bit(index) != 0;
            assert!(marked || !pending, "a PDU of a machine of {:?} is not sent", link.handle);
            let unsent = link.has_unsent() && !link.protection.is_lost();
            let marked = self.sending & bit(index) != 0;
            assert!(marked || !unsent, "a PDU of the application of {:?} is not sent", link.handle);
        }
    }

    /// Returns whether signalling or ATT of a link may have a PDU to send, except Service Changed.
    pub(super) fn machines_pending(&self, slot: &Link) -> bool {
        slot.signalling.interest(&self.channels) != Interest::None
            || slot.attributes.bearer.interest() != Interest::None
            || slot.attributes.has_pending_reply()
    }

    /// Writes the next PDU of the link's machines. Returns its channel, or `None` if it wrote nothing.
    fn write_of_machine(&mut self, now: Instant, index: u8, w: &mut Writer<'_>) -> Option<Cid> {
        if self.write_pairing(now, index, w) {
            Some(Cid::SMP)
        } else if self.write_signalling(now, index, w) {
            Some(Cid::SIGNALLING)
        } else if self.write_attribute_reply(now, index, w) {
            Some(Cid::ATT)
        } else {
            None
        }
    }

    fn write_pairing(&mut self, now: Instant, index: u8, w: &mut Writer<'_>) -> bool {
        let Some(slot) = self.links.get_mut(usize::from(index)) else { return false };
        if !self.security.has_anything_pending(&slot.protection) {
            return false;
        }
        let written = self.security.poll_transmit(&mut slot.protection, w);
        self.pairing_changed(now, index);
        written
    }

    fn write_signalling(&mut self, now: Instant, index: u8, w: &mut Writer<'_>) -> bool {
        let Some(slot) = self.links.get_mut(usize::from(index)) else { return false };
        let written = slot.signalling.poll_transmit(now, &mut self.channels, w);
        if written {
            self.signalling_deadline(index);
            // A channel that was just accepted may send once the peer has the response.
            self.ready_channels_of(index);
        }
        written
    }

    /// Begins the exchange of the MTU, which was requested, unless a request waits for its answer.
    fn exchange_mtu(&mut self, now: Instant, index: u8) {
        let Some(slot) = self.links.get_mut(usize::from(index)) else { return };
        let attributes = &mut slot.attributes;
        if !attributes.client.is_waiting() {
            attributes.bearer.exchange_mtu(now);
            attributes.exchange = Exchange::Begun;
        }
    }

    /// Returns whether the host's own Service Changed indication can be sent.
    fn service_changed_pending(&self, Link { attributes, peer, .. }: &Link) -> bool {
        let pending = |peer| self.server.service_changed_pending(peer).is_some();
        peer.as_ref().is_some_and(pending)
            && attributes.bearer.may_indicate()
            && attributes.indications == Indications::Idle
    }

    fn write_attribute_reply(&mut self, now: Instant, index: u8, w: &mut Writer<'_>) -> bool {
        let Some(slot) = self.links.get(usize::from(index)) else { return false };
        let change = self.service_changed_pending(slot);
        if slot.attributes.bearer.interest() == Interest::None
            && !slot.attributes.has_pending_reply()
            && !change
        {
            return false;
        }
        let Some(Link { attributes, peer, .. }) = self.links.get_mut(usize::from(index)) else {
            return false;
        };
        let Some(peer) = peer.as_mut() else { return false };
        let (server, rx): (&Server, _) = (&self.server, &mut self.rx);
        let was = attributes.bearer.mtu();
        w.limit(was.into());
        let written = attributes.bearer.poll_transmit(w)
            || attributes.poll_reply(server, peer, rx, w)
            || (change && attributes.poll_service_changed(server, peer, now, w));
        if attributes.bearer.mtu() != was {
            self.mtu_changed(index);
        }
        self.take_early(now, index);
        self.attribute_deadlines(index);
        written
    }

    fn attribute_of_app(&mut self, now: Instant, index: u8) -> Option<Pdu> {
        if !CLIENT && !SERVER {
            return None;
        }
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
        Some(Pdu { cid: Cid::ATT, packet, app, channel: None })
    }

    fn fixed_pdu(&mut self, index: u8) -> Option<Pdu> {
        let slot = self.links.get_mut(usize::from(index))?;
        let (cid, packet) = slot.fixed.take_out()?;
        self.ready.link(index, LinkKey::Fixed);
        Some(Pdu { cid, packet, app: true, channel: None })
    }

    fn channel_pdu(&mut self, index: u8) -> Option<Pdu> {
        while CHANNELS {
            let slot = self.links.get_mut(usize::from(index)).filter(|l| l.full_channels != 0)?;
            let channel = next_bit(slot.full_channels, slot.last_channel);
            slot.full_channels &= !bit(channel);
            slot.last_channel = channel;
            if let Some((cid, packet)) = self.channels.take_out(channel.into()) {
                // The request to close the channel may follow its last frame.
                self.mark_signalling(index);
                self.ready.channel(channel, ChannelKey::Send);
                return Some(Pdu { cid, packet, app: true, channel: Some(channel) });
            }
        }
        None
    }
}
