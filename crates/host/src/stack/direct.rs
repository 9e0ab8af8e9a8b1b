//! PDUs of the application that are written straight into the buffer for the transport, without a packet of their own.
//!
//! That is possible while nothing else of the link is pending, no command is, and the controller has room for the PDU as one ACL
//! packet. What cannot be written here takes the way through a packet and the link's turn. See [`super::fill`].

use bindrune_hci::{
    acl::{AclHeader, Boundary},
    h4::PacketType,
};
use bindrune_l2cap::{Channels, Cid, Header};
use bindrune_wire::Writer;
use embassy_time::Instant;

use super::{Stack, notify::Room, output::ACL_HEADER};
use crate::{Stats, waiters::Due};

/// Octets in front of the payload of an L2CAP PDU in the buffer.
const HEADERS: usize = ACL_HEADER.saturating_add(Header::LEN);

/// Octets of the L2CAP header, as the ACL header counts them.
const L2CAP_HEADER: u16 = 4;
const _: () = assert!(L2CAP_HEADER as usize == Header::LEN);

impl Stack {
    /// Octets of the longest PDU that the application of a link may write now; `None` where something else goes first.
    pub(super) fn direct_room(&self, index: u8) -> Option<usize> {
        let output = self.output.as_ref()?;
        let slot = self.links.get(usize::from(index))?;
        let pending = self.sending & 1u64.wrapping_shl(index.into()) != 0
            || slot.outgoing.is_some()
            || slot.attributes.out.is_some()
            || slot.full_channels != 0
            || slot.fixed.out.is_some();
        let commands = self.command_due || self.ready.due().contains(Due::COMMAND);
        if pending || commands || slot.protection.is_lost() || !self.acl.may_take(&slot.credits) {
            return None;
        }
        let packet = usize::from(self.acl.packet_len()).checked_sub(Header::LEN)?;
        Some(packet.min(output.left().checked_sub(HEADERS)?))
    }

    /// Writes a PDU of a link's application to `cid` as one ACL packet. False, and nothing is written, where that is not possible
    /// now, or `write` gives false.
    pub(super) fn write_direct(
        &mut self,
        index: u8,
        cid: Cid,
        write: impl FnOnce(&mut Channels, &mut Writer<'_>) -> bool,
    ) -> bool {
        if self.direct_room(index).is_none() {
            return false;
        }
        let Some(slot) = self.links.get_mut(usize::from(index)) else { return false };
        let Some(output) = self.output.as_mut() else { return false };
        let packet = usize::from(self.acl.packet_len()).saturating_add(ACL_HEADER);
        let mut room = output.room();
        if room.len() > packet {
            (room, _) = room.split_at_mut(packet);
        }
        let Some((headers, payload)) = room.split_first_chunk_mut::<HEADERS>() else {
            return false;
        };
        let mut w = Writer::new(payload);
        if !write(&mut self.channels, &mut w) {
            return false;
        }
        let Ok(len) = u16::try_from(w.len()) else { return false };
        let idle = slot.credits.outstanding() == 0;
        if !self.acl.take(self.now, &mut slot.credits) {
            return false;
        }
        if idle {
            self.unstamped |= 1u64.wrapping_shl(index.into());
        }
        let pdu = len.saturating_add(L2CAP_HEADER);
        let [a, b, c, d] = AclHeader::new(slot.handle, Boundary::FirstNonFlushable, pdu).emit();
        let ([e, f], [g, h]) = (len.to_le_bytes(), cid.0.to_le_bytes());
        *headers = [PacketType::ACL.0, a, b, c, d, e, f, g, h];
        slot.room = Room::Unknown;
        output.add_data(HEADERS.saturating_add(len.into()));
        self.data_written(index);
        self.ready.run(Due::DATA);
        true
    }

    /// Gives what was written straight into the buffer the time at which it is known to be there.
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

    /// Forgets what a link has in the buffer, which its peer shall not get any more.
    pub(super) fn forget_output(&mut self, index: u8) {
        let Some(output) = self.output.as_mut() else { return };
        let Some(slot) = self.links.get_mut(usize::from(index)) else { return };
        let Some(left) = slot.in_output.as_mut().filter(|l| l.generation == slot.generation) else {
            return;
        };
        let (packets, pdus) = output.forget(slot.handle);
        left.packets = left.packets.saturating_sub(packets);
        self.acl.withdraw(&mut slot.credits, packets.into());
        Stats::add(&mut self.stats.unsent_pdus, pdus.into());
    }
}
