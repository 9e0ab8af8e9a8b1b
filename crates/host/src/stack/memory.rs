//! Who may hold how many packets. Reservations are counts, not particular slots.

use bindrune_wire::{HEADROOM, Packet, Pool};

/// Receive packets that every link keeps: one PDU being reassembled, one ATT request, one ATT response.
pub(crate) const RX_PER_LINK: usize = 3;
/// Transmit packets that every link keeps: one for its machines, one for its application.
pub(crate) const TX_PER_LINK: usize = 2;

/// Receive packets: some kept for each link, some for the windows of channels, and the rest for what peers push
/// (notifications, write commands) and what the application borrows.
#[derive(Debug)]
pub(crate) struct Receive {
    pub(crate) pool: Pool,
    pushable: usize,
    borrowed: usize,
}

impl Receive {
    /// Shares out the packets of `pool`; `with_channels` where there are channels at all.
    pub(crate) fn new(pool: Pool, links: usize, with_channels: bool) -> Self {
        let spare = pool.capacity().saturating_sub(links.saturating_mul(RX_PER_LINK));
        let share = (spare / 4).max(links.saturating_mul(2)).min(spare);
        Self { pool, pushable: if with_channels { share } else { spare }, borrowed: 0 }
    }

    /// Packets that the windows of all channels may reserve.
    pub(crate) const fn window_budget(&self, links: usize) -> usize {
        self.pool
            .capacity()
            .saturating_sub(links.saturating_mul(RX_PER_LINK))
            .saturating_sub(self.pushable)
    }

    /// Takes every queued packet back.
    pub(crate) fn reset(&mut self) {
        self.pool.reset();
        self.borrowed = 0;
    }

    /// Counts one packet as borrowed; false where as many are borrowed as may be.
    #[must_use]
    pub(crate) const fn borrow(&mut self) -> bool {
        let may = self.borrowed < self.pushable;
        if may {
            self.borrowed = self.borrowed.saturating_add(1);
        }
        may
    }

    /// Ends the loan of `count` packets.
    pub(crate) const fn returned(&mut self, count: usize) {
        self.borrowed = self.borrowed.saturating_sub(count);
    }

    /// Gives a borrowed packet back.
    pub(crate) fn give_borrowed(&mut self, packet: Packet) {
        self.pool.give(packet);
        self.returned(1);
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
        assert!(rx.borrow() && rx.borrow() && !rx.borrow());
        rx.returned(1);
        assert!(rx.borrow());
        assert_eq!(Receive::new(pool(6), 1, false).window_budget(1), 0);
    }
}
