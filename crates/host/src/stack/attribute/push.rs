//! Values that a peer pushes: which subscription receives each, and what happens to a value without room.

use bindrune_att::Push;
use bindrune_gatt::{Peer, Server, client::ServiceChanged};
use bindrune_wire::{Packet, Queue, Writer, time::Instant};

use super::{Attributes, Indications};
use crate::{
    capability::{CLIENT, STATISTICS},
    stack::{memory::Receive, share::Share},
};

/// Values of a bonded server that are kept until the application claims them.
const UNCLAIMED: usize = 4;

/// The maximum number of subscribed characteristics on one link.
pub(crate) const SUBSCRIPTIONS: usize = if CLIENT { 8 } else { 0 };

/// A characteristic that the application has subscribed to.
#[derive(Debug)]
pub(crate) struct Subscription {
    /// The handle of the value; 0 for a free place.
    pub(crate) handle: u16,
    pub(crate) queue: Queue,
    pub(crate) lost: u32,
}

impl Subscription {
    pub(crate) const FREE: Self = Self { handle: 0, queue: Queue::EMPTY, lost: 0 };

    /// Returns false for a free place, whatever the peer sends: no attribute has the handle 0. [Vol 3] Part F, 3.2.2
    const fn listens_to(&self, handle: u16) -> bool {
        self.handle != 0 && self.handle == handle
    }

    pub(crate) fn free(&mut self, rx: &mut Receive, share: &mut Share) {
        rx.clear(&mut self.queue, share);
        *self = Self::FREE;
    }
}

/// Kind and handle of a pushed PDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PushKind {
    /// A notification of this handle.
    Notification(u16),
    /// An indication of this handle.
    Indication(u16),
    /// Notifications of several handles.
    Several,
}

impl PushKind {
    pub(in crate::stack) const fn of(push: &Push<'_>) -> Self {
        match *push {
            Push::Notification { handle, .. } => Self::Notification(handle),
            Push::Indication { handle, .. } => Self::Indication(handle),
            Push::MultipleNotification(_) => Self::Several,
        }
    }
}

/// Outcome of handling pushed values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pushed {
    /// A subscription has a new value, or has lost one.
    pub(crate) delivered: bool,
    /// Number of unclaimed values that were dropped.
    pub(crate) unclaimed: u32,
    /// Number of values that were dropped because no packet was free.
    pub(crate) dropped: u32,
    /// An indication was queued without room for another one behind it: it must be confirmed once there is room.
    pub(crate) unconfirmed: bool,
}

impl Attributes {
    /// Takes a place for a subscription, and claims the values that already arrived for it. Returns `None` if every
    /// place is taken.
    pub(crate) fn subscribe(&mut self, handle: u16, rx: &mut Receive) -> Option<u8> {
        let index = self.subscriptions.iter().position(|s| s.handle == 0)?;
        let place = self.subscriptions.get_mut(index)?;
        *place = Subscription { handle, ..Subscription::FREE };
        rx.shares.listen(&mut self.share, true);
        for _ in 0..self.unclaimed.len() {
            let Some(mut packet) = rx.pool.pop(&mut self.unclaimed) else { break };
            if packet.bytes().starts_with(&handle.to_le_bytes()) && packet.pull(HANDLE) {
                rx.shares.claim(&mut self.share);
                rx.pool.push(&mut place.queue, packet);
            } else {
                rx.pool.push(&mut self.unclaimed, packet);
            }
        }
        u8::try_from(index).ok()
    }

    /// Frees the place of a subscription. Returns its handle, if it had one.
    pub(crate) fn unsubscribe(&mut self, place: u8, rx: &mut Receive) -> Option<u16> {
        let place = self.subscriptions.get_mut(usize::from(place)).filter(|s| s.handle != 0)?;
        let handle = place.handle;
        place.free(rx, &mut self.share);
        let listens = self.subscriptions.iter().any(|s| s.handle != 0);
        rx.shares.listen(&mut self.share, listens);
        Some(handle)
    }

    /// Starts to keep unclaimed values: the peer may push values that were subscribed to on an earlier link, before the
    /// application subscribes on this one.
    pub(crate) const fn keep_unclaimed(&mut self) {
        self.keeps_unclaimed = true;
    }

    /// Stops keeping unclaimed values, because the application gave a subscription up. Returns the number of values
    /// dropped.
    pub(crate) fn drop_unclaimed(&mut self, rx: &mut Receive) -> usize {
        self.keeps_unclaimed = false;
        let count = self.unclaimed.len();
        while self.drop_oldest_unclaimed(rx) {}
        count
    }

    /// Returns whether the application has subscribed to the handle.
    pub(crate) fn is_subscribed(&self, handle: u16) -> bool {
        self.subscription_of(handle).is_some()
    }

    fn subscription_of(&self, handle: u16) -> Option<usize> {
        self.subscriptions.iter().position(|s| s.listens_to(handle))
    }

    /// Takes a pushed PDU, and queues its values for their subscriptions.
    ///
    /// An indication is confirmed once it is queued and there is room for the next one, or if it has no subscription.
    /// It is never confirmed if it was dropped. [Vol 3] Part F, 3.3.2
    pub(crate) fn handle_push(
        &mut self,
        rx: &mut Receive,
        mut packet: Packet,
        kind: PushKind,
    ) -> Pushed {
        let mut pushed = Pushed::default();
        match kind {
            PushKind::Notification(handle) => {
                let _has_opcode = packet.pull(OPCODE);
                self.deliver(handle, rx, packet, &mut pushed);
            }
            PushKind::Indication(handle) => {
                let _has_opcode = packet.pull(OPCODE);
                self.indicate(handle, rx, packet, &mut pushed);
            }
            PushKind::Several => self.deliver_several(rx, packet, &mut pushed),
        }
        pushed
    }

