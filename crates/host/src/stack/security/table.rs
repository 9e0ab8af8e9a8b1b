//! The table of bonds, in the arena: each as the record that is stored.

use bindrune_smp::{Bond, crypto};
use bindrune_wire::{Address, Writer};
use zeroize::Zeroize;

use super::LinkRef;
use crate::RecordId;

/// All bonds, and what the store still has to do about them.
pub(crate) struct Bonds {
    octets: &'static mut [u8],
    /// Places whose record the store has not, or has an older one of.
    dirty: u64,
    /// Places whose record the store is to forget.
    doomed: u64,
    /// Places that the store failed to forget.
    kept: u64,
    /// Places whose record came from the store, before that was read to its end.
    fresh: u64,
    reading: Reading,
    /// What the store is doing.
    pub(super) out: Option<Out>,
    /// A bond that is to be stored, of a link that has ended.
    pub(super) orphan: Option<Bond>,
    /// The peer of a bond that is in the store alone, which is to forget it.
    unwanted: Option<Address>,
}

/// Whether the store was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    Pending,
    Done,
    /// It could not be: what it holds is unknown. No bond counts, and nothing is written.
    Failed,
}

/// What the store is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Out {
    /// It loads.
    Load,
    /// It keeps the record of this device.
    Local,
    /// It keeps the bond that a link has made.
    Link(LinkRef),
    /// It keeps a bond with this peer, which has rejected it meanwhile.
    Rejected(Address),
    /// It forgets a bond that this peer has rejected.
    Unwanted(Address),
    /// It keeps the bond of a link that has ended.
    Orphan,
    /// It keeps the record of a place.
    Store(u8),
    /// It forgets the record of a place.
    Delete(u8),
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
    pub(crate) const fn new(octets: &'static mut [u8]) -> Self {
        let (dirty, doomed, kept, fresh) = (0, 0, 0, 0);
        let (reading, out, orphan, unwanted) = (Reading::Pending, None, None, None);
        Self { octets, dirty, doomed, kept, fresh, reading, out, orphan, unwanted }
    }

    /// Forgets everything; the store is to be loaded.
    pub(crate) fn reset(&mut self) {
        self.octets.zeroize();
        (self.dirty, self.doomed, self.kept, self.fresh) = (0, 0, 0, 0);
        (self.reading, self.out) = (Reading::Pending, None);
        (self.orphan, self.unwanted) = (None, None);
    }

    /// `run` begins: what the store was doing is done again.
    pub(in crate::stack) fn restart(&mut self) {
        match self.out.take() {
            Some(Out::Store(place)) => self.dirty |= bit(place),
            Some(Out::Rejected(peer) | Out::Unwanted(peer)) => self.take_back(peer),
            Some(Out::Load | Out::Local | Out::Link(_) | Out::Orphan | Out::Delete(_)) | None => {}
        }
        self.reading = Reading::Pending;
    }

    /// The store was loaded, or could not be, or there are no bonds to load.
    pub(crate) fn is_loaded(&self) -> bool {
        self.reading != Reading::Pending || self.places() == 0
    }

    /// The store could not be loaded.
    pub(super) fn is_unreadable(&self) -> bool {
        self.reading == Reading::Failed
    }

    /// What there is to know of the bonds is known: a link that comes up is not to wait.
    pub(super) fn is_settled(&self) -> bool {
        self.is_loaded() && (self.orphan.is_none() || self.is_unreadable())
    }

    pub(super) const fn set_loaded(&mut self) {
        (self.reading, self.fresh) = (Reading::Done, 0);
    }

    /// The store could not be loaded: what it gave until then is forgotten, and what it was to forget stays.
    pub(super) fn set_unreadable(&mut self) {
        self.reading = Reading::Failed;
        self.kept |= core::mem::take(&mut self.doomed);
        while let Some(place) = lowest(self.fresh) {
            self.fresh &= !bit(place);
            if let Some(record) = self.record_mut(place) {
                record.zeroize();
            }
        }
    }

    /// How many bonds there may be.
    pub(crate) fn places(&self) -> u8 {
        u8::try_from(self.octets.len().checked_div(Bond::SIZE).unwrap_or(0)).unwrap_or(u8::MAX)
    }

    /// Every bond that counts.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u8, Bond)> {
        (0..self.places()).filter_map(|place| self.get(place).map(|bond| (place, bond)))
    }

    /// The bond in a place, where it counts and is not about to be forgotten.
    pub(crate) fn get(&self, place: u8) -> Option<Bond> {
        if self.is_unreadable() || self.doomed & bit(place) != 0 {
            return None;
        }
        Bond::read(self.record(place)?).ok()
    }

    /// The bond of this name.
    pub(crate) fn named(&self, identity: Address) -> Option<(u8, Bond)> {
        self.iter().find(|(_, bond)| bond.peer == identity)
    }

    /// The bond of the device that uses this address: by its name, or by the key that resolves it. A key that was not shown may be
    /// that of another device, whose own bond comes first.
    pub(crate) fn of_address(&self, address: Address) -> Option<(u8, Bond)> {
        let resolves =
            |bond: &Bond| bond.keys.peer_irk.as_ref().is_some_and(|k| crypto::resolves(k, address));
        let private = |(_, bond): &(u8, Bond)| address.is_resolvable() && resolves(bond);
        self.named(address)
            .or_else(|| self.iter().find(|found| found.1.has_shown_key() && private(found)))
            .or_else(|| self.iter().find(private))
    }

    /// Places that are free.
    pub(crate) fn free(&self) -> usize {
        (0..self.places()).filter(|place| self.is_free(*place)).count()
    }

    /// Puts a bond in the place of the one of the same name, even if that was to be forgotten, or in a free one.
    pub(super) fn put(&mut self, bond: &Bond) -> Option<u8> {
        let known = self.named(bond.peer).map(|(place, _)| place);
        let doomed = self.doomed_place(bond.peer).filter(|at| self.out != Some(Out::Delete(*at)));
        let free = || (0..self.places()).find(|place| self.is_free(*place));
        let place = known.or(doomed).or_else(free)?;
        let record = self.record_mut(place)?;
        record.zeroize();
        bond.write(&mut Writer::new(record)).ok()?;
        self.doomed &= !bit(place);
        Some(place)
    }

    /// Takes a record of the store, where there is room for it. What is here is newer, and what is to be forgotten stays away.
    pub(super) fn load(&mut self, bond: &Bond) -> bool {
        let gone = self.unwanted == Some(bond.peer) || self.doomed_place(bond.peer).is_some();
        if gone || self.named(bond.peer).is_some() {
            return true;
        }
        let place = self.put(bond);
        self.fresh |= place.map_or(0, bit);
        place.is_some()
    }

    /// The peer rejects the bond that its link has made, and that the store may be at.
    pub(super) fn reject(&mut self, link: LinkRef, peer: Address) {
        if self.out == Some(Out::Link(link)) {
            self.out = Some(Out::Rejected(peer));
        }
    }

    /// The store has a bond that does not count: the one from before takes its place again.
    pub(super) fn take_back(&mut self, peer: Address) {
        match self.named(peer) {
            Some((place, _)) => self.mark_dirty(place),
            None => self.unwanted = Some(peer),
        }
    }

    /// The next record that is in the store alone, and is to be forgotten.
    pub(super) const fn next_unwanted(&mut self) -> Option<Address> {
        self.unwanted.take()
    }

    /// Whether the addresses that the key of a bond resolves are taken for those of this bond.
    pub(crate) fn is_first_with_key(&self, place: u8, bond: &Bond) -> bool {
        !self.iter().any(|(at, other)| {
            let before = (!other.has_shown_key(), at) < (!bond.has_shown_key(), place);
            other.keys.peer_irk == bond.keys.peer_irk && before
        })
    }

    /// The name of a bond with another peer that resolves the same private addresses, where both have used such: nobody could tell
    /// the two apart. Devices with static addresses may share a key.
    pub(super) fn shadow_of(&self, bond: &Bond) -> Option<Address> {
        let same = |other: &Bond| {
            let key = other.keys.peer_irk == bond.keys.peer_irk && other.has_shown_key();
            other.peer != bond.peer && key
        };
        let mut others = self.iter().filter(|_| bond.has_shown_key());
        others.find(|(_, other)| same(other)).map(|(_, other)| other.peer)
    }

    /// The store must keep the record of a place.
    pub(super) const fn mark_dirty(&mut self, place: u8) {
        self.dirty |= bit(place);
    }

    /// The store must forget the record of a place.
    pub(super) const fn doom(&mut self, place: u8) {
        self.doomed |= bit(place);
        self.kept &= !bit(place);
    }

    /// True where the store failed to forget the record of a place; it says so once.
    pub(super) const fn take_kept(&mut self, place: u8) -> bool {
        let kept = self.kept & bit(place) != 0;
        self.kept &= !bit(place);
        kept
    }

    pub(super) const fn is_doomed(&self, place: u8) -> bool {
        self.doomed & bit(place) != 0
    }

    /// The store has forgotten the record of a place, or failed to.
    pub(super) fn forgotten(&mut self, place: u8, done: bool) {
        self.doomed &= !bit(place);
        if done {
            self.dirty &= !bit(place);
            if let Some(record) = self.record_mut(place) {
                record.zeroize();
            }
        } else {
            self.kept |= bit(place);
        }
    }

    /// Whether the store has something to do, or does it.
    pub(in crate::stack) const fn has_pending_job(&self) -> bool {
        let pending =
            self.dirty | self.doomed != 0 || self.orphan.is_some() || self.unwanted.is_some();
        self.out.is_some() || (pending && matches!(self.reading, Reading::Done))
    }

    /// The next place whose record is to be forgotten.
    pub(super) fn next_doomed(&self) -> Option<(u8, RecordId)> {
        let place = lowest(self.doomed)?;
        let bond = Bond::read(self.record(place)?).ok()?;
        Some((place, RecordId::Peer(bond.peer)))
    }

    /// The next place whose record is to be kept, which is copied.
    pub(super) fn next_dirty(&mut self, record: &mut [u8]) -> Option<(u8, RecordId, usize)> {
        while let Some(place) = lowest(self.dirty & !self.doomed) {
            self.dirty &= !bit(place);
            if let Some(bond) = self.get(place)
                && let Some(octets) = self.record(place)
                && let Some(room) = record.get_mut(..octets.len())
            {
                room.copy_from_slice(octets);
                return Some((place, RecordId::Peer(bond.peer), octets.len()));
            }
        }
        None
    }

    /// Where the bond of this name is that is to be forgotten.
    fn doomed_place(&self, peer: Address) -> Option<u8> {
        let named = |place: &u8| {
            let bond = self.record(*place).and_then(|record| Bond::read(record).ok());
            bond.is_some_and(|bond| bond.peer == peer)
        };
        (0..self.places()).filter(|place| self.is_doomed(*place)).find(named)
    }

    fn is_free(&self, place: u8) -> bool {
        self.record(place).is_some_and(|record| record.first() == Some(&0))
    }

    fn record(&self, place: u8) -> Option<&[u8]> {
        self.octets.chunks_exact(Bond::SIZE).nth(place.into())
    }

    fn record_mut(&mut self, place: u8) -> Option<&mut [u8]> {
        self.octets.chunks_exact_mut(Bond::SIZE).nth(place.into())
    }
}

const fn bit(place: u8) -> u64 {
    1u64.wrapping_shl(place as u32)
}

fn lowest(bits: u64) -> Option<u8> {
    u8::try_from(bits.trailing_zeros()).ok().filter(|place| *place < 64)
}
