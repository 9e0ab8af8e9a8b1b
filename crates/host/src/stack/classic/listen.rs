//! Listeners for channels over BR/EDR, and the channels that wait to be accepted. [Vol 3] Part A, 4.2 and 4.3

use core::task::Poll;

use bindrune_classic::security::Requirement;
use bindrune_l2cap::classic::{
    Channel, ChannelConfig, CloseReason, Psm, State as ChannelState,
    pdu::{ConnectionResult, ConnectionStatus},
};
use bindrune_wire::{Level, time::Instant};

use super::{
    State,
    channel::{ChannelRef, Of},
    wait::Event,
};
use crate::{ClassicChannelConfig, Error, stack::Stack, waiters::Due};

/// The maximum number of PSMs with a listener.
pub(super) const LISTENERS: usize = 8;

/// What a PSM of this device accepts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listener {
    /// 0 for a free place.
    psm: Psm,
    config: ClassicChannelConfig,
}

impl Listener {
    pub(super) const FREE: Self = Self { psm: Psm(0), config: ClassicChannelConfig::BASIC };
}

impl State {
    /// Returns the listener of a PSM: its place and what it requires.
    fn listener(&self, psm: Psm) -> Option<(u8, Listener)> {
        let mut listeners = (0u8..).zip(self.listeners.iter());
        listeners.find(|(_, listener)| listener.psm == psm).map(|(place, l)| (place, *l))
    }

    /// Returns the configuration of a channel that waited for the security of its link.
    fn config_of(&self, of: Of) -> Option<ChannelConfig> {
        match of {
            Of::Listener(place) => {
                self.listeners.get(usize::from(place)).map(|listener| listener.config.channel)
            }
            Of::Rfcomm => Some(self.rfcomm_config()),
            Of::Nothing | Of::App | Of::Securing { .. } | Of::Sdp | Of::SecuringRfcomm => None,
        }
    }

    /// Returns whether a link may have one more channel that the application has not accepted: one for SDP, and one
    /// slot less than there are, so that no peer takes them all.
    fn admits(&self, link: u8, psm: Psm) -> bool {
        let of_link = self.users.iter().filter(|user| user.link.index == link);
        let own = of_link.filter(|user| !matches!(user.of, Of::Nothing | Of::App));
        let sdp = own.clone().filter(|user| user.of == Of::Sdp).count();
        let most = self.users.len().saturating_sub(1).max(1);
        own.count() < most && (psm != Psm::SDP || sdp == 0)
    }

    /// Frees the channels of a link that ended before the application accepted them.
    pub(super) fn drop_closed_offers(&mut self, now: Instant, link: u8) {
        for (index, user) in self.users.iter_mut().enumerate() {
            let closed = |c: &Channel| matches!(c.state(), ChannelState::Closed(_));
            let is_offer = user.link.index == link && matches!(user.of, Of::Listener(_));
            if is_offer && self.channels.get(index).is_some_and(closed) {
                self.channels.release(now, index);
                user.of = Of::Nothing;
            }
        }
    }

    /// Returns whether something listens for channels or RFCOMM connections.
    pub(super) fn listens(&self) -> bool {
        self.rfcomm.listens() || self.listeners.iter().any(|listener| listener.psm != Psm(0))
    }
}

impl Stack {
    /// Begins to listen. Returns the place of the listener. [Vol 3] Part A, 4.2
    pub(crate) fn classic_listen(
        &mut self,
        psm: Psm,
        config: ClassicChannelConfig,
    ) -> Result<u8, Error> {
        let state = self.classic.get().ok_or(Error::Unsupported)?;
        if !psm.is_dynamic() || !config.channel.is_valid() || !state.takes_mtu(config.channel.mtu) {
            return Err(Error::InvalidParameters);
        }
        if state.listener(psm).is_some() {
            return Err(Error::Busy);
        }
        let free = state.listeners.iter().position(|l| l.psm == Psm(0)).ok_or(Error::NoListener)?;
        let place = state.listeners.get_mut(free).ok_or(Error::NoListener)?;
        *place = Listener { psm, config };
        self.classic_visibility();
        u8::try_from(free).map_err(|_| Error::NoListener)
    }

    /// Stops listening. Closes channels that were not accepted. [Vol 3] Part A, 4.3
    pub(crate) fn classic_stop_listening(&mut self, place: u8) {
        let Some(state) = self.classic.get() else { return };
        if let Some(listener) = state.listeners.get_mut(usize::from(place)) {
            *listener = Listener::FREE;
        }
        for channel in 0..state.users.len() {
            self.drop_unaccepted(channel, place);
        }
        self.classic_visibility();
    }

    fn drop_unaccepted(&mut self, channel: usize, place: u8) {
        let now = self.now;
        let Some(state) = self.classic.get() else { return };
        let Some(user) = state.user(channel) else { return };
        let link = user.link.index;
        match user.of {
            Of::Listener(of) if of == place => state.channels.release(now, channel),
            Of::Securing { listener, .. } if listener == place => {
                let _ends = state.channels.refuse(channel, ConnectionResult::PSM_NOT_SUPPORTED);
            }
            Of::Nothing
            | Of::App
            | Of::Securing { .. }
            | Of::Listener(_)
            | Of::Sdp
            | Of::SecuringRfcomm
            | Of::Rfcomm => return,
        }
        if let Some(user) = state.user(channel) {
            user.of = Of::Nothing;
        }
        self.classic_signals(link);
    }

