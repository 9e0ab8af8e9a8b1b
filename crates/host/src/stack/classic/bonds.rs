//! The link keys of bonded peers, and their way to the store. [Vol 2] Part H, 3.1

use core::task::Poll;

use bindrune_classic::security::Bond;
use bindrune_wire::{Address, Writer, time::Instant};

use super::{State, wait::Event as Awaited};
use crate::{
    Error, RecordId,
    stack::{BondJob, RECORD_MAX, Stack},
    waiters::{Due, HostKey},
};

/// Whether the store may have bonds of BR/EDR.
#[derive(Debug)]
pub(in crate::stack) struct HasBonds(bool);

impl HasBonds {
    pub(in crate::stack) const NO: Self = Self(false);
    pub(super) const YES: Self = Self(true);

    pub(in crate::stack) const fn any(&self) -> bool {
        self.0
    }
}

/// The place whose record the store writes or deletes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::stack) struct BondTicket {
    place: u8,
    deletes: bool,
}

/// A place for one bond.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    bond: Option<Bond>,
    /// The store does not have it, or an older one.
    is_dirty: bool,
    /// The store is writing it.
    is_out: bool,
    /// The store must delete it.
    is_doomed: bool,
}

pub(crate) use Place as BondPlace;

impl Place {
    pub(crate) const FREE: Self =
        Self { bond: None, is_dirty: false, is_out: false, is_doomed: false };
}

/// All bonds of BR/EDR.
#[derive(Debug)]
pub(super) struct Bonds {
    places: &'static mut [Place],
}

impl Bonds {
    pub(super) const fn new(places: &'static mut [Place]) -> Self {
        Self { places }
    }

    /// Returns the bond with a peer.
    pub(super) fn of(&self, peer: Address) -> Option<&Bond> {
        let live = self.places.iter().filter(|place| !place.is_doomed);
        live.filter_map(|place| place.bond.as_ref()).find(|bond| bond.peer == peer)
    }

    /// Returns whether there is a bond with a peer, also one that the store must delete.
    fn has(&self, peer: Address) -> bool {
        self.places.iter().any(|place| place.bond.as_ref().is_some_and(|bond| bond.peer == peer))
    }

    /// Keeps a bond in place of the one with the same peer, or in a free place; false if there is none.
    fn put(&mut self, bond: &Bond, is_dirty: bool) -> bool {
        let same = |place: &Place| place.bond.as_ref().is_some_and(|old| old.peer == bond.peer);
        let known = self.places.iter().position(same);
        let free = || self.places.iter().position(|place| place.bond.is_none());
        let Some(place) = known.or_else(free).and_then(|at| self.places.get_mut(at)) else {
            return false;
        };
        *place = Place { bond: Some(bond.clone()), is_dirty, is_out: false, is_doomed: false };
        true
    }

    /// Stores again what the store was writing when `run` ended.
    pub(super) fn restart(&mut self) {
        for place in self.places.iter_mut() {
            place.is_dirty |= core::mem::take(&mut place.is_out);
        }
    }

    pub(super) fn reset(&mut self) {
        self.places.fill(Place::FREE);
    }
}

impl State {
    /// Returns whether the store has a job, pending or running.
    fn is_storing(&self) -> bool {
        let busy = |place: &Place| place.is_dirty || place.is_out || place.is_doomed;
        self.bonds.places.iter().any(busy)
    }
}

impl Stack {
    /// Returns whether the store has every bond, or cannot be used.
    pub(in crate::stack) fn classic_is_stored(&self) -> bool {
        let storing = self.classic.state().is_some_and(State::is_storing);
        !storing || self.security.is_unreadable()
    }

    /// Gives the security machine the bond with the peer of a link, once the bonds are loaded. [Vol 4] Part E, 7.7.23
    pub(super) fn attach_classic_bond(&mut self, now: Instant, link: u8) {
        if !self.bonds_are_loaded() {
            return;
        }
        let Some(state) = self.classic.get() else { return };
        let Some(peer) = state.up(link).map(|slot| slot.peer) else { return };
        let bond = state.bonds.of(peer).cloned();
        state.security.set_bond(link, bond.as_ref());
        self.hold_off_classic(now, link);
        self.ready.run(Due::COMMAND);
    }

