//! Which link may keep how many receive packets for its application: counts, not particular packets.
//!
//! Half of the places are divided evenly among the slots of links and kept for them; whoever comes first takes the rest. A link
//! that listens to values of its peer keeps one of its places for an indication.
//!
//! Places are *gated* while a buffer of the controller's is withheld for each (`HostCredits`): then the controller sends nothing
//! for which there is no place.

/// Places of a link with fewer are all for the controller's buffers.
const LITTLE: usize = 3;

/// The places of all links.
#[derive(Debug)]
pub(crate) struct Shares {
    places: usize,
    /// Places that are kept for each link.
    guaranteed: usize,
    links: usize,
    /// Places that are taken, on all links.
    taken: usize,
    /// Places that links have not taken and that are kept for them.
    kept: usize,
    /// Of them, what gated links have taken for what their peers push.
    gated: usize,
    /// Likewise, for answers that their applications keep and for values that nobody has claimed.
    kept_by_app: usize,
    /// Of the taken places, those of ended links whose slots are used again.
    left: usize,
    /// Places were taken or given since [`Self::take_changed`].
    changed: bool,
}

/// What one link has taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    taken: usize,
    /// Of the taken places, those of answers and requests that the application keeps, and of values that it has not claimed.
    kept_by_app: usize,
    /// It may receive indications.
    listens: bool,
    /// One of the taken places is that of an indication, which is not confirmed before another place is free.
    indication: bool,
    gated: bool,
}

impl Share {
    pub(crate) const NONE: Self =
        Self { taken: 0, kept_by_app: 0, listens: false, indication: false, gated: false };

    /// Places that the link has taken.
    pub(crate) const fn taken(&self) -> usize {
        self.taken
    }

    const fn with_loan(self) -> Self {
        Self {
            taken: self.taken.saturating_add(1),
            kept_by_app: self.kept_by_app.saturating_add(1),
            ..self
        }
    }

    const fn pushed(&self) -> usize {
        self.taken.saturating_sub(self.kept_by_app)
    }

    /// True while buffers of the controller are withheld for the link's places.
    pub(crate) const fn is_gated(&self) -> bool {
        self.gated
    }
}

