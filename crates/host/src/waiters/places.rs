//! Wakers of the tasks that wait for something of one group: the host, a link or a channel.

use core::task::Waker;

/// One waiting task: the futures of a task share a waker, so they share a place.
#[derive(Debug)]
pub(crate) struct Place {
    /// The keys of all its futures; 0 for a free place.
    bits: u16,
    /// Futures that share it.
    futures: u16,
    /// Names this use of the place; later ones are larger.
    id: u32,
    waker: Option<Waker>,
}

/// What a future knows of its place. It is void once the task was woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seat(u32);

/// The places of a group.
///
/// With `std` there are more, as many as there are tasks. Without it the oldest gives way to one more task, and is woken, so
/// that it looks again and takes another place: no wake is lost, but while more tasks than places wait, they poll in turns.
#[derive(Debug)]
pub(crate) struct Places<const N: usize> {
    fixed: [Place; N],
    more: More,
}

/// The places of any group.
pub(crate) struct View<'p> {
    fixed: &'p mut [Place],
    more: &'p mut More,
}

impl Place {
    const FREE: Self = Self { bits: 0, futures: 0, id: 0, waker: None };

    fn wakes_as(&self, waker: Option<&Waker>) -> bool {
        self.waker.as_ref().zip(waker).is_some_and(|(known, given)| known.will_wake(given))
    }
}

impl<const N: usize> Places<N> {
    pub(crate) const FREE: Self = Self { fixed: [Place::FREE; N], more: NO_MORE };

    pub(crate) fn view(&mut self) -> View<'_> {
        View { fixed: &mut self.fixed, more: &mut self.more }
    }
}

impl View<'_> {
    fn all(&mut self) -> impl Iterator<Item = &mut Place> {
        self.fixed.iter_mut().chain(self.more.iter_mut())
    }

    fn find(&mut self, seat: Seat) -> Option<&mut Place> {
        self.all().find(|place| place.bits != 0 && place.id == seat.0)
    }

    /// Lets a future wait for the keys in `bits`, by the place of its task. What is left in `waker` is to be dropped, and what
    /// is given back to be woken, outside of the lock.
    pub(crate) fn wait(
        &mut self,
        bits: u16,
        seat: &mut Option<Seat>,
        waker: &mut Option<Waker>,
        id: &mut u32,
    ) -> Option<Waker> {
        if let Some(place) = seat.and_then(|seat| self.find(seat)) {
            if place.wakes_as(waker.as_ref()) {
                place.bits |= bits;
                return None;
            }
            if place.futures <= 1 {
                place.bits |= bits;
                core::mem::swap(&mut place.waker, waker);
                return None;
            }
            place.futures = place.futures.saturating_sub(1);
        }
        if let Some(place) =
            self.all().find(|place| place.bits != 0 && place.wakes_as(waker.as_ref()))
        {
            place.bits |= bits;
            place.futures = place.futures.saturating_add(1);
            *seat = Some(Seat(place.id));
            return None;
        }
        let id = next(id);
        *seat = Some(Seat(id));
        let place = self.vacate()?;
        let taken = Place { bits, futures: 1, id, waker: waker.take() };
        core::mem::replace(place, taken).waker
    }

    /// A free place, or the one that gives way.
    fn vacate(&mut self) -> Option<&mut Place> {
        let oldest = |place: &&mut Place| place.id;
        let free = |place: &Place| place.bits == 0;
        if self.fixed.iter().any(free) {
            return self.fixed.iter_mut().find(|place| free(place));
        }
        match one_more(self.more) {
            Some(place) => Some(place),
            None => self.fixed.iter_mut().min_by_key(oldest),
        }
    }

    /// Ends the wait of a future. What is given back is to be dropped outside of the lock.
    pub(crate) fn leave(&mut self, seat: Seat) -> Option<Waker> {
        let place = self.find(seat)?;
        place.futures = place.futures.saturating_sub(1);
        if place.futures > 0 {
            return None;
        }
        let waker = core::mem::replace(place, Place::FREE).waker;
        shrink(self.more);
        waker
    }

    /// Moves the wakers of those who wait for one of `bits` into `room`; false when there is no more room.
    pub(crate) fn drain(
        &mut self,
        bits: &mut u16,
        room: &mut core::slice::IterMut<'_, Option<Waker>>,
    ) -> bool {
        if *bits == 0 {
            return true;
        }
        for place in self.all().filter(|place| place.bits & *bits != 0) {
            let Some(taken) = room.next() else { return false };
            *taken = core::mem::replace(place, Place::FREE).waker;
        }
        *bits = 0;
        shrink(self.more);
        true
    }
}

/// The next name of a use. None is 0.
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

#[cfg(feature = "std")]
fn one_more(more: &mut More) -> Option<&mut Place> {
    let at = more.iter().position(|place| place.bits == 0).unwrap_or_else(|| {
        more.push(Place::FREE);
        more.len().saturating_sub(1)
    });
    more.get_mut(at)
}

/// Forgets free places at the end.
#[cfg(feature = "std")]
fn shrink(more: &mut More) {
    while more.pop_if(|place| place.bits == 0).is_some() {}
}

#[cfg(not(feature = "std"))]
type More = [Place; 0];
#[cfg(not(feature = "std"))]
const NO_MORE: More = [];

#[cfg(not(feature = "std"))]
const fn one_more(_: &mut More) -> Option<&mut Place> {
    None
}

#[cfg(not(feature = "std"))]
const fn shrink(_: &mut More) {}
