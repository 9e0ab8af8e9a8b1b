//! Back-pressure: limits the controller to the room for data that peers push.
//!
//! With flow control towards the host, the controller may send as many ACL packets as find a place, whichever links
//! they are for ([`super::share::Shares::buffers`]). One buffer is withheld for each packet that waits for an
//! application. So no data arrives without room, and the link layer makes the peers wait. But buffers belong to all
//! links, and a controller without a free buffer sends nothing at all. So this state lasts [`FULL_TIMEOUT`] at most, or
//! [`CROWDED_TIMEOUT`] if another part of the host needs the controller. Then the gate of the link that holds the most
//! packets opens: its buffers are returned, and its data without room is dropped and counted, until its application has
//! read half of what it may keep. [Vol 4] Part E, 4.2

use bindrune_l2cap::State;
use bindrune_wire::{Interest, Packet, time::Instant};
use embassy_time::Duration;

use super::{
    Link, LinkRef, Stack,
    share::{Share, Shares},
};
use crate::{
    capability::{CLIENT, HOST_FLOW_CONTROL, PUSHES},
    mask::{bit, indices},
    waiters::Due,
};

/// The controller has no free buffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Full {
    since: Instant,
    /// When the host last looked whether something needs the controller.
    looked: Instant,
}

/// How long the controller may be without a buffer if only the application's own link needs one.
const FULL_TIMEOUT: Duration = Duration::from_secs(5);
/// How long it may be without one if another link, a channel or a transaction needs it. The host looks every so often.
const CROWDED_TIMEOUT: Duration = Duration::from_millis(200);

/// With at most this many link slots, the room of each link is checked.
const FEW: usize = 8;

impl Stack {
    /// Returns whether the controller sends data only if this host has room for it.
    pub(super) const fn has_flow_control(&self) -> bool {
        HOST_FLOW_CONTROL && self.host_credits.is_on()
    }

    /// Gates a new link: one buffer is withheld for each packet that its application keeps.
    pub(super) fn gate(&mut self, index: u8) {
        let on = self.has_flow_control() && self.rx.shares.buffers() > 0;
        if let Some(slot) = self.links.get_mut(usize::from(index)).filter(|l| on && l.is_up()) {
            self.rx.shares.gate(&mut slot.attributes.share, true);
        }
    }

    /// Returns the credit of one ACL packet of a link that has reached its place.
    pub(super) fn return_host_credit(&mut self, now: Instant, index: u8) {
        if !self.has_flow_control() {
            return;
        }
        if let Some(slot) = self.links.get_mut(usize::from(index)).filter(|l| l.is_up()) {
            self.host_credits.consumed(&mut slot.host_credits);
            self.look_at_credits(now);
        }
    }

    /// Takes back a packet that the application has read. Its link may have ended.
    pub(crate) fn give_borrowed(&mut self, link: LinkRef, packet: Packet) {
        self.rx.pool.give(packet);
        self.borrowed_given(link);
    }

    /// Returns the place of a packet that the application has read. Its link may have ended.
    pub(super) fn borrowed_given(&mut self, link: LinkRef) {
        self.give_place(link, |shares, share| shares.give(share, 1));
    }

    /// Takes back an answer that the application kept, or the request of a link that has ended.
    pub(crate) fn give_kept(&mut self, link: LinkRef, packet: Packet) {
        self.rx.pool.give(packet);
        self.give_place(link, Shares::give_kept);
    }

    fn give_place(&mut self, link: LinkRef, give: impl FnOnce(&mut Shares, &mut Share)) {
        let slot = self.links.get_mut(usize::from(link.index));
        match slot.filter(|slot| slot.generation == link.generation) {
            Some(slot) => give(&mut self.rx.shares, &mut slot.attributes.share),
            None => self.rx.shares.give_left(),
        }
        self.room_made(link.index);
    }

