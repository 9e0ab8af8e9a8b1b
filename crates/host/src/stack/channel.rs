//! Credit-based channels: the calls of the application. [Vol 3] Part A, 10.1

mod send;

use core::task::Poll;

use bindrune_l2cap::{
    ChannelConfig, CloseReason, LinkId, OpenError, Pools, Psm, Readable, ReceiveError, State,
};
use bindrune_wire::{Interest, Packet};

use super::{LinkRef, Stack};
use crate::{
    Error,
    mask::{Mask, bit},
    waiters::ChannelKey,
};

/// Identifies one channel until its slot is used for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChannelRef {
    pub(crate) index: u8,
    pub(crate) generation: u32,
    pub(crate) link: LinkRef,
}

impl Stack {
    /// Asks the peer for a channel once that is allowed.
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
                Err(error) => open_error(error),
            };
            let is_full = error != Error::InvalidParameters;
            if !(is_full && self.channels.evict(&mut pools)) {
                return Err(error);
            }
        };
        self.channels_changed(link.index);
        self.channel_taken(index, link).ok_or(Error::NoChannel)
    }

    /// Returns a reference to a channel for the application. The channel has no user yet.
    pub(crate) fn channel_taken(&mut self, index: usize, link: LinkRef) -> Option<ChannelRef> {
        let generation = self.channels.get(index)?.generation();
        *self.channel_users.get_mut(index)? = 0;
        self.interrupted &= !bit(u8::try_from(index).ok()?);
        Some(ChannelRef { index: u8::try_from(index).ok()?, generation, link })
    }

    /// Returns the channel of a reference if it is still the same.
    pub(crate) fn channel(&self, channel: ChannelRef) -> Result<&bindrune_l2cap::Channel, Error> {
        self.channels
            .get(channel.index.into())
            .filter(|c| c.generation() == channel.generation && c.is_held())
            .ok_or(Error::Closed(CloseReason::LinkLost))
    }

    /// Ready when the peer has decided about the requested channel.
    pub(crate) fn poll_opened(&self, channel: ChannelRef) -> Poll<Result<(), Error>> {
        match self.channel(channel)?.state() {
            State::Connecting => Poll::Pending,
            State::Open => Poll::Ready(Ok(())),
            // The channel has ended already, after the peer sent something.
            State::Closed(_) | State::Disconnecting(_) if self.has_unread(channel) => {
                Poll::Ready(Ok(()))
            }
            State::Closed(reason) | State::Disconnecting(reason) => {
                Poll::Ready(Err(closed(reason)))
            }
            State::Free | State::Requested | State::Refusing => {
                Poll::Ready(Err(Error::Closed(CloseReason::LinkLost)))
            }
        }
    }

    /// Returns whether a whole SDU of a channel was received and not read.
    fn has_unread(&self, channel: ChannelRef) -> bool {
        matches!(self.channels.readable(channel.index.into(), &self.rx.pool), Readable::Sdu(_))
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

    /// Ready when the controller has everything that was sent.
    pub(crate) fn poll_flushed(&self, channel: ChannelRef) -> Poll<Result<(), Error>> {
        let slot = self.channel(channel)?;
        let current =
            self.links.get(usize::from(channel.link.index)).and_then(|l| l.sending_channel);
        if !slot.is_open() {
            return Poll::Ready(Err(self.channel_error(channel)));
        }
        let leaving = self.leaving_channels & bit(channel.index) != 0;
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
                self.packets_read(channel);
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

    /// Returns the number of bytes that were received and not read.
    pub(crate) fn received(&self, channel: ChannelRef) -> usize {
        self.channel(channel)
            .map_or(0, |_| self.channels.available(channel.index.into(), &self.rx.pool))
    }

    /// Copies received data of one SDU or several. Returns 0 bytes at the end of the data that the peer sent.
    pub(crate) fn poll_read(
        &mut self,
        channel: ChannelRef,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, Error>> {
        self.channel(channel)?;
        let len = self.channels.read(channel.index.into(), buffer, &mut self.rx.pool);
        if len > 0 || buffer.is_empty() {
            self.packets_read(channel);
            return Poll::Ready(Ok(len));
        }
        // An empty SDU also took a packet.
        self.mark_signalling(channel.link.index);
        let end = self.nothing_to_read(channel);
        let in_order = Error::Closed(CloseReason::Peer);
        let by_us = Error::Closed(CloseReason::Local);
        let is_over = end == Poll::Ready(Err(in_order)) || end == Poll::Ready(Err(by_us));
        if is_over { Poll::Ready(Ok(0)) } else { end }
    }

    /// Takes the next packet of the first SDU.
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
            self.packets_read(channel);
        } else {
            self.rx.pool.give(packet);
        }
    }

    /// Closes a channel whose SDU was abandoned half way: the peer would take the next SDU for the rest of this one.
    pub(crate) fn interrupt_channel(&mut self, channel: ChannelRef) {
        self.interrupted |= bit(channel.index);
        self.close_channel(channel);
    }

    /// Begins an orderly close of the channel.
    pub(crate) fn close_channel(&mut self, channel: ChannelRef) {
        if self.channel(channel).is_ok() {
            let mut pools = Pools { rx: &mut self.rx.pool, tx: &mut self.tx.pool };
            self.channels.close(channel.index.into(), &mut pools);
            self.channel_ended(channel.index);
            self.channels_changed(channel.link.index);
        }
    }

    /// Adds a user to a channel.
    pub(crate) fn share_channel(&mut self, channel: ChannelRef) {
        if let Some(users) = self.channel_users.get_mut(usize::from(channel.index)) {
            *users = users.saturating_add(1);
        }
    }

    /// Removes a user from a channel. The last user closes it.
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

    /// Marks that a channel accepts no more data to send. A frame that it still has is sent before the peer is notified
    /// of the end.
    pub(crate) fn channel_ended(&mut self, index: u8) {
        let bit = bit(index);
        if !self.channels.get(index.into()).is_some_and(bindrune_l2cap::Channel::has_out) {
            for link in self.links.iter_mut() {
                link.full_channels &= !bit;
            }
            self.wake_for_packet(Mask::MAX);
        }
        self.ready.whole_channel(index);
    }

    /// Marks that a channel of a link was opened or closed, which must be signalled to the peer in a bounded time.
    fn channels_changed(&mut self, link: u8) {
        self.undated |= bit(link);
        self.mark_pending(link);
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

    pub(super) fn channel_error(&self, channel: ChannelRef) -> Error {
        let bit = bit(channel.index);
        match self.channel(channel).map(bindrune_l2cap::Channel::close_reason) {
            Ok(_) if self.interrupted & bit != 0 => Error::Interrupted,
            Ok(Some(reason)) => closed(reason),
            Ok(None) | Err(_) => Error::Closed(CloseReason::LinkLost),
        }
    }

    fn packets_read(&mut self, channel: ChannelRef) {
        self.mark_signalling(channel.link.index);
        self.ready.channel(channel.index, ChannelKey::Receive);
    }

    /// Marks a link as pending if its signalling channel may have a command: credits, or a request to close a channel.
    pub(super) fn mark_signalling(&mut self, index: u8) {
        let slot = self.links.get(usize::from(index));
        if slot.is_some_and(|slot| slot.signalling.interest(&self.channels) != Interest::None) {
            self.mark_pending(index);
        }
    }
}

pub(super) const fn open_error(error: OpenError) -> Error {
    match error {
        OpenError::BadPsm | OpenError::BadConfig => Error::InvalidParameters,
        OpenError::NoChannel => Error::NoChannel,
        OpenError::NoPackets => Error::NoPackets,
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
