//! The start and the end of links.

use bindrune_gap::{LinkControl, LinkUp};
use bindrune_gatt::server::WRITER;
use bindrune_hci::{
    Role, Status,
    credits::{HostLinkCredits, LinkCredits},
};
use bindrune_l2cap::{LinkId, Pools, Role as SignalRole, Signalling};
use bindrune_wire::time::Instant;
use embassy_time::Duration;

use super::{Life, Link, LinkRef, Receive, Stack, attribute::Exchange, fill::InOutput};
use crate::{
    Error,
    capability::{CAPTURE, CENTRAL},
    mask::{Mask, bit},
    stats::Counters,
    waiters::{Due, HostKey},
};

/// Time limit for sending the pending data of a link that is being left.
const LEAVING: Duration = Duration::from_secs(10);

/// Returns the name of a link in the GATT server, for the writes that it captures.
const fn writer_name(link: LinkRef) -> [u8; WRITER] {
    let [a, b, c, d] = link.generation.to_le_bytes();
    [link.index, a, b, c, d]
}

/// Returns the link of a [`writer_name`].
pub(super) const fn writer_of([index, a, b, c, d]: [u8; WRITER]) -> LinkRef {
    LinkRef { index, generation: u32::from_le_bytes([a, b, c, d]) }
}

impl Link {
    pub(super) const fn reference(&self, index: u8) -> LinkRef {
        LinkRef { index, generation: self.generation }
    }

    /// Adds the drops of a link's machines to the counters.
    pub(super) fn count_drops(&self, counters: &mut Counters) {
        counters.discarded_pdus.add(self.reassembly.discarded());
        counters.att_violations.add(self.attributes.bearer.dropped());
        counters.dropped_signals.add(self.signalling.discarded());
    }

    /// Drops everything that `Connection::next` has not returned. Returns the number of the peer's PDUs that were
    /// dropped.
    fn forget_events(&mut self, rx: &mut Receive) -> u32 {
        let commands = self.inbox.clear(&mut rx.pool);
        rx.shares.give(&mut self.attributes.share, commands);
        let question = self.attributes.has_question();
        self.attributes.end_serving(rx);
        u32::try_from(commands).unwrap_or(u32::MAX).saturating_add(question.into())
    }

    /// Drops everything that the application has not read. Returns the number of the peer's PDUs that were dropped.
    pub(super) fn forget_received(&mut self, rx: &mut Receive) -> u32 {
        let fixed = self.fixed.close(rx, &mut self.attributes.share);
        let unread = self.forget_events(rx).saturating_add(self.attributes.clear(rx));
        rx.shares.leave(&mut self.attributes.share);
        unread.saturating_add(fixed)
    }
}

impl Stack {
    /// Takes a slot for a new link of the controller. Returns `None` if there is no slot.
    pub(super) fn link_up(&mut self, now: Instant, up: &LinkUp) -> Option<LinkRef> {
        if let Some(old) = self.find(up.handle) {
            // The controller did not report the end of the earlier link.
            self.end_link(old, Status::CONNECTION_TIMEOUT);
        }
        let index = self.vacant_slot()?;
        if let Some(claim) = self.links.get_mut(usize::from(index)).and_then(|l| l.claim.take()) {
            // The link of this claim ended before its future took it.
            self.resume(claim);
        }
        let own_mtu = self.config.mtu;
        let slot = self.links.get_mut(usize::from(index))?;
        let unread = slot.forget_received(&mut self.rx);
        self.stats.dropped_pushes.add(unread);
        let (generation, peer) = (slot.generation.wrapping_add(1), slot.peer.take());
        let in_output = core::mem::replace(&mut slot.in_output, InOutput::NONE);
        let by_handle = slot.by_handle;
        *slot = Link::FREE;
        (slot.generation, slot.by_handle) = (generation, by_handle);
        (slot.peer, slot.in_output) = (peer, in_output);
        slot.life = Life::Up;
        self.rx.shares.links_changed();
        slot.handle = up.handle;
        slot.control.begin(up, self.gap.controller());
        for policy in self.config.parameter_requests {
            slot.control.set_parameter_requests(policy);
        }
        slot.attributes.begin(own_mtu);
        if CENTRAL && self.config.exchange_mtu && up.role == Role::CENTRAL {
            slot.attributes.exchange = Exchange::Wanted;
        }
        let role = if CENTRAL && up.role == Role::CENTRAL {
            SignalRole::Central
        } else {
            SignalRole::Peripheral
        };
        slot.signalling = Signalling::new(LinkId(index), role);
        slot.last_rx = Some(now);
        if let Some(peer) = slot.peer.as_mut() {
            peer.reset();
            if CAPTURE {
                peer.name(writer_name(LinkRef { index, generation }));
            }
        }
        let link = slot.reference(index);
        let mut pools = Pools { rx: &mut self.rx.pool, tx: &mut self.tx.pool };
        self.channels.forget(LinkId(index), &mut pools);
        self.note_handle(up.handle, index);
        self.share_buffers();
        self.gate(index);
        self.update_room();
        self.protect(now, index, up);
        self.mark_pending(index);
        self.command_link(index);
        self.deadlines_changed();
        Some(link)
    }

