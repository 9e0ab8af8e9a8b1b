//! How many packets each link may hold. Reservations are counts, not particular slots.

use bindrune_wire::{HEADROOM, Packet, Pool, Queue};

use super::share::{Share, Shares};

/// Receive packets that every link keeps: one PDU being reassembled, one ATT request, one ATT response.
pub(crate) const RX_PER_LINK: usize = 3;
/// Transmit packets that every link keeps: one for its machines, one for its application.
pub(crate) const TX_PER_LINK: usize = 2;

/// Receive packets: some are kept for each link, some for the windows of channels. The rest is for values that peers
/// push (notifications, write commands) and for packets that the application borrows.
#[derive(Debug)]
pub(crate) struct Receive {
    pub(crate) pool: Pool,
    /// Shares of the packets for pushed values.
    pub(crate) shares: Shares,
}

impl Receive {
    /// Divides the packets of `pool`. Each of the host's channels can have a window of at least one.
    pub(crate) fn new(pool: Pool, links: usize, channels: usize) -> Self {
        let spare = pool.capacity().saturating_sub(links.saturating_mul(RX_PER_LINK));
        let share = (spare / 4).max(links.saturating_mul(2)).min(spare.saturating_sub(channels));
        let shares = Shares::new(if channels > 0 { share } else { spare }, links);
        Self { pool, shares }
    }

    /// Returns how many packets the windows of all channels may reserve.
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

    /// Returns how many ACL packets the controller may send before it gets a buffer back.
    pub(crate) const fn host_buffers(&self) -> usize {
        match self.shares.buffers() {
            0 => self.pool.capacity(),
            buffers => buffers as usize,
        }
    }

    /// Returns every packet of a queue, and its place.
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

    /// Takes the packet that is kept for a link's machines. A link writes one PDU at a time, so it is always available.
    pub(crate) fn take_for_machine(&mut self) -> Option<Packet> {
        self.pool.take(HEADROOM)
    }

    /// Takes a packet for the application of a link. `holds_some`: the application already holds a packet.
    ///
    /// In that case it gets another one only if the free packets are more than all links keep. So a stalled link cannot
    /// use up the packets of another link or of its own machines.
    pub(crate) fn take_for_app(&mut self, holds_some: bool, headroom: usize) -> Option<Packet> {
        self.app_may_take(holds_some).then(|| self.pool.take(headroom)).flatten()
    }

    /// Returns whether [`Self::take_for_app`] would succeed.
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
    fn pushed_values_leave_the_packets_of_windows() {
        let mut rx = Receive::new(pool(12), 1, 1);
        assert_eq!(rx.window_budget(1), 7);
        let mut share = Share::NONE;
        assert!(rx.shares.take(&mut share) && rx.shares.take(&mut share));
        assert!(!rx.shares.take(&mut share));
        rx.shares.give(&mut share, 1);
        assert!(rx.shares.take(&mut share));
        assert_eq!(Receive::new(pool(6), 1, 0).window_budget(1), 0);
    }
}
