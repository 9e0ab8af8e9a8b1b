//! Checks the identity that a peer claims before it is bonded. The peer's keys are checked while the peer cannot yet
//! rely on the bond. [Vol 3] Part H, 2.4.3 and 3.5.5

use bindrune_smp::{Answer, Outcome, Pairing, PairingRequest, Reason, Record};
use bindrune_wire::{Address, time::Instant};

use super::{PairingFailure, Stack};
use crate::{RepeatPairing, waiters::Due};

/// Decision about a peer that claims the identity of another bond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// It claims no such identity.
    None,
    /// The user is asked whether the peer replaces the bond with this identity.
    Asked(Address),
    /// The peer replaces that bond.
    Replaces(Address),
    /// The peer is kept as a device of its own.
    Beside,
}

impl Stack {
    /// Handles the complete set of the peer's keys: accepts them, rejects them, or asks the user first.
    pub(super) fn vet_keys(&mut self, now: Instant, index: u8) {
        let mut bond = Record::FREE;
        if self.bond_to_vet(index, &mut bond) {
            match self.claim_of(index, &bond) {
                Ok(Claim::Asked(named)) => return self.ask_to_replace(index, named),
                Ok(claim) => self.set_claim(index, claim),
                Err(failure) => return self.refuse_terms(index, Reason::KEY_REJECTED, failure),
            }
            self.bond_to_vet(index, &mut bond);
            if let Err(failure) = self.may_keep(index, &bond) {
                return self.refuse_terms(index, Reason::KEY_REJECTED, failure);
            }
        }
        if let Some(pairing) = self.pairing_mut(index) {
            pairing.accept_keys(now);
        }
    }

    /// Makes the bond of a pairing whose keys wait; false without bonding.
    fn bond_to_vet(&self, index: u8, bond: &mut Record) -> bool {
        let outcome = self.pairing(index).and_then(Pairing::outcome_to_vet);
        let Some(outcome) = outcome.filter(|outcome| outcome.bonded) else { return false };
        self.name_bond(index, outcome, bond);
        true
    }

    /// Makes the bond of a pairing, under the name that its peer has here. Without bonding no user decides about a
    /// claim: a private address names no bond, because any device can repeat it, and a distributed identity counts only
    /// if no bond has it.
    pub(super) fn name_bond(&self, index: u8, outcome: &Outcome, bond: &mut Record) {
        let Some(slot) = self.links.get(usize::from(index)) else { return };
        let protection: &super::Protection = &slot.protection;
        let on_air = protection.idle.peer_on_air();
        bond.set_outcome(outcome, protection.local, on_air);
        if !outcome.bonded {
            if self.security.bonds.may_have(bond.peer()) {
                bond.rename(on_air);
            }
            return;
        }
        let known = protection.identity();
        // The peer distributed no identity and is known by its address, or it distributed the identity of another bond.
        let aside = protection.claim == Claim::Beside;
        let unnamed = !on_air.is_identity() && bond.has_shown_identity();
        if aside || unnamed {
            let name = known.filter(|known| unnamed || !known.is_identity());
            bond.rename(name.unwrap_or(on_air));
        }
    }

    /// Decides about a peer behind a private address that claims the identity of a bond without proof. A phone that was
    /// reset does so, and so does an impostor.
    fn claim_of(&self, index: u8, bond: &Record) -> Result<Claim, PairingFailure> {
        let peer = bond.peer();
        let slot = self.links.get(usize::from(index));
        let protection = slot.map(|slot| -> &super::Protection { &slot.protection });
        let decided = protection.map_or(Claim::None, |p| p.claim);
        let known = protection.and_then(super::Protection::identity);
        let named = self.security.bonds.named(peer);
        let Some((_, old)) = named.filter(|_| known != Some(peer)) else {
            return Ok(decided);
        };
        if known.is_some_and(|known| !known.is_identity()) {
            // The peer made this claim when it paired before, and was kept beside the other bond.
            return Ok(Claim::Beside);
        }
        let kept = Err(PairingFailure::BondKept(peer));
        let beside = !old.has_shown_identity() && bond.has_shown_key();
        let policy = self.config.repeat_pairing;
        match (policy, decided) {
            (RepeatPairing::Refuse, _) => kept,
            (_, Claim::Replaces(named)) if named == peer => Ok(decided),
            _ if !bond.may_replace(old) && !beside => kept,
            _ if !bond.may_replace(old) => Ok(Claim::Beside),
            (RepeatPairing::Accept, _) => Ok(Claim::Replaces(peer)),
            (RepeatPairing::Ask, _) if self.security.listening => Ok(Claim::Asked(peer)),
            (RepeatPairing::Ask, _) if beside => Ok(Claim::Beside),
            (RepeatPairing::Ask, _) => kept,
        }
    }

    fn ask_to_replace(&mut self, index: u8, named: Address) {
        if let Some(protection) = self.protection(index) {
            protection.claim = Claim::Asked(named);
            // If no answer arrives in time, the keys are rejected.
            protection.verdict = Some(PairingFailure::BondKept(named));
        }
        self.ask_user(index, PairingRequest::Confirm);
    }

    fn set_claim(&mut self, index: u8, claim: Claim) {
        if let Some(protection) = self.protection(index) {
            protection.claim = claim;
        }
    }

    /// Handles the user's answer. Returns whether it answered the question if the peer replaces a bond.
    pub(super) fn claim_answered(&mut self, index: u8, answer: &Answer) -> bool {
        let Some(protection) = self.protection(index) else { return false };
        let Claim::Asked(named) = protection.claim else { return false };
        if *answer == Answer::Yes {
            (protection.claim, protection.verdict) = (Claim::Replaces(named), None);
        } else {
            let failure = PairingFailure::BondKept(named);
            self.refuse_terms(index, Reason::KEY_REJECTED, failure);
        }
        true
    }

    /// Rejects the keys of a bond that the peer already relies on. [Vol 3] Part H, 3.5.5
    pub(super) fn reject_keys(&mut self, index: u8, failure: PairingFailure) {
        self.refuse_pairing(index, Reason::KEY_REJECTED);
        self.fail_pairing(index, failure);
        self.ready.run(Due::COMMAND);
    }
}

impl super::Protection {
    /// Returns the bond that the pairing in progress replaces, as far as it is known before the user answers.
    pub(crate) fn replaces(&self) -> Option<Address> {
        match self.claim {
            Claim::Asked(named) | Claim::Replaces(named) => Some(named),
            Claim::None | Claim::Beside => self.identity(),
        }
    }
}
