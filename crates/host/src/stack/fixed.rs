//! The application's own fixed channel on a link.

use bindrune_l2cap::Cid;
use bindrune_wire::{Packet, Queue};

use super::{
    memory::{Receive, Transmit},
    share::Share,
};

/// A fixed channel that the application serves itself.
#[derive(Debug)]
pub(crate) struct Fixed {
    /// [`Cid::NULL`] if the channel is not open.
    pub(crate) cid: Cid,
    pub(crate) queue: Queue,
    pub(crate) lost: u32,
    /// The PDU to send, and its channel, which may be closed by now.
    pub(crate) out: Option<(Cid, Packet)>,
}

impl Fixed {
    pub(crate) const NONE: Self = Self { cid: Cid::NULL, queue: Queue::EMPTY, lost: 0, out: None };

    /// Keeps a PDU for the application. Drops it and returns false if the application's share of packets is used up.
    pub(crate) fn handle_pdu(
        &mut self,
        packet: Packet,
        rx: &mut Receive,
        share: &mut Share,
    ) -> bool {
        let kept = rx.shares.take(share);
        if kept {
            rx.pool.push(&mut self.queue, packet);
        } else {
            rx.pool.give(packet);
            self.lost = self.lost.saturating_add(1);
        }
        kept
    }

    /// Handles the end of the link. Received PDUs stay.
    pub(crate) fn link_ended(&mut self, tx: &mut Transmit) {
        if let Some((_, packet)) = self.out.take() {
            tx.pool.give(packet);
        }
    }

    /// Closes the channel. Drops received PDUs and returns their number. A PDU in the out-slot is still sent.
    pub(crate) fn close(&mut self, rx: &mut Receive, share: &mut Share) -> u32 {
        let count = self.queue.len();
        rx.clear(&mut self.queue, share);
        *self = Self { out: self.out.take(), ..Self::NONE };
        u32::try_from(count).unwrap_or(u32::MAX)
    }
}
