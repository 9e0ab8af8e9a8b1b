//! What `Connection::next` returns: requests, write commands and events of a link, in the order in which they arrived.

use core::task::Poll;

use bindrune_att::{Command, Request};
use bindrune_gatt::{
    Answer, Ask, AskKind, Target,
    server::{SubscriptionChange, Written},
};
use bindrune_hci::Status;
use bindrune_wire::Packet;

use super::{
    LinkRef, Stack,
    attribute::Served,
    inbox::{First, Happened},
    link::{Life, Link, News},
};
use crate::{
    Event,
    waiters::{HostKey, LinkKey},
};

/// A question for the application, with the packet of its request.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) ask: Ask,
    pub(crate) packet: Packet,
    /// Octets of the request in the packet; behind it stands the value of a long write, where it fits.
    pub(crate) request_len: usize,
    /// A write command: nobody waits for an answer.
    pub(crate) command: bool,
}

/// What `Connection::next` has to report.
#[derive(Debug)]
pub(crate) enum Notice {
    Read(Question),
    Write(Question),
    Event(Event<'static>),
}

impl Stack {
    /// The oldest thing that happened on a link. A link that has ended reports what arrived before its end, then the end.
    pub(crate) fn poll_notice(&mut self, link: LinkRef) -> Poll<Notice> {
        let gone = Notice::Event(Event::Disconnected(Status::UNKNOWN_CONNECTION));
        loop {
            self.note_changes(link.index);
            let Some(slot) = self.links.get_mut(usize::from(link.index)) else {
                return Poll::Ready(gone);
            };
            if slot.generation != link.generation {
                return Poll::Ready(gone);
            }
            let request = slot.attributes.has_question();
            let notice = match slot.inbox.next(request, &self.rx.pool) {
                Some(First::Request) => self.take_question(link),
                Some(First::Command) => self.take_command(link),
                Some(First::Record(happened)) => self.event_of_record(happened).map(Notice::Event),
                Some(First::News(news)) => slot.event(news).map(Notice::Event),
                None => match slot.life {
                    Life::Up => return Poll::Pending,
                    Life::Ended(reason) => Some(Notice::Event(Event::Disconnected(reason))),
                    Life::Free => return Poll::Ready(gone),
                },
            };
            if let Some(notice) = notice {
                return Poll::Ready(notice);
            }
        }
    }

    fn take_question(&mut self, link: LinkRef) -> Option<Notice> {
        let slot = self
            .links
            .get_mut(usize::from(link.index))
            .filter(|l| l.generation == link.generation)?;
        let (ask, packet) = slot.attributes.take_question()?;
        if !slot.is_up() {
            self.rx.shares.take_anyway(&mut slot.attributes.share);
        }
        self.ready.host(HostKey::Timeout);
        let (packet, request_len) = self.with_long_value(link, packet);
        let question = Question { ask, packet, request_len, command: false };
        Some(match ask.kind {
            AskKind::Read { .. } => Notice::Read(question),
            AskKind::Write { .. } => Notice::Write(question),
        })
    }

    fn take_command(&mut self, link: LinkRef) -> Option<Notice> {
        let slot = self
            .links
            .get_mut(usize::from(link.index))
            .filter(|l| l.generation == link.generation)?;
        let packet = slot.inbox.pop_command(&mut self.rx.pool)?;
        let target = match Command::parse(packet.bytes()) {
            Ok(Command::Write { handle, .. }) => {
                self.server.table().target(handle).map(|target| (handle, target))
            }
            Ok(Command::SignedWrite { .. }) | Err(_) => None,
        };
        let Some((handle, target)) = target else {
            self.give_borrowed(link, packet);
            return None;
        };
        let kind = AskKind::Write { offset: 0, response: false };
        let request_len = packet.len();
        let ask = Ask { kind, target, handle };
        Some(Notice::Write(Question { ask, packet, request_len, command: true }))
    }

