//! Out-of-band data of the peers, and what the controller does with it. [Vol 2] Part H, 7.2.2

use bindrune::{ClassicOob, ClassicOobValues, ClassicSecret};

use crate::fuzz::{controller::Controller, reach::reached};

/// Returns the data of a peer that the application has: right, wrong, or none.
pub(super) fn of_peer(peer: u8, how: u8) -> Option<ClassicOob> {
    let commitment = match how & 7 {
        0 => return None,
        1 | 2 => [0xee; 16],
        _ => commitment(peer),
    };
    let commitment = ClassicSecret::new(commitment);
    let values = ClassicOobValues { commitment, random: ClassicSecret::new([0x77; 16]) };
    Some(ClassicOob { p192: Some(values), p256: None })
}

const fn commitment(peer: u8) -> [u8; 16] {
    [0xc0 | peer; 16]
}

impl Controller {
    /// Continues a pairing after both sides said what they have. Returns false if there is no data.
    pub(super) fn classic_uses_oob(&mut self, slot: usize, of_host: bool) -> bool {
        let Some(link) = self.radio.links[slot].as_mut() else { return false };
        let claims = link.pairing.claims_oob;
        link.pairing.is_oob = of_host || claims;
        let could = self.radio.made_oob || self.lied;
        assert!(!claims || could, "the host pairs with a peer that only claims to have its data");
        if of_host {
            self.classic_peer_event(slot, 0x35, None, &[]);
        } else if claims {
            reached("a pairing with data of the host");
            self.classic_paired(slot, 0);
        }
        of_host || claims
    }

    /// Checks the data that the host has of a peer.
    pub(super) fn classic_checks_oob(&mut self, slot: usize, data: &[u8]) {
        let Some(link) = &self.radio.links[slot] else { return };
        let right = data.starts_with(&commitment(link.peer.number));
        reached(if right { "a pairing with data of the peer" } else { "wrong out-of-band data" });
        self.classic_paired(slot, if right { 0 } else { 0x05 });
    }
}
