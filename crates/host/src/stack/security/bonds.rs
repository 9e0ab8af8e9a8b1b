//! The bonds of links: finds the peer's bond, decides which bonds may be kept, and remembers GATT state.

use core::task::Poll;

use bindrune_smp::{Pairing, Reason, Record};
use bindrune_wire::{Address, time::Instant};

use super::{
    BondInfo, Known, LinkSecurity, Paired, PairingFailure, Stack, claim::Claim, table::Out,
};
use crate::{
    Error,
    stack::LinkRef,
    waiters::{Due, HostKey},
};

impl Stack {
    /// Finds the bond with the peer of a link. A central encrypts the link with its key at once.
    pub(super) fn attach_bond(&mut self, now: Instant, index: u8) {
        if !self.security.bonds.is_loaded() {
            return;
        }
        let Some(slot) = self.links.get(usize::from(index)).filter(|l| l.is_up()) else { return };
        let (central, peer) = (slot.is_central(), slot.control.peer());
        let found = self.security.bonds.of_address(peer);
        let known = found.map(|(_, bond)| Known {
            sure: bond.peer() == peer || bond.has_shown_key(),
            ..self.known(index, bond)
        });
        let Some(protection) = self.protection(index) else { return };
        let late = protection.bond.is_none() && known.is_some() && protection.is_pairing();
        protection.bond = known;
        let idle = protection.start.is_none() && protection.unprotected.is_none();
        let open = !protection.current.is_encrypted() && !protection.is_storing();
        if late {
            // The user has not agreed to replace the bond.
            let failure = PairingFailure::BondKept(known.map_or(peer, |known| known.identity));
            self.refuse_terms(index, Reason::UNSPECIFIED_REASON, failure);
            self.pairing_changed(now, index);
        }
        if central && idle && open && known.is_some_and(|known| known.usable) {
            let _started = self.begin_encryption(now, index);
        }
    }

    fn known(&self, index: u8, bond: &Record) -> Known {
        let slot = self.links.get(usize::from(index));
        let usable = slot.is_some_and(|slot| {
            let long = bond.key_size() >= self.config.pairing.min_key_size;
            bond.has_ltk(slot.is_central()) && long && slot.protection.local == bond.local()
        });
        Known { identity: bond.peer(), security: LinkSecurity::of_bond(bond), usable, sure: true }
    }

    /// Checks whether a bond with the peer of a link could be kept.
    pub(super) fn room(&self, index: u8) -> Result<(), PairingFailure> {
        if self.security.bonds.is_unreadable() {
            return Err(PairingFailure::BondStore);
        }
        let slot = self.links.get(usize::from(index));
        if slot.is_some_and(|slot| slot.protection.bond.is_some()) {
            return Ok(());
        }
        let others = (0u8..).zip(self.links.iter()).filter(|(other, link)| {
            let protection = &link.protection;
            let will = protection.is_pairing() && protection.accepted || protection.is_storing();
            *other != index && link.is_up() && protection.bond.is_none() && will
        });
        let orphan = usize::from(self.security.bonds.orphan.is_some());
        let free = others.count().saturating_add(orphan) < self.security.bonds.free();
        if free { Ok(()) } else { Err(PairingFailure::BondsFull) }
    }

    /// Checks whether the bond that a link has made may be kept. The failure names the bond in the way.
    pub(super) fn may_keep(&self, index: u8, bond: &Record) -> Result<(), PairingFailure> {
        let peer = bond.peer();
        let slot = self.links.get(usize::from(index));
        let protection = slot.map(|slot| -> &super::Protection { &slot.protection });
        let known = protection.and_then(super::Protection::identity);
        let replaces = protection.is_some_and(|p| p.claim == Claim::Replaces(peer));
        let bonds = &self.security.bonds;
        if bonds.is_unreadable() {
            return Err(PairingFailure::BondStore);
        }
        if let Some(other) = bonds.shadow_of(bond) {
            return Err(PairingFailure::BondKept(other));
        }
        match bonds.named(peer) {
            Some((_, old)) if !bond.may_replace(old) => Err(PairingFailure::BondKept(peer)),
            // The peer claims to be another device, and has not proven it.
            Some(_) if known != Some(peer) && !replaces => Err(PairingFailure::BondKept(peer)),
            Some(_) => Ok(()),
            None if bonds.free() == 0 => Err(PairingFailure::BondsFull),
            None => Ok(()),
        }
    }