    /// Returns a free slot, or else that of an ended link which the application still holds.
    fn vacant_slot(&self) -> Option<u8> {
        let free = self.links.iter().position(|l| l.life == Life::Free);
        let ended = || self.links.iter().position(|l| matches!(l.life, Life::Ended(_)));
        u8::try_from(free.or_else(ended)?).ok()
    }

    /// Ends everything on a link that has ended.
    pub(super) fn end_link(&mut self, index: u8, reason: Status) {
        if let Some(link) = self.links.get(usize::from(index)).map(|slot| slot.reference(index)) {
            self.release_held(self.now, link);
        }
        self.end_claim(index, reason);
        self.remember(index);
        self.end_protection(index);
        self.forget_output(index);
        let Some(slot) = self.links.get_mut(usize::from(index)).filter(|l| l.is_up()) else {
            return;
        };
        self.acl.disconnected(&mut slot.credits);
        self.host_credits.disconnected(&mut slot.host_credits);
        slot.credits = LinkCredits::NONE;
        slot.host_credits = HostLinkCredits::NONE;
        slot.reassembly.clear(&mut self.rx.pool);
        slot.count_drops(&mut self.stats);
        let sending = slot.app_sending && slot.outgoing.is_some();
        for unsent in [sending, slot.fixed.has_unsent()] {
            self.stats.unsent_pdus.add(u32::from(unsent));
        }
        self.stats.unsent_pdus.add(slot.attributes.out.len());
        let unclaimed = slot.attributes.drop_unclaimed(&mut self.rx);
        self.stats.unclaimed_notifications.add(unclaimed);
        let early = slot.attributes.end(&mut self.rx, &mut self.tx);
        self.stats.dropped_requests.add(early);
        slot.fixed.link_ended(&mut self.tx);
        if let Some(fragments) = slot.outgoing.take() {
            self.tx.pool.give(fragments.into_packet());
        }
        slot.full_channels = 0;
        slot.last_rx = Some(self.now);
        if slot.users > 0 {
            slot.life = Life::Ended(reason);
            self.rx.shares.links_changed();
        } else {
            slot.life = Life::Free;
            slot.forget_events(&mut self.rx);
        }
        self.share_buffers();
        let mut pools = Pools { rx: &mut self.rx.pool, tx: &mut self.tx.pool };
        let ready = &mut self.ready;
        self.channels.link_lost(LinkId(index), &mut pools, |channel| {
            ready.whole_channel(u8::try_from(channel).unwrap_or(u8::MAX));
        });
        self.update_room();
        self.ready.host(HostKey::Accept);
        self.wake_link(index);
        self.wake_for_packet(Mask::MAX);
        self.unconfirmed &= !bit(index);
        self.room_made(index);
        self.deadlines_changed();
    }

    /// Divides the controller's buffers again after a link came up or ended.
    pub(super) fn share_buffers(&mut self) {
        let links = self.links.iter().filter(|link| link.is_up());
        let links = links.map(|link| &link.credits).chain(self.classic.shared_credits());
        self.acl.share_out(links);
        self.ready.run(Due::COMMAND);
    }

