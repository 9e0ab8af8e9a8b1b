//! Wakers of the tasks that wait for events of one group: the host, a link or a channel.

use core::task::Waker;

/// One waiting task. The futures of a task share its waker, so they share a place.
#[derive(Debug)]
pub(crate) struct Place {
    /// Keys of all its futures; 0 for a free place.
    bits: u16,
    /// Number of futures that share it.
    futures: u16,
    /// Identifies this use of the place; later uses have larger numbers.
    id: u32,
    waker: Option<Waker>,
}

/// A future's reference to its place. It becomes void when the task is woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seat {
    at: u16,
    id: u32,
}

/// The places of a group.
///
/// With `std` there are as many as there are tasks. Without it, one more task displaces the oldest, which is woken,
/// checks again and takes another place: no wake is lost, but while more tasks than places wait, they poll in turns.
#[derive(Debug)]
pub(crate) struct Places<const N: usize> {
    /// One bit for each of the first places that is in use.
    taken: u16,
    fixed: [Place; N],
    more: More,
}

/// The places of any group.
pub(crate) struct View<'p> {
    taken: &'p mut u16,
    fixed: &'p mut [Place],
    more: &'p mut More,
}

impl Place {
    const FREE: Self = Self { bits: 0, futures: 0, id: 0, waker: None };

    fn wakes_as(&self, waker: &Waker) -> bool {
        self.waker.as_ref().is_some_and(|known| known.will_wake(waker))
    }
}

impl<const N: usize> Places<N> {
    pub(crate) const FREE: Self = Self { taken: 0, fixed: [Place::FREE; N], more: NO_MORE };

    pub(crate) fn view(&mut self) -> View<'_> {
        View { taken: &mut self.taken, fixed: &mut self.fixed, more: &mut self.more }
    }
}

impl View<'_> {
    /// Calls `look` with each place in use until it returns that it has seen enough.
    fn each(&mut self, mut look: impl FnMut(u16, &mut Place) -> bool) {
        let mut taken = *self.taken;
        while taken != 0 {
            let at = taken.trailing_zeros();
            taken &= taken.wrapping_sub(1);
            let place = self.fixed.get_mut(at as usize);
            if place.is_some_and(|place| look(u16::try_from(at).unwrap_or(u16::MAX), place)) {
                return;
            }
        }
        if !GROWS {
            return;
        }
        let first = as_place(self.fixed.len());
        let more = (first..).zip(self.more.iter_mut()).filter(|(_, place)| place.bits != 0);
        for (at, place) in more {
            if look(at, place) {
                return;
            }
        }
    }

    fn place(&mut self, at: u16) -> Option<&mut Place> {
        let at = usize::from(at);
        let more = at.wrapping_sub(self.fixed.len());
        self.fixed.get_mut(at).or_else(|| self.more.get_mut(more))
    }

    fn find(&mut self, seat: Seat) -> Option<&mut Place> {
        self.place(seat.at).filter(|place| place.bits != 0 && place.id == seat.id)
    }

    /// Makes a future wait for the keys in `bits`, at the place of its task. The caller wakes or drops the returned
    /// value outside the lock.
    pub(crate) fn wait(
        &mut self,
        bits: u16,
        seat: &mut Option<Seat>,
        waker: &Waker,
        id: &mut u32,
    ) -> Displaced {
        if let Some(place) = seat.and_then(|seat| self.find(seat)) {
            if place.wakes_as(waker) {
                place.bits |= bits;
                return Displaced::None;
            }
            if place.futures <= 1 {
                place.bits |= bits;
                return Displaced::over(place.waker.replace(waker.clone()));
            }
            place.futures = place.futures.saturating_sub(1);
        }
        let mut shared = None;
        self.each(|at, place| {
            let same = place.wakes_as(waker);
            if same {
                place.bits |= bits;
                place.futures = place.futures.saturating_add(1);
                shared = Some(Seat { at, id: place.id });
            }
            same
        });
        if shared.is_some() {
            *seat = shared;
            return Displaced::None;
        }
        let id = next(id);
        let Some((at, place)) = self.vacate() else { return Displaced::None };
        *seat = Some(Seat { at, id });
        let taken = Place { bits, futures: 1, id, waker: Some(waker.clone()) };
        match core::mem::replace(place, taken).waker {
            Some(waker) => Displaced::Waits(waker),
            None => Displaced::None,
        }
    }

    /// Returns a free place, or the one to displace.
    fn vacate(&mut self) -> Option<(u16, &mut Place)> {
        let free = self.taken.trailing_ones();
        let at = usize::try_from(free).unwrap_or(usize::MAX);
        if at < self.fixed.len() {
            *self.taken |= 1u16.wrapping_shl(free);
            return Some((as_place(at), self.fixed.get_mut(at)?));
        }
        match one_more(self.more) {
            Some((at, place)) => Some((as_place(self.fixed.len().saturating_add(at)), place)),
            None => {
                let (mut oldest, mut least) = (0u16, u32::MAX);
                for (at, place) in (0u16..).zip(self.fixed.iter()) {
                    if place.id < least {
                        (oldest, least) = (at, place.id);
                    }
                }
                Some((oldest, self.fixed.get_mut(usize::from(oldest))?))
            }
        }
    }

    /// Ends the wait of a future. The caller drops the returned value outside the lock.
    pub(crate) fn leave(&mut self, seat: Seat) -> Option<Waker> {
        let place = self.find(seat)?;
        place.futures = place.futures.saturating_sub(1);
        if place.futures > 0 {
            return None;
        }
        self.free(seat.at)
    }

    /// Takes the waker of one task that waits for one of `bits`. Returns the keys that are still waited for.
    pub(crate) fn take(&mut self, bits: u16) -> (Option<Waker>, u16) {
        let (mut found, mut waiting) = (None, 0);
        self.each(|at, place| {
            if place.bits & bits != 0 && found.is_none() {
                found = Some(at);
            } else {
                waiting |= place.bits;
            }
            false
        });
        (found.and_then(|at| self.free(at)), waiting)
    }

    fn free(&mut self, at: u16) -> Option<Waker> {
        *self.taken &= !1u16.checked_shl(at.into()).unwrap_or(0);
        let place = self.place(at)?;
        (place.bits, place.futures) = (0, 0);
        let waker = place.waker.take();
        if usize::from(at) >= self.fixed.len() {
            shrink(self.more);
        }
        waker
    }
}

