//! What a peer sends of its own accord: to whom it goes, and what becomes of it when nobody has room.

use bindrune_att::Push;
use bindrune_gatt::{Peer, Server, client::ServiceChanged};
use bindrune_wire::{Packet, Queue, Writer};
use embassy_time::Instant;

use super::{Attributes, Indications};
use crate::stack::{memory::Receive, share::Share};

/// Characteristics of one link that may be subscribed to at once.
pub(crate) const SUBSCRIPTIONS: usize = 8;

/// One characteristic that the application listens to.
#[derive(Debug)]
pub(crate) struct Subscription {
    /// The handle of the value; 0 for a free place.
    pub(crate) handle: u16,
    pub(crate) queue: Queue,
    pub(crate) lost: u32,
}

impl Subscription {
    pub(crate) const FREE: Self = Self { handle: 0, queue: Queue::EMPTY, lost: 0 };

    /// False for a free place, whatever the peer says: no attribute has the handle 0. [Vol 3] Part F, 3.2.2
    const fn listens_to(&self, handle: u16) -> bool {
        self.handle != 0 && self.handle == handle
    }

    pub(crate) fn free(&mut self, rx: &mut Receive, share: &mut Share) {
        rx.clear(&mut self.queue, share);
        *self = Self::FREE;
    }
}

/// What became of pushed values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pushed {
    /// A subscription has something new.
    pub(crate) delivered: bool,
    /// Values that nobody listens to.
    pub(crate) unclaimed: u32,
    /// Values that were dropped for want of a packet.
    pub(crate) dropped: u32,
    /// An indication has no room for another one behind it: it is to be confirmed once there is.
    pub(crate) unconfirmed: bool,
}

impl Attributes {
    /// Takes the place of a subscription; `None` where every place is taken.
    pub(crate) fn subscribe(&mut self, handle: u16, rx: &mut Receive) -> Option<u8> {
        let index = self.subscriptions.iter().position(|s| s.handle == 0)?;
        let place = self.subscriptions.get_mut(index)?;
        *place = Subscription { handle, ..Subscription::FREE };
        rx.shares.listen(&mut self.share, true);
        u8::try_from(index).ok()
    }

    /// Gives the place of a subscription back.
    pub(crate) fn unsubscribe(&mut self, place: u8, rx: &mut Receive) {
        if let Some(place) = self.subscriptions.get_mut(usize::from(place)) {
            place.free(rx, &mut self.share);
        }
        let listens = self.subscriptions.iter().any(|s| s.handle != 0);
        rx.shares.listen(&mut self.share, listens);
    }

    /// True where the application listens to the handle.
    pub(crate) fn is_subscribed(&self, handle: u16) -> bool {
        self.subscriptions.iter().any(|s| s.listens_to(handle))
    }

    /// Takes a pushed PDU and queues its values for the subscriptions that they are for.
    ///
    /// An indication is confirmed once it is queued and there is room for the next, or nobody listens to it; never when it
    /// was dropped. [Vol 3] Part F, 3.3.2
    pub(crate) fn handle_push(&mut self, rx: &mut Receive, mut packet: Packet) -> Pushed {
        let mut pushed = Pushed::default();
        match Push::parse(packet.bytes()) {
            Ok(Push::Notification { handle, .. }) => {
                let _has_header = packet.pull(VALUE_AT);
                self.deliver(handle, rx, packet, &mut pushed);
            }
            Ok(Push::Indication { handle, .. }) => {
                let _has_header = packet.pull(VALUE_AT);
                self.indicate(handle, rx, packet, &mut pushed);
            }
            Ok(Push::MultipleNotification(values)) => {
                for (handle, value) in values.iter() {
                    match rx.pool.take(0) {
                        Some(mut copy) => {
                            let _fits = copy.extend(value);
                            self.deliver(handle, rx, copy, &mut pushed);
                        }
                        None => self.lose(handle, &mut pushed),
                    }
                }
                rx.pool.give(packet);
            }
            Err(_) => rx.pool.give(packet),
        }
        pushed
    }

    /// Takes an indication of the peer's Service Changed, where that is watched; false for anything else.
    /// [Vol 3] Part G, 7.1
    pub(crate) fn take_change(&mut self, pdu: &[u8]) -> bool {
        let Ok(Push::Indication { handle, value }) = Push::parse(pdu) else { return false };
        if self.service_changed == 0 || self.service_changed != handle {
            return false;
        }
        let ServiceChanged { start, end } = ServiceChanged::from_value(value);
        self.note_service_changed(start, end);
        self.bearer.confirm();
        true
    }

    /// Writes the Service Changed indication that the host's own server owes to this peer.
    pub(crate) fn poll_service_changed(
        &mut self,
        server: &Server,
        peer: &mut Peer,
        now: Instant,
        w: &mut Writer<'_>,
    ) -> bool {
        let written = server.write_service_changed(peer, w);
        if written {
            self.bearer.indication_sent(now);
            self.indications = Indications::Host;
        }
        written
    }

    fn deliver(&mut self, handle: u16, rx: &mut Receive, packet: Packet, pushed: &mut Pushed) {
        let Some(place) = self.subscriptions.iter_mut().find(|s| s.listens_to(handle)) else {
            pushed.unclaimed = pushed.unclaimed.saturating_add(1);
            return rx.pool.give(packet);
        };
        if !rx.shares.take(&mut self.share) {
            rx.pool.give(packet);
            return self.lose(handle, pushed);
        }
        rx.pool.push(&mut place.queue, packet);
        pushed.delivered = true;
    }

    fn indicate(&mut self, handle: u16, rx: &mut Receive, packet: Packet, pushed: &mut Pushed) {
        let Some(place) = self.subscriptions.iter_mut().find(|s| s.listens_to(handle)) else {
            pushed.unclaimed = pushed.unclaimed.saturating_add(1);
            self.bearer.confirm();
            return rx.pool.give(packet);
        };
        if rx.shares.take(&mut self.share) {
            self.bearer.confirm();
        } else if rx.shares.take_for_indication(&mut self.share) {
            pushed.unconfirmed = true;
        } else {
            rx.pool.give(packet);
            return self.lose(handle, pushed);
        }
        rx.pool.push(&mut place.queue, packet);
        pushed.delivered = true;
    }

    fn lose(&mut self, handle: u16, pushed: &mut Pushed) {
        if let Some(place) = self.subscriptions.iter_mut().find(|s| s.listens_to(handle)) {
            place.lost = place.lost.saturating_add(1);
            pushed.delivered = true;
        }
        pushed.dropped = pushed.dropped.saturating_add(1);
    }
}

/// Octets of the opcode and the handle, in front of the value.
const VALUE_AT: usize = 3;
