//! Subscriptions of the application to values that a peer pushes, and the application's own fixed channel.

use core::task::Poll;

use super::{GONE, LinkRef, Stack, link::PendingEvents};
use crate::{Error, waiters::LinkKey};

impl Stack {
    /// Takes a place for a subscription.
    pub(crate) fn subscribe(&mut self, link: LinkRef, handle: u16) -> Result<u8, Error> {
        self.link(link)?;
        let Some(slot) = self.links.get_mut(usize::from(link.index)) else { return Err(GONE) };
        let attributes = &mut slot.attributes;
        if handle == 0 {
            return Err(Error::InvalidParameters);
        }
        if self.rx.shares.places() == 0 {
            return Err(Error::NoPackets);
        }
        if attributes.is_subscribed(handle) {
            return Err(Error::Busy);
        }
        let place = attributes.subscribe(handle, &mut self.rx).ok_or(Error::NoSubscription)?;
        self.room_made(link.index);
        Ok(place)
    }

    /// Frees the place of a subscription.
    pub(crate) fn unsubscribe(&mut self, link: LinkRef, place: u8) {
        let slot =
            self.links.get_mut(usize::from(link.index)).filter(|l| l.generation == link.generation);
        let Some(attributes) = slot.map(|slot| &mut slot.attributes) else { return };
        let Some(handle) = attributes.unsubscribe(place, &mut self.rx) else { return };
        if handle != attributes.service_changed {
            let unclaimed = attributes.drop_unclaimed(&mut self.rx);
            self.stats.unclaimed_notifications.add(unclaimed);
        }
        self.room_made(link.index);
    }

    /// Copies the next value of a subscription.
    pub(crate) fn poll_pushed(
        &mut self,
        link: LinkRef,
        place: u8,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, Error>> {
        let up = self.link(link).map(|_| ());
        let slot =
            self.links.get_mut(usize::from(link.index)).filter(|l| l.generation == link.generation);
        let place = slot.and_then(|slot| slot.attributes.subscriptions.get_mut(usize::from(place)));
        let Some(place) = place else {
            return up.map_or_else(|error| Poll::Ready(Err(error)), |()| Poll::Pending);
        };
        let Some(packet) = self.rx.pool.front(&place.queue) else {
            return up.map_or_else(|error| Poll::Ready(Err(error)), |()| Poll::Pending);
        };
        let needed = packet.len();
        let Some(room) = buffer.get_mut(..needed) else {
            return Poll::Ready(Err(Error::BufferTooSmall { needed }));
        };
        room.copy_from_slice(packet.bytes());
        self.rx.pool.free_front(&mut place.queue);
        self.borrowed_given(link);
        Poll::Ready(Ok(needed))
    }

    /// Returns the number of values of a subscription that were dropped since the last call.
    pub(crate) fn take_lost(&mut self, link: LinkRef, place: u8) -> u32 {
        let slot = self.slot_mut(link);
        let place = slot.and_then(|slot| slot.attributes.subscriptions.get_mut(usize::from(place)));
        place.map_or(0, |place| core::mem::take(&mut place.lost))
    }

    /// Watches the value of the peer's Service Changed characteristic, which has the subscription `place`. Values that
    /// already arrived there count.
    pub(crate) fn watch_service_changed(&mut self, link: LinkRef, place: u8) -> Result<(), Error> {
        self.link(link)?;
        let Some(slot) = self.links.get_mut(usize::from(link.index)) else { return Ok(()) };
        let subscription = slot.attributes.subscriptions.get_mut(usize::from(place));
        let Some(subscription) = subscription else { return Ok(()) };
        let handle = subscription.handle;
        let mut values = core::mem::take(&mut subscription.queue);
        slot.attributes.service_changed = handle;
        if !values.is_empty() {
            slot.inbox.insert(PendingEvents::SERVICE_CHANGED);
            self.ready.link(link.index, LinkKey::Event);
        }
        while let Some(packet) = self.rx.pool.pop(&mut values) {
            slot.attributes.note_change(packet.bytes());
            self.rx.pool.give(packet);
            self.rx.shares.give(&mut slot.attributes.share, 1);
        }
        self.room_made(link.index);
        self.remember(link.index);
        Ok(())
    }
}