    /// Puts the value of a long write behind its request, where it fits; gives the length of the request.
    fn with_long_value(&self, link: LinkRef, mut packet: Packet) -> (Packet, usize) {
        let request_len = packet.len();
        let peer = self.slot(link).and_then(|slot| slot.peer.as_ref());
        if let (Some(peer), Ok(Request::ExecuteWrite { write })) =
            (peer, Request::parse(packet.bytes()))
        {
            let _fits =
                packet.extend(self.server.asked_value(peer, &Request::ExecuteWrite { write }));
        }
        (packet, request_len)
    }

    fn event_of_record(&self, happened: Happened) -> Option<Event<'static>> {
        let target = |handle| self.server.table().target(handle);
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

    /// Records what the server did on its own for the peer of a link. What finds no room waits in the server.
    pub(super) fn note_changes(&mut self, index: u8) {
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

    /// The application's answer to a question; it gives the packet of the request back.
    pub(crate) fn answer(
        &mut self,
        link: LinkRef,
        packet: Packet,
        command: bool,
        answer: Answer<'_>,
    ) {
        let now = self.now;
        let slot = self.links.get_mut(usize::from(link.index));
        let slot = slot.filter(|l| l.generation == link.generation && l.is_up());
        let Some(slot) = slot.filter(|_| !command) else {
            let give = if command { Self::give_borrowed } else { Self::give_lent };
            return give(self, link, packet);
        };
        let Some(peer) = slot.peer.as_mut() else { return self.rx.pool.give(packet) };
        let served =
            slot.attributes.answer(&mut self.server, peer, &mut self.rx, packet, answer, now);
        self.served(link.index, served);
    }

    /// A request was carried out: its reply is to be sent, or the application must answer.
    pub(super) fn served(&mut self, index: u8, served: Served) {
        match served {
            Served::Reply => self.owe(index),
            Served::Ask => {
                if let Some(slot) = self.links.get_mut(usize::from(index)) {
                    slot.inbox.request_arrived();
                }
            }
        }
        self.note_changes(index);
        self.ready.link(index, LinkKey::Event);
        self.deadlines_changed();
    }

    /// Copies the octets that the peer writes, also those of a long write.
    pub(crate) fn asked_value(
        &self,
        link: LinkRef,
        packet: &Packet,
        request_len: usize,
        buffer: &mut [u8],
    ) -> usize {
        let octets = packet.bytes();
        let octets = octets.get(..request_len).unwrap_or(octets);
        let request = Request::parse(octets);
        let peer = self.slot(link).and_then(|slot| slot.peer.as_ref());
        let value = match (request, Command::parse(octets), peer) {
            (Ok(request), _, Some(peer)) => self.server.asked_value(peer, &request),
            (_, Ok(Command::Write { value, .. }), _) => value,
            _ => &[],
        };
        let copied = value.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..copied), value.get(..copied)) {
            to.copy_from_slice(from);
        }
        value.len()
    }
}

impl Link {
    /// The event of a kind, as things stand.
    fn event(&mut self, news: News) -> Option<Event<'static>> {
        Some(match news {
            News::MTU => Event::Mtu(self.attributes.bearer.mtu().into()),
            News::PARAMETERS => Event::Parameters(self.control.parameters()),
            News::PHY => Event::Phy(self.control.phys()),
            News::DATA_LENGTH => Event::DataLength(self.control.data_lengths()),
            News::SERVICE_CHANGED => {
                let (start, end) = self.attributes.take_service_changed();
                Event::ServiceChanged { start, end }
            }
            News::ENCRYPTED => Event::Encrypted(self.protection.current()),
            // Of a pairing and one that failed after it, the later is reported.
            News::PAIRED => Event::Paired(self.protection.paired()?),
            News::PAIRING_FAILED => Event::PairingFailed(self.protection.failure()?),
            News::BOND_LOST => Event::BondLost,
            News::SECURITY_REQUESTED => Event::SecurityRequested,
            _ => return None,
        })
    }
}
