//! Writes PDUs of the application, and replies of ATT, directly into the buffer for the transport, without a packet of
//! their own.
//!
//! This is possible if no command and nothing else of the link is pending, and the controller has room for the PDU as
//! one ACL packet. Other PDUs use a packet and wait for the link's turn. See [`super::fill`].

use bindrune_gatt::{Peer, Server};
use bindrune_hci::{
    acl::{AclHeader, Boundary},
    h4::PacketType,
};
use bindrune_l2cap::{Channels, Cid, Header};
use bindrune_wire::{Interest, Writer, time::Instant};

use super::{
    Stack,
    attribute::{Attributes, Exchange},
    memory::Receive,
    notify::Room,
    output::ACL_HEADER,
};
use crate::{mask::bit, waiters::Due};

/// Octets in front of the payload of an L2CAP PDU in the buffer.
const HEADERS: usize = ACL_HEADER.saturating_add(Header::LEN);

/// Octets of the L2CAP header, as the ACL header counts them.
const L2CAP_HEADER: u16 = 4;
const _: () = assert!(L2CAP_HEADER as usize == Header::LEN);

/// Outcome of a request to write a PDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// Nothing was written: there is no PDU, or no room for it.
    Nothing,
    /// The last PDU was written.
    Last,
    /// A PDU was written, and another one follows.
    More,
}

/// The machines that write PDUs of a link.
pub(super) struct Source<'s> {
    pub(super) channels: &'s mut Channels,
    server: &'s Server,
    rx: &'s mut Receive,
    attributes: &'s mut Attributes,
    peer: &'s mut Option<Peer>,
}

impl Source<'_> {
    /// Writes the pending reply of ATT if it fits in any case.
    fn reply(&mut self, w: &mut Writer<'_>) -> Written {
        let Some(peer) = self.peer.as_mut() else { return Written::Nothing };
        if w.room() < self.attributes.bearer.mtu().into() {
            return Written::Nothing;
        }
        match self.attributes.poll_reply(self.server, peer, self.rx, w) {
            true => Written::Last,
            false => Written::Nothing,
        }
    }
}

impl Stack {
    /// Writes the pending reply of a link's ATT. Returns false if it must wait for its turn.
    pub(super) fn reply_direct(&mut self, index: u8) -> bool {
        let slot = self.links.get(usize::from(index));
        let is_next = slot.is_some_and(|slot| {
            let attributes = &slot.attributes;
            attributes.exchange != Exchange::Wanted
                && attributes.bearer.interest() == Interest::None
                && !attributes.has_early()
        });
        is_next && self.write_direct(index, Cid::ATT, |source, w| source.reply(w))
    }

    /// Writes PDUs of a link to `cid`, each as one ACL packet: as many as `write` has and as there is
    /// room for. Returns false if it wrote none, for example because other data goes first.
    pub(super) fn write_direct(
        &mut self,
        index: u8,
        cid: Cid,
        mut write: impl FnMut(&mut Source<'_>, &mut Writer<'_>) -> Written,
    ) -> bool {
        let bit = bit(index);
        let commands = self.command_due || self.ready.due().contains(Due::COMMAND);
        if commands || self.sending & bit != 0 {
            return false;
        }
        let Some(slot) = self.links.get_mut(usize::from(index)) else { return false };
        let Some(output) = self.output.as_mut() else { return false };
        if slot.outgoing.is_some() || slot.has_unsent() || slot.protection.is_lost() {
            return false;
        }
        let idle = slot.credits.outstanding() == 0;
        let longest = usize::from(self.acl.packet_len()).saturating_add(ACL_HEADER);
        let mut packets = 0u8;
        while self.acl.may_take(&slot.credits) {
            let mut room = output.room();
            if room.len() > longest {
                (room, _) = room.split_at_mut(longest);
            }
            let Some((headers, payload)) = room.split_first_chunk_mut::<HEADERS>() else { break };
            let mut w = Writer::new(payload);
            let mut source = Source {
                channels: &mut self.channels,
                server: &self.server,
                rx: &mut self.rx,
                attributes: &mut slot.attributes,
                peer: &mut slot.peer,
            };
            let written = write(&mut source, &mut w);
            if written == Written::Nothing || !self.acl.take(self.now, &mut slot.credits) {
                break;
            }
            let len = u16::try_from(w.len()).unwrap_or(u16::MAX);
            let pdu = len.saturating_add(L2CAP_HEADER);
            let [a, b, c, d] = AclHeader::new(slot.handle, Boundary::FirstNonFlushable, pdu).emit();
            let ([e, f], [g, h]) = (len.to_le_bytes(), cid.0.to_le_bytes());
            *headers = [PacketType::ACL.0, a, b, c, d, e, f, g, h];
            output.add_data(HEADERS.saturating_add(len.into()));
            packets = packets.saturating_add(1);
            if written == Written::Last {
                break;
            }
        }
        if packets == 0 {
            return false;
        }
        if idle {
            self.unstamped |= bit;
        }
        slot.room = Room::Unknown;
        self.data_written(index, packets);
        self.ready.run(Due::DATA);
        true
    }

    /// Sets the time of PDUs that were written directly into the buffer.
    #[cold]
    pub(super) fn stamp(&mut self, now: Instant) {
        let packets = core::mem::take(&mut self.unstamped);
        let requests = core::mem::take(&mut self.unstamped_requests);
        let mut links = packets | requests;
        while links != 0 {
            let bit = links & links.wrapping_neg();
            links &= !bit;
            let index = u8::try_from(bit.trailing_zeros()).unwrap_or(u8::MAX);
            let Some(slot) = self.links.get_mut(usize::from(index)) else { continue };
            if packets & bit != 0 {
                slot.credits.restamp(now);
            }
            if requests & bit != 0 {
                slot.attributes.bearer.restamp_request(now);
                self.attribute_deadlines(index);
            }
        }
    }

    /// Drops a link's data in the buffer, which the peer must no longer get.
    pub(super) fn forget_output(&mut self, index: u8) {
        let Some(output) = self.output.as_mut() else { return };
        let Some(slot) = self.links.get_mut(usize::from(index)) else { return };
        let left = &mut slot.in_output;
        if left.packets == 0 || left.generation != slot.generation {
            return;
        }
        let (packets, pdus) = output.forget(slot.handle);
        left.packets = left.packets.saturating_sub(packets);
        self.acl.withdraw(&mut slot.credits, packets.into());
        self.stats.unsent_pdus.add(pdus);
        self.packets_gone(index, packets.into());
    }
}
