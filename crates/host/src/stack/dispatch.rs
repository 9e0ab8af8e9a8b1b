//! ACL data from links: gives each PDU to the machine of its channel.

use bindrune_hci::acl::{AclHeader, Boundary};
use bindrune_l2cap::{Cid, Context, Header, LinkId, Pools, Received, Signal};
use bindrune_wire::{Handle, Packet, time::Instant};

use super::{Link, LinkRef, Stack};
use crate::{
    capability::{CENTRAL, CHANNELS, TUNING},
    waiters::{ChannelKey, HostKey},
};

/// The place for the octets of an ACL packet.
#[derive(Debug)]
pub(crate) struct AclLanding {
    pub(crate) link: LinkRef,
    /// `None` if they are discarded.
    pub(crate) packet: Option<Packet>,
    /// For a link that is not up yet: its handle, and whether the packet starts a PDU.
    pub(super) early: Option<(Handle, bool)>,
}

impl Stack {
    /// Takes an ACL packet that is a whole PDU of a link without another PDU in reassembly; most packets are. Returns
    /// false and does nothing with any other packet.
    pub(crate) fn handle_whole(&mut self, acl: AclHeader, octets: &[u8]) -> bool {
        let (Boundary::FirstNonFlushable | Boundary::FirstFlushable, 0) =
            (acl.boundary, acl.broadcast)
        else {
            return false;
        };
        let Some((cid, payload)) = Header::of_whole(octets) else { return false };
        let Some(index) = self.find(acl.handle) else { return false };
        let Some(slot) = self.links.get_mut(usize::from(index)) else { return false };
        let fits = octets.len() <= self.rx.pool.packet_size();
        if !fits || !slot.reassembly.is_idle() || slot.unproven.is_some() {
            return false;
        }
        let mut packet = None;
        if !cid.is_dynamic() {
            let Some(free) = self.rx.pool.take(Header::LEN) else { return false };
            let _fits = packet.insert(free).extend(payload);
        }
        slot.last_rx = Some(self.now);
        self.stats.acl_in.count();
        match packet {
            Some(packet) => self.handle_pdu(self.now, index, cid, packet),
            None => self.handle_frame(index, cid, payload),
        }
        self.return_host_credit(self.now, index);
        true
    }

    /// Returns the place for the body of an ACL packet. Returns `None` if its link is not up. [Vol 4] Part E, 5.4.2
    pub(crate) fn rx_packet(&mut self, acl: AclHeader) -> Option<AclLanding> {
        let first = match (acl.boundary, acl.broadcast) {
            (Boundary::FirstNonFlushable | Boundary::FirstFlushable, 0) => Some(true),
            (Boundary::Continuing, 0) => Some(false),
            _ => None,
        };
        let Some(index) = self.find(acl.handle) else { return self.early_packet(acl, first) };
        let slot = self.links.get_mut(usize::from(index))?;
        let Some(first) = first else {
            self.stats.discarded_pdus.count();
            let link = slot.reference(index);
            return Some(AclLanding { link, packet: None, early: None });
        };
        self.stats.acl_in.count();
        // A packet without a landing is counted there.
        let packet = slot.reassembly.landing(first, acl.len.into(), &mut self.rx.pool);
        Some(AclLanding { link: slot.reference(index), packet, early: None })
    }

    /// Handles an ACL packet whose octets have landed or were discarded.
    pub(crate) fn handle_acl(&mut self, now: Instant, landing: AclLanding) {
        let AclLanding { link, packet, early } = landing;
        if let Some((handle, first)) = early {
            return self.keep_early(now, handle, first, packet);
        }
        let slot = self.links.get_mut(usize::from(link.index));
        let slot = slot.filter(|l| l.generation == link.generation && l.is_up());
        match (slot, packet) {
            (Some(slot), Some(packet)) => {
                slot.last_rx = Some(now);
                let unproven = slot.unproven.is_some();
                let whole = slot.reassembly.landed(packet, &mut self.rx.pool);
                if unproven {
                    self.prove(link.index);
                }
                if let Some((cid, packet)) = whole {
                    self.handle_pdu(now, link.index, cid, packet);
                }
            }
            (None, Some(packet)) => self.rx.pool.give(packet),
            (Some(_) | None, None) => {}
        }
        self.return_host_credit(now, link.index);
    }

    /// Handles an ACL packet whose octets were lost before they reached its packet.
    pub(crate) fn abandon_acl(&mut self, landing: AclLanding) {
        let AclLanding { link, packet, early: _ } = landing;
        if let Some(slot) = self.slot_mut(link) {
            slot.reassembly.abandon();
        }
        if let Some(packet) = packet {
            self.rx.pool.give(packet);
        }
    }

