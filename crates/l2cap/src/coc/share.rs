//! How slots and RX packets are shared, so that no peer takes those that other links need.

use super::{
    Channel, ChannelConfig, Channels, LinkId, OpenError, Pools, State, channels::Wanted,
    receive::Receive, transmit::Transmit,
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
        let ended = self.oldest(|c| c.is_offered() && !c.is_open());
        let Some(index) = ended else { return false };
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
        let has_none = |link: &LinkId| self.position(*link, Wanted::Any).is_none();
        if has_none(&link) {
            return true;
        }
        let links = u8::try_from(self.links).unwrap_or(u8::MAX);
        let others = (0..links).map(LinkId).filter(has_none).count();
        let free = self.slots.iter().filter(|c| c.state == State::Free).count();
        let mut widest = 0;
        for listener in listeners.iter().filter(|l| l.psm != Psm(0)) {
            widest = listener.config.window.max(widest);
        }
        let equal = self.budget.checked_div(self.links).unwrap_or_default();
        let share = usize::from(widest).min(equal);
        let kept = others.saturating_mul(share).saturating_add(config.window.into());
        free > others && self.reserved().saturating_add(kept) <= self.budget
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
        let cid = |index| {
            let offset = u16::try_from(index % Cid::DYNAMIC_COUNT).unwrap_or_default();
            Cid(Cid::DYNAMIC.0.saturating_add(offset))
        };
        let free = self.slots.iter().enumerate().filter(|(_, c)| c.state == State::Free);
        let mut places = free.map(|(index, _)| (index, cid(index)));
        places.find(|(_, cid)| self.find(link, *cid).is_none())
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