    /// Handles the store's result for the bond that a link has made.
    pub(super) fn bond_stored(&mut self, link: LinkRef, result: Result<(), ()>) {
        let Some(slot) = self.links.get(usize::from(link.index)) else { return };
        if slot.generation != link.generation || !slot.is_up() {
            return;
        }
        let Some(bond) = self.take_bond(link.index) else { return };
        if result.is_err() {
            return self.reject_keys(link.index, PairingFailure::BondStore);
        }
        if self.security.bonds.put(&bond).is_none() {
            return self.reject_keys(link.index, PairingFailure::BondsFull);
        }
        // Drop an earlier bond of the same peer.
        self.security.bonds.orphan.take_if(|orphan| orphan.peer() == bond.peer());
        self.bond_made(link.index, &bond);
    }

    /// Drops the bond that a link has made, and rejects the peer's keys.
    pub(super) fn drop_bond(&mut self, index: u8, failure: PairingFailure) {
        let _dropped = self.take_bond(index);
        self.reject_keys(index, failure);
    }

    fn bond_made(&mut self, index: u8, bond: &Record) {
        let known = self.known(index, bond);
        if let Some(protection) = self.protection(index) {
            protection.bond = Some(known);
            protection.current.bonded = true;
            protection.recalled = true;
        }
        self.pairing_over(index, Ok(Paired::of_bond(bond, true)));
        self.remember(index);
        self.ready.host(HostKey::Bonds);
    }

    /// Stores the bond of a link that ended before it was stored. If the store has not begun it, drops it unless the
    /// bonds are loaded and it may be kept: the pairing was not reported as successful.
    pub(super) fn adopt(&mut self, link: LinkRef, bond: Record) {
        let begun = matches!(self.security.bonds.out, Some(Out::Link(out)) if out == link);
        let known = self.security.bonds.is_loaded() && self.may_keep(link.index, &bond).is_ok();
        if !begun && !known {
            return;
        }
        let bonds = &mut self.security.bonds;
        if bonds.orphan.is_none() {
            bonds.orphan = Some(bond);
            if begun {
                bonds.out = Some(Out::Orphan);
            }
        } else if let Some(place) = bonds.put(&bond) {
            bonds.mark_dirty(place);
        }
        self.ready.run(Due::BOND_JOB);
    }

    /// Removes the bond that was just made, because the peer rejected its keys. [Vol 3] Part H, 3.5.5
    pub(super) fn discard_bond(&mut self, index: u8) {
        let known = self.protection(index).and_then(|p| p.bond);
        if let Some(known) = known {
            let _doomed = self.remove_bond(known.identity);
        }
    }

    /// Handles a store that could not be loaded: until it can be, no pairing makes a bond.
    pub(super) fn bonds_unreadable(&mut self, now: Instant) {
        self.security.bonds.set_unreadable();
        for index in 0..self.link_slots() {
            let Some(protection) = self.protection(index) else { continue };
            let storing = protection.is_storing();
            let terms = self.pairing(index).and_then(Pairing::terms);
            if storing {
                self.drop_bond(index, PairingFailure::BondStore);
            } else if terms.is_some_and(|terms| terms.bonded) {
                self.refuse_terms(index, Reason::UNSPECIFIED_REASON, PairingFailure::BondStore);
                self.pairing_changed(now, index);
            }
        }
    }

