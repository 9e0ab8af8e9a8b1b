//! The table of bonds, in the arena. Each bond has the form of its stored record. Its checksum is verified when it is
//! loaded, and made when it is stored; in the table it does not count.

use bindrune_smp::{Bond, Record, crypto};
use bindrune_wire::{
    Address,
    zerocopy::{FromBytes, IntoBytes},
};
use zeroize::Zeroize;

use super::LinkRef;
use crate::{
    RecordId,
    stack::classic::{BondTicket, HasBonds},
};

/// All bonds, and the work that is pending in the store.
pub(crate) struct Bonds {
    places: &'static mut [Record],
    /// Places whose record the store does not have, or has in an older version.
    dirty: u64,
    /// Places whose record the store must delete.
    doomed: u64,
    /// Places whose record the store failed to delete.
    kept: u64,
    /// Places loaded from the store in the loading that is in progress.
    fresh: u64,
    reading: Reading,
    /// The job that the store is doing.
    pub(super) out: Option<Out>,
    /// The bond of a link that has ended, pending to be stored.
    pub(super) orphan: Option<Record>,
    /// The peer of a bond that is only in the store, which must delete it.
    unwanted: Option<Address>,
    /// Whether the store also has bonds of BR/EDR, which are in another table.
    pub(in crate::stack) others: HasBonds,
}

/// Progress of reading the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    Pending,
    Done,
    /// The store could not be read, so its records are unknown. No bond counts, and nothing is written.
    Failed,
}

/// A job of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Out {
    /// Loads all records.
    Load,
    /// Stores the record of this device.
    Local,
    /// Stores the bond that a link has made.
    Link(LinkRef),
    /// Stores a bond with this peer, which has rejected it meanwhile.
    Rejected(Address),
    /// Deletes a bond that this peer has rejected.
    Unwanted(Address),
    /// Stores the bond of a link that has ended.
    Orphan,
    /// Stores the record of a place.
    Store(u8),
    /// Deletes the record of a place.
    Delete(u8),
    /// Stores or deletes the bond of a BR/EDR peer.
    Classic(BondTicket),
}

impl core::fmt::Debug for Bonds {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Bonds")
            .field("places", &self.places())
            .field("reading", &self.reading)
            .field("out", &self.out)
            .finish_non_exhaustive()
    }
}

impl Bonds {
    /// Creates the table in octets that are all zero.
    pub(crate) fn new(octets: &'static mut [u8]) -> Self {
        let places = <[Record]>::mut_from_bytes(octets).unwrap_or_default();
        let (dirty, doomed, kept, fresh) = (0, 0, 0, 0);
        let (reading, out, orphan, unwanted) = (Reading::Pending, None, None, None);
        let others = HasBonds::NO;
        Self { places, dirty, doomed, kept, fresh, reading, out, orphan, unwanted, others }
    }

    /// Forgets everything. The store must be loaded again.
    pub(crate) fn reset(&mut self) {
        self.places.as_mut_bytes().zeroize();
        (self.dirty, self.doomed, self.kept, self.fresh) = (0, 0, 0, 0);
        (self.reading, self.out) = (Reading::Pending, None);
        (self.orphan, self.unwanted) = (None, None);
    }

    /// Repeats the store's unfinished job when `run` begins.
    pub(in crate::stack) fn restart(&mut self) {
        match self.out.take() {
            Some(Out::Store(place)) => self.dirty |= bit(place),
            Some(Out::Rejected(peer) | Out::Unwanted(peer)) => self.take_back(peer),
            Some(
                Out::Load
                | Out::Local
                | Out::Link(_)
                | Out::Orphan
                | Out::Delete(_)
                | Out::Classic(_),
            )
            | None => {}
        }
        self.reading = Reading::Pending;
    }

    /// Returns whether the store was loaded, or could not be, or there are no bonds to load.
    pub(crate) fn is_loaded(&self) -> bool {
        self.reading != Reading::Pending || (self.places() == 0 && !self.others.any())
    }

    /// Returns whether the store could not be loaded.
    pub(super) fn is_unreadable(&self) -> bool {
        self.reading == Reading::Failed
    }

    /// Returns whether all bonds are known, so that a link that comes up need not wait.
    pub(super) fn is_settled(&self) -> bool {
        self.is_loaded() && (self.orphan.is_none() || self.is_unreadable())
    }

    pub(super) const fn set_loaded(&mut self) {
        (self.reading, self.fresh) = (Reading::Done, 0);
    }

