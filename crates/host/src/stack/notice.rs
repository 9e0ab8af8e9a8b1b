//! Results of `Connection::next`: requests, write commands and events of a link, in the order of arrival.

use core::task::Poll;

use bindrune_att::{Command, ErrorCode, Request};
use bindrune_gatt::{
    Answer, Ask, AskKind, Peer, Target,
    server::{SubscriptionChange, Written},
};
use bindrune_hci::Status;
use bindrune_wire::Packet;

use super::{
    LinkRef, Stack,
    attribute::Served,
    inbox::{First, Happened},
    link::{Life, Link, PendingEvents},
};
use crate::{
    Event,
    capability::{CAPTURE, LONG, SERVER, TUNING},
    waiters::{HostKey, LinkKey},
};

/// A request or write command for the application.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) ask: Ask,
    pub(crate) handed: Handed,
    /// Whether it is a write command, which has no answer.
    pub(crate) command: bool,
}

/// Data that the application gets with a question.
#[derive(Debug)]
pub(crate) enum Handed {
    /// A copy of the value, empty for a read. The application can keep it for any time.
    Short(Short),
    /// The packet that carries the value.
    Packet {
        packet: Packet,
        /// Octets of the request in the packet. The value of a long write follows if it fits.
        request_len: usize,
    },
}

/// A value that fits into the default MTU.
#[derive(Debug)]
pub(crate) struct Short {
    len: u8,
    octets: [u8; SHORT],
}

/// Octets of a write at the default MTU.
const SHORT: usize = 20;

impl Short {
    /// Copies a value. Returns `None` if it is too long.
    fn copy(value: &[u8]) -> Option<Self> {
        let mut octets = [0; SHORT];
        octets.get_mut(..value.len())?.copy_from_slice(value);
        Some(Self { len: u8::try_from(value.len()).ok()?, octets })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.octets.get(..usize::from(self.len)).unwrap_or_default()
    }
}

/// A result of `Connection::next`.
#[derive(Debug)]
pub(crate) enum Notice {
    Read(Question),
    Write(Question),
    Event(Event<'static>),
}

impl Stack {
    /// Returns the oldest notice of a link. An ended link first returns everything that arrived before its end, then
    /// the end.
    #[inline(never)]
    pub(crate) fn poll_notice(&mut self, link: LinkRef) -> Poll<Notice> {
        loop {
            self.note_changes(link.index);
            let slot = self.links.get_mut(usize::from(link.index));
            let Some(slot) = slot.filter(|l| l.generation == link.generation) else { break };
            let request = slot.attributes.has_question();
            match slot.inbox.next(request, &self.rx.pool) {
                Some(First::Request) => {
                    if let Some(notice) = self.take_question(link) {
                        return Poll::Ready(notice);
                    }
                }
                Some(First::Command) => {
                    if let Some(notice) = self.take_command(link) {
                        return Poll::Ready(notice);
                    }
                }
                Some(First::Record(happened)) => {
                    if let Some(event) = self.event_of_record(happened) {
                        return Poll::Ready(Notice::Event(event));
                    }
                }
                Some(First::PendingEvents(pending)) => {
                    if let Some(event) = slot.event(pending) {
                        return Poll::Ready(Notice::Event(event));
                    }
                }
                None => match slot.life {
                    Life::Up => return Poll::Pending,
                    Life::Ended(reason) => {
                        return Poll::Ready(Notice::Event(Event::Disconnected(reason)));
                    }
                    Life::Free => break,
                },
            }
        }
        Poll::Ready(Notice::Event(Event::Disconnected(Status::UNKNOWN_CONNECTION)))
    }

    #[inline(never)]
    fn take_question(&mut self, link: LinkRef) -> Option<Notice> {
        if !SERVER {
            return None;
        }
        let (ask, packet) = self.slot_mut(link)?.attributes.take_question()?;
        let short = match ask.kind {
            AskKind::Read { .. } => Short::copy(&[]),
            AskKind::Write { .. } => Short::copy(self.written(link, packet.bytes())),
        };
        let handed = match short {
            Some(short) => {
                self.keep_packet(link, packet);
                Handed::Short(short)
            }
            None if self.rx.shares.may_hand_out() => self.hand_out(link, packet),
            None => {
                self.refuse(link, packet);
                return None;
            }
        };
        let question = Question { ask, handed, command: false };
        Some(match ask.kind {
            AskKind::Read { .. } => Notice::Read(question),
            AskKind::Write { .. } => Notice::Write(question),
        })
    }