    #[inline(never)]
    fn deliver_several(&mut self, rx: &mut Receive, packet: Packet, pushed: &mut Pushed) {
        if let Ok(Push::MultipleNotification(values)) = Push::parse(packet.bytes()) {
            for (handle, value) in values.iter() {
                match rx.pool.take(0) {
                    Some(mut copy) => {
                        let _fits = copy.extend(&handle.to_le_bytes()) && copy.extend(value);
                        self.deliver(handle, rx, copy, pushed);
                    }
                    None => self.lose(handle, pushed),
                }
            }
        }
        rx.pool.give(packet);
    }

    /// Takes an indication of the peer's Service Changed value if that is watched. Returns false for anything else.
    /// [Vol 3] Part G, 7.1
    pub(crate) fn take_change(&mut self, pdu: &[u8], kind: PushKind) -> bool {
        let PushKind::Indication(handle) = kind else { return false };
        if !CLIENT || self.service_changed == 0 || self.service_changed != handle {
            return false;
        }
        self.note_change(pdu.get(OPCODE.saturating_add(HANDLE)..).unwrap_or_default());
        self.bearer.confirm();
        true
    }

    /// Stores the value of a Service Changed indication until it is reported to the application.
    pub(crate) fn note_change(&mut self, value: &[u8]) {
        let ServiceChanged { start, end } = ServiceChanged::from_value(value);
        self.note_service_changed(start, end);
    }

    /// Writes the pending Service Changed indication of the host's own server.
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

    /// Queues a value for its subscription. `packet` holds the handle and the value.
    fn deliver(&mut self, handle: u16, rx: &mut Receive, packet: Packet, pushed: &mut Pushed) {
        let Some(at) = self.subscription_of(handle) else {
            return self.keep(handle, rx, packet, pushed);
        };
        if !self.take_place(rx, &mut pushed.unclaimed) {
            rx.pool.give(packet);
            return self.lose(handle, pushed);
        }
        self.queue(at, rx, packet, pushed);
    }

    fn indicate(&mut self, handle: u16, rx: &mut Receive, packet: Packet, pushed: &mut Pushed) {
        let Some(at) = self.subscription_of(handle) else {
            self.bearer.confirm();
            return self.keep(handle, rx, packet, pushed);
        };
        if self.take_place(rx, &mut pushed.unclaimed) {
            self.bearer.confirm();
        } else if rx.shares.take_for_indication(&mut self.share) {
            pushed.unconfirmed = true;
        } else {
            rx.pool.give(packet);
            return self.lose(handle, pushed);
        }
        self.queue(at, rx, packet, pushed);
    }

    fn queue(&mut self, at: usize, rx: &mut Receive, mut packet: Packet, pushed: &mut Pushed) {
        let _has_handle = packet.pull(HANDLE);
        match self.subscriptions.get_mut(at) {
            Some(place) => rx.pool.push(&mut place.queue, packet),
            None => rx.pool.give(packet),
        }
        pushed.delivered = true;
    }

    /// Takes a place for data that the application will read. If there is none, drops unclaimed values and counts them
    /// in `unclaimed`.
    pub(in crate::stack) fn take_place(&mut self, rx: &mut Receive, unclaimed: &mut u32) -> bool {
        while !rx.shares.take(&mut self.share) {
            if !self.drop_oldest_unclaimed(rx) {
                return false;
            }
            *unclaimed = unclaimed.saturating_add(1);
        }
        true
    }

    /// Keeps a value that is not claimed yet, and drops the oldest ones if there is no room. Leaves the last free place
    /// to other data.
    fn keep(&mut self, handle: u16, rx: &mut Receive, packet: Packet, pushed: &mut Pushed) {
        let mut may = CLIENT && self.keeps_unclaimed && handle != 0;
        let mut full = self.unclaimed.len() >= UNCLAIMED;
        while may && (full || !rx.shares.take_kept_spare(&mut self.share)) {
            may = self.drop_oldest_unclaimed(rx);
            pushed.unclaimed = pushed.unclaimed.saturating_add(may.into());
            full = false;
        }
        if !may {
            pushed.unclaimed = pushed.unclaimed.saturating_add(1);
            return rx.pool.give(packet);
        }
        rx.pool.push(&mut self.unclaimed, packet);
    }

    fn drop_oldest_unclaimed(&mut self, rx: &mut Receive) -> bool {
        if !CLIENT {
            return false;
        }
        let oldest = rx.pool.pop(&mut self.unclaimed);
        oldest.is_some_and(|packet| {
            rx.pool.give(packet);
            rx.shares.give_kept(&mut self.share);
            true
        })
    }

    fn lose(&mut self, handle: u16, pushed: &mut Pushed) {
        if let Some(place) = self.subscriptions.iter_mut().find(|s| s.listens_to(handle)) {
            place.lost = place.lost.saturating_add(1);
            pushed.delivered = true;
        }
        pushed.dropped = pushed.dropped.saturating_add(1);
    }
}

/// Returns the number of values in a pushed PDU, if they are counted; otherwise 1.
pub(crate) fn values_of(pdu: &[u8]) -> u32 {
    if STATISTICS && let Ok(Push::MultipleNotification(values)) = Push::parse(pdu) {
        return u32::try_from(values.iter().count()).unwrap_or(u32::MAX);
    }
    1
}

/// Octets of the opcode.
const OPCODE: usize = 1;
/// Octets of the handle, in front of the value.
const HANDLE: usize = 2;
