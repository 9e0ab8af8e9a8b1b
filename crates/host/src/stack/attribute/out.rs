//! PDUs of the application that wait for the controller.

use bindrune_att::Opcode;
use bindrune_wire::Packet;

/// Kind of a PDU that the application sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outgoing {
    /// A request of the client.
    Request(Opcode),
    /// An indication, which the peer must confirm.
    Indication,
    /// A notification or a write command.
    Unanswered,
}

impl Outgoing {
    /// Any request.
    pub(crate) const REQUEST: Self = Self::Request(Opcode::READ_REQ);

    /// Returns the kind of a PDU.
    fn of(packet: &Packet) -> Self {
        match packet.bytes().first().map(|&first| Opcode(first)) {
            Some(Opcode::NOTIFICATION | Opcode::MULTIPLE_NOTIFICATION) | None => Self::Unanswered,
            Some(opcode) if opcode.is_command() => Self::Unanswered,
            Some(Opcode::INDICATION) => Self::Indication,
            Some(opcode) => Self::Request(opcode),
        }
    }

    /// Returns whether both have the same slot.
    const fn is_like(self, other: Self) -> bool {
        matches!(
            (self, other),
            (Self::Request(_), Self::Request(_))
                | (Self::Indication, Self::Indication)
                | (Self::Unanswered, Self::Unanswered)
        )
    }
}

/// The out-slots, in the order in which they were filled: one for each kind. So a task that notifies without a pause
/// does not stop requests and indications.
#[derive(Debug)]
pub(crate) struct Out([Option<Packet>; 3]);

impl Out {
    pub(crate) const NONE: Self = Self([None, None, None]);

    pub(crate) const fn is_empty(&self) -> bool {
        let Self([first, ..]) = self;
        first.is_none()
    }

    /// Returns the number of PDUs.
    pub(crate) fn len(&self) -> u32 {
        self.0.iter().fold(0, |sum: u32, slot| sum.saturating_add(slot.is_some().into()))
    }

    /// Returns whether the slot for a PDU of this kind is free.
    pub(crate) fn has_room(&self, kind: Outgoing) -> bool {
        self.is_empty() || !self.0.iter().flatten().any(|other| Outgoing::of(other).is_like(kind))
    }

    /// Adds a PDU behind the others. The slot of its kind must be free.
    pub(crate) fn put(&mut self, packet: Packet) {
        if let Some(free) = self.0.iter_mut().find(|slot| slot.is_none()) {
            *free = Some(packet);
        }
    }

    /// Takes the PDU that has waited longest.
    pub(crate) fn take(&mut self) -> Option<(Packet, Outgoing)> {
        let Self([first, second, third]) = self;
        let packet = match second {
            Some(_) => core::mem::replace(first, core::mem::replace(second, third.take()))?,
            None => first.take()?,
        };
        let kind = Outgoing::of(&packet);
        Some((packet, kind))
    }

    /// Takes the request, which need not be sent.
    pub(crate) fn take_request(&mut self) -> Option<Packet> {
        let is_request = |slot: &Option<Packet>| {
            slot.as_ref().is_some_and(|packet| Outgoing::of(packet).is_like(Outgoing::REQUEST))
        };
        let at = self.0.iter().position(is_request)?;
        let packet = self.0.get_mut(at)?.take()?;
        self.0.get_mut(at..)?.rotate_left(1);
        Some(packet)
    }
}
