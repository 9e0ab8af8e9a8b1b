//! What a link is protected by. Pairing is refused, and no key is known.

mod jobs;

use bindrune_gatt::Security;
use bindrune_wire::Packet;

use super::{Link, Stack};

pub(crate) use jobs::{BondJob, RECORD_MAX};

/// Pairing Failed with the reason Pairing Not Supported. [Vol 3] Part H, 3.5.5
pub(super) const PAIRING_NOT_SUPPORTED: [u8; 2] = [0x05, 0x05];

/// Pairing Request. [Vol 3] Part H, 3.5.1
const PAIRING_REQUEST: u8 = 0x01;

impl Stack {
    /// How a link is protected.
    pub(super) const fn security(_link: &Link) -> Security {
        Security::OPEN
    }

    /// Takes a PDU of the Security Manager.
    pub(super) fn handle_smp(&mut self, index: u8, packet: Packet) {
        if packet.bytes().first() == Some(&PAIRING_REQUEST)
            && let Some(slot) = self.links.get_mut(usize::from(index))
        {
            slot.refuse_pairing = true;
            self.owe(index);
        }
        self.rx.pool.give(packet);
    }
}
