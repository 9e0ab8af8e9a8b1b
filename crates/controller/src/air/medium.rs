//! State that links, advertisers and scanners share: the controllers, the radio between them, and
//! timers.

use core::{
    cmp::Reverse,
    ops::{Index, IndexMut},
};
use std::collections::{BTreeSet, BinaryHeap};

use embassy_time::Instant;

use crate::{
    ControllerId, advertise::SetKey, classic::ClassicTimer, controller::Controller, link::LinkId,
    rng::Rng,
};

/// Everything on the air except the links.
#[derive(Debug)]
pub(crate) struct Medium {
    pub(crate) now: Instant,
    pub(crate) radio: Radio,
    pub(crate) timers: Timers,
    pub(crate) controllers: Controllers,
}

/// All controllers, by identity.
#[derive(Debug, Default)]
pub(crate) struct Controllers(Vec<Controller>);

impl Controllers {
    pub(crate) fn push(&mut self, controller: Controller) {
        self.0.push(controller);
    }

    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = ControllerId> + use<> {
        (0..self.0.len()).map(ControllerId)
    }
}

impl Index<ControllerId> for Controllers {
    type Output = Controller;

    #[expect(
        clippy::indexing_slicing,
        reason = "an identity comes from `add`, and none is removed"
    )]
    fn index(&self, id: ControllerId) -> &Controller {
        &self.0[id.0]
    }
}

impl IndexMut<ControllerId> for Controllers {
    #[expect(
        clippy::indexing_slicing,
        reason = "an identity comes from `add`, and none is removed"
    )]
    fn index_mut(&mut self, id: ControllerId) -> &mut Controller {
        &mut self.0[id.0]
    }
}

/// Reachability of controllers, and packet loss.
#[derive(Debug)]
pub(crate) struct Radio {
    pub(crate) rng: Rng,
    pub(crate) loss: u8,
    apart: BTreeSet<(ControllerId, ControllerId)>,
}

impl Radio {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { rng: Rng::new(seed), loss: 0, apart: BTreeSet::new() }
    }

    pub(crate) fn set_reachable(&mut self, a: ControllerId, b: ControllerId, reachable: bool) {
        let pair = (a.min(b), a.max(b));
        if reachable {
            self.apart.remove(&pair);
        } else {
            self.apart.insert(pair);
        }
    }

    pub(crate) fn reaches(&self, a: ControllerId, b: ControllerId) -> bool {
        a != b && !self.apart.contains(&(a.min(b), a.max(b)))
    }

    /// Loses a packet between the two by chance; returns whether it is lost.
    pub(crate) fn loses(&mut self, a: ControllerId, b: ControllerId) -> bool {
        !self.reaches(a, b) || self.rng.percent(self.loss)
    }

    /// Returns the signal strength in dBm: a value for each pair, with a little noise.
    pub(crate) fn rssi(&mut self, a: ControllerId, b: ControllerId) -> i8 {
        let pair = a.0.min(b.0).wrapping_mul(7).wrapping_add(a.0.max(b.0).wrapping_mul(11));
        let distance = i8::try_from(pair.checked_rem(24).unwrap_or(0)).unwrap_or(0);
        let noise = i8::try_from(self.rng.below(5)).unwrap_or(0);
        (-42_i8).saturating_sub(distance).saturating_sub(noise)
    }
}

/// Reason of a deadline of the air.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// A controller finishes its command; the number identifies the command.
    Command(ControllerId, u32),
    /// A controller finishes a P-256 key.
    Key(ControllerId, u32),
    /// An advertising event; the number identifies the enabling.
    Advertise(ControllerId, SetKey, u32),
    /// The end of advertising, after the time that the host set.
    AdvertiseEnd(ControllerId, SetKey, u32),
    /// The end of extended scanning, after the time that the host set.
    ScanEnd(ControllerId, u32),
    /// The link's next step.
    Link(LinkId),
    /// Something of BR/EDR.
    Classic(ClassicTimer),
}

/// Timers, ordered by time and then by when they were set.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, u64, Timer)>>,
    set: u64,
}

impl Timers {
    pub(crate) fn set(&mut self, at: Instant, timer: Timer) {
        self.set = self.set.wrapping_add(1);
        self.heap.push(Reverse((at, self.set, timer)));
    }

    pub(crate) fn earliest(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, ..))| *at)
    }

    pub(crate) fn take_due(&mut self, now: Instant) -> Option<(Instant, Timer)> {
        if self.earliest()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse((at, _, timer))| (at, timer))
    }
}
