//! How slots and RX packets are shared, so that no peer takes those that other links need.

use super::{
    Channel, ChannelConfig, Channels, LinkId, OpenError, Pools, State, receive::Receive,
    transmit::Transmit,
};
use crate::{Cid, Listener, Psm};

impl Channels {
    /// Returns the number of RX packets that are reserved now: for the windows of channels, and for received data of
    /// ended channels.
    #[must_use]
    #[inline(never)]
    pub fn reserved(&self) -> usize {
        self.slots.iter().map(Channel::reserved).fold(0, usize::saturating_add)
    }

    /// Frees the oldest channel that ended before the application took it, and discards its received data; false if
    /// there is none.
    pub fn evict(&mut self, pools: &mut Pools<'_>) -> bool {
        let ended = |c: &Channel| c.is_offered() && !c.is_open();
        let ended = self.slots.iter().enumerate().filter(|(_, c)| ended(c));
        let Some((index, _)) = ended.min_by_key(|(_, c)| c.since) else { return false };
        self.with(index, |channel| channel.free(pools));
        true
    }

    /// Prepares the number of a link for a new link: frees the channels of the earlier link that the application did
    /// not take.
    pub fn forget(&mut self, link: LinkId, pools: &mut Pools<'_>) {
        let ended = |c: &Channel| c.link == link && c.is_offered() && !c.is_open();
        while let Some(index) = self.slots.iter().position(ended) {
            self.with(index, |channel| channel.free(pools));
        }
    }

    /// Takes a slot for a channel that the peer of `link` requests from a listener.
    ///
    /// The first channel of a link may take whatever is free. A further channel must leave enough for every link
    /// without a channel: one slot, and the smaller of the widest listening window and an equal share of all RX
    /// packets.
    pub(crate) fn admit(
        &mut self,
        link: LinkId,
        psm: Psm,
        listeners: &[Listener],
        config: ChannelConfig,
        pools: &mut Pools<'_>,
    ) -> Result<usize, OpenError> {
        loop {
            let admitted = if self.leaves_shares(link, listeners, config) {
                self.allot(link, psm, config)
            } else {
                Err(OpenError::NoChannel)
            };
            match admitted {
                Err(OpenError::NoChannel | OpenError::NoPackets) if self.evict(pools) => {}
                result => return result,
            }
        }
    }

    fn leaves_shares(&self, link: LinkId, listeners: &[Listener], config: ChannelConfig) -> bool {
        let (mut served, mut free) = (0usize, 0usize);
        for (index, channel) in self.slots.iter().enumerate() {
            if channel.is_live() {
                let is_first = self.position(channel.link, |_| true) == Some(index);
                served = served.saturating_add(is_first.into());
            } else {
                free = free.saturating_add((channel.state == State::Free).into());
            }
        }
        let is_first = self.position(link, |_| true).is_none();
        let others = self.links.saturating_sub(served);
        let listened = listeners.iter().filter(|l| l.psm != Psm(0)).map(|l| l.config.window);
        let equal = self.budget.checked_div(self.links).unwrap_or_default();
        let share = usize::from(listened.max().unwrap_or_default()).min(equal);
        let kept = others.saturating_mul(share).saturating_add(config.window.into());
        is_first || (free > others && self.reserved().saturating_add(kept) <= self.budget)
    }

    /// Takes a free slot and reserves its window.
    pub(super) fn allot(
        &mut self,
        link: LinkId,
        psm: Psm,
        config: ChannelConfig,
    ) -> Result<usize, OpenError> {
        let (mtu, mps) = config.resolve(self.frame).ok_or(OpenError::BadConfig)?;
        let (index, local) = self.vacancy(link).ok_or(OpenError::NoChannel)?;
        if self.reserved().saturating_add(usize::from(config.window)) > self.budget {
            return Err(OpenError::NoPackets);
        }
        self.with(index, |channel| {
            channel.vacate();
            channel.generation = channel.generation.wrapping_add(1);
            (channel.link, channel.local, channel.psm) = (link, local, psm);
            channel.rx = Receive::new(mtu, mps, config.window);
            channel.tx = Transmit::CLOSED;
        });
        Ok(index)
    }

    /// Returns a free slot and the CID that it would get.
    fn vacancy(&self, link: LinkId) -> Option<(usize, Cid)> {
        let cids = (Cid::DYNAMIC.0..).take(Cid::DYNAMIC_COUNT).map(Cid).cycle();
        let mut free = self.slots.iter().enumerate().zip(cids);
        free.find(|((_, c), cid)| c.state == State::Free && self.find(link, *cid).is_none())
            .map(|((index, _), cid)| (index, cid))
    }
}

impl Channel {
    /// Makes the slot a free one; only its generation stays.
    pub(crate) const fn vacate(&mut self) {
        let generation = self.generation;
        *self = Self::FREE;
        self.generation = generation;
    }
}
