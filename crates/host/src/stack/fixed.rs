//! The application's own fixed channel on a link.

use bindrune_l2cap::Cid;
use bindrune_wire::{Packet, Queue};

use super::memory::{Receive, Transmit};

/// One fixed channel that the application serves itself.
#[derive(Debug)]
pub(crate) struct Fixed {
    /// [`Cid::NULL`] while there is none.
    pub(crate) cid: Cid,
    pub(crate) queue: Queue,
    pub(crate) lost: u32,
    pub(crate) out: Option<Packet>,
}

impl Fixed {
    pub(crate) const NONE: Self = Self { cid: Cid::NULL, queue: Queue::EMPTY, lost: 0, out: None };

    /// Keeps a PDU for the application; the newest is dropped where as many wait as may.
    pub(crate) fn handle_pdu(&mut self, packet: Packet, rx: &mut Receive) {
        if rx.borrow() {
            rx.pool.push(&mut self.queue, packet);
        } else {
            rx.pool.give(packet);
            self.lost = self.lost.saturating_add(1);
        }
    }

    /// Ends the channel.
    pub(crate) fn end(&mut self, rx: &mut Receive, tx: &mut Transmit) {
        let count = self.queue.len();
        rx.pool.clear(&mut self.queue);
        rx.returned(count);
        if let Some(packet) = self.out.take() {
            tx.pool.give(packet);
        }
        *self = Self::NONE;
    }
}