    /// Returns the channel of a listener that opened first. The caller becomes a user of it, and of its link.
    pub(crate) fn poll_classic_accept(&mut self, place: u8) -> Poll<Result<ChannelRef, Error>> {
        let Some(state) = self.classic.get() else { return Poll::Ready(Err(Error::Unsupported)) };
        let users = (0u8..).zip(state.users.iter());
        let waiting = users.filter(|(index, user)| {
            let channel = state.channels.get(usize::from(*index)).map(Channel::state);
            let waits = matches!(channel, Some(ChannelState::Open | ChannelState::Closed(_)));
            user.of == Of::Listener(place) && waits
        });
        let Some((index, user)) = waiting.min_by_key(|(_, user)| user.order) else {
            return Poll::Pending;
        };
        let (link, generation) = (user.link, user.generation);
        if let Some(user) = state.user(index.into()) {
            user.of = Of::App;
        }
        self.share_classic_link(link);
        Poll::Ready(Ok(ChannelRef { index, generation, link }))
    }

    /// Decides about a channel that a peer requests: the security of the link comes first, except for SDP. [Vol 3] Part
    /// C, 5.2.2.8
    pub(super) fn classic_requested(&mut self, link: u8, channel: usize, psm: Psm) {
        let now = self.now;
        let Some(state) = self.classic.get() else { return };
        let Some(reference) = state.up(link).map(|slot| slot.reference(link)) else { return };
        if !state.admits(link, psm) {
            let _refused = state.channels.refuse(channel, ConnectionResult::NO_RESOURCES);
            return;
        }
        if psm == Psm::SDP {
            state.use_channel(channel, reference, Of::Sdp);
            let _open = state.channels.accept(now, channel, state.sdp_config());
            return;
        }
        if psm == Psm::RFCOMM {
            return self.rfcomm_requested(reference, channel);
        }
        let Some((listener, of)) = state.listener(psm) else {
            let _refused = state.channels.refuse(channel, ConnectionResult::PSM_NOT_SUPPORTED);
            return;
        };
        let level = of.config.level;
        if state.security.security(link).level >= level {
            state.use_channel(channel, reference, Of::Listener(listener));
            return self.admit_classic(channel, of.config.channel);
        }
        state.use_channel(channel, reference, Of::Securing { listener, level });
        let _pending = state.channels.pend(now, channel, ConnectionStatus::AUTHENTICATION_PENDING);
        if state.security.require(now, link, Requirement::level(level)).is_err() {
            self.refuse_insecure(channel);
        }
        self.ready.run(Due::COMMAND);
        self.deadlines_changed();
    }

    /// Accepts a channel that a peer requests, or refuses it if L2CAP cannot. [Vol 3] Part A, 4.3
    pub(super) fn admit_classic(&mut self, channel: usize, config: ChannelConfig) {
        let now = self.now;
        let Some(state) = self.classic.get() else { return };
        if state.channels.accept(now, channel, config).is_err() {
            let _refused = state.channels.refuse(channel, ConnectionResult::NO_RESOURCES);
        }
    }

    /// Refuses a channel because its link is not secure enough. [Vol 3] Part A, 4.3
    pub(super) fn refuse_insecure(&mut self, channel: usize) {
        let Some(state) = self.classic.get() else { return };
        let _refused = state.channels.refuse(channel, ConnectionResult::SECURITY_BLOCK);
        if let Some(user) = state.user(channel) {
            let of = core::mem::replace(&mut user.of, Of::Nothing);
            let link = user.link.index;
            if of == Of::SecuringRfcomm {
                self.rfcomm_closed(channel, link, CloseReason::Local);
            }
        }
    }

    /// Accepts or refuses the channels that wait for the security of their link. [Vol 3] Part A, 4.3
    pub(super) fn settle_requests(&mut self, link: u8, failed: bool) {
        let Some(state) = self.classic.get() else { return };
        let achieved = state.security.security(link).level;
        for channel in 0..state.users.len() {
            let Some(state) = self.classic.get() else { return };
            let Some(user) = state.user(channel).filter(|user| user.link.index == link) else {
                continue;
            };
            let (of, level) = match user.of {
                Of::Securing { listener, level } => (Of::Listener(listener), level),
                Of::SecuringRfcomm => (Of::Rfcomm, Level::Encrypted),
                Of::Nothing | Of::App | Of::Listener(_) | Of::Sdp | Of::Rfcomm => continue,
            };
            if achieved >= level {
                user.of = of;
                if let Some(config) = state.config_of(of) {
                    self.admit_classic(channel, config);
                }
            } else if failed {
                self.refuse_insecure(channel);
            }
        }
        self.settle_rfcomm_requests(link, failed);
        self.classic_signals(link);
    }

    /// Handles a channel that is open. [Vol 3] Part A, 6.1
    pub(super) fn classic_opened(&mut self, channel: usize) {
        let Some(state) = self.classic.get() else { return };
        state.opened = state.opened.wrapping_add(1);
        let order = state.opened;
        if let Some(user) = state.user(channel) {
            user.order = order;
        }
        if let Ok(channel) = u8::try_from(channel) {
            self.ready.classic.whole_channel(channel);
        }
        self.classic_mark(Event::Accept);
        self.rfcomm_opened(channel);
    }
}
