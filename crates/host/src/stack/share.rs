//! How many receive packets each link may keep for its application. Places are counts, not particular packets.
//!
//! Half of the places are divided evenly among the link slots and kept for them. The other half is shared: first come,
//! first served. A link with subscriptions keeps one of its places for an indication, if there are more places than
//! links.
//!
//! Places are *gated* while one buffer of the controller is withheld for each (`HostCredits`). The controller then
//! sends no data for which there is no place.

use crate::capability::{CLIENT, HOST_FLOW_CONTROL};

/// Whether places are gated. The tests here do so in every build.
const GATES: bool = HOST_FLOW_CONTROL || cfg!(test);
/// Whether a link may have subscriptions. In the tests here it may in every build.
const LISTENS: bool = CLIENT || cfg!(test);

/// A link with fewer places offers all of them as controller buffers.
const LITTLE: u16 = 3;

/// The places of all links.
#[derive(Debug)]
pub(crate) struct Shares {
    places: u16,
    /// Places that are kept for each link.
    guaranteed: u16,
    links: u16,
    /// Taken places of all links.
    taken: u16,
    /// Places that are kept for links and not taken.
    kept: u16,
    /// Taken places of gated links that hold data pushed by their peers.
    gated: u16,
    /// Taken places of gated links that hold answers kept by their applications, and unclaimed values.
    kept_by_app: u16,
    /// Taken places of ended links whose slots are used again.
    left: u16,
    /// Places were taken or returned since [`Self::take_changed`].
    changed: bool,
}

/// The places that one link has taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    taken: u16,
    /// Taken places that hold answers and requests kept by the application, and unclaimed values.
    kept_by_app: u16,
    /// Whether the link may receive indications.
    listens: bool,
    /// One of the taken places holds an indication that must not be confirmed before another place is free.
    indication: bool,
    gated: bool,
}

impl Share {
    pub(crate) const NONE: Self =
        Self { taken: 0, kept_by_app: 0, listens: false, indication: false, gated: false };

    /// Returns the number of places that the link has taken.
    pub(crate) const fn taken(&self) -> u16 {
        self.taken
    }

    const fn with_kept(self) -> Self {
        Self {
            taken: self.taken.saturating_add(1),
            kept_by_app: self.kept_by_app.saturating_add(1),
            ..self
        }
    }

    const fn pushed(&self) -> u16 {
        self.taken.saturating_sub(self.kept_by_app)
    }

    /// Returns whether buffers of the controller are withheld for the link's places.
    pub(crate) const fn is_gated(&self) -> bool {
        GATES && self.gated
    }
}

impl Shares {
    /// Divides `places` among `links` slots.
    pub(crate) fn new(places: usize, links: usize) -> Self {
        let [places, links] = [places, links].map(clamped);
        Self::divide(places, links)
    }

    const fn divide(places: u16, links: u16) -> Self {
        let guaranteed = match places.checked_div(links) {
            Some(even) => even.div_ceil(2),
            None => 0,
        };
        let kept = guaranteed.saturating_mul(links);
        Self {
            places,
            guaranteed,
            links,
            taken: 0,
            kept,
            gated: 0,
            kept_by_app: 0,
            left: 0,
            changed: true,
        }
    }

    /// Returns the number of all places.
    pub(crate) const fn places(&self) -> usize {
        self.places as usize
    }

    /// Returns how many places one link may take if no other link takes any.
    const fn alone(&self) -> u16 {
        let others = self.guaranteed.saturating_mul(self.links.saturating_sub(1));
        self.places.saturating_sub(others)
    }

    /// Returns how many buffers the controller may fill: each must find a place, whichever link it is for.
    pub(crate) const fn buffers(&self) -> u16 {
        let alone = self.alone();
        if alone < LITTLE { alone } else { alone.saturating_sub(1) }
    }

    /// Returns how many buffers of the controller are withheld. Withholds all of them only if the application has data
    /// to read.
    pub(crate) fn withheld(&self) -> usize {
        let withheld = match self.gated {
            0 => self.kept_by_app.min(self.buffers().saturating_sub(1)),
            gated => gated.saturating_add(self.kept_by_app),
        };
        withheld.into()
    }