    /// Adds a handle to a link.
    pub(crate) fn share_link(&mut self, link: LinkRef) {
        if let Some(slot) = self.slot_mut(link) {
            slot.users = slot.users.saturating_add(1);
        }
    }

    /// Removes a handle from a link. The last one disconnects the link, or frees the slot if the link has ended.
    pub(crate) fn release_link(&mut self, link: LinkRef) {
        let Some(slot) = self.slot_mut(link) else { return };
        slot.users = slot.users.saturating_sub(1);
        if slot.users > 0 {
            return;
        }
        match slot.life {
            Life::Up => self.leave(link.index, Status::REMOTE_USER_TERMINATED),
            Life::Ended(_) => self.free_slot(link.index),
            Life::Free => {}
        }
    }

    fn free_slot(&mut self, index: u8) {
        if let Some(slot) = self.links.get_mut(usize::from(index)) {
            slot.forget_received(&mut self.rx);
            slot.life = Life::Free;
            slot.generation = slot.generation.wrapping_add(1);
        }
        // A channel that could not be accepted because no link slot was free may be accepted now.
        self.ready.host(HostKey::Advertise);
    }

    /// Ends a link for the application, once the peer has everything that was sent before.
    pub(crate) fn disconnect(&mut self, link: LinkRef, reason: Status) -> Result<(), Error> {
        self.link(link)?;
        if !LinkControl::may_disconnect_for(reason) {
            return Err(Error::InvalidParameters);
        }
        self.leave(link.index, reason);
        Ok(())
    }

    pub(super) fn leave(&mut self, index: u8, reason: Status) {
        if let Some(slot) = self.links.get_mut(usize::from(index)) {
            slot.leaving = Some(reason);
        }
        self.undated |= bit(index);
        self.mark_pending(index);
    }

    /// Starts the time limits of what the application began since the stack was last given the time.
    pub(super) fn start_timers(&mut self, now: Instant) {
        while self.undated != 0 {
            let index = self.undated.trailing_zeros();
            self.undated &= self.undated.wrapping_sub(1);
            let slot = usize::try_from(index).ok().and_then(|index| self.links.get_mut(index));
            let Some(slot) = slot.filter(|l| l.is_up()) else { continue };
            slot.signalling.start_timers(now, &mut self.channels);
            if slot.leaving.is_some() && slot.leaving_until.is_none() {
                slot.leaving_until = Some(now + LEAVING);
            }
            self.deadlines_changed();
        }
    }

    /// Disconnects a link that is being left, once nothing is pending for its peer.
    pub(super) fn leave_if_done(&mut self, index: u8) {
        let Some(slot) = self.links.get(usize::from(index)).filter(|l| l.is_up()) else { return };
        let Some(reason) = slot.leaving else { return };
        if !self.has_anything_pending(slot) {
            let _ends = self.disconnect_slot(index, reason);
        }
    }

    /// Disconnects a link that is being left, because its peer did not take the pending data in time.
    pub(super) fn leave_now(&mut self, index: u8) {
        let slot = self.links.get_mut(usize::from(index)).filter(|l| l.is_up());
        let Some(slot) = slot else { return };
        slot.leaving_until = None;
        let Some(reason) = slot.leaving else { return };
        let _ends = self.disconnect_slot(index, reason);
    }

    fn has_anything_pending(&self, slot: &Link) -> bool {
        slot.outgoing.is_some()
            || slot.credits.outstanding() > 0
            || slot.has_unsent()
            || self.security.has_anything_pending(&slot.protection)
            || self.machines_pending(slot)
    }

    pub(super) fn disconnect_slot(&mut self, index: u8, reason: Status) -> Result<(), Error> {
        let slot = self.links.get_mut(usize::from(index)).filter(|l| l.is_up());
        let slot = slot.ok_or(Error::Disconnected(Status::UNKNOWN_CONNECTION))?;
        slot.control.disconnect(reason).map_err(|_| Error::InvalidParameters)?;
        // The controller may report the end only after all the data that it withholds.
        self.rx.shares.gate(&mut slot.attributes.share, false);
        self.look_at_credits(self.now);
        self.command_link(index);
        Ok(())
    }
}