impl Shares {
    /// Shares `places` out among `links` slots.
    pub(crate) const fn new(places: usize, links: usize) -> Self {
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

    /// Places in all.
    pub(crate) const fn places(&self) -> usize {
        self.places
    }

    /// Places that one link may take while no other one takes any.
    const fn alone(&self) -> usize {
        let others = self.guaranteed.saturating_mul(self.links.saturating_sub(1));
        self.places.saturating_sub(others)
    }

    /// Buffers that the controller may fill: as many as find a place, whichever links they are for.
    pub(crate) const fn buffers(&self) -> usize {
        let alone = self.alone();
        if alone < LITTLE { alone } else { alone.saturating_sub(1) }
    }

    /// Buffers of the controller's that are withheld: all of them only where there is something to read.
    pub(crate) fn withheld(&self) -> usize {
        match self.gated {
            0 => self.kept_by_app.min(self.buffers().saturating_sub(1)),
            gated => gated.saturating_add(self.kept_by_app),
        }
    }

    /// Takes a place; false where the link has its share, and others need the rest.
    #[must_use]
    pub(crate) fn take(&mut self, share: &mut Share) -> bool {
        let more = Share { taken: share.taken.saturating_add(1), ..*share };
        let first = self.may_take_first(share) && !self.keeps_last(share);
        if first {
            self.change(share, |share| *share = more);
        }
        first || self.take_as(share, more)
    }

    /// Returns whether the application may be given one more packet that it can keep beyond the end of its link. What it
    /// keeps of ended links must leave every slot its guaranteed share.
    pub(crate) const fn may_hand_out(&self) -> bool {
        let all = self.guaranteed.saturating_mul(self.links);
        self.left == 0 || self.left < self.places.saturating_sub(all)
    }

    /// Returns whether a link takes its first place although the application may hold all of them of ended links.
    const fn may_take_first(&self, share: &Share) -> bool {
        self.left > 0 && self.guaranteed > 0 && share.taken == 0
    }

    /// Takes a place for an answer that the application keeps, as [`Self::take`].
    #[must_use]
    pub(crate) fn take_kept(&mut self, share: &mut Share) -> bool {
        self.take_as(share, share.with_loan())
    }

    /// As [`Self::take_kept`], for an unclaimed value; never takes the last place open to the link.
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

    /// A value that nobody had claimed is now for the application to read.
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

    /// True where [`Self::take`] would succeed.
    pub(crate) fn may_take(&self, share: &Share) -> bool {
        let own = usize::from(self.keeps_last(share) && (!share.gated || self.alone() >= LITTLE));
        let others = self.kept.saturating_sub(self.kept_for(share));
        self.free() > others.saturating_add(own)
    }

    /// Takes a place for an indication, the link's last one if need be. It is not to be confirmed before
    /// [`Self::has_room_for_next`].
    #[must_use]
    pub(crate) fn take_for_indication(&mut self, share: &mut Share) -> bool {
        if share.indication || (self.free() == 0 && !self.may_take_first(share)) {
            return false;
        }
        self.change(share, |share| {
            share.taken = share.taken.saturating_add(1);
            share.indication = true;
        });
        true
    }

    /// True where an indication holds a place of its own no longer, so that the next one has room.
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

    /// Takes a place whether there is one or not: the packet is with the application already.
    pub(crate) fn take_anyway(&mut self, share: &mut Share) {
        self.change(share, |share| *share = share.with_loan());
    }

    /// True where a packet more may be one for which a link has no place, but for the places that are kept for it.
    pub(crate) const fn is_crowded(&self) -> bool {
        self.taken > 0 && self.free() <= self.kept.saturating_add(1)
    }

    /// Gives `count` places of [`Self::take`] back.
    pub(crate) fn give(&mut self, share: &mut Share, count: usize) {
        self.change(share, |share| share.taken = share.taken.saturating_sub(count));
    }

    /// Gives a place of [`Self::take_kept`] or [`Self::take_anyway`] back.
    pub(crate) fn give_kept(&mut self, share: &mut Share) {
        self.change(share, |share| {
            share.taken = share.taken.saturating_sub(1);
            share.kept_by_app = share.kept_by_app.saturating_sub(1);
        });
    }

    /// Gives a place back that was left behind by [`Self::leave`].
    pub(crate) const fn give_left(&mut self) {
        self.changed = true;
        self.left = self.left.saturating_sub(1);
        self.taken = self.taken.saturating_sub(1);
    }

    /// The slot is made new. What the application still holds of its last link stays taken, and is no longer the link's.
    pub(crate) fn leave(&mut self, share: &mut Share) {
        let left = share.taken;
        self.change(share, |share| *share = Share::NONE);
        self.taken = self.taken.saturating_add(left);
        self.left = self.left.saturating_add(left);
    }

    /// The link may receive indications, or no longer.
    pub(crate) fn listen(&mut self, share: &mut Share, listens: bool) {
        self.change(share, |share| share.listens = listens);
    }

    /// A buffer of the controller's is withheld for each place of the link, or no longer.
    pub(crate) fn gate(&mut self, share: &mut Share, gated: bool) {
        self.change(share, |share| share.gated = gated);
    }

    /// As new. Every [`Share`] must be made new as well.
    pub(crate) const fn reset(&mut self) {
        *self = Self::new(self.places, self.links);
    }

    const fn free(&self) -> usize {
        self.places.saturating_sub(self.taken)
    }

    /// A link came or went.
    pub(crate) const fn links_changed(&mut self) {
        self.changed = true;
    }

    /// True once after any link may have more or fewer places than before.
    pub(crate) const fn take_changed(&mut self) -> bool {
        core::mem::replace(&mut self.changed, false)
    }

    fn change(&mut self, share: &mut Share, change: impl FnOnce(&mut Share)) {
        let before = *share;
        change(share);
        self.taken = count(self.taken, before.taken, share.taken);
        self.kept = count(self.kept, self.kept_for(&before), self.kept_for(share));
        self.changed = true;
        if before.gated || share.gated {
            self.count_gated(&before, share);
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

    /// What is left of the places that every link has.
    const fn guarantee(&self, share: &Share) -> usize {
        self.guaranteed.saturating_sub(share.taken)
    }

    /// Places that are kept for a link.
    fn kept_for(&self, share: &Share) -> usize {
        self.guarantee(share).max(self.keeps_last(share).into())
    }

    /// True where the link's last place is kept for an indication.
    const fn keeps_last(&self, share: &Share) -> bool {
        self.guaranteed > 0 && share.listens && !share.indication
    }
}

/// A sum of which one part has changed.
const fn count(total: usize, before: usize, after: usize) -> usize {
    total.saturating_sub(before).saturating_add(after)
}

#[cfg(test)]
mod tests;
