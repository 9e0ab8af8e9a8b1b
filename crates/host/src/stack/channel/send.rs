//! What the application sends on a channel: K-frames, one after the other. [Vol 3] Part A, 3.4.3

use core::task::Poll;

use bindrune_l2cap::{CloseReason, SendError};
use bindrune_wire::{HEADROOM, Packet};

use super::ChannelRef;
use crate::{Error, stack::Stack};

/// Octets of the SDU length in front of the first frame of an SDU. [Vol 3] Part A, 3.4.3
const SDU_LENGTH: usize = 2;

impl Stack {
    /// Sends frames that follow the first `sent` octets of `sdu`; gives the octets that they carry.
    pub(crate) fn poll_send_frames(
        &mut self,
        channel: ChannelRef,
        sdu: &[u8],
        sent: usize,
    ) -> Poll<Result<usize, Error>> {
        if !self.may_send(channel, sdu.len())? {
            return Poll::Pending;
        }
        let mut now = sent;
        while let Some(taken) = self.send_frame_direct(channel, sdu, now) {
            now = now.saturating_add(taken);
            if now >= sdu.len() || !self.may_send(channel, sdu.len())? {
                return Poll::Ready(Ok(now.saturating_sub(sent)));
            }
        }
        if now > sent {
            return Poll::Ready(Ok(now.saturating_sub(sent)));
        }
        let holds_some = self.app_holds_packets(channel.link.index);
        let Some(mut packet) = self.tx.take_for_app(holds_some, HEADROOM) else {
            self.starved = true;
            return Poll::Pending;
        };
        let mut result = Err(SendError::NoRoom);
        let channels = &mut self.channels;
        packet.write(|w| {
            result = channels.write_frame(channel.index.into(), sdu, sent, w);
            result.is_ok()
        });
        match result {
            Ok(taken) => {
                self.put_out(channel, packet);
                Poll::Ready(Ok(taken))
            }
            Err(error) => {
                self.tx.pool.give(packet);
                Poll::Ready(Err(send_error(error)))
            }
        }
    }

    /// Writes the next frame of an SDU straight into the buffer for the transport, where there is room for the longest one that
    /// the peer takes.
    fn send_frame_direct(&mut self, channel: ChannelRef, sdu: &[u8], sent: usize) -> Option<usize> {
        let open = self.channels.get(channel.index.into())?;
        let (cid, longest) =
            (open.remote_cid(), self.tx.pool.packet_size().saturating_sub(HEADROOM));
        let rest =
            sdu.len().saturating_sub(sent).saturating_add(if sent == 0 { SDU_LENGTH } else { 0 });
        let frame = usize::from(open.peer_mps()).min(longest).min(rest);
        if self.direct_room(channel.link.index)? < frame {
            return None;
        }
        let mut taken = None;
        self.write_direct(channel.link.index, cid, |channels, w| {
            w.limit(frame);
            taken = channels.write_frame(channel.index.into(), sdu, sent, w).ok();
            taken.is_some()
        });
        if taken.is_some() {
            self.leaving_channels |= 1u64.wrapping_shl(channel.index.into());
        }
        taken
    }

    /// A packet in which the application writes an SDU itself.
    pub(crate) fn poll_reserve(
        &mut self,
        channel: ChannelRef,
        len: usize,
    ) -> Poll<Result<Packet, Error>> {
        let open = self.channel(channel)?;
        let max = usize::from(open.peer_mps())
            .min(self.tx.pool.packet_size().saturating_sub(HEADROOM))
            .saturating_sub(SDU_LENGTH)
            .min(open.peer_mtu().into());
        if !open.is_open() {
            return Poll::Ready(Err(self.channel_error(channel)));
        }
        if len > max {
            return Poll::Ready(Err(Error::TooLong { max }));
        }
        let holds_some = self.app_holds_packets(channel.link.index);
        let headroom = HEADROOM.saturating_add(SDU_LENGTH);
        let Some(mut packet) = self.tx.take_for_app(holds_some, headroom) else {
            self.starved = true;
            return Poll::Pending;
        };
        let _fits = packet.grow(len);
        self.lend_packet(channel.link.index);
        Poll::Ready(Ok(packet))
    }

    /// Sends a packet of [`Self::poll_reserve`]. It is taken only when the result is ready.
    pub(crate) fn poll_send_packet(
        &mut self,
        channel: ChannelRef,
        packet: &mut Option<Packet>,
    ) -> Poll<Result<(), Error>> {
        let len = packet.as_ref().map_or(0, Packet::len);
        if !self.may_send(channel, len)? {
            return Poll::Pending;
        }
        let Some(mut packet) = packet.take() else { return Poll::Ready(Ok(())) };
        self.packet_returned(channel.link);
        match self.channels.seal(channel.index.into(), &mut packet) {
            Ok(()) => {
                self.put_out(channel, packet);
                Poll::Ready(Ok(()))
            }
            Err(error) => {
                self.packet_free(packet);
                Poll::Ready(Err(send_error(error)))
            }
        }
    }

    fn may_send(&self, channel: ChannelRef, len: usize) -> Result<bool, Error> {
        let slot = self.channel(channel)?;
        if !slot.is_open() {
            return Err(self.channel_error(channel));
        }
        let max = usize::from(slot.peer_mtu());
        if len > max {
            return Err(Error::TooLong { max });
        }
        Ok(slot.can_send() && !slot.has_out())
    }

    fn put_out(&mut self, channel: ChannelRef, packet: Packet) {
        match self.channels.put_out(channel.index.into(), packet) {
            Ok(()) => {
                if let Some(link) = self.links.get_mut(usize::from(channel.link.index)) {
                    link.full_channels |= 1u64.wrapping_shl(channel.index.into());
                }
                self.owe(channel.link.index);
            }
            Err(packet) => self.packet_free(packet),
        }
    }
}

const fn send_error(error: SendError) -> Error {
    match error {
        SendError::TooLong { mtu } => Error::TooLong { max: mtu as usize },
        SendError::NoCredit => Error::Busy,
        SendError::Closed => Error::Closed(CloseReason::LinkLost),
        SendError::NoRoom => Error::InvalidParameters,
    }
}