    /// Keeps the packet of a question that the application has taken, until the answer or the end of the link.
    fn keep_packet(&mut self, link: LinkRef, packet: Packet) {
        let slot = self.links.get_mut(usize::from(link.index));
        let Some(slot) = slot.filter(|l| l.generation == link.generation) else {
            return self.rx.pool.give(packet);
        };
        slot.attributes.keep_packet(&mut self.rx, packet);
        if !slot.is_up() {
            slot.attributes.end_serving(&mut self.rx);
        }
    }

    /// Gives the packet of a question to the application.
    fn hand_out(&mut self, link: LinkRef, packet: Packet) -> Handed {
        let slot = self.links.get_mut(usize::from(link.index));
        let slot = slot.filter(|l| l.generation == link.generation && !l.is_up());
        if let Some(slot) = slot {
            self.rx.shares.take_anyway(&mut slot.attributes.share);
        }
        let (packet, request_len) = self.with_long_value(link, packet);
        Handed::Packet { packet, request_len }
    }

    /// Refuses a question whose packet the application may not have.
    fn refuse(&mut self, link: LinkRef, packet: Packet) {
        self.stats.dropped_requests.count();
        if self.slot(link).is_some_and(Link::is_up) {
            let full = Answer::Reject(ErrorCode::INSUFFICIENT_RESOURCES);
            self.answer(link, Some(packet), false, full);
        } else {
            self.keep_packet(link, packet);
        }
    }

    #[inline(never)]
    fn take_command(&mut self, link: LinkRef) -> Option<Notice> {
        if !SERVER {
            return None;
        }
        let slot = self
            .links
            .get_mut(usize::from(link.index))
            .filter(|l| l.generation == link.generation)?;
        let packet = slot.inbox.pop_command(&mut self.rx.pool)?;
        let (handle, short) = match Command::parse(packet.bytes()) {
            Ok(Command::Write { handle, value }) => (handle, Short::copy(value)),
            Ok(Command::SignedWrite { .. }) | Err(_) => (0, None),
        };
        let Some(target) = self.server.target(handle) else {
            self.give_borrowed(link, packet);
            return None;
        };
        let handed = match short {
            None if self.rx.shares.may_hand_out() => {
                let request_len = packet.len();
                Handed::Packet { packet, request_len }
            }
            short => {
                self.give_borrowed(link, packet);
                let Some(short) = short else {
                    self.stats.dropped_pushes.count();
                    return Some(Notice::Event(Event::LostWrites(1)));
                };
                Handed::Short(short)
            }
        };
        let kind = AskKind::Write { offset: 0, response: false };
        let ask = Ask { kind, target, handle };
        Some(Notice::Write(Question { ask, handed, command: true }))
    }

    /// Adds the value of a long write behind its request if it fits. Returns the length of the request.
    fn with_long_value(&self, link: LinkRef, mut packet: Packet) -> (Packet, usize) {
        let request_len = packet.len();
        if LONG
            && let Ok(Request::ExecuteWrite { write }) = Request::parse(packet.bytes())
            && let Some(peer) = self.slot(link).and_then(|slot| slot.peer.as_ref())
        {
            let value = self.server.asked_value(peer, &Request::ExecuteWrite { write });
            let _fits = packet.extend(value);
        }
        (packet, request_len)
    }

    #[inline(never)]
    fn event_of_record(&self, happened: Happened) -> Option<Event<'static>> {
        let target = |handle| self.server.target(handle);
        Some(match happened {
            Happened::Written(handle) => {
                Event::Written(Written { handle, target: target(handle)? })
            }
            Happened::Subscribed(handle, cccd) => {
                let Some(Target::Characteristic(characteristic)) = target(handle) else {
                    return None;
                };
                Event::Subscribed(SubscriptionChange { handle, characteristic, cccd })
            }
            Happened::Lost(count) => Event::LostWrites(count.into()),
        })
    }

    /// Records changes that the server made on its own for the peer of a link. Changes without room wait in the server.
    pub(super) fn note_changes(&mut self, index: u8) {
        if CAPTURE && self.server.take_captured() {
            self.ready.host(HostKey::Written);
        }
        let peer = self.links.get(usize::from(index)).and_then(|slot| slot.peer.as_ref());
        if peer.is_some_and(Peer::has_changes) {
            self.record_changes(index);
        }
    }

