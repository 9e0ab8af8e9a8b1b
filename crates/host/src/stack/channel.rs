//! Credit-based channels: what the application's calls do. [Vol 3] Part A, 10.1

use core::task::Poll;

use bindrune_l2cap::{
    ChannelConfig, CloseReason, LinkId, OpenError, Pools, Psm, Readable, ReceiveError, SendError,
    State,
};
use bindrune_wire::{HEADROOM, Packet};

use super::{LinkRef, Stack};
use crate::{Error, waiters::ChannelKey};

/// Octets of the SDU length in front of the first frame of an SDU. [Vol 3] Part A, 3.4.3
const SDU_LENGTH: usize = 2;

/// Names one channel for as long as its slot is not used for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChannelRef {
    pub(crate) index: u8,
    pub(crate) generation: u32,
    pub(crate) link: LinkRef,
}

impl Stack {
    /// Asks the peer for a channel, once that may leave.
    pub(crate) fn poll_open(
        &mut self,
        link: LinkRef,
        psm: Psm,
        config: ChannelConfig,
    ) -> Poll<Result<ChannelRef, Error>> {
        self.link(link)?;
        if !self.may_ask(link.index)? {
            return Poll::Pending;
        }
        Poll::Ready(self.open_channel(link, psm, config))
    }

    fn open_channel(
        &mut self,
        link: LinkRef,
        psm: Psm,
        config: ChannelConfig,
    ) -> Result<ChannelRef, Error> {
        let mut pools = Pools { rx: &mut self.rx.pool, tx: &mut self.tx.pool };
        let index = loop {
            let error = match self.channels.open(LinkId(link.index), psm, config) {
                Ok(index) => break index,
                Err(OpenError::BadPsm | OpenError::BadConfig) => Error::InvalidParameters,
                Err(OpenError::NoChannel) => Error::NoChannel,
                Err(OpenError::NoPackets) => Error::NoPackets,
            };
            let is_full = error != Error::InvalidParameters;
            if !(is_full && self.channels.evict(&mut pools)) {
                return Err(error);
            }
        };
        self.channels_changed(link.index);
        self.channel_taken(index, link).ok_or(Error::NoChannel)
    }

    /// A reference to a channel that is given to the application, which has no user yet.
    pub(crate) fn channel_taken(&mut self, index: usize, link: LinkRef) -> Option<ChannelRef> {
        let generation = self.channels.get(index)?.generation();
        *self.channel_users.get_mut(index)? = 0;
        self.interrupted &= !1u64.wrapping_shl(u32::try_from(index).ok()?);
        Some(ChannelRef { index: u8::try_from(index).ok()?, generation, link })
    }

    /// The channel, where it is still the same.
    pub(crate) fn channel(&self, channel: ChannelRef) -> Result<&bindrune_l2cap::Channel, Error> {
        self.channels
            .get(channel.index.into())
            .filter(|c| c.generation() == channel.generation && c.is_held())
            .ok_or(Error::Closed(CloseReason::LinkLost))
    }

    /// Ready when the peer has decided about the channel that was asked for.
    pub(crate) fn poll_opened(&self, channel: ChannelRef) -> Poll<Result<(), Error>> {
        match self.channel(channel)?.state() {
            State::Connecting => Poll::Pending,
            State::Open => Poll::Ready(Ok(())),
            State::Closed(reason) | State::Disconnecting(reason) => {
                Poll::Ready(Err(closed(reason)))
            }
            State::Free | State::Requested | State::Refusing => {
                Poll::Ready(Err(Error::Closed(CloseReason::LinkLost)))
            }
        }
    }

    /// Ready when the channel is closed, with the reason.
    pub(crate) fn poll_closed(&self, channel: ChannelRef) -> Poll<Result<CloseReason, Error>> {
        match self.channel(channel)?.state() {
            State::Closed(reason) | State::Disconnecting(reason @ CloseReason::Timeout) => {
                Poll::Ready(Ok(reason))
            }
            State::Free
            | State::Connecting
            | State::Requested
            | State::Refusing
            | State::Open
            | State::Disconnecting(_) => Poll::Pending,
        }
    }

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

    /// Ready when everything that was sent is in the controller.
    pub(crate) fn poll_flushed(&self, channel: ChannelRef) -> Poll<Result<(), Error>> {
        let slot = self.channel(channel)?;
        let current =
            self.links.get(usize::from(channel.link.index)).and_then(|l| l.sending_channel);
        if !slot.is_open() {
            return Poll::Ready(Err(self.channel_error(channel)));
        }
        let leaving = self.leaving_channels & 1u64.wrapping_shl(channel.index.into()) != 0;
        if slot.has_out() || leaving || current == Some(channel.index) {
            Poll::Pending
        } else {
            Poll::Ready(Ok(()))
        }
    }