    /// Handles a store that could not be loaded: drops the records that it gave until then, and keeps those that it had
    /// to delete.
    pub(super) fn set_unreadable(&mut self) {
        self.reading = Reading::Failed;
        self.kept |= core::mem::take(&mut self.doomed);
        while let Some(place) = lowest(self.fresh) {
            self.fresh &= !bit(place);
            self.clear(place);
        }
    }

    /// Returns the maximum number of bonds.
    pub(crate) fn places(&self) -> u8 {
        u8::try_from(self.places.len()).unwrap_or(u8::MAX)
    }

    /// Returns every bond that counts.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u8, &Record)> {
        (0..self.places()).filter_map(|place| self.get(place).map(|bond| (place, bond)))
    }

    /// Returns the bond in a place, if it counts and is not about to be deleted.
    pub(crate) fn get(&self, place: u8) -> Option<&Record> {
        if self.is_unreadable() || self.doomed & bit(place) != 0 {
            return None;
        }
        self.record(place)
    }

    /// Returns the first bond at or after a place that is `wanted`.
    pub(crate) fn find(
        &self,
        mut from: u8,
        wanted: &dyn Fn(u8, &Record) -> bool,
    ) -> Option<(u8, &Record)> {
        while from < self.places() {
            if let Some(bond) = self.get(from)
                && wanted(from, bond)
            {
                return Some((from, bond));
            }
            from = from.saturating_add(1);
        }
        None
    }

    /// Returns the bond with this identity.
    pub(crate) fn named(&self, identity: Address) -> Option<(u8, &Record)> {
        self.find(0, &|_, bond| bond.peer() == identity)
    }

    /// Returns false only if it is sure that there is no bond with this identity.
    pub(super) fn may_have(&self, identity: Address) -> bool {
        !self.is_settled() || self.is_unreadable() || self.named(identity).is_some()
    }

    /// Returns the bond of the device that uses this address, by its identity or by the key that resolves it. A key
    /// that its peer has not shown may be that of another device, so bonds with shown keys come first.
    pub(crate) fn of_address(&self, address: Address) -> Option<(u8, &Record)> {
        let resolves = |bond: &Record| {
            let key = bond.peer_irk();
            address.is_resolvable() && key.is_some_and(|key| crypto::resolves(key, address))
        };
        self.named(address)
            .or_else(|| self.find(0, &|_, bond| bond.has_shown_key() && resolves(bond)))
            .or_else(|| self.find(0, &|_, bond| resolves(bond)))
    }

    /// Returns the number of free places.
    pub(crate) fn free(&self) -> usize {
        self.places.iter().filter(|place| place.is_free()).count()
    }

    /// Puts a bond in the place with the same identity, even if that is about to be deleted, or in a free one. Returns
    /// the place.
    pub(super) fn put(&mut self, bond: &Record) -> Option<u8> {
        let known = self.named(bond.peer()).map(|(place, _)| place);
        let doomed = self.doomed_place(bond.peer()).filter(|at| self.out != Some(Out::Delete(*at)));
        let free = || (0..self.places()).find(|place| self.record(*place).is_none());
        let place = known.or(doomed).or_else(free)?;
        self.places.get_mut(usize::from(place))?.clone_from(bond);
        self.doomed &= !bit(place);
        Some(place)
    }

    /// Changes the GATT state of the bond with this identity, which must then be stored. Returns false if there is none
    /// or it has that state.
    pub(super) fn set_gatt(
        &mut self,
        identity: Address,
        gatt: &[u8; Bond::GATT],
        service_changed: u16,
    ) -> bool {
        let Some((place, _)) = self.named(identity) else { return false };
        let record = self.places.get_mut(usize::from(place));
        let changed = record.is_some_and(|record| record.set_gatt(gatt, service_changed));
        if changed {
            self.mark_dirty(place);
        }
        changed
    }

    /// Takes a record of the store if there is room for it. The bond in the table is newer and stays; a bond about to
    /// be deleted is not loaded again.
    pub(super) fn load(&mut self, bond: &Record) -> bool {
        let peer = bond.peer();
        let gone = self.unwanted == Some(peer) || self.doomed_place(peer).is_some();
        if gone || self.named(peer).is_some() {
            return true;
        }
        let place = self.put(bond);
        self.fresh |= place.map_or(0, bit);
        place.is_some()
    }

    /// The peer rejects the bond that its link has made: if the store is just storing it, marks that job as rejected.
    pub(super) fn reject(&mut self, link: LinkRef, peer: Address) {
        if matches!(self.out, Some(Out::Link(out)) if out == link) {
            self.out = Some(Out::Rejected(peer));
        }
    }

    /// Corrects a store that has a bond that does not count: the earlier bond is stored again, or the record deleted.
    pub(super) fn take_back(&mut self, peer: Address) {
        match self.named(peer) {
            Some((place, _)) => self.mark_dirty(place),
            None => self.unwanted = Some(peer),
        }
    }

    /// Returns the next record that is only in the store and must be deleted.
    pub(super) const fn next_unwanted(&mut self) -> Option<Address> {
        self.unwanted.take()
    }

    /// Returns whether this bond, of all that have the same key, gets the addresses that the key resolves.
    pub(crate) fn is_first_with_key(&self, place: u8, bond: &Record) -> bool {
        let other = self.find(0, &|at, other| {
            let before = (!other.has_shown_key(), at) < (!bond.has_shown_key(), place);
            other.peer_irk() == bond.peer_irk() && before
        });
        other.is_none()
    }

    /// Returns the identity of a bond with another peer that resolves the same private addresses, if both peers have
    /// used such: the two would be indistinguishable. Devices with static addresses may share a key.
    pub(super) fn shadow_of(&self, bond: &Record) -> Option<Address> {
        if !bond.has_shown_key() {
            return None;
        }
        let other = self.find(0, &|_, other| {
            let key = other.peer_irk() == bond.peer_irk() && other.has_shown_key();
            other.peer() != bond.peer() && key
        });
        other.map(|(_, other)| other.peer())
    }

    /// Marks the record of a place to be stored.
    pub(super) const fn mark_dirty(&mut self, place: u8) {
        self.dirty |= bit(place);
    }

    /// Marks the record of a place to be deleted.
    pub(super) const fn doom(&mut self, place: u8) {
        self.doomed |= bit(place);
        self.kept &= !bit(place);
    }

    /// Returns whether the store failed to delete the record of a place, and clears that mark.
    pub(super) const fn take_kept(&mut self, place: u8) -> bool {
        let kept = self.kept & bit(place) != 0;
        self.kept &= !bit(place);
        kept
    }

    pub(super) const fn is_doomed(&self, place: u8) -> bool {
        self.doomed & bit(place) != 0
    }

    /// Handles the store's result of deleting the record of a place.
    pub(super) fn forgotten(&mut self, place: u8, done: bool) {
        self.doomed &= !bit(place);
        if done {
            self.dirty &= !bit(place);
            self.clear(place);
        } else {
            self.kept |= bit(place);
        }
    }

    /// Returns whether the store has a job, pending or running.
    pub(in crate::stack) const fn has_pending_job(&self) -> bool {
        let pending =
            self.dirty | self.doomed != 0 || self.orphan.is_some() || self.unwanted.is_some();
        self.out.is_some() || (pending && matches!(self.reading, Reading::Done))
    }

    /// Returns the next place whose record must be deleted.
    pub(super) fn next_doomed(&self) -> Option<(u8, RecordId)> {
        let place = lowest(self.doomed)?;
        Some((place, RecordId::Peer(self.record(place)?.peer())))
    }

    /// Writes the next record that must be stored to `record`. Returns its place and its name.
    pub(super) fn next_dirty(&mut self, record: &mut [u8; Bond::SIZE]) -> Option<(u8, RecordId)> {
        while let Some(place) = lowest(self.dirty & !self.doomed) {
            self.dirty &= !bit(place);
            if let Some(bond) = self.get(place) {
                bond.write(record);
                return Some((place, RecordId::Peer(bond.peer())));
            }
        }
        None
    }

    /// Returns the place of the bond with this identity, if it must be deleted.
    fn doomed_place(&self, peer: Address) -> Option<u8> {
        let named = |place: &u8| self.record(*place).is_some_and(|bond| bond.peer() == peer);
        (0..self.places()).filter(|place| self.is_doomed(*place)).find(named)
    }

    /// Returns the bond in a place, even if it is about to be deleted.
    fn record(&self, place: u8) -> Option<&Record> {
        self.places.get(usize::from(place)).filter(|record| !record.is_free())
    }

    /// Frees a place.
    fn clear(&mut self, place: u8) {
        if let Some(record) = self.places.get_mut(usize::from(place)) {
            record.as_mut_bytes().zeroize();
        }
    }
}

const fn bit(place: u8) -> u64 {
    1u64.wrapping_shl(place as u32)
}

fn lowest(bits: u64) -> Option<u8> {
    u8::try_from(bits.trailing_zeros()).ok().filter(|place| *place < 64)
}
