//! What the application's calls do with the GATT server. [Vol 3] Part G, 2

use core::task::Poll;

use bindrune_att::{Command, Request};
use bindrune_gatt::{
    Answer, Ask, AskKind, Cccd, Characteristic, Service, TableError, ValueError,
    server::{PushError, write_indication, write_notification},
};
use bindrune_wire::Packet;

use super::{
    LinkRef, Stack,
    attribute::{Indications, Outgoing, Served},
    link::{Life, News},
};
use crate::{Error, Event, waiters::LinkKey};

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

/// What `Connection::next` has to tell.
#[derive(Debug)]
pub(crate) enum Notice {
    Read(Question),
    Write(Question),
    Event(Event<'static>),
}

/// Octets of the opcode and the handle in front of a notified value.
const PUSH_HEADER: usize = 3;

impl Stack {
    /// The next thing that happened on a link.
    pub(crate) fn poll_notice(&mut self, link: LinkRef) -> Poll<Result<Notice, Error>> {
        if let Some(question) = self.next_question(link) {
            let read = matches!(question.ask.kind, AskKind::Read { .. });
            return Poll::Ready(Ok(if read {
                Notice::Read(question)
            } else {
                Notice::Write(question)
            }));
        }
        match self.next_event(link) {
            Some(event) => Poll::Ready(Ok(Notice::Event(event))),
            None => self.link(link).map_or_else(|error| Poll::Ready(Err(error)), |_| Poll::Pending),
        }
    }

    fn next_question(&mut self, link: LinkRef) -> Option<Question> {
        let slot = self
            .links
            .get_mut(usize::from(link.index))
            .filter(|l| l.generation == link.generation)?;
        if let Some((ask, packet)) = slot.attributes.take_question() {
            self.ready.host(crate::waiters::HostKey::Timeout);
            let (packet, request_len) = self.with_long_value(link, packet);
            return Some(Question { ask, packet, request_len, command: false });
        }
        let packet = self.rx.pool.pop(&mut slot.attributes.commands)?;
        let target = match Command::parse(packet.bytes()) {
            Ok(Command::Write { handle, .. }) => {
                self.server.table().target(handle).map(|target| (handle, target))
            }
            Ok(Command::SignedWrite { .. }) | Err(_) => None,
        };
        match target {
            Some((handle, target)) => {
                let kind = AskKind::Write { offset: 0, response: false };
                let request_len = packet.len();
                Some(Question {
                    ask: Ask { kind, target, handle },
                    packet,
                    request_len,
                    command: true,
                })
            }
            None => {
                self.rx.give_borrowed(packet);
                None
            }
        }
    }

    /// Puts the value of a long write behind its request, where it fits; gives the length of the request.
    fn with_long_value(&self, link: LinkRef, mut packet: Packet) -> (Packet, usize) {
        let request_len = packet.len();
        let peer = self.link(link).ok().and_then(|slot| slot.peer.as_ref());
        if let (Some(peer), Ok(Request::ExecuteWrite { write })) =
            (peer, Request::parse(packet.bytes()))
        {
            let _fits =
                packet.extend(self.server.asked_value(peer, &Request::ExecuteWrite { write }));
        }
        (packet, request_len)
    }

    fn next_event(&mut self, link: LinkRef) -> Option<Event<'static>> {
        let server = &self.server;
        let slot = self
            .links
            .get_mut(usize::from(link.index))
            .filter(|l| l.generation == link.generation)?;
        if let Some(peer) = slot.peer.as_mut() {
            if let Some(written) = server.poll_written(peer) {
                return Some(Event::Written(written));
            }
            if let Some(change) = server.poll_subscription_change(peer) {
                return Some(Event::Subscribed(change));
            }
        }
        let news = slot.news.iter().next()?;
        slot.news.remove(news);
        Some(match news {
            News::MTU => Event::Mtu(slot.attributes.bearer.mtu().into()),
            News::PARAMETERS => Event::Parameters(slot.control.parameters()),
            News::PHY => Event::Phy(slot.control.phys()),
            News::DATA_LENGTH => Event::DataLength(slot.control.data_lengths()),
            News::SERVICE_CHANGED => {
                let (start, end) = slot.attributes.take_service_changed();
                Event::ServiceChanged { start, end }
            }
            News::ENCRYPTED => Event::Encrypted(slot.protection.current()),
            News::PAIRED => match slot.protection.paired() {
                Some(paired) => Event::Paired(paired),
                // A later pairing failed, which is told next.
                None => return self.next_event(link),
            },
            News::PAIRING_FAILED => match slot.protection.failure() {
                Some(failure) => Event::PairingFailed(failure),
                None => return self.next_event(link),
            },
            News::BOND_LOST => Event::BondLost,
            News::SECURITY_REQUESTED => Event::SecurityRequested,
            _ => match slot.life {
                Life::Ended(reason) => {
                    // It is told again whenever it is asked for.
                    slot.news.insert(News::DISCONNECTED);
                    Event::Disconnected(reason)
                }
                Life::Free | Life::Up => return None,
            },
        })
    }