    /// Copies one whole SDU.
    pub(crate) fn poll_receive(
        &mut self,
        channel: ChannelRef,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, Error>> {
        self.channel(channel)?;
        match self.channels.recv_into(channel.index.into(), buffer, &mut self.rx.pool) {
            Some(Ok(len)) => {
                self.owe_credits(channel);
                Poll::Ready(Ok(len))
            }
            Some(Err(ReceiveError::TooSmall { needed })) => {
                Poll::Ready(Err(Error::BufferTooSmall { needed }))
            }
            Some(Err(ReceiveError::LongerThanWindow { needed })) => {
                Poll::Ready(Err(Error::LongerThanWindow { needed }))
            }
            None => self.nothing_to_read(channel),
        }
    }

    /// Takes the next packet of the SDU in front.
    pub(crate) fn poll_chunk(
        &mut self,
        channel: ChannelRef,
        whole: bool,
    ) -> Poll<Result<bindrune_l2cap::Chunk, Error>> {
        let mps = self.channel(channel)?.mps();
        let index = channel.index.into();
        match self.channels.readable(index, &self.rx.pool) {
            Readable::Sdu(len) if whole && len.saturating_add(2) > mps => {
                return Poll::Ready(Err(Error::BufferTooSmall { needed: len.into() }));
            }
            Readable::Part(_) if whole => return self.nothing_to_read(channel),
            Readable::Sdu(_) | Readable::Part(_) => {}
            Readable::Nothing => return self.nothing_to_read(channel),
        }
        match self.channels.next_chunk(index, &mut self.rx.pool) {
            Some(chunk) => Poll::Ready(Ok(chunk)),
            None => self.nothing_to_read(channel),
        }
    }

    /// Takes back the packet of a chunk.
    pub(crate) fn return_chunk(&mut self, channel: ChannelRef, packet: Packet) {
        if self.channel(channel).is_ok() {
            self.channels.give_back(channel.index.into(), packet, &mut self.rx.pool);
            self.owe_credits(channel);
        } else {
            self.rx.pool.give(packet);
        }
    }

    /// An SDU was given up half way: the channel is closed, since the peer would take the next one for the rest.
    pub(crate) fn interrupt_channel(&mut self, channel: ChannelRef) {
        self.interrupted |= 1u64.wrapping_shl(channel.index.into());
        self.close_channel(channel);
    }

    /// Begins to close the channel in order.
    pub(crate) fn close_channel(&mut self, channel: ChannelRef) {
        if self.channel(channel).is_ok() {
            let mut pools = Pools { rx: &mut self.rx.pool, tx: &mut self.tx.pool };
            self.channels.close(channel.index.into(), &mut pools);
            self.channel_ended(channel.index);
            self.channels_changed(channel.link.index);
        }
    }

    /// One user more of a channel.
    pub(crate) fn share_channel(&mut self, channel: ChannelRef) {
        if let Some(users) = self.channel_users.get_mut(usize::from(channel.index)) {
            *users = users.saturating_add(1);
        }
    }

    /// One user less of a channel; the last one closes it.
    pub(crate) fn release_channel(&mut self, channel: ChannelRef) {
        if self.channel(channel).is_err() {
            return;
        }
        let Some(users) = self.channel_users.get_mut(usize::from(channel.index)) else { return };
        *users = users.saturating_sub(1);
        if *users == 0 {
            let mut pools = Pools { rx: &mut self.rx.pool, tx: &mut self.tx.pool };
            self.channels.release(channel.index.into(), &mut pools);
            self.channel_ended(channel.index);
            self.channels_changed(channel.link.index);
        }
    }

    /// Marks that a channel takes no more to send. A frame that it still has leaves before the peer learns of the end.
    pub(crate) fn channel_ended(&mut self, index: u8) {
        let bit = 1u64.wrapping_shl(index.into());
        if !self.channels.get(index.into()).is_some_and(bindrune_l2cap::Channel::has_out) {
            for link in self.links.iter_mut() {
                link.full_channels &= !bit;
            }
            self.wake_starved();
        }
        self.ready.whole_channel(index);
    }

    /// A channel of a link was opened or closed: the peer is to learn of it in a bounded time.
    fn channels_changed(&mut self, link: u8) {
        self.undated |= 1u64.wrapping_shl(link.into());
        self.owe(link);
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

    fn nothing_to_read<T>(&self, channel: ChannelRef) -> Poll<Result<T, Error>> {
        match self.channel(channel)?.state() {
            State::Closed(_) | State::Disconnecting(_) => {
                Poll::Ready(Err(self.channel_error(channel)))
            }
            State::Free | State::Connecting | State::Requested | State::Refusing | State::Open => {
                Poll::Pending
            }
        }
    }

    fn channel_error(&self, channel: ChannelRef) -> Error {
        let bit = 1u64.wrapping_shl(channel.index.into());
        match self.channel(channel).map(bindrune_l2cap::Channel::close_reason) {
            Ok(_) if self.interrupted & bit != 0 => Error::Interrupted,
            Ok(Some(reason)) => closed(reason),
            Ok(None) | Err(_) => Error::Closed(CloseReason::LinkLost),
        }
    }

    fn owe_credits(&mut self, channel: ChannelRef) {
        self.owe_pending(channel.link.index);
        self.ready.channel(channel.index, ChannelKey::Receive);
    }
}

const fn closed(reason: CloseReason) -> Error {
    match reason {
        CloseReason::Refused(result) => Error::Refused(result),
        CloseReason::Timeout => Error::Timeout,
        CloseReason::Local
        | CloseReason::Peer
        | CloseReason::Cut
        | CloseReason::LinkLost
        | CloseReason::NotSupported
        | CloseReason::Violation(_) => Error::Closed(reason),
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
