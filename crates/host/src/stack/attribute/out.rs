//! PDUs of the application that wait for the controller.

use bindrune_att::Opcode;
use bindrune_wire::Packet;

/// Kind of a PDU that the application sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Outgoing {
    /// A request of the client.
    Request(Opcode) = 1,
    /// An indication, which the peer must confirm.
    Indication,
    /// A notification or a write command.
    Unanswered,
}

impl Outgoing {
    /// Returns whether the peer answers it.
    pub(crate) const fn is_answered(self) -> bool {
        !matches!(self, Self::Unanswered)
    }
}

/// The out-slots, in order: one for a PDU that the peer answers, one for another. So a task that notifies without a
/// pause does not stop requests and indications. Those pause by themselves.
#[derive(Debug)]
pub(crate) struct Out {
    next: Option<(Packet, Outgoing)>,
    last: Option<(Packet, Outgoing)>,
}

impl Out {
    pub(crate) const NONE: Self = Self { next: None, last: None };

    pub(crate) const fn is_empty(&self) -> bool {
        self.next.is_none()
    }

    /// Returns the number of PDUs.
    pub(crate) const fn len(&self) -> u32 {
        (self.next.is_some() as u32).saturating_add(self.last.is_some() as u32)
    }

    /// Returns whether the slot for a PDU that the peer answers, or does not answer, is free.
    pub(crate) const fn has_room(&self, answered: bool) -> bool {
        match &self.next {
            Some((_, next)) => self.last.is_none() && next.is_answered() != answered,
            None => true,
        }
    }

    /// Adds a PDU behind the other one. Its slot must be free.
    pub(crate) fn put(&mut self, packet: Packet, kind: Outgoing) {
        let slot = if self.next.is_none() { &mut self.next } else { &mut self.last };
        *slot = Some((packet, kind));
    }

    /// Takes the PDU that has waited longer.
    pub(crate) const fn take(&mut self) -> Option<(Packet, Outgoing)> {
        core::mem::replace(&mut self.next, self.last.take())
    }

    /// Takes a request, which need not be sent.
    pub(crate) fn take_request(&mut self) -> Option<Packet> {
        let is_request =
            |slot: &Option<(Packet, Outgoing)>| matches!(slot, Some((_, Outgoing::Request(_))));
        let taken = if is_request(&self.next) {
            self.take()
        } else if is_request(&self.last) {
            self.last.take()
        } else {
            None
        };
        taken.map(|(packet, _)| packet)
    }
}
