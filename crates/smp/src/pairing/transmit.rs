//! Writing of the pending PDUs.

use bindrune_wire::{Interest, Writer};

use super::{Pairing, State, features::request, parts::PendingPdus};
use crate::{capability::INITIATOR, pdu::Pdu};

impl Pairing {
    /// Returns whether a PDU is pending.
    #[must_use]
    pub const fn interest(&self) -> Interest {
        if self.out.pending.is_empty() { self.idle.interest() } else { Interest::Urgent }
    }

    /// Writes the first pending PDU; false if there is none, or no room.
    pub fn poll_transmit(&mut self, w: &mut Writer<'_>) -> bool {
        if self.idle.interest() != Interest::None {
            return self.idle.poll_transmit(w);
        }
        while let Some(pending) = self.out.pending.iter().next() {
            let Some(pdu) = self.pdu(pending) else {
                self.out.pending.remove(pending);
                continue;
            };
            if pdu.write(w).is_err() {
                return false;
            }
            self.out.sent(pending);
            if let Err(reason) = self.advance() {
                self.fail(reason);
            }
            return true;
        }
        false
    }

    fn pdu(&self, pending: PendingPdus) -> Option<Pdu> {
        match pending {
            PendingPdus::KEYPRESS => self.out.presses.first().map(Pdu::Keypress),
            PendingPdus::REQUEST if INITIATOR => Some(Pdu::PairingRequest(request(&self.config))),
            PendingPdus::RESPONSE => {
                self.agreed.map(|agreed| Pdu::PairingResponse(agreed.response))
            }
            PendingPdus::CONFIRM => Some(Pdu::Confirm(self.out.value)),
            PendingPdus::RANDOM => Some(Pdu::Random(self.out.value)),
            PendingPdus::CHECK => Some(Pdu::DhKeyCheck(self.out.value)),
            PendingPdus::PUBLIC_KEY => match &self.state {
                State::Secure(phase) => phase.public_key().map(|key| Pdu::PublicKey(*key)),
                State::Idle
                | State::Features
                | State::Legacy(_)
                | State::Distribute(_)
                | State::Complete(_) => None,
            },
            _ => match &self.state {
                State::Distribute(phase) => phase.pdu(pending, &self.identity),
                State::Idle
                | State::Features
                | State::Secure(_)
                | State::Legacy(_)
                | State::Complete(_) => None,
            },
        }
    }
}
