//! Sends one value to every subscribed peer, independently of the other peers.

use core::task::Poll;

use bindrune_gatt::{Cccd, Characteristic};
use bindrune_wire::time::Instant;
use embassy_time::Duration;

use super::{LinkRef, Stack};
use crate::{
    Error,
    capability::SERVER,
    mask::{Mask, bit},
    waiters::LinkKey,
};

/// Time limit for a value that waits for room at a peer. A peer without room for so long is skipped at once until it
/// has room.
const ROOM_TIMEOUT: Duration = Duration::from_millis(400);

/// Whether a value for every peer waits for room on a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Room {
    /// No value waits, or one began to wait since the stack was last given the time.
    Unknown = 0,
    /// A value waits until this time.
    Awaited(Instant),
    /// A value waited for too long.
    Stalled,
}

impl Room {
    /// Returns when waiting ends.
    pub(super) const fn deadline(self) -> Option<Instant> {
        match self {
            Self::Awaited(until) if SERVER => Some(until),
            Self::Awaited(_) | Self::Unknown | Self::Stalled => None,
        }
    }
}

/// A peer, and the result of sending it a value.
pub(crate) type Handover = (LinkRef, Result<(), Error>);

/// The links on which one value must still be sent.
#[derive(Debug)]
pub(crate) struct Round {
    left: Mask,
    /// Cuts a value that is longer than a peer accepts.
    cut: bool,
}

impl Stack {
    /// Begins to send a value to every peer that subscribed to the characteristic.
    pub(crate) fn begin_round(
        &self,
        characteristic: &Characteristic,
        cut: bool,
    ) -> Result<Round, Error> {
        self.server.handle_of(characteristic).ok_or(Error::UnknownAttribute)?;
        Ok(Round { left: Mask::MAX, cut })
    }

    /// Returns the next peer with a result, or `None` after the last one. `may_indicate` returns whether no other
    /// indication of a link goes first.
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
            let bit = bit(index);
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

    /// Begins an indication without a caller that waits for its confirmation.
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

    /// Marks that a value finds no room on a link. Returns whether it, or one before it, has waited for too long.
    fn is_stalled(&mut self, index: u8) -> bool {
        let Some(slot) = self.links.get(usize::from(index)) else { return true };
        let room = slot.room;
        if room == Room::Unknown {
            self.waiting_for_room |= bit(index);
            self.deadlines_changed();
        }
        room == Room::Stalled
    }

    /// Starts the time limit of values that began to wait for room.
    pub(super) fn await_room(&mut self, now: Instant) {
        let mut new = core::mem::take(&mut self.waiting_for_room);
        while new != 0 {
            let slot = self.links.get_mut(new.trailing_zeros() as usize);
            if let Some(slot) = slot.filter(|l| l.room == Room::Unknown && l.is_up()) {
                slot.room = Room::Awaited(now + ROOM_TIMEOUT);
                self.deadline = None;
            }
            new &= new.wrapping_sub(1);
        }
    }

    /// Handles a value that has waited for room on a link for too long.
    pub(super) fn room_timeout(&mut self, index: u8) {
        if let Some(slot) = self.links.get_mut(usize::from(index)) {
            slot.room = Room::Stalled;
        }
        self.ready.link(index, LinkKey::Push);
    }
}