    /// The application's answer to a question; it gives the packet of the request back.
    pub(crate) fn answer(
        &mut self,
        link: LinkRef,
        packet: Packet,
        command: bool,
        answer: Answer<'_>,
    ) {
        if command {
            return self.rx.give_borrowed(packet);
        }
        let now = self.now;
        let slot = self.links.get_mut(usize::from(link.index));
        let Some(slot) = slot.filter(|l| l.generation == link.generation && l.is_up()) else {
            return self.rx.pool.give(packet);
        };
        let Some(peer) = slot.peer.as_mut() else { return self.rx.pool.give(packet) };
        let served =
            slot.attributes.answer(&mut self.server, peer, &mut self.rx, packet, answer, now);
        self.served(link.index, served);
    }

    /// Tells whom a request concerns: the transmitter, or the application.
    pub(super) fn served(&mut self, index: u8, served: Served) {
        match served {
            Served::Reply => self.owe(index),
            Served::Ask => self.ready.link(index, LinkKey::Event),
        }
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
        let peer = self.link(link).ok().and_then(|slot| slot.peer.as_ref());
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

    /// Notifies a value.
    pub(crate) fn poll_notify(
        &mut self,
        link: LinkRef,
        characteristic: &Characteristic,
        value: &[u8],
    ) -> Poll<Result<(), Error>> {
        let handle = self.may_push(link, characteristic, Cccd::NOTIFY, value.len())?;
        self.poll_unanswered(link, |_, w| {
            write_notification(handle, value, w).map_err(|_| Error::InvalidParameters)
        })
    }

    /// Begins to indicate a value, once no other indication is outstanding; the tasks take turns.
    pub(crate) fn poll_indicate(
        &mut self,
        link: LinkRef,
        first: bool,
        characteristic: &Characteristic,
        value: &[u8],
    ) -> Poll<Result<(), Error>> {
        let handle = self.may_push(link, characteristic, Cccd::INDICATE, value.len())?;
        let attributes = &self.link(link)?.attributes;
        if attributes.bearer.is_dead() {
            return Poll::Ready(Err(Error::TransactionTimeout));
        }
        let idle = attributes.indications == Indications::Idle;
        if !first || !idle || !attributes.bearer.may_indicate() {
            return Poll::Pending;
        }
        let write = |_, w: &mut bindrune_wire::Writer<'_>| {
            write_indication(handle, value, w).map_err(|_| Error::InvalidParameters)?;
            Ok(true)
        };
        match self.poll_out(link, write)? {
            Poll::Ready(Some(packet)) => {
                self.put_attribute(link, packet, Outgoing::Indication);
                self.link_mut(link)?.attributes.indications = Indications::App;
                Poll::Ready(Ok(()))
            }
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    /// Ready when the application's indication was confirmed.
    pub(crate) fn poll_confirmed(&mut self, link: LinkRef) -> Poll<Result<(), Error>> {
        let attributes = &mut self.link_mut(link)?.attributes;
        match attributes.indications {
            Indications::Confirmed => {
                attributes.indications = Indications::Idle;
                // The host's own indication may have waited.
                self.owe(link.index);
                Poll::Ready(Ok(()))
            }
            _ if attributes.bearer.is_dead() => Poll::Ready(Err(Error::TransactionTimeout)),
            Indications::Idle | Indications::Host | Indications::App | Indications::Abandoned => {
                Poll::Pending
            }
        }
    }

    /// Nobody waits for the confirmation of the application's indication any longer.
    pub(crate) fn abandon_indication(&mut self, link: LinkRef) {
        let Ok(slot) = self.link_mut(link) else { return };
        slot.attributes.indications = match slot.attributes.indications {
            Indications::App => Indications::Abandoned,
            Indications::Confirmed => Indications::Idle,
            other @ (Indications::Idle | Indications::Host | Indications::Abandoned) => other,
        };
        self.owe(link.index);
        self.ready.link(link.index, LinkKey::Confirmation);
    }

    /// What a peer asked for on a characteristic.
    pub(crate) fn subscribed(
        &self,
        link: LinkRef,
        characteristic: &Characteristic,
    ) -> Result<Cccd, Error> {
        let peer = self.link(link)?.peer.as_ref().ok_or(Error::UnknownAttribute)?;
        Ok(self.server.subscribed(peer, characteristic))
    }

    /// The link in a slot, where its peer subscribed to the characteristic; the caller becomes one of its users.
    pub(crate) fn subscriber(
        &mut self,
        index: u8,
        characteristic: &Characteristic,
    ) -> Option<(LinkRef, Cccd)> {
        let slot = self.links.get_mut(usize::from(index)).filter(|l| l.is_up())?;
        let cccd = self.server.subscribed(slot.peer.as_ref()?, characteristic);
        if cccd.is_empty() {
            return None;
        }
        slot.users = slot.users.saturating_add(1);
        Some((LinkRef { index, generation: slot.generation }, cccd))
    }

    /// Replaces a value that the host holds.
    pub(crate) fn write_value(
        &mut self,
        characteristic: &Characteristic,
        value: &[u8],
    ) -> Result<(), Error> {
        self.server.write(characteristic, value).map_err(|error| value_error(error, characteristic))
    }

    /// Copies a value that the host holds.
    pub(crate) fn read_value(
        &self,
        characteristic: &Characteristic,
        buffer: &mut [u8],
    ) -> Result<usize, Error> {
        self.server.read(characteristic, buffer).map_err(|error| value_error(error, characteristic))
    }

    /// Moves octets out of an append buffer.
    pub(crate) fn take_appended(
        &mut self,
        characteristic: &Characteristic,
        buffer: &mut [u8],
    ) -> Result<usize, Error> {
        let taken = self.server.take_appended(characteristic, buffer);
        taken.map_err(|error| value_error(error, characteristic))
    }

    /// Swaps the services.
    pub(crate) fn replace_services(
        &mut self,
        services: &'static [Service],
    ) -> Result<(), TableError> {
        self.config.check_services(services)?;
        let peers = self.links.iter_mut().filter_map(|link| link.peer.as_mut());
        self.server.replace(services, peers)?;
        for index in 0..self.link_slots() {
            if let Some(slot) = self.links.get_mut(usize::from(index)) {
                slot.attributes.table_replaced(&mut self.rx);
            }
            self.owe(index);
        }
        Ok(())
    }

    fn may_push(
        &self,
        link: LinkRef,
        characteristic: &Characteristic,
        kind: Cccd,
        len: usize,
    ) -> Result<u16, Error> {
        let slot = self.link(link)?;
        let peer = slot.peer.as_ref().ok_or(Error::UnknownAttribute)?;
        let max = usize::from(slot.attributes.bearer.mtu()).saturating_sub(PUSH_HEADER);
        if len > max {
            return Err(Error::TooLong { max });
        }
        let security = Self::security(slot);
        self.server.may_push(peer, characteristic, kind, security).map_err(|error| match error {
            PushError::NotInTable => Error::UnknownAttribute,
            PushError::NotSubscribed | PushError::ChangeUnaware => Error::NotSubscribed,
            PushError::Security(code) => Error::Att(code),
        })
    }
}

fn value_error(error: ValueError, characteristic: &Characteristic) -> Error {
    match error {
        ValueError::TooLong => Error::TooLong { max: characteristic.limit() },
        ValueError::BufferTooShort => Error::BufferTooSmall { needed: characteristic.limit() },
        ValueError::NotInTable | ValueError::NotHeld => Error::UnknownAttribute,
    }
}
