//! Slots for pairings, which all links share. A link holds one from the first PDU of a pairing until the pairing has
//! ended and its bond is stored.

use bindrune_smp::{Answer, Config as PairingConfig, Pairing, Reason, Record};
use bindrune_wire::{Interest, Writer, time::Instant};

use super::{Desired, HostSecurity, Protection, Stack};
use crate::{Error, waiters::Due};

/// One slot of `Resources`. A free slot is all zero, so that slots in a `static` take no flash.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a slot is as large as a pairing")]
#[repr(u8)]
pub(crate) enum PairingSlot {
    Free = 0,
    /// A pairing is in progress. The option is the application's answer to its question, until the pairing takes it.
    Pairing(Pairing, Option<Answer>),
    /// The pairing has completed, and the store must keep this bond.
    Storing(Record),
}

/// The slot that a link holds, by its use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    Nothing,
    Pairing(u8),
    Storing(u8),
}

impl PairingSlot {
    pub(crate) const FREE: Self = Self::Free;
}

impl Held {
    const fn slot(self) -> Option<u8> {
        match self {
            Self::Nothing => None,
            Self::Pairing(at) | Self::Storing(at) => Some(at),
        }
    }
}

impl HostSecurity {
    /// Returns the pairing of a link.
    pub(super) fn pairing(&self, protection: &Protection) -> Option<&Pairing> {
        match self.slots.get(usize::from(protection.held.slot()?))? {
            PairingSlot::Pairing(pairing, _) => Some(pairing),
            PairingSlot::Free | PairingSlot::Storing(_) => None,
        }
    }

    pub(super) fn pairing_mut(&mut self, protection: &Protection) -> Option<&mut Pairing> {
        match self.slots.get_mut(usize::from(protection.held.slot()?))? {
            PairingSlot::Pairing(pairing, _) => Some(pairing),
            PairingSlot::Free | PairingSlot::Storing(_) => None,
        }
    }

    /// Returns whether a PDU of the Security Manager is pending for a link.
    pub(in crate::stack) fn has_anything_pending(&self, protection: &Protection) -> bool {
        let pairing = self.pairing(protection).map(Pairing::interest);
        pairing.unwrap_or_else(|| protection.idle.interest()) != Interest::None
    }

    /// Writes the most urgent pending PDU.
    pub(in crate::stack) fn poll_transmit(
        &mut self,
        protection: &mut Protection,
        w: &mut Writer<'_>,
    ) -> bool {
        match self.pairing_mut(protection) {
            Some(pairing) => pairing.poll_transmit(w),
            None => protection.idle.poll_transmit(w),
        }
    }

    /// Returns the earliest deadline of a link's protection.
    pub(in crate::stack) fn poll_timeout(&self, protection: &Protection) -> Option<Instant> {
        let pairing = self.pairing(protection).and_then(Pairing::poll_timeout).map(|(at, _)| at);
        [pairing, protection.deadline, protection.answer_due].into_iter().flatten().min()
    }

    fn free_slots(&self) -> usize {
        self.slots.iter().filter(|slot| matches!(slot, PairingSlot::Free)).count()
    }

    fn take_slot(&mut self) -> Option<(u8, &mut PairingSlot)> {
        let slots = (0u8..).zip(self.slots.iter_mut());
        slots.into_iter().find(|(_, slot)| matches!(slot, PairingSlot::Free))
    }

    /// Returns the bond that a link has made and that is not stored yet.
    pub(super) fn storing(&self, protection: &Protection) -> Option<&Record> {
        match self.slots.get(usize::from(protection.held.slot()?))? {
            PairingSlot::Storing(bond) => Some(bond),
            PairingSlot::Free | PairingSlot::Pairing(..) => None,
        }
    }
}

impl Stack {
    /// Returns the pairing of a link.
    pub(super) fn pairing(&self, index: u8) -> Option<&Pairing> {
        self.security.pairing(&self.links.get(usize::from(index))?.protection)
    }

    /// Returns the pairing of a link.
    pub(super) fn pairing_mut(&mut self, index: u8) -> Option<&mut Pairing> {
        self.security.pairing_mut(&self.links.get(usize::from(index))?.protection)
    }

    /// Returns whether a slot is free for a pairing that the peer of a link begins. Pairings of the application that
    /// wait on other links come first.
    pub(super) fn has_slot_for_peer(&self, index: u8) -> bool {
        let waiting = (0u8..).zip(self.links.iter()).filter(|(other, link)| {
            let protection = &link.protection;
            let queued = protection.held == Held::Nothing;
            *other != index
                && link.is_up()
                && queued
                && matches!(protection.desired, Desired::Pair(_))
        });
        self.security.free_slots() > waiting.count()
    }

