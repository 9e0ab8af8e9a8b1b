//! PDUs of the Attribute Protocol, dispatched to the server or the client of a link. [Vol 3] Part F

use bindrune_att::Incoming;
use bindrune_wire::{Packet, time::Instant};

use super::{
    Link, Stack,
    attribute::{ClientState, Exchange, Indications, PushKind, values_of},
    link::PendingEvents,
};
use crate::{capability::CLIENT, mask::bit, waiters::LinkKey};

impl Stack {
    pub(super) fn handle_att(&mut self, now: Instant, index: u8, packet: Packet) {
        match self.links.get_mut(usize::from(index)) {
            Some(slot) if slot.attributes.waits_behind_early(packet.bytes()) => {
                if !slot.attributes.keep_behind_early(&mut self.rx, packet) {
                    self.stats.dropped_pushes.count();
                }
            }
            _ => self.take_att(now, index, packet),
        }
    }

    /// Handles the PDUs that a peer sent before its last request was answered, once that is answered.
    pub(super) fn take_early(&mut self, now: Instant, index: u8) {
        loop {
            let slot = self.links.get_mut(usize::from(index));
            let next = slot.and_then(|slot| slot.attributes.next_early(&mut self.rx));
            let Some(packet) = next else { return };
            self.take_att(now, index, packet);
        }
    }

    fn take_att(&mut self, now: Instant, index: u8, packet: Packet) {
        let Some(slot) = self.links.get_mut(usize::from(index)) else {
            return self.rx.pool.give(packet);
        };
        let security = Self::security(slot);
        let Link { attributes, peer, .. } = slot;
        let Some(peer) = peer.as_mut() else { return self.rx.pool.give(packet) };
        match attributes.bearer.handle_pdu(now, packet.bytes()) {
            Incoming::Early => {
                self.answering = true;
                self.stats.att_violations.count();
                if !attributes.keep_early(&mut self.rx, packet) {
                    self.stats.dropped_requests.count();
                }
            }
            Incoming::Request(request) => {
                self.answering = true;
                let verdict = self.server.handle_request(peer, &request, security);
                let served = attributes.settle(verdict, packet, None, now);
                self.served(index, served);
                self.remember(index);
            }
            Incoming::Command(command) => {
                let dropped = self.server.dropped();
                let ask = self.server.handle_command(peer, &command, security).is_some();
                self.command_served(index, packet, ask, self.server.dropped() != dropped);
            }
            Incoming::Ignored => {
                self.rx.pool.give(packet);
                self.server.ignore();
            }
            Incoming::Push(push) => self.handle_pushed(index, PushKind::of(&push), packet),
            Incoming::Unclaimed => self.unclaimed(index, packet),
            Incoming::Response(_) => self.response(index, packet),
            Incoming::Confirmed => {
                self.rx.pool.give(packet);
                self.confirmed(index);
            }
            Incoming::MtuExchanged => {
                self.rx.pool.give(packet);
                self.mtu_changed(index);
                self.attribute_deadlines(index);
            }
            Incoming::Nothing => {
                self.rx.pool.give(packet);
                // This answer to an abandoned request makes room for the next one.
                self.ready.link(index, LinkKey::Push);
                self.mark_if_pending(index);
                self.attribute_deadlines(index);
            }
        }
    }

    /// Drops values that the peer pushed to a host without a client.
    #[cold]
    fn unclaimed(&mut self, index: u8, packet: Packet) {
        self.stats.unclaimed_notifications.add(values_of(packet.bytes()));
        self.rx.pool.give(packet);
        self.mark_if_pending(index);
    }

    fn response(&mut self, index: u8, packet: Packet) {
        let Some(Link { attributes, .. }) = self.links.get_mut(usize::from(index)) else {
            return self.rx.pool.give(packet);
        };
        let answered = ClientState::Answered(packet);
        if let ClientState::Answered(before) =
            core::mem::replace(&mut attributes.client.state, answered)
        {
            self.rx.pool.give(before);
        }
        self.ready.link(index, LinkKey::Response);
        self.ready.link(index, LinkKey::Push);
        // An exchange of the MTU may have waited for this answer.
        self.mark_if_pending(index);
        self.attribute_deadlines(index);
    }

    /// Finishes a write command that the server handled. `ask`: the application must handle it. `lost`: the value's
    /// buffer had no room.
    fn command_served(&mut self, index: u8, packet: Packet, ask: bool, lost: bool) {
        let Some(slot) = self.links.get_mut(usize::from(index)) else {
            return self.rx.pool.give(packet);
        };
        let mut unclaimed = 0;
        let kept = ask && slot.attributes.take_place(&mut self.rx, &mut unclaimed);
        self.stats.unclaimed_notifications.add(unclaimed);
        if kept {
            slot.inbox.push_command(packet, &mut self.rx.pool);
        } else {
            self.rx.pool.give(packet);
            if ask || lost {
                slot.inbox.lose(1);
                self.stats.dropped_pushes.count();
            } else {
                self.note_changes(index);
            }
        }
        self.ready.link(index, LinkKey::Event);
    }

    fn handle_pushed(&mut self, index: u8, kind: PushKind, packet: Packet) {
        let Some(slot) = self.links.get_mut(usize::from(index)) else {
            return self.rx.pool.give(packet);
        };
        if !CLIENT {
            // The bearer of a central exchanges the MTU, so it leaves values to the host.
            if let PushKind::Indication(_) = kind {
                slot.attributes.bearer.confirm();
            }
            return self.unclaimed(index, packet);
        }
        if slot.attributes.take_change(packet.bytes(), kind) {
            slot.inbox.insert(PendingEvents::SERVICE_CHANGED);
            self.rx.pool.give(packet);
            self.ready.link(index, LinkKey::Event);
        } else {
            let pushed = slot.attributes.handle_push(&mut self.rx, packet, kind);
            self.stats.unclaimed_notifications.add(pushed.unclaimed);
            self.stats.dropped_pushes.add(pushed.dropped);
            if pushed.delivered {
                self.ready.link(index, LinkKey::Subscription);
            }
            if pushed.unclaimed > 0 {
                self.room_made(index);
            }
            if pushed.unconfirmed {
                self.unconfirmed |= bit(index);
            }
        }
        if let PushKind::Indication(_) = kind {
            self.mark_if_pending(index);
        }
    }

    fn confirmed(&mut self, index: u8) {
        let Some(Link { attributes, peer, .. }) = self.links.get_mut(usize::from(index)) else {
            return;
        };
        match attributes.indications {
            Indications::Host => {
                if let Some(peer) = peer {
                    self.server.service_changed_confirmed(peer);
                }
                attributes.indications = Indications::Idle;
            }
            Indications::App => attributes.indications = Indications::Confirmed,
            Indications::Abandoned => attributes.indications = Indications::Idle,
            Indications::Idle | Indications::Confirmed => {}
        }
        self.remember(index);
        self.ready.link(index, LinkKey::Confirmation);
        self.mark_if_pending(index);
        self.attribute_deadlines(index);
    }

    /// Handles the end of an exchange of the MTU, whichever side began it.
    pub(super) fn mtu_changed(&mut self, index: u8) {
        if let Some(slot) = self.links.get_mut(usize::from(index)) {
            slot.attributes.exchange = Exchange::Done;
            slot.inbox.insert(PendingEvents::MTU);
        }
        self.ready.link(index, LinkKey::Event);
        self.ready.link(index, LinkKey::Control);
        self.ready.link(index, LinkKey::Push);
        self.mark_pending(index);
    }
}
