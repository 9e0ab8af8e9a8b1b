//! Advertising sets: each has a request, and sends the missing commands until the controller matches it. [Vol 4] Part
//! E, 7.8.5 to 7.8.9, 7.8.52 to 7.8.56
//!
//! Legacy commands know one set; extended commands know several. A set that is on but no longer requested, or requested
//! differently, is turned off first; then parameters, address, data, scan response, and on.
//!
//! Two events report a link, in either order: Connection Complete, and (extended) Advertising Set Terminated, which
//! alone names the set. The first one waits for the other for a limited time.

mod command;
mod gate;
mod request;
mod set;
mod step;

use bindrune_hci::{Opcode, Status};
use bindrune_wire::{
    Handle, Writer,
    time::{Earliest, Instant},
};

use crate::{Advertisement, ControllerInfo, Device, TooLong, capability::EXTENDED};
pub(crate) use gate::Gate;
pub use set::AdvertisingSet;
use set::EVENT_WAIT;
use step::Step;

/// Index of an advertising set: 0 up to the number of sets that the root has memory for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SetId(pub u8);

/// Progress of a set's request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Advertising {
    /// The set is on, or turns on as soon as possible.
    Pending,
    /// A link came up.
    Linked,
    /// The request ended without a link.
    Ended(AdvertisingEnd),
}

/// Reason why a request ended without a link although it was not withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum AdvertisingEnd {
    /// Its time limit passed.
    Timeout,
    /// There is no room for another link, and the request does not wait for room: [`crate::WhenFull::Fail`].
    NoLink,
    /// All requests were withdrawn: [`crate::Gap::withdraw_all`].
    Withdrawn,
    /// The controller refused a command, or does not support the request.
    Failed(Status),
}

/// An event that a set must report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PendingEvent {
    Started,
    /// The time limit began while the request waits for a link.
    Waits,
    Ended(AdvertisingEnd),
    Linked {
        handle: Handle,
        wanted: bool,
    },
}

/// Maximum number of links that wait until their set is known. Legacy commands have one set.
const UNASSIGNED: usize = if EXTENDED { 4 } else { 0 };

/// All advertising sets.
#[derive(Debug)]
pub(crate) struct Advertiser {
    sets: &'static mut [AdvertisingSet],
    data: &'static mut [u8],
    /// The command in flight.
    sent: Option<(SetId, Step)>,
    /// Links of one of several sets, and the time until which Advertising Set Terminated may name the set.
    unassigned: [Option<(Handle, Instant)>; UNASSIGNED],
    /// A link without a matching set.
    unwanted: Option<Handle>,
}

impl Advertiser {
    pub(crate) const fn new(sets: &'static mut [AdvertisingSet], data: &'static mut [u8]) -> Self {
        Self { sets, data, sent: None, unassigned: [None; UNASSIGNED], unwanted: None }
    }

    /// Drops every request.
    pub(crate) fn reset(&mut self) {
        self.restart();
        self.sets.fill(AdvertisingSet::EMPTY);
    }

    /// Starts again after a reset of the controller: nothing is on, and every request is sent again.
    pub(crate) fn restart(&mut self) {
        (self.sent, self.unassigned, self.unwanted) = (None, [None; UNASSIGNED], None);
        self.sets.iter_mut().for_each(AdvertisingSet::restart);
    }

    pub(crate) const fn len(&self) -> usize {
        self.sets.len()
    }

    /// Returns the first set without a request.
    pub(crate) fn free(&self) -> Option<SetId> {
        self.ids().find(|&id| self.set(id).is_some_and(AdvertisingSet::is_free))
    }

    pub(crate) fn is_on(&self, id: SetId) -> bool {
        self.set(id).is_some_and(|set| set.on)
    }

    /// Returns the progress of a set's request; `None` without one.
    pub(crate) fn outcome(&self, id: SetId) -> Option<Advertising> {
        self.set(id).and_then(AdvertisingSet::outcome)
    }

    /// Returns whether any request is for a link, also after its link came up.
    pub(crate) fn seeks_links(&self) -> bool {
        self.sets.iter().any(AdvertisingSet::seeks_link)
    }

    #[cfg(test)]
    pub(crate) fn needs_link(&self, id: SetId) -> bool {
        self.set(id).and_then(AdvertisingSet::active).is_some_and(|r| r.is_connectable())
    }

    pub(crate) fn request(
        &mut self,
        id: SetId,
        ad: &Advertisement<'_>,
        device: Device<'_>,
    ) -> Result<(), TooLong> {
        let sent = self.sent.is_some_and(|(sent, _)| sent == id);
        let (set, data) = self.parts(id).ok_or(TooLong(crate::AdType::FLAGS))?;
        set.request(ad, device, data, sent)
    }

