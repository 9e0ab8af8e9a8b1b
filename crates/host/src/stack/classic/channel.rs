//! L2CAP channels over BR/EDR, for the application's calls. [Vol 3] Part A

use core::task::Poll;

use bindrune_l2cap::{
    LinkId,
    classic::{
        Agreement, ChannelConfig, ChannelError, CloseReason, Psm, SendError, State as ChannelState,
        mode::Kind,
    },
};
use bindrune_wire::{Address, Level};

use super::{
    State,
    link::LinkRef,
    wait::{Event, Key},
};
use crate::{
    ClassicLoss, Error,
    stack::Stack,
    waiters::{ChannelKey, Due},
};

/// Identifies one channel until its slot is used for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChannelRef {
    pub(crate) index: u8,
    pub(crate) generation: u32,
    pub(crate) link: LinkRef,
}

/// The user of a channel slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct User {
    pub(super) generation: u32,
    pub(super) link: LinkRef,
    pub(super) of: Of,
    /// Order in which channels of a listener opened.
    pub(super) order: u32,
}

/// What uses a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Nothing,
    /// The application has it.
    App,
    /// The peer requested it of a listener, and the link gets this level first.
    Securing {
        listener: u8,
        level: Level,
    },
    /// The peer requested it of a listener. It waits to open, then to be accepted.
    Listener(u8),
    /// The SDP server.
    Sdp,
    /// The peer requested it for RFCOMM, and the link is encrypted first.
    SecuringRfcomm,
    /// The session of RFCOMM.
    Rfcomm,
}

impl User {
    pub(crate) const NONE: Self = Self {
        generation: 0,
        link: LinkRef { index: u8::MAX, generation: 0 },
        of: Of::Nothing,
        order: 0,
    };
}

impl State {
    pub(super) fn user(&mut self, channel: usize) -> Option<&mut User> {
        self.users.get_mut(channel)
    }

    /// Begins a new use of a channel slot.
    pub(super) fn use_channel(
        &mut self,
        channel: usize,
        link: LinkRef,
        of: Of,
    ) -> Option<ChannelRef> {
        let user = self.users.get_mut(channel)?;
        let generation = user.generation.wrapping_add(1);
        *user = User { generation, link, of, order: 0 };
        self.released &= !1u64.wrapping_shl(u32::try_from(channel).ok()?);
        Some(ChannelRef { index: u8::try_from(channel).ok()?, generation, link })
    }

    /// Returns the slot of a reference if it is still the same channel.
    fn slot(&self, channel: ChannelRef) -> Result<usize, Error> {
        let user = self.users.get(usize::from(channel.index));
        let same = user.is_some_and(|user| user.generation == channel.generation);
        let gone = Error::ClassicClosed(CloseReason::LinkLost);
        if same { Ok(channel.index.into()) } else { Err(gone) }
    }

    /// Returns why a channel cannot be used any more. [Vol 3] Part A, 6.1
    fn closed(&self, channel: usize) -> Option<CloseReason> {
        match self.channels.get(channel).map(bindrune_l2cap::classic::Channel::state) {
            None => Some(CloseReason::LinkLost),
            Some(ChannelState::Closed(reason) | ChannelState::Disconnecting(reason)) => {
                Some(reason)
            }
            Some(ChannelState::Draining) => Some(CloseReason::Local),
            Some(_) => None,
        }
    }
}

/// Returns the error of a call that L2CAP refuses.
pub(super) const fn error_of(error: ChannelError) -> Error {
    match error {
        ChannelError::Invalid => Error::InvalidParameters,
        ChannelError::NoSlot => Error::NoClassicChannel,
        ChannelError::State => Error::Busy,
    }
}

impl Stack {
    /// Requests a channel. The caller becomes a user of it, and of its link. [Vol 3] Part A, 4.2
    pub(crate) fn classic_open(
        &mut self,
        link: LinkRef,
        psm: Psm,
        config: ChannelConfig,
    ) -> Result<ChannelRef, Error> {
        let now = self.now;
        let state = self.classic.get().ok_or(Error::Unsupported)?;
        state.link(link)?;
        let slot =
            state.channels.connect(now, LinkId(link.index), psm, config).map_err(error_of)?;
        let channel = state.use_channel(slot, link, Of::App).ok_or(Error::NoClassicChannel)?;
        self.share_classic_link(link);
        self.classic_pending(link.index);
        self.deadlines_changed();
        Ok(channel)
    }

    /// Ready when the channel is open. [Vol 3] Part A, 6.1
    pub(crate) fn poll_classic_opened(&mut self, channel: ChannelRef) -> Poll<Result<(), Error>> {
        let Some(state) = self.classic.get() else { return Poll::Ready(Err(Error::Unsupported)) };
        let slot = state.slot(channel)?;
        if let Some(reason) = state.closed(slot) {
            // The channel may have ended already, after the peer sent something.
            let has_unread = state.channels.received(slot).is_some();
            return Poll::Ready(if has_unread {
                Ok(())
            } else {
                Err(Error::ClassicClosed(reason))
            });
        }
        match state.channels.get(slot) {
            Some(channel) if channel.is_open() => Poll::Ready(Ok(())),
            Some(_) | None => Poll::Pending,
        }
    }