    /// Handles possible new room for data that peers push.
    pub(super) fn room_made(&mut self, index: u8) {
        if self.has_flow_control() {
            self.gate_again(index);
        }
        if CLIENT && self.unconfirmed != 0 {
            self.confirm_indications();
        }
        if self.has_flow_control() {
            self.look_at_credits(self.now);
        }
    }

    /// Gates a link again once it has returned half of its places.
    #[inline(never)]
    fn gate_again(&mut self, index: u8) {
        let half = self.rx.shares.buffers() / 2;
        let slot = self.links.get(usize::from(index));
        let slot = slot.filter(|l| l.is_up() && !l.control.is_disconnecting());
        let share = slot.map(|slot| slot.attributes.share);
        if share.is_some_and(|share| !share.is_gated() && share.taken() <= half) {
            self.gate(index);
        }
    }

    /// Confirms the indications that have room for another one behind them. [Vol 3] Part F, 3.4.7.3
    fn confirm_indications(&mut self) {
        for index in indices(self.unconfirmed) {
            let Some(Link { attributes, .. }) = self.links.get_mut(usize::from(index)) else {
                continue;
            };
            if self.rx.shares.has_room_for_next(&mut attributes.share) {
                attributes.bearer.confirm();
                self.unconfirmed &= !bit(index);
                self.mark_pending(index);
            }
        }
    }

    /// Returns whether the next packet may be for a link without a place for it. In that case, the applications should
    /// run first.
    pub(crate) fn is_crowded(&mut self) -> bool {
        if PUSHES && self.rx.shares.take_changed() {
            self.crowded = self.find_crowded();
        }
        self.crowded || self.classic.is_crowded()
    }

    fn find_crowded(&self) -> bool {
        let shares = &self.rx.shares;
        shares.is_crowded()
            && (self.links.len() > FEW
                || self.links.iter().any(|l| l.is_up() && !shares.may_take(&l.attributes.share)))
    }

    pub(super) fn look_at_credits(&mut self, now: Instant) {
        if !HOST_FLOW_CONTROL {
            return;
        }
        let withheld = self.rx.shares.withheld();
        let interest = self.host_credits.interest(withheld);
        if interest == Interest::Urgent {
            self.ready.run(Due::COMMAND);
        }
        let full = interest == Interest::None && self.host_credits.left() == 0;
        if full != self.full.is_some() {
            self.full = full.then_some(Full { since: now, looked: now });
            self.deadlines_changed();
        }
    }

    /// Returns the deadline of the time that the controller may be without a buffer.
    pub(super) fn full_deadline(&self) -> Option<Instant> {
        let Full { since, looked } = self.full.filter(|_| HOST_FLOW_CONTROL)?;
        Some((looked + CROWDED_TIMEOUT).min(since + FULL_TIMEOUT))
    }

    /// Returns whether another link, a channel or a transaction needs the controller.
    fn needs_controller(&self) -> bool {
        self.live_links() > 1
            || self.links.iter().any(Link::awaits_peer)
            || self.channels.iter().any(|channel| channel.state() != State::Free)
    }

    /// Looks whether the controller was without a buffer for too long. Opens the gate of the link that holds the most
    /// packets. Its data without room is dropped from now on.
    pub(super) fn full_timeout(&mut self, now: Instant) {
        if !HOST_FLOW_CONTROL {
            return;
        }
        if let Some(full) = &mut self.full {
            full.looked = now;
            if now < full.since + FULL_TIMEOUT && !self.needs_controller() {
                return;
            }
        }
        self.full = None;
        let links = self.links.iter_mut().filter(|l| l.attributes.share.is_gated());
        if let Some(slot) = links.max_by_key(|l| l.attributes.share.taken()) {
            self.rx.shares.gate(&mut slot.attributes.share, false);
        }
        self.look_at_credits(now);
    }
}

impl Link {
    /// Returns whether a transaction waits for the peer, whose answer may already be in the controller.
    fn awaits_peer(&self) -> bool {
        self.is_up()
            && (self.attributes.bearer.poll_timeout().is_some()
                || self.signalling.poll_timeout().is_some()
                || self.protection.awaits_peer())
    }
}