    pub(super) fn find(&self, handle: Handle) -> Option<u8> {
        let is = |link: &Link| link.is_up() && link.handle == handle;
        let hint = self.links.get(self.hint(handle)).map(|slot| slot.by_handle);
        if hint.is_some_and(|index| self.links.get(usize::from(index)).is_some_and(is)) {
            return hint;
        }
        u8::try_from(self.links.iter().position(is)?).ok()
    }

    /// Remembers the slot of the link with a handle.
    pub(super) fn note_handle(&mut self, handle: Handle, index: u8) {
        let hint = self.hint(handle);
        if let Some(slot) = self.links.get_mut(hint) {
            slot.by_handle = index;
        }
    }

    fn hint(&self, handle: Handle) -> usize {
        usize::from(handle.get()).checked_rem(self.links.len()).unwrap_or_default()
    }

    #[inline(never)]
    fn handle_pdu(&mut self, now: Instant, index: u8, cid: Cid, packet: Packet) {
        if let Some(packet) = self.hold_for_encryption(now, index, cid, packet) {
            self.dispatch_pdu(now, index, cid, packet);
        }
    }

    /// Gives a PDU to the machine of its channel.
    pub(super) fn dispatch_pdu(&mut self, now: Instant, index: u8, cid: Cid, packet: Packet) {
        self.answering |= matches!(cid, Cid::SIGNALLING | Cid::SMP);
        match cid {
            Cid::ATT => self.handle_att(now, index, packet),
            Cid::SIGNALLING => self.handle_signalling(now, index, packet),
            Cid::SMP => self.handle_smp(now, index, packet),
            cid if cid.is_dynamic() => {
                self.handle_frame(index, cid, packet.bytes());
                self.rx.pool.give(packet);
            }
            cid => self.handle_fixed(index, cid, packet),
        }
    }

    fn handle_frame(&mut self, index: u8, cid: Cid, frame: &[u8]) {
        let mut pools = Pools { rx: &mut self.rx.pool, tx: &mut self.tx.pool };
        match self.channels.handle_frame(LinkId(index), cid, frame, &mut pools) {
            Received::Stray | Received::Kept(_) => {}
            Received::Readable(channel) => {
                if let Ok(channel) = u8::try_from(channel) {
                    self.ready.channel(channel, ChannelKey::Receive);
                }
            }
            Received::Violation(channel, _) => {
                if let Ok(channel) = u8::try_from(channel) {
                    self.channel_ended(channel);
                }
            }
        }
        self.mark_signalling(index);
    }

    #[inline(never)]
    fn handle_signalling(&mut self, now: Instant, index: u8, packet: Packet) {
        if let Some(slot) = self.links.get_mut(usize::from(index)) {
            let mut context = Context {
                channels: &mut self.channels,
                listeners: &self.listeners,
                security: slot.protection.channels(),
                pools: Pools { rx: &mut self.rx.pool, tx: &mut self.tx.pool },
            };
            let signal = slot.signalling.handle_pdu(now, packet.bytes(), &mut context);
            self.signalled(index, signal);
        }
        self.rx.pool.give(packet);
        self.mark_if_pending(index);
        self.signalling_deadline(index);
    }

    /// Handles the outcome of a PDU on the signalling channel.
    pub(super) fn signalled(&mut self, index: u8, signal: Signal) {
        if !CHANNELS && !CENTRAL && !TUNING {
            return;
        }
        let channel = |channel: usize| u8::try_from(channel).unwrap_or(u8::MAX);
        match signal {
            Signal::None => {}
            Signal::Requested(requested) => {
                // A listener accepts every channel unless it decides about each request: then the window is reserved,
                // and the channel waits for `accept`.
                if !self.decides(requested) {
                    self.channels.accept(requested);
                }
                self.ready.host(HostKey::Accept);
            }
            Signal::Opened(opened) => self.ready.channel(channel(opened), ChannelKey::State),
            Signal::Refused(ended, _) | Signal::Closed(ended) | Signal::Violation(ended, _) => {
                self.channel_ended(channel(ended));
                self.ready.host(HostKey::Accept);
            }
            Signal::Credits(credited) => self.ready.channel(channel(credited), ChannelKey::Send),
            Signal::ParametersRequested(parameters) => self.parameters_requested(index, parameters),
            Signal::ParametersAnswered(outcome) => self.parameters_answered(index, outcome),
        }
    }

    /// Wakes the tasks that send on the channels of a link.
    pub(super) fn ready_channels_of(&mut self, index: u8) {
        for (channel, slot) in (0u8..).zip(self.channels.iter()) {
            if slot.link() == LinkId(index) && slot.is_open() {
                self.ready.channel(channel, ChannelKey::Send);
            }
        }
    }
}