    /// Attaches bonds to links that came up before the bonds were known: the store has loaded, could not be loaded, or
    /// has stored the bond of a link that ended.
    pub(super) fn bonds_known(&mut self, now: Instant) {
        self.made_address_known();
        for index in 0..self.link_slots() {
            self.attach_bond(now, index);
            let wanted = self.protection(index).and_then(|p| p.key_wanted.take());
            if let Some((ediv, rand)) = wanted {
                self.answer_key(now, index, ediv, u64::from_le_bytes(rand));
            }
            self.wake_client(index);
        }
        self.classic_bonds_known(now);
        self.ready.run(Due::COMMAND);
        self.ready.host(HostKey::Bonds);
    }

    /// Begins to remove a bond. Returns its place.
    pub(crate) fn remove_bond(&mut self, identity: Address) -> Result<u8, Error> {
        if self.security.bonds.is_unreadable() {
            return Err(Error::BondStore);
        }
        let (place, _) = self.security.bonds.named(identity).ok_or(Error::NotBonded)?;
        self.security.bonds.doom(place);
        for index in 0..self.link_slots() {
            let Some(protection) = self.protection(index) else { continue };
            if protection.identity() == Some(identity) {
                protection.bond = None;
                protection.current.bonded = false;
                protection.unprotected = None;
                self.wake_client(index);
            }
        }
        self.ready.run(Due::BOND_JOB);
        Ok(place)
    }

    /// Ready once the store has deleted the record of a place, or failed to.
    pub(crate) fn poll_removed(&mut self, place: u8) -> Poll<Result<(), Error>> {
        let bonds = &mut self.security.bonds;
        if bonds.is_doomed(place) {
            return Poll::Pending;
        }
        let kept = bonds.take_kept(place);
        Poll::Ready(if kept { Err(Error::BondStore) } else { Ok(()) })
    }

    /// Returns the first bond at or after a place.
    pub(crate) fn bond_from(&self, place: u8) -> Option<(u8, BondInfo)> {
        let found = self.security.bonds.find(place, &|_, _| true);
        found.map(|(at, bond)| (at, BondInfo::of(bond)))
    }

    /// Returns whether the store was loaded, or could not be.
    pub(crate) fn bonds_are_loaded(&self) -> bool {
        self.security.bonds.is_loaded()
    }

    /// Ready once the bonds can be listed, or the store could not be loaded.
    pub(crate) fn poll_bonds(&self) -> Poll<Result<(), Error>> {
        let bonds = &self.security.bonds;
        match (bonds.is_loaded(), bonds.is_unreadable()) {
            (_, true) => Poll::Ready(Err(Error::BondStore)),
            (true, false) => Poll::Ready(Ok(())),
            (false, false) => Poll::Pending,
        }
    }

    /// Restores the state of the GATT server and the GATT client for a bonded peer. [Vol 3] Part G, 2.5.2
    pub(super) fn recall(&mut self, index: u8) {
        let Some(slot) = self.links.get_mut(usize::from(index)).filter(|l| l.is_up()) else {
            return;
        };
        if core::mem::replace(&mut slot.protection.recalled, true) {
            return;
        }
        let Some(identity) = slot.protection.identity() else { return };
        if let (Some((_, bond)), Some(peer)) =
            (self.security.bonds.named(identity), slot.peer.as_mut())
        {
            self.server.recall(peer, bond.gatt());
            let attributes = &mut slot.attributes;
            if attributes.service_changed == 0 {
                attributes.service_changed = bond.service_changed();
            }
            attributes.keep_unclaimed();
            self.note_changes(index);
            self.mark_pending(index);
        }
    }

    /// Saves the state of the GATT server and the GATT client for a bonded peer, if it changed.
    pub(in crate::stack) fn remember(&mut self, index: u8) {
        let Some(slot) = self.links.get(usize::from(index)) else { return };
        if !slot.protection.current.bonded || !slot.protection.recalled {
            return;
        }
        let (Some(identity), Some(peer)) = (slot.protection.identity(), slot.peer.as_ref()) else {
            return;
        };
        let (memory, watched) = (self.server.remember(peer), slot.attributes.service_changed);
        if self.security.bonds.set_gatt(identity, &memory, watched) {
            self.ready.run(Due::BOND_JOB);
        }
    }
}