    /// Records that the peer of a set with directed advertising has private addresses, so its identity address does not
    /// reach it.
    pub(crate) fn peer_is_private(&mut self, id: SetId) {
        if let Some(set) = self.set_mut(id) {
            set.peer_is_private();
        }
    }

    /// Ends every pending request.
    pub(crate) fn withdraw_all(&mut self) {
        self.end_all(AdvertisingEnd::Withdrawn);
    }

    /// Fails every request, because nothing can go on the air.
    pub(crate) fn fail_all(&mut self, status: Status) {
        self.end_all(AdvertisingEnd::Failed(status));
    }

    fn end_all(&mut self, end: AdvertisingEnd) {
        let sent = self.sent;
        for id in self.ids() {
            let sent = sent.is_some_and(|(sent, _)| sent == id);
            if let Some(set) = self.set_mut(id) {
                set.end_early(end, sent);
            }
        }
    }

    pub(crate) fn release(&mut self, id: SetId) {
        let sent = self.sent.is_some_and(|(sent, _)| sent == id);
        if let Some(set) = self.set_mut(id) {
            set.release(sent);
        }
    }

    pub(crate) fn awaits_established(&self, id: SetId) -> bool {
        self.set(id).is_some_and(AdvertisingSet::awaits_established)
    }

    pub(crate) fn resume(&mut self, id: SetId) {
        if let Some(set) = self.set_mut(id) {
            set.resume();
        }
    }

    /// Records that a link ended: no set waits for it any longer.
    pub(crate) fn link_ended(&mut self, handle: Handle) {
        self.unassigned
            .iter_mut()
            .filter(|link| link.is_some_and(|(link, _)| link == handle))
            .for_each(|link| *link = None);
    }

    /// Returns whether a set that is on serves only the accept list.
    pub(crate) fn uses_list(&self) -> bool {
        self.sets.iter().any(|set| set.on && set.by_list)
    }

    /// Returns whether a set is on, or ended with a link whose Connection Complete has not arrived yet.
    pub(crate) fn is_any_on(&self) -> bool {
        self.sets.iter().any(|set| set.on || set.awaited().is_some())
    }

    /// Writes the next pending command of the first set that has one.
    pub(crate) fn poll_command(
        &mut self,
        now: Instant,
        info: &ControllerInfo,
        gate: Gate<'_>,
        w: &mut Writer<'_>,
    ) -> Option<Opcode> {
        for id in self.ids() {
            let Some((set, data)) = self.parts(id) else { continue };
            let Some(step) = set.next(now, id, info, gate) else { continue };
            let opcode = command::write(id, step, set, data, (info, gate), w)?;
            self.sent = Some((id, step));
            return Some(opcode);
        }
        None
    }

    /// Takes the answer to the command of [`Self::poll_command`].
    pub(crate) fn answered(&mut self, now: Instant, status: Status) {
        if let Some((id, step)) = self.sent.take()
            && let Some(set) = self.set_mut(id)
        {
            set.answered(now, step, status);
        }
    }

    /// Records a link in the peripheral role. Returns its set, if it is known, and whether the link is wanted.
    pub(crate) fn linked(&mut self, now: Instant, handle: Handle) -> (Option<SetId>, bool) {
        let named = self.ids().find(|&id| self.set(id).is_some_and(|set| set.awaits(handle)));
        let mut able = self.ids().filter(|&id| self.set(id).is_some_and(|s| s.on && s.connectable));
        match (named.or_else(|| able.next()), able.next()) {
            (Some(id), _) if named.is_some() => (Some(id), self.link(id)),
            (Some(id), None) => (Some(id), self.link(id)),
            (Some(_), Some(_)) => (None, self.keep_unassigned(now, handle)),
            (None, _) => (None, false),
        }
    }

    fn link(&mut self, id: SetId) -> bool {
        self.set_mut(id).is_some_and(AdvertisingSet::linked)
    }

    /// Records a link in the peripheral role that was refused: its set continues.
    pub(crate) fn refused(&mut self, handle: Handle) {
        let named = self.ids().find(|&id| self.set(id).is_some_and(|set| set.awaits(handle)));
        let mut able = self.ids().filter(|&id| self.set(id).is_some_and(|s| s.on && s.connectable));
        let only = able.next().filter(|_| able.next().is_none());
        if let Some(set) = named.or(only).and_then(|id| self.set_mut(id)) {
            set.refused();
        }
    }

