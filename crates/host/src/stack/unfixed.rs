//! A host without fixed channels of the application.

use bindrune_l2cap::Cid;
use bindrune_wire::Packet;

use super::{
    Stack,
    memory::{Receive, Transmit},
    share::Share,
};

/// Replaces the application's fixed channel, which never opens.
#[derive(Debug)]
pub(crate) struct Fixed;

#[expect(clippy::unused_self, reason = "a fixed channel has a state")]
impl Fixed {
    pub(crate) const NONE: Self = Self;

    pub(crate) const fn has_unsent(&self) -> bool {
        false
    }

    pub(crate) const fn take_out(&mut self) -> Option<(Cid, Packet)> {
        None
    }

    pub(crate) const fn link_ended(&mut self, _tx: &mut Transmit) {}

    pub(crate) const fn close(&mut self, _rx: &mut Receive, _share: &mut Share) -> u32 {
        0
    }
}

impl Stack {
    /// Drops the PDU of an unknown channel.
    pub(super) fn handle_fixed(&mut self, _index: u8, _cid: Cid, packet: Packet) {
        self.stats.unknown_channel.count();
        self.rx.pool.give(packet);
    }
}
