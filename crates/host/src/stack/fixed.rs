//! The application's own fixed channel on a link.

use core::task::Poll;

use bindrune_l2cap::Cid;
use bindrune_wire::{HEADROOM, Packet, Queue};

use super::{
    LinkRef, Stack,
    memory::{Receive, Transmit},
    packets::PacketUser,
    share::Share,
};
use crate::{Error, waiters::LinkKey};

/// A fixed channel that the application serves itself.
#[derive(Debug)]
pub(crate) struct Fixed {
    /// [`Cid::NULL`] if the channel is not open.
    pub(crate) cid: Cid,
    pub(crate) queue: Queue,
    pub(crate) lost: u32,
    /// The PDU to send, and its channel, which may be closed by now.
    pub(crate) out: Option<(Cid, Packet)>,
}

impl Fixed {
    pub(crate) const NONE: Self = Self { cid: Cid::NULL, queue: Queue::EMPTY, lost: 0, out: None };

    /// Returns whether a PDU is in the out-slot.
    pub(crate) const fn has_unsent(&self) -> bool {
        self.out.is_some()
    }

    /// Takes the PDU to send, and its channel.
    pub(crate) const fn take_out(&mut self) -> Option<(Cid, Packet)> {
        self.out.take()
    }

    /// Keeps a PDU for the application. Drops it and returns false if the application's share of packets is used up.
    pub(crate) fn handle_pdu(
        &mut self,
        packet: Packet,
        rx: &mut Receive,
        share: &mut Share,
    ) -> bool {
        let kept = rx.shares.take(share);
        if kept {
            rx.pool.push(&mut self.queue, packet);
        } else {
            rx.pool.give(packet);
            self.lost = self.lost.saturating_add(1);
        }
        kept
    }

    /// Handles the end of the link. Received PDUs stay.
    pub(crate) fn link_ended(&mut self, tx: &mut Transmit) {
        if let Some((_, packet)) = self.out.take() {
            tx.pool.give(packet);
        }
    }

    /// Closes the channel. Drops received PDUs and returns their number. A PDU in the out-slot is still sent.
    pub(crate) fn close(&mut self, rx: &mut Receive, share: &mut Share) -> u32 {
        let count = self.queue.len();
        rx.clear(&mut self.queue, share);
        *self = Self { out: self.out.take(), ..Self::NONE };
        u32::try_from(count).unwrap_or(u32::MAX)
    }
}

impl Stack {
    /// Opens a fixed channel of the application on a link.
    pub(crate) fn open_fixed(&mut self, link: LinkRef, cid: Cid) -> Result<(), Error> {
        if cid.is_dynamic() || matches!(cid, Cid::NULL | Cid::ATT | Cid::SIGNALLING | Cid::SMP) {
            return Err(Error::InvalidParameters);
        }
        let places = self.rx.shares.places();
        let fixed = &mut self.link_mut(link)?.fixed;
        if fixed.cid != Cid::NULL {
            return Err(Error::Busy);
        }
        if places == 0 {
            return Err(Error::NoPackets);
        }
        fixed.cid = cid;
        Ok(())
    }

    /// Closes the application's fixed channel.
    pub(crate) fn close_fixed(&mut self, link: LinkRef) {
        let slot =
            self.links.get_mut(usize::from(link.index)).filter(|l| l.generation == link.generation);
        if let Some(slot) = slot {
            let unread = slot.fixed.close(&mut self.rx, &mut slot.attributes.share);
            self.stats.dropped_pushes.add(unread);
            self.room_made(link.index);
        }
    }

    /// Sends a PDU on the application's fixed channel.
    pub(crate) fn poll_send_fixed(&mut self, link: LinkRef, pdu: &[u8]) -> Poll<Result<(), Error>> {
        let max = self.tx.pool.packet_size().saturating_sub(HEADROOM);
        if pdu.len() > max {
            return Poll::Ready(Err(Error::TooLong { max }));
        }
        if self.link(link)?.fixed.out.is_some() {
            return Poll::Pending;
        }
        let Some(mut packet) = self.packet_for_app(link.index, PacketUser::Fixed, HEADROOM) else {
            return Poll::Pending;
        };
        let _fits = packet.extend(pdu);
        let fixed = &mut self.link_mut(link)?.fixed;
        fixed.out = Some((fixed.cid, packet));
        self.mark_unsent(link.index);
        Poll::Ready(Ok(()))
    }

    /// Copies the next PDU of the application's fixed channel.
    pub(crate) fn poll_receive_fixed(
        &mut self,
        link: LinkRef,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, Error>> {
        let up = self.link(link).map(|_| ());
        let nothing = up.map_or_else(|error| Poll::Ready(Err(error)), |()| Poll::Pending);
        let slot =
            self.links.get_mut(usize::from(link.index)).filter(|l| l.generation == link.generation);
        let Some(slot) = slot else { return nothing };
        let Some(packet) = self.rx.pool.front(&slot.fixed.queue) else { return nothing };
        let needed = packet.len();
        let Some(room) = buffer.get_mut(..needed) else {
            return Poll::Ready(Err(Error::BufferTooSmall { needed }));
        };
        room.copy_from_slice(packet.bytes());
        self.rx.pool.free_front(&mut slot.fixed.queue);
        self.borrowed_given(link);
        Poll::Ready(Ok(needed))
    }

    /// Returns the number of PDUs of the fixed channel that were dropped since the last call.
    pub(crate) fn take_lost_fixed(&mut self, link: LinkRef) -> u32 {
        self.slot_mut(link).map_or(0, |slot| core::mem::take(&mut slot.fixed.lost))
    }

    /// Gives the PDU of another channel to the application, if that is its fixed channel.
    #[inline(never)]
    pub(super) fn handle_fixed(&mut self, index: u8, cid: Cid, packet: Packet) {
        match self.links.get_mut(usize::from(index)) {
            Some(slot) if slot.fixed.cid == cid && cid != Cid::NULL => {
                let share = &mut slot.attributes.share;
                if !slot.fixed.handle_pdu(packet, &mut self.rx, share) {
                    self.stats.dropped_pushes.count();
                }
                self.ready.link(index, LinkKey::Fixed);
            }
            Some(_) | None => {
                self.stats.unknown_channel.count();
                self.rx.pool.give(packet);
            }
        }
    }
}
