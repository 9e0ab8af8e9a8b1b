//! Sends the application's data on a channel: K-frames, one after the other. [Vol 3] Part A, 3.4.3

use core::task::{Poll, ready};

use bindrune_l2cap::{CloseReason, SendError};
use bindrune_wire::{HEADROOM, Packet};

use super::ChannelRef;
use crate::{
    Error,
    mask::bit,
    stack::{Stack, direct::Written, packets::PacketUser},
};

/// Octets of the SDU length in front of the first frame of an SDU. [Vol 3] Part A, 3.4.3
const SDU_LENGTH: usize = 2;

impl Stack {
    /// Sends frames that follow the first `sent` bytes of `sdu`, and adds the bytes that they carry to `sent`. Ready
    /// once the link has all frames.
    pub(crate) fn poll_send_frames(
        &mut self,
        channel: ChannelRef,
        sdu: &[u8],
        sent: &mut usize,
    ) -> Poll<Result<(), Error>> {
        if !self.may_send(channel, sdu.len())? {
            return Poll::Pending;
        }
        let written = self.send_frames_direct(channel, sdu, sent);
        if written && *sent >= sdu.len() {
            return Poll::Ready(Ok(()));
        }
        // More credits of the peer, or an empty out-slot, let it continue.
        if !written || self.may_send(channel, sdu.len())? {
            ready!(self.send_frame(channel, sdu, sent))?;
        }
        if *sent < sdu.len() { Poll::Pending } else { Poll::Ready(Ok(())) }
    }

    /// Puts the next frame of an SDU in the out-slot.
    fn send_frame(
        &mut self,
        channel: ChannelRef,
        sdu: &[u8],
        sent: &mut usize,
    ) -> Poll<Result<(), Error>> {
        let packet =
            self.packet_for_app(channel.link.index, PacketUser::Channel(channel.index), HEADROOM);
        let Some(mut packet) = packet else {
            return Poll::Pending;
        };
        let mut result = Err(SendError::NoRoom);
        let channels = &mut self.channels;
        packet.write(|w| {
            result = channels.write_frame(channel.index.into(), sdu, *sent, w);
            result.is_ok()
        });
        match result {
            Ok(taken) => {
                *sent = sent.saturating_add(taken);
                self.put_out(channel, packet);
                Poll::Ready(Ok(()))
            }
            Err(error) => {
                self.packet_free(channel.link.index, packet);
                Poll::Ready(Err(send_error(error)))
            }
        }
    }

    /// Writes the next frames of an SDU directly into the buffer for the transport, as long as the longest frame that
    /// the peer accepts fits. Returns false if no frame was written.
    fn send_frames_direct(&mut self, channel: ChannelRef, sdu: &[u8], sent: &mut usize) -> bool {
        let index = usize::from(channel.index);
        let Some(open) = self.channels.get(index) else { return false };
        let packet = self.tx.pool.packet_size().saturating_sub(HEADROOM);
        let (cid, longest) = (open.remote_cid(), usize::from(open.peer_mps()).min(packet));
        let written = self.write_direct(channel.link.index, cid, |source, w| {
            let prefix = if *sent == 0 { SDU_LENGTH } else { 0 };
            let frame = sdu.len().saturating_sub(*sent).saturating_add(prefix).min(longest);
            if w.room() < frame {
                return Written::Nothing;
            }
            w.limit(frame);
            let Ok(taken) = source.channels.write_frame(index, sdu, *sent, w) else {
                return Written::Nothing;
            };
            *sent = sent.saturating_add(taken);
            if *sent < sdu.len() { Written::More } else { Written::Last }
        });
        if written {
            self.leaving_channels |= bit(channel.index);
        }
        written
    }

    /// Returns a packet in which the application writes an SDU itself.
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
        let headroom = HEADROOM.saturating_add(SDU_LENGTH);
        let packet =
            self.packet_for_app(channel.link.index, PacketUser::Channel(channel.index), headroom);
        let Some(mut packet) = packet else {
            return Poll::Pending;
        };
        let _fits = packet.grow(len);
        self.packet_borrowed(channel.link.index);
        Poll::Ready(Ok(packet))
    }

    /// Sends a packet of [`Self::poll_reserve`]. Takes the packet only when ready.
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
                self.packet_free(channel.link.index, packet);
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
                    link.full_channels |= bit(channel.index);
                }
                self.mark_unsent(channel.link.index);
            }
            Err(packet) => self.packet_free(channel.link.index, packet),
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
