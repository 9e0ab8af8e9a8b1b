//! Advertising sets: each holds a wish, and goes to it by the missing command. [Vol 4] Part E, 7.8.5 to 7.8.9, 7.8.52 to
//! 7.8.56
//!
//! Legacy commands know one set; extended ones several. A set that is on and no longer wished, or wished differently, is
//! turned off first; then parameters, address, data, scan response, and on.

mod command;
mod set;

use bindrune_hci::{Opcode, Status};
use bindrune_wire::{Handle, Writer};
use embassy_time::Instant;

use crate::{Advertisement, ControllerInfo, TooLong, accept_list::ListState};
pub use set::AdvertisingSet;
use set::Step;

/// Which advertising set: 0 to the number that the root was given memory for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SetId(pub u8);

/// Why a set ended though its wish was not withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum AdvertisingEnd {
    /// Its time is over.
    Timeout,
    /// The controller refused a command, or cannot do what was wished.
    Failed(Status),
}

/// What a set has to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    Started,
    Ended(AdvertisingEnd),
    Linked { handle: Handle, wanted: bool },
}

/// All advertising sets.
#[derive(Debug)]
pub(crate) struct Advertiser {
    sets: &'static mut [AdvertisingSet],
    data: &'static mut [u8],
    /// The command that is out.
    sent: Option<(SetId, Step)>,
}

impl Advertiser {
    pub(crate) const fn new(sets: &'static mut [AdvertisingSet], data: &'static mut [u8]) -> Self {
        Self { sets, data, sent: None }
    }

    /// Forgets every wish.
    pub(crate) fn reset(&mut self) {
        self.sets.fill(AdvertisingSet::EMPTY);
        self.sent = None;
    }

    /// The controller was reset: nothing is on, and every wish is to be told again.
    pub(crate) fn restart(&mut self) {
        self.sent = None;
        self.sets.iter_mut().for_each(AdvertisingSet::restart);
    }

    pub(crate) const fn len(&self) -> usize {
        self.sets.len()
    }

    /// The first set that nobody wishes anything of.
    pub(crate) fn free(&self) -> Option<SetId> {
        self.ids().find(|&id| self.set(id).is_some_and(AdvertisingSet::is_free))
    }

    pub(crate) fn is_on(&self, id: SetId) -> bool {
        self.set(id).is_some_and(|set| set.on)
    }

    #[cfg(test)]
    pub(crate) fn is_wished(&self, id: SetId) -> bool {
        self.set(id).is_some_and(AdvertisingSet::is_wished)
    }

    pub(crate) fn wish(&mut self, id: SetId, ad: &Advertisement<'_>) -> Result<(), TooLong> {
        let sent = self.sent.is_some_and(|(sent, _)| sent == id);
        let (set, data) = self.parts(id).ok_or(TooLong(crate::AdType::FLAGS))?;
        set.wish(ad, data, sent)
    }

    pub(crate) fn withdraw(&mut self, id: SetId) {
        let sent = self.sent.is_some_and(|(sent, _)| sent == id);
        if let Some(set) = self.set_mut(id) {
            set.withdraw(sent);
        }
    }

    /// True where a set that is on serves only the accept list.
    pub(crate) fn uses_list(&self) -> bool {
        self.sets.iter().any(|set| set.on && set.by_list)
    }

    /// True where a set is on.
    pub(crate) fn is_any_on(&self) -> bool {
        self.sets.iter().any(|set| set.on)
    }

    /// Writes the next command of the first set that owes one. Sets that use the accept list follow its state; all are
    /// turned off while `hold`.
    pub(crate) fn poll_command(
        &mut self,
        info: &ControllerInfo,
        list: ListState,
        hold: bool,
        w: &mut Writer<'_>,
    ) -> Option<Opcode> {
        for id in self.ids() {
            let Some((set, data)) = self.parts(id) else { continue };
            let Some(step) = set.next(id, info, (list, hold)) else { continue };
            let opcode = command::write(id, step, set, data, info, w)?;
            self.sent = Some((id, step));
            return Some(opcode);
        }
        None
    }

    /// The answer to the command of [`Self::poll_command`].
    pub(crate) fn answered(&mut self, now: Instant, status: Status) {
        if let Some((id, step)) = self.sent.take()
            && let Some(set) = self.set_mut(id)
        {
            set.answered(now, step, status);
        }
    }

    /// A link came up with us as its peripheral: which set made it, where only one can have, and whether it is wanted.
    pub(crate) fn linked(&mut self, handle: Handle) -> (Option<SetId>, bool) {
        let mut able = self.ids().filter(|&id| self.set(id).is_some_and(|s| s.on && s.connectable));
        match (able.next(), able.next()) {
            (Some(id), None) => {
                let wanted = self.set_mut(id).is_some_and(|set| set.linked(handle));
                (Some(id), wanted)
            }
            (Some(_), Some(_)) => {
                (None, self.sets.iter().any(|set| set.on && set.connectable && set.is_wished()))
            }
            _ => (None, false),
        }
    }

    /// A link came up with us as its peripheral that nobody can be given: the set that made it, where only one can have, goes on.
    pub(crate) fn refused(&mut self, handle: Handle) {
        let mut able = self.ids().filter(|&id| self.set(id).is_some_and(|s| s.on && s.connectable));
        if let (Some(id), None) = (able.next(), able.next())
            && let Some(set) = self.set_mut(id)
        {
            set.refused(handle);
        }
    }

    /// Advertising Set Terminated. False where it is about no set of ours.
    pub(crate) fn terminated(&mut self, id: SetId, status: Status, handle: Option<Handle>) -> bool {
        self.set_mut(id).map(|set| set.terminated(status, handle)).is_some()
    }

    pub(crate) fn poll_news(&mut self) -> Option<(SetId, News)> {
        let ids = self.ids();
        ids.into_iter().find_map(|id| Some((id, self.set_mut(id)?.poll_news()?)))
    }

    /// The earliest deadline: the end of a wish's time, or a retry.
    pub(crate) fn poll_timeout(&self) -> Option<(Instant, SetId)> {
        let of = |id| self.set(id).and_then(AdvertisingSet::poll_timeout).map(|at| (at, id));
        self.ids().filter_map(of).min_by_key(|&(at, _)| at)
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        let sent = self.sent;
        for id in self.ids() {
            let sent = sent.is_some_and(|(sent, _)| sent == id);
            if let Some(set) = self.set_mut(id) {
                set.handle_timeout(now, sent);
            }
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

    /// A set and its share of the data.
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