    /// Returns whether a slot allows a pairing that the application asked for to begin now.
    pub(super) fn has_slot_for_app(&self, index: u8) -> bool {
        let slot = self.links.get(usize::from(index));
        self.security.free_slots() > 0 || slot.is_some_and(|l| l.protection.is_pairing())
    }

    /// Takes a slot for a pairing of a link.
    pub(super) fn hold_pairing(&mut self, index: u8, config: PairingConfig) -> Result<(), Error> {
        let identity = self.identity_on(index).ok_or(Error::Busy)?;
        let Some(link) = self.links.get_mut(usize::from(index)) else { return Err(Error::Busy) };
        let protection: &mut Protection = &mut link.protection;
        if protection.held != Held::Nothing {
            return Err(Error::Busy);
        }
        let (at, slot) = self.security.take_slot().ok_or(Error::Busy)?;
        let pairing = Pairing::resume(protection.idle.clone(), config, identity);
        *slot = PairingSlot::Pairing(pairing, None);
        protection.held = Held::Pairing(at);
        self.security.last = index;
        Ok(())
    }

    /// Frees the slot of a link if its pairing is over. The link keeps the state that answers the peer.
    pub(super) fn release_pairing(&mut self, index: u8) {
        let Some(pairing) = self.pairing(index).filter(|pairing| !pairing.is_active()) else {
            return;
        };
        let idle = pairing.idle().clone();
        if let Some(link) = self.links.get_mut(usize::from(index)) {
            link.protection.idle = idle;
        }
        self.drop_pairing(index);
    }

    /// Frees the slot of a link, and drops its contents.
    pub(super) fn drop_pairing(&mut self, index: u8) {
        let Some(link) = self.links.get_mut(usize::from(index)) else { return };
        let Some(at) = link.protection.held.slot() else { return };
        link.protection.held = Held::Nothing;
        if let Some(slot) = self.security.slots.get_mut(usize::from(at)) {
            *slot = PairingSlot::Free;
        }
        // Another pairing may wait for a slot.
        self.ready.run(Due::COMMAND);
    }

    /// Keeps the application's answer until the pairing takes it.
    pub(super) fn put_answer(&mut self, index: u8, answer: Answer) {
        if let Some(room) = self.answer_mut(index) {
            *room = Some(answer);
            if let Some(protection) = self.protection(index) {
                protection.desired = Desired::Answer;
            }
            self.mark_desired(index);
        }
    }

    /// Takes the application's answer to the question of a link's pairing.
    pub(super) fn take_answer(&mut self, index: u8) -> Option<Answer> {
        self.answer_mut(index)?.take()
    }

    fn answer_mut(&mut self, index: u8) -> Option<&mut Option<Answer>> {
        let at = self.links.get(usize::from(index))?.protection.held.slot()?;
        match self.security.slots.get_mut(usize::from(at))? {
            PairingSlot::Pairing(_, answer) => Some(answer),
            PairingSlot::Free | PairingSlot::Storing(_) => None,
        }
    }

    /// Holds the bond of a link whose pairing has completed, until it is stored. Returns false if no slot is free.
    pub(super) fn hold_bond(&mut self, index: u8, bond: &Record) -> bool {
        let Some(link) = self.links.get_mut(usize::from(index)) else { return false };
        let Some((at, slot)) = self.security.take_slot() else { return false };
        *slot = PairingSlot::Storing(bond.clone());
        link.protection.held = Held::Storing(at);
        true
    }

    /// Takes the bond of a link that was to be stored, and frees its slot.
    pub(super) fn take_bond(&mut self, index: u8) -> Option<Record> {
        let at = self.links.get(usize::from(index))?.protection.held.slot()?;
        let slot = self.security.slots.get(usize::from(at))?;
        let PairingSlot::Storing(bond) = slot else { return None };
        let taken = bond.clone();
        self.drop_pairing(index);
        Some(taken)
    }

    /// Sends the peer a Pairing Failed, for a pairing that does not begin or whose keys are discarded afterwards.
    pub(super) fn refuse_pairing(&mut self, index: u8, reason: Reason) {
        if let Some(pairing) = self.pairing_mut(index) {
            pairing.refuse(reason);
        } else if let Some(protection) = self.protection(index) {
            protection.idle.refuse(reason);
        }
        self.mark_pending(index);
    }
}