    /// Takes a place. Returns false if the link has used its share and others need the rest.
    #[must_use]
    pub(crate) fn take(&mut self, share: &mut Share) -> bool {
        let more = Share { taken: share.taken.saturating_add(1), ..*share };
        let first = self.may_take_first(share) && !self.keeps_last(share);
        if first {
            self.change(share, |share| *share = more);
        }
        first || self.take_as(share, more)
    }

    /// Returns whether the application may have one more packet that it can keep beyond the end of its link. The
    /// packets that it keeps of ended links must leave every slot its guaranteed share.
    pub(crate) const fn may_hand_out(&self) -> bool {
        let all = self.guaranteed.saturating_mul(self.links);
        self.left == 0 || self.left < self.places.saturating_sub(all)
    }

    /// Returns whether a link takes its first place although packets of ended links may hold all places.
    const fn may_take_first(&self, share: &Share) -> bool {
        self.left > 0 && self.guaranteed > 0 && share.taken == 0
    }

    /// Like [`Self::take`], for an answer that the application keeps.
    #[must_use]
    pub(crate) fn take_kept(&mut self, share: &mut Share) -> bool {
        self.take_as(share, share.with_kept())
    }

    /// Like [`Self::take_kept`], for an unclaimed value. Never takes the last place open to the link.
    #[must_use]
    pub(crate) fn take_kept_spare(&mut self, share: &mut Share) -> bool {
        if !self.take_kept(share) {
            return false;
        }
        let spare = self.may_take(share);
        if !spare {
            self.give_kept(share);
        }
        spare
    }

    /// Counts an unclaimed value as data for the application to read.
    pub(crate) fn claim(&mut self, share: &mut Share) {
        self.change(share, |share| share.kept_by_app = share.kept_by_app.saturating_sub(1));
    }

    fn take_as(&mut self, share: &mut Share, more: Share) -> bool {
        let may = self.may_take(share);
        if may {
            self.change(share, |share| *share = more);
        }
        may
    }

    /// Returns whether [`Self::take`] would succeed.
    pub(crate) fn may_take(&self, share: &Share) -> bool {
        if self.free() > self.kept.saturating_add(1) {
            return true;
        }
        let own = u16::from(self.keeps_last(share) && (!share.gated || self.alone() >= LITTLE));
        let others = self.kept.saturating_sub(self.kept_for(share));
        self.free() > others.saturating_add(own)
    }

    /// Takes a place for an indication, if necessary the link's last one. The indication must not be confirmed before
    /// [`Self::has_room_for_next`] returns true.
    #[must_use]
    pub(crate) fn take_for_indication(&mut self, share: &mut Share) -> bool {
        let others = match self.has_more_than_one_each() {
            true => 0,
            false => self.kept.saturating_sub(self.kept_for(share)),
        };
        if share.indication || (self.free() <= others && !self.may_take_first(share)) {
            return false;
        }
        self.change(share, |share| {
            share.taken = share.taken.saturating_add(1);
            share.indication = true;
        });
        true
    }

    /// Returns whether there is room for the next indication. If so, the place of the last one counts as an ordinary
    /// place.
    #[must_use]
    pub(crate) fn has_room_for_next(&mut self, share: &mut Share) -> bool {
        let without = Share { indication: false, ..*share };
        let others = self.kept.saturating_sub(self.kept_for(share));
        let room = !share.indication
            || self.may_take_first(share)
            || self.free() >= others.saturating_add(self.kept_for(&without).max(1));
        if room {
            self.change(share, |share| share.indication = false);
        }
        room
    }

    /// Takes a place even if there is none, because the application already has the packet.
    pub(crate) fn take_anyway(&mut self, share: &mut Share) {
        self.change(share, |share| *share = share.with_kept());
    }

    /// Returns whether the next packet may be for a link that has no place beyond those kept for it.
    pub(crate) const fn is_crowded(&self) -> bool {
        self.taken > 0 && self.free() <= self.kept.saturating_add(1)
    }