    /// Ready once the bond with the peer of a link is known.
    pub(crate) fn poll_classic_bonds(&self, link: super::LinkRef) -> Poll<Result<(), Error>> {
        let Some(state) = self.classic.state() else { return Poll::Ready(Err(Error::Unsupported)) };
        state.link(link)?;
        if self.bonds_are_loaded() { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    /// Handles the end of loading the store.
    pub(in crate::stack) fn classic_bonds_known(&mut self, now: Instant) {
        let slots = self.classic.state().map_or(0, State::link_slots);
        for link in 0..slots {
            self.attach_classic_bond(now, link);
        }
        self.classic_mark(Awaited::Security);
        self.classic_changed(now);
    }

    /// Keeps the key that a pairing made. Without a place, the peer stays unbonded. [Vol 4] Part E, 7.7.24
    pub(super) fn keep_classic_bond(&mut self, link: u8, bond: &Bond) {
        let now = self.now;
        let Some(state) = self.classic.get() else { return };
        let lasts = !self.security.is_unreadable() && state.bonds.put(bond, true);
        if !lasts {
            state.security.set_bond(link, None);
        }
        self.hold_off_classic(now, link);
        self.ready.run(Due::BOND_JOB);
        self.ready.host(HostKey::Bonds);
        self.classic_mark(Awaited::Security);
    }

    /// Returns the next job of the store for BR/EDR, and its place.
    pub(in crate::stack) fn classic_bond_job(
        &mut self,
        record: &mut [u8; RECORD_MAX],
    ) -> Option<(BondTicket, BondJob)> {
        let bonds = &mut self.classic.get()?.bonds;
        let busy = |place: &Place| place.is_dirty || place.is_doomed;
        let at = bonds.places.iter().position(busy)?;
        let place = bonds.places.get_mut(at)?;
        let bond = place.bond.as_ref()?;
        let id = RecordId::Classic(bond.peer);
        let ticket = BondTicket { place: u8::try_from(at).ok()?, deletes: place.is_doomed };
        if place.is_doomed {
            return Some((ticket, BondJob::Delete(id)));
        }
        let mut w = Writer::new(record);
        bond.write(&mut w).ok()?;
        (place.is_dirty, place.is_out) = (false, true);
        Some((ticket, BondJob::Store(id, w.len())))
    }

    /// Handles the end of that job. A record that could not be stored is tried again at its next change; one that could
    /// not be deleted counts again.
    pub(in crate::stack) fn classic_bond_done(&mut self, ticket: BondTicket, done: bool) {
        let places = self.classic.get().map(|state| &mut *state.bonds.places);
        let place = places.and_then(|places| places.get_mut(usize::from(ticket.place)));
        let Some(place) = place else { return };
        place.is_out = false;
        // A bond that was removed while the store wrote it is still to be deleted.
        if ticket.deletes && done {
            *place = Place::FREE;
        } else if ticket.deletes {
            place.is_doomed = false;
        }
    }

    /// Takes a record that the store has; false if it is damaged or has no place.
    pub(in crate::stack) fn load_classic_bond(&mut self, peer: Address, record: &[u8]) -> bool {
        // A host without BR/EDR leaves the record in the store, for a host that has it.
        let Some(state) = self.classic.get() else { return true };
        let bond = Bond::read(record).ok().filter(|bond| bond.peer == peer);
        bond.is_some_and(|bond| state.bonds.has(peer) || state.bonds.put(&bond, false))
    }

    /// Removes the bond with a peer; false if there is none.
    pub(crate) fn remove_classic_bond(&mut self, peer: Address) -> bool {
        let Some(state) = self.classic.get() else { return false };
        let named = |place: &&mut Place| {
            !place.is_doomed && place.bond.as_ref().is_some_and(|bond| bond.peer == peer)
        };
        let Some(place) = state.bonds.places.iter_mut().find(named) else { return false };
        (place.is_dirty, place.is_doomed) = (false, true);
        if let Some(link) = state.find_peer(peer) {
            state.security.set_bond(link.index, None);
        }
        self.ready.run(Due::BOND_JOB);
        true
    }

    /// Returns the peer and the level of the bond in a place, counted from 0. [Vol 3] Part C, 5.2.2.8
    pub(crate) fn classic_bond(&self, at: usize) -> Option<(Address, bindrune_wire::Level)> {
        let state = self.classic.state()?;
        let live = state.bonds.places.iter().filter(|place| !place.is_doomed);
        let bond = live.filter_map(|place| place.bond.as_ref()).nth(at)?;
        Some((bond.peer, bond.level()))
    }
}
