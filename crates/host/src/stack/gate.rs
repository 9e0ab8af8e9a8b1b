//! Back-pressure: the controller's view of the room that there is for what peers push.
//!
//! Where the controller offers flow control towards the host, it may send as many ACL packets as find a place whichever links
//! they are for ([`super::share::Shares::buffers`]), and for each packet that waits for an application one buffer is withheld. So
//! nothing arrives for which there is no room: the peers wait, by the link layer. But buffers belong to all links, and a
//! controller without one sends nothing of any. So this lasts [`PATIENCE`] at most, [`HASTE`] where somebody else needs the
//! controller; then the link that holds the most is open: its buffers are given back, and what finds no room is dropped and
//! counted, until its application has read half of what it may keep. [Vol 4] Part E, 4.2

use bindrune_l2cap::State;
use bindrune_wire::{Interest, Packet};
use embassy_time::{Duration, Instant};

use super::{
    Link, LinkRef, Stack,
    packets::{bit, indices},
    share::{Share, Shares},
};
use crate::{
    at::At,
    capability::{CLIENT, HOST_FLOW_CONTROL},
    waiters::Due,
};

/// How long the controller may be without a buffer while nothing but the application's own link needs one.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long it may be without one while another link, a channel or a transaction needs it.
const HASTE: Duration = Duration::from_millis(200);

/// Slots of links up to which each link is looked at to see whether it has room.
const FEW: usize = 8;

impl Stack {
    /// Returns whether the controller sends data only as this host has room for it.
    pub(super) const fn has_flow_control(&self) -> bool {
        HOST_FLOW_CONTROL && self.host_credits.is_on()
    }

    /// A link is up: a buffer is withheld for each packet that its application keeps.
    pub(super) fn gate(&mut self, index: u8) {
        let on = self.has_flow_control() && self.rx.shares.buffers() > 0;
        if let Some(slot) = self.links.get_mut(usize::from(index)).filter(|l| on && l.is_up()) {
            self.rx.shares.gate(&mut slot.attributes.share, true);
        }
    }

    /// One ACL packet of a link has landed in its place.
    pub(super) fn return_host_credit(&mut self, now: Instant, index: u8) {
        if !self.has_flow_control() {
            return;
        }
        if let Some(slot) = self.links.get_mut(usize::from(index)).filter(|l| l.is_up()) {
            self.host_credits.consumed(&mut slot.host_credits);
            self.look_at_credits(now);
        }
    }

    /// The application has read a packet that was pushed on a link, which may have ended.
    pub(crate) fn give_borrowed(&mut self, link: LinkRef, packet: Packet) {
        self.rx.pool.give(packet);
        self.borrowed_given(link);
    }

    /// A packet that was pushed on a link, which may have ended, is in its pool again.
    pub(super) fn borrowed_given(&mut self, link: LinkRef) {
        self.give_place(link, |shares, share| shares.give(share, 1));
    }

    /// The application gives back an answer that it kept, or the request of a link that has ended.
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

    /// There may be more room for what peers push.
    pub(super) fn room_made(&mut self, index: u8) {
        let half = self.rx.shares.buffers() / 2;
        let slot = self.links.get(usize::from(index));
        let slot = slot.filter(|l| l.is_up() && !l.control.is_disconnecting());
        let share = slot.map(|slot| slot.attributes.share);
        if share.is_some_and(|share| !share.is_gated() && share.taken() <= half) {
            self.gate(index);
        }
        if CLIENT && self.unconfirmed != 0 {
            self.confirm_indications();
        }
        if self.has_flow_control() {
            self.look_at_credits(self.now);
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

    /// True where a packet more of some link may be one for which that has no place: then the applications should run first.
    pub(crate) fn is_crowded(&mut self) -> bool {
        if self.rx.shares.take_changed() {
            self.crowded = self.find_crowded();
        }
        self.crowded
    }

    fn find_crowded(&self) -> bool {
        let shares = &self.rx.shares;
        shares.is_crowded()
            && (self.links.len() > FEW
                || self.links.iter().any(|l| l.is_up() && !shares.may_take(&l.attributes.share)))
    }

    pub(super) fn look_at_credits(&mut self, now: Instant) {
        let withheld = self.rx.shares.withheld();
        let interest = self.host_credits.interest(withheld);
        if interest == Interest::Urgent {
            self.ready.run(Due::COMMAND);
        }
        let full = interest == Interest::None && self.host_credits.left() == 0;
        if full != self.full.is_some() {
            self.full = At::new(full.then_some(now));
            self.deadlines_changed();
        }
    }

    /// When the controller has been without a buffer for long enough.
    pub(super) fn full_deadline(&self) -> Option<Instant> {
        let since = self.full.get().filter(|_| HOST_FLOW_CONTROL)?;
        let crowded = self.live_links() > 1 || self.links.iter().any(Link::awaits_peer);
        let channels = || self.channels.iter().any(|channel| channel.state() != State::Free);
        since.checked_add(if crowded || channels() { HASTE } else { PATIENCE })
    }

    /// The link that holds the most is open: what it has no room for is dropped from now on.
    pub(super) fn full_timeout(&mut self, now: Instant) {
        if !HOST_FLOW_CONTROL {
            return;
        }
        self.full = At::NONE;
        let links = self.links.iter_mut().filter(|l| l.attributes.share.is_gated());
        if let Some(slot) = links.max_by_key(|l| l.attributes.share.taken()) {
            self.rx.shares.gate(&mut slot.attributes.share, false);
        }
        self.look_at_credits(now);
    }
}

impl Link {
    /// True while a transaction waits for the peer, which may have answered.
    fn awaits_peer(&self) -> bool {
        self.is_up()
            && (self.attributes.bearer.poll_timeout().is_some()
                || self.signalling.poll_timeout().is_some()
                || self.protection.awaits_peer())
    }
}
