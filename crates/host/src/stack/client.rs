//! Calls of the application to the ATT client of a link. [Vol 3] Part F, 3.3

use core::task::Poll;

use bindrune_att::Opcode;
use bindrune_gatt::client::{ClientError, PreparedWrite};
use bindrune_l2cap::Cid;
use bindrune_wire::{HEADROOM, Packet, Writer};

use super::{
    LinkRef, Stack,
    attribute::{ClientState, Exchange, Outgoing},
    direct::Written,
    packets::PacketUser,
};
use crate::{Error, mask::bit, waiters::LinkKey};

impl Stack {
    /// Ready when the caller has the ATT client of the link for itself. `first`: the caller has waited longest.
    pub(crate) fn poll_turn(&mut self, link: LinkRef, first: bool) -> Poll<Result<(), Error>> {
        self.link(link)?;
        let may = self.may_ask(link.index)?;
        let attributes = &mut self.link_mut(link)?.attributes;
        if attributes.client.taken || !first || !may {
            return Poll::Pending;
        }
        attributes.client.taken = true;
        Poll::Ready(Ok(()))
    }

    /// Ends the turn of a caller, which may have a request in progress.
    pub(crate) fn end_turn(&mut self, link: LinkRef) {
        let Ok(slot) = self.link_mut(link) else { return };
        slot.attributes.client.taken = false;
        let state = core::mem::replace(&mut slot.attributes.client.state, ClientState::Idle);
        match state {
            ClientState::Idle | ClientState::Failed(_) => {}
            ClientState::Queued => self.withdraw_request(link),
            ClientState::Sent => slot.attributes.bearer.abandon_request(),
            ClientState::Answered(packet) => self.rx.pool.give(packet),
        }
        self.ready.link(link.index, LinkKey::Turn);
        self.mark_if_pending(link.index);
    }

