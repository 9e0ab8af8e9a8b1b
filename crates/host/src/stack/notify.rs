//! One value for every peer that subscribed to it: each peer for itself.

use core::task::Poll;

use bindrune_gatt::{Cccd, Characteristic};
use embassy_time::{Duration, Instant};

use super::{LinkRef, Stack};
use crate::{Error, at::At, capability::SERVER, waiters::LinkKey};

/// How long a value waits for room at a peer. A peer that had none for so long is passed over at once, until it has.
const PATIENCE: Duration = Duration::from_millis(400);

/// Whether a value for every peer waits for room on a link: until when, if one does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room(At);

impl Room {
    /// None waits, or one waits since the time was last set.
    pub(crate) const UNKNOWN: Self = Self(At::NONE);
    /// One waited in vain.
    const STALLED: Self = Self(At::new(Some(Instant::MAX)));

    /// When waiting ends.
    pub(super) fn deadline(self) -> Option<Instant> {
        self.0.get().filter(|_| SERVER && self != Self::STALLED)
    }
}

/// A peer, and how handing it a value went.
pub(crate) type Handover = (LinkRef, Result<(), Error>);

/// The links on which one value still has to be handed over.
#[derive(Debug)]
pub(crate) struct Round {
    left: u64,
    /// A value that is longer than a peer takes is cut.
    cut: bool,
}

impl Stack {
    /// Begins to hand a value to every peer that subscribed to the characteristic.
    pub(crate) fn begin_round(
        &self,
        characteristic: &Characteristic,
        cut: bool,
    ) -> Result<Round, Error> {
        self.server.handle_of(characteristic).ok_or(Error::UnknownAttribute)?;
        Ok(Round { left: u64::MAX, cut })
    }

    /// The next peer of which it is known whether it was reached, and how; `None` after the last. `may_indicate` says of a
    /// link that no indication is ahead of this one.
    pub(crate) fn poll_round(
        &mut self,
        round: &mut Round,
        characteristic: &Characteristic,
        value: &[u8],
        mut may_indicate: impl FnMut(u8) -> bool,
    ) -> Poll<Option<Handover>> {
        let mut left = round.left;
        while left != 0 {
            let index = u8::try_from(left.trailing_zeros()).unwrap_or(0);
            let bit = 1u64.wrapping_shl(index.into());
            left &= !bit;
            let Some((link, cccd)) = self.subscribed_link(index, characteristic) else {
                round.left &= !bit;
                continue;
            };
            let room = if round.cut { self.push_room(link).ok() } else { None };
            let value = room.and_then(|room| value.get(..room)).unwrap_or(value);
            let handed = if cccd.contains(Cccd::NOTIFY) {
                self.poll_notify(link, characteristic, value)
            } else {
                self.poll_indicate_alone(link, may_indicate(index), characteristic, value)
            };
            let result = match handed {
                Poll::Ready(result) => result,
                Poll::Pending if self.is_stalled(index) => Err(Error::Timeout),
                Poll::Pending => continue,
            };
            round.left &= !bit;
            return Poll::Ready(Some((link, result)));
        }
        if round.left == 0 {
            return Poll::Ready(None);
        }
        self.ready.watch_room();
        Poll::Pending
    }

    /// Begins an indication whose confirmation no caller waits for.
    fn poll_indicate_alone(
        &mut self,
        link: LinkRef,
        first: bool,
        characteristic: &Characteristic,
        value: &[u8],
    ) -> Poll<Result<(), Error>> {
        let begun = self.poll_indicate(link, first, characteristic, value);
        if matches!(begun, Poll::Ready(Ok(()))) {
            self.abandon_indication(link);
        }
        begun
    }

    fn subscribed_link(
        &self,
        index: u8,
        characteristic: &Characteristic,
    ) -> Option<(LinkRef, Cccd)> {
        let slot = self.links.get(usize::from(index)).filter(|l| l.is_up())?;
        let cccd = self.server.subscribed(slot.peer.as_ref()?, characteristic);
        (!cccd.is_empty()).then(|| (slot.reference(index), cccd))
    }

    /// A value finds no room on a link: true where it, or one before it, has waited for long enough.
    fn is_stalled(&mut self, index: u8) -> bool {
        let Some(slot) = self.links.get(usize::from(index)) else { return true };
        let room = slot.room;
        if room == Room::UNKNOWN {
            self.waiting_for_room |= 1u64.wrapping_shl(index.into());
            self.deadlines_changed();
        }
        room == Room::STALLED
    }

    /// The time is told: values that have begun to wait for room do so from now on.
    pub(super) fn await_room(&mut self, now: Instant) {
        let mut new = core::mem::take(&mut self.waiting_for_room);
        while new != 0 {
            let slot = self.links.get_mut(new.trailing_zeros() as usize);
            if let Some(slot) = slot.filter(|l| l.room == Room::UNKNOWN && l.is_up()) {
                slot.room = Room(At::new(Some(now.saturating_add(PATIENCE))));
                self.deadline = None;
            }
            new &= new.wrapping_sub(1);
        }
    }

    /// A value has waited for room on a link for long enough.
    pub(super) fn room_timeout(&mut self, index: u8) {
        if let Some(slot) = self.links.get_mut(usize::from(index)) {
            slot.room = Room::STALLED;
        }
        self.ready.link(index, LinkKey::Push);
    }
}