    /// Gives a channel back. It closes once everything was sent. [Vol 3] Part A, 4.6
    pub(crate) fn release_classic_channel(&mut self, channel: ChannelRef) {
        let now = self.now;
        let Some(state) = self.classic.get() else { return };
        if let Ok(slot) = state.slot(channel) {
            if state.closed(slot).is_some() {
                state.channels.release(now, slot);
            } else {
                state.released |= 1u64.wrapping_shl(channel.index.into());
                self.ready.run(Due::COMMAND);
            }
            if let Some(user) = state.user(slot) {
                user.of = Of::Nothing;
                user.generation = user.generation.wrapping_add(1);
            }
            self.classic_signals(channel.link.index);
        }
        self.release_classic_link(channel.link);
    }

    /// Takes a datagram to send. [Vol 3] Part A, 3.1 and 3.3
    pub(crate) fn poll_classic_send(
        &mut self,
        channel: ChannelRef,
        datagram: &[u8],
    ) -> Poll<Result<(), Error>> {
        let Some(state) = self.classic.get() else { return Poll::Ready(Err(Error::Unsupported)) };
        let slot = state.slot(channel)?;
        match state.channels.send(slot, datagram) {
            Ok(()) => {
                self.classic_pending(channel.link.index);
                Poll::Ready(Ok(()))
            }
            Err(SendError::Full) => Poll::Pending,
            Err(SendError::TooLong { longest }) => {
                Poll::Ready(Err(Error::TooLong { max: longest.into() }))
            }
            Err(SendError::Closed) => {
                let reason = state.closed(slot).unwrap_or(CloseReason::Local);
                Poll::Ready(Err(Error::ClassicClosed(reason)))
            }
        }
    }