    /// Puts the next request of a procedure in the out-slot. Returns false once the procedure is over.
    pub(crate) fn poll_request(
        &mut self,
        link: LinkRef,
        mut write: impl FnMut(u16, &mut Writer<'_>) -> Result<Option<Opcode>, Error>,
    ) -> Poll<Result<bool, Error>> {
        let attributes = &self.link(link)?.attributes;
        if attributes.bearer.is_dead() {
            return Poll::Ready(Err(Error::TransactionTimeout));
        }
        // The host's own requests go first: the exchange of the MTU, which a long procedure would delay until its end,
        // and the end of an earlier prepared write, which would also end a new one.
        let own = attributes.has_pending_request();
        let may = attributes.bearer.may_request() && !own;
        let mtu = attributes.bearer.mtu();
        // `write` may be called once for each request, so this path is taken only if any request fits.
        let mut asked = None;
        if may {
            self.write_direct(link.index, Cid::ATT, |_, w| {
                if w.room() < mtu.into() {
                    return Written::Nothing;
                }
                w.limit(mtu.into());
                match asked.insert(write(mtu, w)) {
                    Ok(Some(_)) => Written::Last,
                    Ok(None) | Err(_) => Written::Nothing,
                }
            });
        }
        if let Some(asked) = asked {
            let opcode = asked?;
            if let Some(opcode) = opcode {
                self.request_written(link, opcode);
            }
            return Poll::Ready(Ok(opcode.is_some()));
        }
        let mut opcode = None;
        let over = match self.poll_out(link, Outgoing::REQUEST, |mtu, w| {
            opcode = write(mtu, w)?;
            Ok(may && opcode.is_some())
        })? {
            Poll::Ready(Some(packet)) => {
                let Some(opcode) = opcode else { return Poll::Ready(Ok(false)) };
                self.put_attribute(link, packet, Outgoing::Request(opcode));
                let client = &mut self.link_mut(link)?.attributes.client;
                client.state = ClientState::Queued;
                false
            }
            Poll::Ready(None) if opcode.is_none() => true,
            Poll::Ready(None) | Poll::Pending => return Poll::Pending,
        };
        Poll::Ready(Ok(!over))
    }

    /// Records a request of the application that was written directly into the buffer for the transport.
    fn request_written(&mut self, link: LinkRef, opcode: Opcode) {
        let now = self.now;
        let Ok(slot) = self.link_mut(link) else { return };
        slot.attributes.bearer.request_sent(now, opcode);
        slot.attributes.client.requests = slot.attributes.client.requests.wrapping_add(1);
        slot.attributes.client.state = ClientState::Sent;
        self.unstamped_requests |= bit(link.index);
    }

    /// Returns the response to the request, in its packet.
    pub(crate) fn poll_response(&mut self, link: LinkRef) -> Result<Poll<Packet>, Error> {
        let client = &mut self.link_mut(link)?.attributes.client;
        match client.take_answer() {
            Some(Ok(packet)) => Ok(Poll::Ready(packet)),
            Some(Err(error)) => Err(error),
            None if client.is_waiting() => Ok(Poll::Pending),
            None => Err(Error::Protocol),
        }
    }

    /// Lets the application keep a response if it may borrow another packet.
    pub(crate) fn keep_response(&mut self, link: LinkRef, packet: Packet) -> Option<Packet> {
        let slot =
            self.links.get_mut(usize::from(link.index)).filter(|l| l.generation == link.generation);
        let may = self.rx.shares.may_hand_out();
        if may && slot.is_some_and(|slot| self.rx.shares.take_kept(&mut slot.attributes.share)) {
            return Some(packet);
        }
        self.rx.pool.give(packet);
        None
    }

    /// Sends a write command.
    pub(crate) fn poll_push(
        &mut self,
        link: LinkRef,
        write: impl FnMut(u16, &mut Writer<'_>) -> Result<(), Error>,
    ) -> Poll<Result<(), Error>> {
        self.link(link)?;
        if self.may_ask(link.index)? { self.poll_unanswered(link, write) } else { Poll::Pending }
    }

    /// Sends a PDU that has no answer.
    pub(super) fn poll_unanswered(
        &mut self,
        link: LinkRef,
        mut write: impl FnMut(u16, &mut Writer<'_>) -> Result<(), Error>,
    ) -> Poll<Result<(), Error>> {
        let bearer = &self.link(link)?.attributes.bearer;
        if bearer.is_dead() {
            return Poll::Ready(Err(Error::TransactionTimeout));
        }
        let mtu = bearer.mtu();
        let written = self.write_direct(link.index, Cid::ATT, |_, w| {
            w.limit(mtu.into());
            write(mtu, w).map_or(Written::Nothing, |()| Written::Last)
        });
        if written {
            return Poll::Ready(Ok(()));
        }
        match self.poll_out(link, Outgoing::Unanswered, |mtu, w| write(mtu, w).map(|()| true))? {
            Poll::Ready(Some(packet)) => {
                self.put_attribute(link, packet, Outgoing::Unanswered);
                Poll::Ready(Ok(()))
            }
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    /// Returns whether the out-slot for a PDU that has no answer is free.
    pub(crate) fn has_push_room(&self, link: LinkRef) -> bool {
        self.link(link).is_ok_and(|slot| slot.attributes.out.has_room(Outgoing::Unanswered))
    }

    /// Returns the ATT MTU once it was exchanged.
    pub(crate) fn poll_mtu(&mut self, link: LinkRef) -> Poll<Result<usize, Error>> {
        let slot = self.link_mut(link)?;
        if slot.attributes.bearer.is_dead() {
            return Poll::Ready(Err(Error::TransactionTimeout));
        }
        match slot.attributes.exchange {
            Exchange::Done => return Poll::Ready(Ok(slot.attributes.bearer.mtu().into())),
            Exchange::Wanted | Exchange::Begun => {}
            Exchange::Unasked => {
                slot.attributes.exchange = Exchange::Wanted;
                self.mark_pending(link.index);
            }
        }
        Poll::Pending
    }

    /// Requests that the peer's prepare queue is emptied, because the application gave its writes up.
    pub(crate) fn cancel_prepared(&mut self, link: LinkRef) {
        if let Ok(slot) = self.link_mut(link) {
            slot.attributes.client.cancel_pending = true;
            self.mark_pending(link.index);
        }
    }

    /// Returns the pending request that empties the peer's prepare queue, if it can be sent.
    pub(super) fn pending_cancel(&mut self, index: u8) -> Option<(Packet, Outgoing)> {
        let attributes = &mut self.links.get_mut(usize::from(index))?.attributes;
        if !attributes.has_pending_cancel() || !attributes.bearer.may_request() {
            return None;
        }
        let mut packet = self.tx.take_for_machine()?;
        let mut opcode = Err(ClientError::NoRoom);
        packet.write(|w| {
            opcode = PreparedWrite::cancel(w);
            opcode.is_ok()
        });
        let Ok(opcode) = opcode else {
            self.tx.pool.give(packet);
            return None;
        };
        attributes.client.cancel_pending = false;
        Some((packet, Outgoing::Request(opcode)))
    }

    /// Writes into a packet for an out-slot if that is empty. Returns `None` if `write` returned false.
    pub(super) fn poll_out(
        &mut self,
        link: LinkRef,
        kind: Outgoing,
        write: impl FnOnce(u16, &mut Writer<'_>) -> Result<bool, Error>,
    ) -> Result<Poll<Option<Packet>>, Error> {
        let slot = self.link(link)?;
        if !slot.attributes.out.has_room(kind) {
            return Ok(Poll::Pending);
        }
        let mtu = slot.attributes.bearer.mtu();
        let Some(mut packet) = self.packet_for_app(link.index, PacketUser::of(kind), HEADROOM)
        else {
            return Ok(Poll::Pending);
        };
        let mut result = Ok(false);
        let kept = packet.write(|w| {
            w.limit(mtu.into());
            result = write(mtu, w);
            matches!(result, Ok(true))
        });
        if kept {
            return Ok(Poll::Ready(Some(packet)));
        }
        self.packet_free(link.index, packet);
        result.map(|_| Poll::Ready(None))
    }

    /// Fills an out-slot.
    pub(super) fn put_attribute(&mut self, link: LinkRef, packet: Packet, kind: Outgoing) {
        match self.link_mut(link) {
            Ok(slot) if slot.attributes.out.has_room(kind) => {
                slot.attributes.out.put(packet);
                self.mark_unsent(link.index);
            }
            Ok(_) | Err(_) => self.packet_free(link.index, packet),
        }
    }

    fn withdraw_request(&mut self, link: LinkRef) {
        let Ok(slot) = self.link_mut(link) else { return };
        if let Some(packet) = slot.attributes.out.take_request() {
            self.out_free(link.index);
            self.packet_free(link.index, packet);
        }
    }
}
