//! Who may hold how many packets. Reservations are counts, not particular slots.

use bindrune_wire::{HEADROOM, Packet, Pool, Queue};

use super::share::{Share, Shares};

/// Receive packets that every link keeps: one PDU being reassembled, one ATT request, one ATT response.
pub(crate) const RX_PER_LINK: usize = 3;
/// Transmit packets that every link keeps: one for its machines, one for its application.
pub(crate) const TX_PER_LINK: usize = 2;

/// Receive packets: some kept for each link, some for the windows of channels, and the rest for what peers push
/// (notifications, write commands) and what the application borrows.
#[derive(Debug)]
pub(crate) struct Receive {
    pub(crate) pool: Pool,
    /// Who may keep what peers push.
    pub(crate) shares: Shares,
}

impl Receive {
    /// Shares out the packets of `pool`; `with_channels` where there are channels at all.
    pub(crate) fn new(pool: Pool, links: usize, with_channels: bool) -> Self {
        let spare = pool.capacity().saturating_sub(links.saturating_mul(RX_PER_LINK));
        let share = (spare / 4).max(links.saturating_mul(2)).min(spare);
        let shares = Shares::new(if with_channels { share } else { spare }, links);
        Self { pool, shares }
    }

    /// Packets that the windows of all channels may reserve.
    pub(crate) const fn window_budget(&self, links: usize) -> usize {
        self.pool
            .capacity()
            .saturating_sub(links.saturating_mul(RX_PER_LINK))
            .saturating_sub(self.shares.places())
    }

    /// Takes every queued packet back.
    pub(crate) fn reset(&mut self) {
        self.pool.reset();
        self.shares.reset();
    }

    /// ACL packets that the controller may send before it is given a buffer back.
    pub(crate) const fn host_buffers(&self) -> usize {
        match self.shares.buffers() {
            0 => self.pool.capacity(),
            buffers => buffers,
        }
    }

    /// Gives every packet of a queue back, and its place.
    pub(crate) fn clear(&mut self, queue: &mut Queue, share: &mut Share) {
        self.shares.give(share, queue.len());
        self.pool.clear(queue);
    }
}

/// Transmit packets.
#[derive(Debug)]
pub(crate) struct Transmit {
    pub(crate) pool: Pool,
    reserved: usize,
}

impl Transmit {
    pub(crate) const fn new(pool: Pool, links: usize) -> Self {
        Self { pool, reserved: links.saturating_mul(TX_PER_LINK) }
    }

    /// The packet that a link's machines keep. A link writes one PDU at a time, so it is always there.
    pub(crate) fn take_for_machine(&mut self) -> Option<Packet> {
        self.pool.take(HEADROOM)
    }

    /// A packet for the application of a link, which holds some already or not.
    ///
    /// Whoever holds one takes more only while every link's own packets are free, in use or not: so a stalled link can
    /// starve neither another link nor its own machines.
    pub(crate) fn take_for_app(&mut self, holds_some: bool, headroom: usize) -> Option<Packet> {
        self.app_may_take(holds_some).then(|| self.pool.take(headroom)).flatten()
    }

    /// True where [`Self::take_for_app`] would succeed.
    pub(crate) const fn app_may_take(&self, holds_some: bool) -> bool {
        self.pool.free() > if holds_some { self.reserved } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use std::{boxed::Box, vec, vec::Vec};

    use bindrune_wire::Slot;

    use super::*;

    fn pool(packets: usize) -> Pool {
        let slots = (0..packets).map(|_| Slot::EMPTY).collect::<Vec<_>>();
        let memory = vec![0; packets * 32].into_boxed_slice();
        Pool::new(Box::leak(slots.into_boxed_slice()), Box::leak(memory), 32)
    }

    #[test]
    fn a_greedy_link_leaves_the_others_their_packets() {
        let mut tx = Transmit::new(pool(6), 2);
        let first = tx.take_for_app(false, HEADROOM).unwrap();
        let second = tx.take_for_app(true, HEADROOM).unwrap();
        assert!(tx.take_for_app(true, HEADROOM).is_none());
        let others: Vec<_> = (0..3).map(|_| tx.take_for_app(false, HEADROOM).unwrap()).collect();
        assert_eq!(others.len(), 3, "one for its machines, two for the other link");
        for packet in others.into_iter().chain([first, second]) {
            tx.pool.give(packet);
        }
        assert_eq!(tx.pool.free(), 6);
    }

    #[test]
    fn what_is_pushed_leaves_the_windows_theirs() {
        let mut rx = Receive::new(pool(12), 1, true);
        assert_eq!(rx.window_budget(1), 7);
        let mut share = Share::NONE;
        assert!(rx.shares.take(&mut share) && rx.shares.take(&mut share));
        assert!(!rx.shares.take(&mut share));
        rx.shares.give(&mut share, 1);
        assert!(rx.shares.take(&mut share));
        assert_eq!(Receive::new(pool(6), 1, false).window_budget(1), 0);
    }
}