    #[inline(never)]
    fn record_changes(&mut self, index: u8) {
        let Some(Link { inbox, peer, .. }) = self.links.get_mut(usize::from(index)) else { return };
        let Some(peer) = peer.as_mut() else { return };
        while inbox.has_room() {
            if let Some(written) = self.server.poll_written(peer) {
                inbox.record(Happened::Written(written.handle));
            } else if let Some(change) = self.server.poll_subscription_change(peer) {
                inbox.record(Happened::Subscribed(change.handle, change.cccd));
            } else {
                return;
            }
        }
    }

    /// Takes the application's answer to a question. `packet` is the packet of the request if the application holds it.
    pub(crate) fn answer(
        &mut self,
        link: LinkRef,
        packet: Option<Packet>,
        command: bool,
        answer: Answer<'_>,
    ) {
        let now = self.now;
        let slot = self.links.get_mut(usize::from(link.index));
        let slot = slot.filter(|l| l.generation == link.generation && l.is_up());
        let Some(slot) = slot.filter(|_| !command) else {
            match packet {
                Some(packet) if command => self.give_borrowed(link, packet),
                Some(packet) => self.give_kept(link, packet),
                None => {}
            }
            return;
        };
        let Some(peer) = slot.peer.as_mut() else {
            if let Some(packet) = packet {
                self.rx.pool.give(packet);
            }
            return;
        };
        let served =
            slot.attributes.answer(&mut self.server, peer, &mut self.rx, packet, answer, now);
        self.served(link.index, served);
    }

    /// Handles the outcome of a request: sends its reply, or lets the application answer.
    pub(super) fn served(&mut self, index: u8, served: Served) {
        match served {
            Served::Reply => {
                if !self.reply_direct(index) {
                    self.mark_pending(index);
                }
            }
            Served::Ask => {
                if let Some(slot) = self.links.get_mut(usize::from(index)) {
                    slot.inbox.request_arrived();
                }
            }
        }
        self.note_changes(index);
        self.ready.link(index, LinkKey::Event);
        self.attribute_deadlines(index);
    }

    /// Copies the value that the peer writes, also that of a long write. Returns the length of the whole value.
    pub(crate) fn asked_value(
        &self,
        link: LinkRef,
        packet: &Packet,
        request_len: usize,
        buffer: &mut [u8],
    ) -> usize {
        let octets = packet.bytes();
        let value = self.written(link, octets.get(..request_len).unwrap_or(octets));
        let copied = value.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..copied), value.get(..copied)) {
            to.copy_from_slice(from);
        }
        value.len()
    }

    /// Returns the value that the peer writes with a request or a command.
    fn written<'a>(&'a self, link: LinkRef, request: &'a [u8]) -> &'a [u8] {
        if let Ok(request) = Request::parse(request) {
            let peer = self.slot(link).and_then(|slot| slot.peer.as_ref());
            return peer.map_or(&[], |peer| self.server.asked_value(peer, &request));
        }
        match Command::parse(request) {
            Ok(Command::Write { value, .. }) => value,
            Ok(Command::SignedWrite { .. }) | Err(_) => &[],
        }
    }
}

impl Link {
    /// Returns the event of a kind, with the current details.
    #[inline(never)]
    fn event(&mut self, pending: PendingEvents) -> Option<Event<'static>> {
        Some(match pending {
            PendingEvents::MTU => Event::Mtu(self.attributes.bearer.mtu().into()),
            PendingEvents::PARAMETERS => Event::Parameters(self.control.parameters()),
            PendingEvents::PHY if TUNING => Event::Phy(self.control.phys()),
            PendingEvents::DATA_LENGTH if TUNING => Event::DataLength(self.control.data_lengths()),
            PendingEvents::SERVICE_CHANGED => {
                let (start, end) = self.attributes.take_service_changed();
                Event::ServiceChanged { start, end }
            }
            PendingEvents::ENCRYPTED => Event::Encrypted(self.protection.current()),
            // If a pairing failed after another one succeeded, only the later result is reported.
            PendingEvents::PAIRED => Event::Paired(self.protection.paired()?),
            PendingEvents::PAIRING_FAILED => Event::PairingFailed(self.protection.failure()?),
            PendingEvents::BOND_LOST => Event::BondLost,
            PendingEvents::SECURITY_REQUESTED => Event::SecurityRequested,
            _ => return None,
        })
    }
}