    /// Returns `count` places of [`Self::take`].
    pub(crate) fn give(&mut self, share: &mut Share, count: usize) {
        let count = clamped(count);
        self.change(share, |share| share.taken = share.taken.saturating_sub(count));
    }

    /// Returns a place of [`Self::take_kept`] or [`Self::take_anyway`].
    pub(crate) fn give_kept(&mut self, share: &mut Share) {
        self.change(share, |share| {
            share.taken = share.taken.saturating_sub(1);
            share.kept_by_app = share.kept_by_app.saturating_sub(1);
        });
    }

    /// Returns a place that [`Self::leave`] left behind.
    pub(crate) const fn give_left(&mut self) {
        self.changed = true;
        self.left = self.left.saturating_sub(1);
        self.taken = self.taken.saturating_sub(1);
    }

    /// Resets the share of a slot. Packets of the last link that the application still holds stay counted, but belong
    /// to no link.
    pub(crate) fn leave(&mut self, share: &mut Share) {
        let left = share.taken;
        self.change(share, |share| *share = Share::NONE);
        self.taken = self.taken.saturating_add(left);
        self.left = self.left.saturating_add(left);
    }

    /// Sets whether the link may receive indications.
    pub(crate) fn listen(&mut self, share: &mut Share, listens: bool) {
        self.change(share, |share| share.listens = listens);
    }

    /// Sets whether one buffer of the controller is withheld for each place of the link.
    pub(crate) fn gate(&mut self, share: &mut Share, gated: bool) {
        if GATES {
            self.change(share, |share| share.gated = gated);
        }
    }

    /// Resets all counts. Every [`Share`] must be reset as well.
    pub(crate) const fn reset(&mut self) {
        *self = Self::divide(self.places, self.links);
    }

    const fn free(&self) -> u16 {
        self.places.saturating_sub(self.taken)
    }

    /// Marks that a link came up or ended.
    pub(crate) const fn links_changed(&mut self) {
        self.changed = true;
    }

    /// Returns whether any link may have more or fewer places since the last call.
    pub(crate) const fn take_changed(&mut self) -> bool {
        core::mem::replace(&mut self.changed, false)
    }

    fn change(&mut self, share: &mut Share, change: impl FnOnce(&mut Share)) {
        let before = *share;
        change(share);
        self.count(&before, share);
    }

    /// The end of every change. It does not depend on the change, so it is compiled once.
    #[inline(never)]
    fn count(&mut self, before: &Share, after: &Share) {
        self.taken = count(self.taken, before.taken, after.taken);
        self.kept = count(self.kept, self.kept_for(before), self.kept_for(after));
        self.changed = true;
        if before.is_gated() || after.is_gated() {
            self.count_gated(before, after);
        }
    }

    #[inline(never)]
    fn count_gated(&mut self, before: &Share, after: &Share) {
        let gated =
            |share: &Share| if share.gated { (share.pushed(), share.kept_by_app) } else { (0, 0) };
        let (was, is) = (gated(before), gated(after));
        self.gated = count(self.gated, was.0, is.0);
        self.kept_by_app = count(self.kept_by_app, was.1, is.1);
    }

    /// Returns the places guaranteed to a link that it has not taken.
    const fn guarantee(&self, share: &Share) -> u16 {
        self.guaranteed.saturating_sub(share.taken)
    }

    /// Returns the places that are kept for a link.
    fn kept_for(&self, share: &Share) -> u16 {
        self.guarantee(share).max(self.keeps_last(share).into())
    }

    /// Returns whether the link's last place is kept for an indication. If links have one place each, it is for
    /// notifications as well.
    const fn keeps_last(&self, share: &Share) -> bool {
        LISTENS && self.has_more_than_one_each() && share.listens && !share.indication
    }

    const fn has_more_than_one_each(&self) -> bool {
        self.places > self.links
    }
}

fn clamped(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

/// Updates a sum in which one part has changed.
const fn count(total: u16, before: u16, after: u16) -> u16 {
    total.saturating_sub(before).saturating_add(after)
}

#[cfg(test)]
mod tests;