    /// Copies and takes the next datagram. [Vol 3] Part A, 3.1 and 3.3
    pub(crate) fn poll_classic_recv(
        &mut self,
        channel: ChannelRef,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, Error>> {
        let Some(state) = self.classic.get() else { return Poll::Ready(Err(Error::Unsupported)) };
        let slot = state.slot(channel)?;
        let Some(datagram) = state.channels.received(slot) else {
            let reason = state.closed(slot);
            return reason.map_or(Poll::Pending, |r| Poll::Ready(Err(Error::ClassicClosed(r))));
        };
        let needed = datagram.len();
        let Some(place) = buffer.get_mut(..needed) else {
            return Poll::Ready(Err(Error::BufferTooSmall { needed }));
        };
        place.copy_from_slice(datagram);
        state.channels.consume(slot);
        // The peer may have waited for the room.
        self.classic_pending(channel.link.index);
        Poll::Ready(Ok(needed))
    }

    /// Ready when everything that was sent has left. [Vol 3] Part A, 8.6
    pub(crate) fn poll_classic_flush(&mut self, channel: ChannelRef) -> Poll<Result<(), Error>> {
        let Some(state) = self.classic.get() else { return Poll::Ready(Err(Error::Unsupported)) };
        let slot = state.slot(channel)?;
        if let Some(reason) = state.closed(slot) {
            return Poll::Ready(Err(Error::ClassicClosed(reason)));
        }
        match state.channels.get(slot) {
            Some(channel) if !channel.transfer().is_flushed() => Poll::Pending,
            Some(_) | None => Poll::Ready(Ok(())),
        }
    }

    /// Begins to change what this end receives. [Vol 3] Part A, 5.1 and 7.1
    pub(crate) fn classic_set_mtu(&mut self, channel: ChannelRef, mtu: u16) -> Result<(), Error> {
        let state = self.classic.get().ok_or(Error::Unsupported)?;
        let slot = state.slot(channel)?;
        if let Some(reason) = state.closed(slot) {
            return Err(Error::ClassicClosed(reason));
        }
        state.channels.reconfigure(slot, mtu).map_err(error_of)?;
        self.classic_pending(channel.link.index);
        Ok(())
    }

    /// Ready when the peer has agreed to the change. [Vol 3] Part A, 4.5
    pub(crate) fn poll_classic_mtu(&mut self, channel: ChannelRef) -> Poll<Result<(), Error>> {
        let Some(state) = self.classic.get() else { return Poll::Ready(Err(Error::Unsupported)) };
        let slot = state.slot(channel)?;
        if let Some(reason) = state.closed(slot) {
            return Poll::Ready(Err(Error::ClassicClosed(reason)));
        }
        let done = state.channels.get(slot).is_none_or(|channel| channel.is_settled());
        if done { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    /// Closes a channel once everything was sent. [Vol 3] Part A, 4.6
    pub(crate) fn classic_close(&mut self, channel: ChannelRef) {
        let now = self.now;
        let Some(state) = self.classic.get() else { return };
        if let Ok(slot) = state.slot(channel) {
            state.channels.disconnect(now, slot);
            self.classic_signals(channel.link.index);
        }
    }

    /// Ready when a channel that this end closes is closed. [Vol 3] Part A, 4.7
    pub(crate) fn poll_classic_closed(&mut self, channel: ChannelRef) -> Poll<Result<(), Error>> {
        let Some(state) = self.classic.get() else { return Poll::Ready(Err(Error::Unsupported)) };
        let slot = state.slot(channel)?;
        match state.channels.get(slot).map(bindrune_l2cap::classic::Channel::state) {
            Some(ChannelState::Closed(CloseReason::Timeout)) => Poll::Ready(Err(Error::Timeout)),
            Some(ChannelState::Closed(_) | ChannelState::Free) | None => Poll::Ready(Ok(())),
            Some(_) => Poll::Pending,
        }
    }

    /// Returns the peer of a link that is up or has ended.
    pub(crate) fn classic_peer(&self, link: LinkRef) -> Address {
        let state = self.classic.state();
        let link = state.and_then(|state| state.links.get(usize::from(link.index)));
        link.map_or(super::Link::FREE.peer, |link| link.peer)
    }

    /// Returns the PSM of a channel.
    pub(crate) fn classic_psm(&self, channel: ChannelRef) -> Psm {
        let state = self.classic.state();
        let channel = state.and_then(|state| state.channels.get(usize::from(channel.index)));
        channel.map_or(Psm(0), bindrune_l2cap::classic::Channel::psm)
    }

    /// Returns what both ends of a channel agreed on. [Vol 3] Part A, 5
    pub(crate) fn classic_agreement(&self, channel: ChannelRef) -> Option<Agreement> {
        let channel = self.classic.state()?.channels.get(usize::from(channel.index))?;
        Some(channel.agreement())
    }

    /// Returns what a channel lost. [Vol 3] Part A, 8.6 and 8.7
    pub(crate) fn classic_loss(&self, channel: ChannelRef) -> ClassicLoss {
        let state = self.classic.state();
        let channel = state.and_then(|state| state.channels.get(usize::from(channel.index)));
        channel.map_or(ClassicLoss::default(), |channel| {
            let drops = channel.transfer().drops();
            let received = match channel.transfer().kind() {
                Kind::Basic => drops.no_room,
                Kind::Streaming => {
                    drops.missing.saturating_add(drops.incomplete).saturating_add(drops.no_room)
                }
                // The peer sends everything again.
                Kind::Enhanced => 0,
            };
            ClassicLoss { received, sent: drops.flushed }
        })
    }

    pub(super) fn classic_readable(&mut self, channel: usize) {
        self.mark_channel(channel, ChannelKey::Receive);
        self.serve_sdp(channel);
        self.rfcomm_readable(channel);
    }

    pub(super) fn classic_writable(&mut self, channel: usize) {
        self.mark_channel(channel, ChannelKey::Send);
        self.serve_sdp(channel);
    }

    pub(super) fn classic_reconfigured(&mut self, channel: usize) {
        self.mark_channel(channel, ChannelKey::State);
        self.mark_channel(channel, ChannelKey::Send);
    }

    /// Handles the end of a channel. Its slot is free at once unless the application has it, or can accept it.
    /// [Vol 3] Part A, 6.1
    pub(super) fn classic_closed(&mut self, channel: usize, reason: CloseReason) {
        let now = self.now;
        let Some(state) = self.classic.get() else { return };
        let user = state.user(channel).copied();
        // The application may still accept a channel to read what the peer sent, while the link is up.
        let is_offered = reason == CloseReason::Peer && state.channels.received(channel).is_some();
        let keeps = |of| of == Of::App || is_offered && matches!(of, Of::Listener(_));
        if user.is_some_and(|user| !keeps(user.of)) {
            state.channels.release(now, channel);
            if let Some(user) = state.user(channel) {
                user.of = Of::Nothing;
                user.generation = user.generation.wrapping_add(1);
            }
        }
        if let Some(User { of: Of::Rfcomm | Of::SecuringRfcomm, link, .. }) = user {
            self.rfcomm_closed(channel, link.index, reason);
        }
        if let Ok(channel) = u8::try_from(channel) {
            self.ready.classic.whole_channel(channel);
        }
        self.classic_mark(Event::Accept);
    }

    fn mark_channel(&mut self, channel: usize, key: ChannelKey) {
        if let Ok(channel) = u8::try_from(channel) {
            self.ready.classic.mark(Key::channel(channel, key));
        }
    }
}