    /// Keeps a link until its set is known. False if no set wants the link, or too many links wait already.
    fn keep_unassigned(&mut self, now: Instant, handle: Handle) -> bool {
        if !EXTENDED || self.wanting().is_none() {
            return false;
        }
        let until = now + EVENT_WAIT;
        let free = self.unassigned.iter_mut().find(|link| link.is_none());
        free.map(|link| *link = Some((handle, until))).is_some()
    }

    /// Returns the first set that can make a link and whose request wants one.
    fn wanting(&self) -> Option<SetId> {
        let wants = |set: &AdvertisingSet| set.on && set.connectable && set.active().is_some();
        self.ids().find(|&id| self.set(id).is_some_and(wants))
    }

    /// Handles Advertising Set Terminated. False if the event names none of our sets.
    pub(crate) fn terminated(
        &mut self,
        now: Instant,
        id: SetId,
        status: Status,
        handle: Option<Handle>,
    ) -> bool {
        if !EXTENDED {
            return false;
        }
        let waits = |link: &&mut Option<(Handle, Instant)>| {
            status.is_success() && link.is_some_and(|(link, _)| Some(link) == handle)
        };
        let unassigned = self.unassigned.iter_mut().find(waits).and_then(Option::take);
        let Some(set) = self.set_mut(id) else { return false };
        match unassigned {
            Some((handle, _)) => set.made(handle),
            None => set.terminated(now, status, handle),
        }
        true
    }

    pub(crate) fn poll_pending_event(&mut self) -> Option<(SetId, PendingEvent)> {
        if EXTENDED && let Some(handle) = self.unwanted.take() {
            return Some((SetId(0), PendingEvent::Linked { handle, wanted: false }));
        }
        let ids = self.ids();
        ids.into_iter().find_map(|id| Some((id, self.set_mut(id)?.poll_pending_event()?)))
    }

    /// Returns the earliest deadline: the end of a request's time, a retry, or the end of the wait for an event.
    pub(crate) fn poll_timeout(&self) -> Option<(Instant, SetId)> {
        let mut earliest = Earliest::NONE;
        for (id, set) in self.ids().zip(self.sets.iter()) {
            set.add_deadlines(id, &mut earliest);
        }
        for &(_, until) in self.unassigned.iter().flatten() {
            earliest.add(Some(until), SetId(0));
        }
        earliest.get()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.assign_overdue(now);
        let sent = self.sent;
        for id in self.ids() {
            let sent = sent.is_some_and(|(sent, _)| sent == id);
            if let Some(set) = self.set_mut(id) {
                set.handle_timeout(now, sent);
            }
        }
    }

    /// Assigns a link whose set no event has named to the first set that wants one.
    fn assign_overdue(&mut self, now: Instant) {
        for at in 0..self.unassigned.len() {
            if self.unwanted.is_some() {
                return;
            }
            let link = self.unassigned.get_mut(at);
            let overdue = link.and_then(|link| link.take_if(|(_, until)| *until <= now));
            let Some((handle, _)) = overdue else { continue };
            let set = self.wanting();
            match set.and_then(|id| self.set_mut(id)) {
                Some(set) => set.made(handle),
                None => self.unwanted = Some(handle),
            }
        }
    }

    /// Panics if a request can never make progress. Call it when no command is pending.
    #[cfg(any(test, feature = "std"))]
    pub(crate) fn check_progress(&self, gate: Gate<'_>) {
        for (id, set) in self.ids().zip(self.sets.iter()) {
            assert!(set.makes_progress(gate), "no progress of {id:?}: {set:?}");
        }
    }

    fn ids(&self) -> impl Iterator<Item = SetId> + use<> {
        let len = u8::try_from(self.sets.len()).unwrap_or(u8::MAX);
        (0..len).map(SetId)
    }

    fn set(&self, id: SetId) -> Option<&AdvertisingSet> {
        self.sets.get(usize::from(id.0))
    }

    fn set_mut(&mut self, id: SetId) -> Option<&mut AdvertisingSet> {
        self.sets.get_mut(usize::from(id.0))
    }

    /// Returns a set and its share of the data.
    fn parts(&mut self, id: SetId) -> Option<(&mut AdvertisingSet, &mut [u8])> {
        let index = usize::from(id.0);
        let share = self.data.len().checked_div(self.sets.len())?;
        let start = share.checked_mul(index)?;
        let data = self.data.get_mut(start..start.checked_add(share)?)?;
        Some((self.sets.get_mut(index)?, data))
    }
}

#[cfg(test)]
mod tests;