/// The waker that a new task displaced.
#[derive(Debug)]
pub(crate) enum Displaced {
    None,
    /// Its future belongs to the other task now.
    Over(Waker),
    /// Its task no longer has a place, and must check again.
    Waits(Waker),
}

impl Displaced {
    pub(crate) fn over(waker: Option<Waker>) -> Self {
        waker.map_or(Self::None, Self::Over)
    }

    /// Wakes a task that has to check again. Call this outside the lock.
    pub(crate) fn settle(self) {
        match self {
            Self::Waits(waker) => waker.wake(),
            Self::Over(waker) => drop(waker),
            Self::None => {}
        }
    }
}

fn as_place(at: usize) -> u16 {
    u16::try_from(at).unwrap_or(u16::MAX)
}

/// Returns the number of the next use, never 0.
const fn next(id: &mut u32) -> u32 {
    *id = match id.wrapping_add(1) {
        0 => 1,
        next => next,
    };
    *id
}

#[cfg(feature = "std")]
type More = std::vec::Vec<Place>;
#[cfg(feature = "std")]
const NO_MORE: More = std::vec::Vec::new();
/// Whether there can be more places than the fixed ones.
const GROWS: bool = cfg!(feature = "std");

#[cfg(feature = "std")]
fn one_more(more: &mut More) -> Option<(usize, &mut Place)> {
    let at = more.iter().position(|place| place.bits == 0).unwrap_or_else(|| {
        more.push(Place::FREE);
        more.len().saturating_sub(1)
    });
    Some((at, more.get_mut(at)?))
}

/// Removes free places at the end.
#[cfg(feature = "std")]
fn shrink(more: &mut More) {
    while more.pop_if(|place| place.bits == 0).is_some() {}
}

#[cfg(not(feature = "std"))]
type More = [Place; 0];
#[cfg(not(feature = "std"))]
const NO_MORE: More = [];

#[cfg(not(feature = "std"))]
const fn one_more(_: &mut More) -> Option<(usize, &mut Place)> {
    None
}

#[cfg(not(feature = "std"))]
const fn shrink(_: &mut More) {}
