//! PDUs that a peer sends before it has received the answer to its last request. [Vol 3] Part F, 3.3.2 forbids it, but
//! phones do it.

use bindrune_att::Opcode;
use bindrune_wire::Packet;

use super::Attributes;
use crate::stack::memory::Receive;

impl Attributes {
    /// Keeps an early request in its packet. Drops it and returns false if another one is kept or no packet may be
    /// borrowed.
    pub(crate) fn keep_early(&mut self, rx: &mut Receive, packet: Packet) -> bool {
        let may = self.early.is_empty() && rx.shares.take(&mut self.share);
        if may {
            rx.pool.push(&mut self.early, packet);
        } else {
            rx.pool.give(packet);
        }
        may
    }

    /// Returns whether an early request waits.
    pub(crate) fn has_early(&self) -> bool {
        !self.early.is_empty()
    }

    /// Returns whether a PDU must wait behind an early request. Commands must, or they would overtake it.
    pub(crate) fn waits_behind_early(&self, pdu: &[u8]) -> bool {
        !self.early.is_empty() && pdu.first().is_some_and(|&opcode| Opcode(opcode).is_command())
    }

    /// Keeps a command behind an early request. Drops it and returns false if no packet may be borrowed.
    pub(crate) fn keep_behind_early(&mut self, rx: &mut Receive, packet: Packet) -> bool {
        let may = rx.shares.take(&mut self.share);
        if may {
            rx.pool.push(&mut self.early, packet);
        } else {
            rx.pool.give(packet);
        }
        may
    }

    /// Takes the next kept PDU, unless a request is still pending.
    pub(crate) fn next_early(&mut self, rx: &mut Receive) -> Option<Packet> {
        if self.bearer.is_serving() {
            return None;
        }
        let packet = rx.pool.pop(&mut self.early)?;
        rx.shares.give(&mut self.share, 1);
        Some(packet)
    }

    /// Drops the kept PDUs. Returns their number.
    pub(super) fn drop_early(&mut self, rx: &mut Receive) -> usize {
        let count = self.early.len();
        rx.pool.clear(&mut self.early);
        rx.shares.give(&mut self.share, count);
        count
    }
}
