//! RFCOMM: one session for each link, on an L2CAP channel that the host owns. [RFCOMM 1.2]
//!
//! - `stream`: connections, for the application's calls.
//! - `listen`: listeners, and the peer's requests for connections.
//! - `port`: settings and line status of a connection, for the application's calls.
//! - `frames`: from frames to channels, and back.

mod frames;
mod listen;
mod port;
mod stream;

use bindrune_classic::security::Requirement;
use bindrune_l2cap::classic::{
    ChannelConfig, CloseReason,
    pdu::{ConnectionResult, ConnectionStatus},
};
use bindrune_rfcomm::{Dlcs, Role, Session, SessionId};
use bindrune_wire::{Level, time::Instant};

use super::{
    State,
    channel::Of,
    link::LinkRef,
    wait::{Event, Key},
};
use crate::{
    stack::Stack,
    waiters::{ChannelKey, Due},
};

pub(crate) use port::PortCommand;
pub(crate) use stream::StreamRef;

/// Longest frame of RFCOMM, in bytes: with the header of L2CAP it fills the longest packet of BR/EDR, 3-DH5.
/// [Vol 2] Part B, 6.5.4
pub(crate) const RFCOMM_MTU: usize = 1017;

/// The highest server channel, plus one. [RFCOMM 1.2] 5.4
const SERVERS: usize = 31;

/// RFCOMM of one link.
#[derive(Debug)]
pub(crate) struct Port {
    /// The L2CAP channel, and our role in it.
    channel: Option<(u8, Role)>,
    session: Option<Session>,
    /// Number of frames that the channel took.
    given: u32,
    /// Number of channels and sessions that ended, and why the last one did.
    ends: u32,
    failure: CloseReason,
}

impl Port {
    pub(crate) const NONE: Self =
        Self { channel: None, session: None, given: 0, ends: 0, failure: CloseReason::LinkLost };

    /// Counts the end of a channel, or of the session on it.
    const fn ended(&mut self, reason: CloseReason) {
        (self.ends, self.failure) = (self.ends.wrapping_add(1), reason);
    }

    /// Returns the value of `ends` beyond which a new request for a connection fails: a channel that is there may end
    /// first, because its session is closing.
    const fn limit(&self) -> u32 {
        self.ends.wrapping_add(self.channel.is_some() as u32)
    }

    /// Returns whether more channels have ended than a request takes.
    const fn is_beyond(&self, limit: u32) -> bool {
        let beyond = self.ends.wrapping_sub(limit);
        beyond != 0 && beyond <= u32::MAX / 2
    }
}

/// RFCOMM of all links.
#[derive(Debug)]
pub(crate) struct Rfcomm {
    ports: &'static mut [Port],
    dlcs: Dlcs,
    /// Level that the listener of each server channel requires.
    levels: [Option<Level>; SERVERS],
}

impl Rfcomm {
    /// A peer has at most one connection less than there are slots that no task has accepted, so that it does not take
    /// them all.
    pub(crate) const fn new(
        ports: &'static mut [Port],
        dlcs: &'static mut [bindrune_rfcomm::Dlc],
    ) -> Self {
        let share = if dlcs.len() > 1 { dlcs.len().saturating_sub(1) } else { 1 };
        Self { ports, dlcs: Dlcs::new(dlcs, share), levels: [None; SERVERS] }
    }

    /// Returns to the initial state.
    pub(super) fn reset(&mut self) {
        self.ports.fill_with(|| Port::NONE);
        self.dlcs.reset();
        self.levels = [None; SERVERS];
    }

    /// Returns whether a server channel has a listener.
    pub(super) fn listens(&self) -> bool {
        self.levels.iter().any(Option::is_some)
    }

    pub(super) fn poll_timeout(&self, now: Instant) -> Option<Instant> {
        let sessions = self.ports.iter().filter_map(|port| port.session.as_ref());
        sessions.filter_map(|session| session.poll_timeout(now, &self.dlcs)).min()
    }

    fn port(&mut self, link: u8) -> Option<&mut Port> {
        self.ports.get_mut(usize::from(link))
    }
}

impl State {
    pub(super) fn rfcomm_config(&self) -> ChannelConfig {
        let mtu = u16::try_from(RFCOMM_MTU).unwrap_or(u16::MAX);
        ChannelConfig { mtu: mtu.min(self.channels.longest_mtu()), ..ChannelConfig::RELIABLE }
    }

    /// Removes the L2CAP channel of a link. It closes once everything was sent.
    fn drop_rfcomm_channel(&mut self, now: Instant, link: u8) {
        let Some((channel, _)) = self.rfcomm.port(link).and_then(|port| port.channel.take()) else {
            return;
        };
        self.channels.release(now, channel.into());
        if let Some(user) = self.user(channel.into()) {
            user.of = Of::Nothing;
            user.generation = user.generation.wrapping_add(1);
        }
    }

    /// Decides whether the peer may open a channel for RFCOMM. A link has one session.
    /// [RFCOMM 1.2] 5.2
    ///
    /// If both ends open a channel at once, that of the device with the higher address stays.
    fn admit_rfcomm(&mut self, now: Instant, link: LinkRef) -> Result<(), ConnectionResult> {
        let own = self.gap.controller().map(|info| info.address.get());
        let peer = self.up(link.index).map(|link| link.peer);
        let listens = self.rfcomm.listens();
        let Self { rfcomm: Rfcomm { ports, dlcs, .. }, .. } = self;
        let port = ports.get_mut(usize::from(link.index)).ok_or(ConnectionResult::NO_RESOURCES)?;
        match (&mut port.session, port.channel) {
            (None, None) if listens => Ok(()),
            (None, None) => Err(ConnectionResult::PSM_NOT_SUPPORTED),
            (None, Some((_, Role::Initiator))) if own < peer => Ok(()),
            (Some(session), _) if !session.can_open() => {
                session.channel_lost(dlcs);
                port.session = None;
                port.ended(CloseReason::Peer);
                Ok(())
            }
            (None | Some(_), _) => Err(ConnectionResult::NO_RESOURCES),
        }?;
        self.drop_rfcomm_channel(now, link.index);
        Ok(())
    }
}

impl Stack {
    /// Decides about a channel for RFCOMM that a peer requests: the link is encrypted first. [Vol 3] Part C, 5.2.2.8
    pub(super) fn rfcomm_requested(&mut self, link: LinkRef, channel: usize) {
        let now = self.now;
        let Some(state) = self.classic.get() else { return };
        if let Err(result) = state.admit_rfcomm(now, link) {
            let _refused = state.channels.refuse(channel, result);
            return;
        }
        if let Some(port) = state.rfcomm.port(link.index) {
            port.channel = u8::try_from(channel).ok().map(|channel| (channel, Role::Responder));
        }
        if state.security.security(link.index).level >= Level::Encrypted {
            state.use_channel(channel, link, Of::Rfcomm);
            let config = state.rfcomm_config();
            return self.admit_classic(channel, config);
        }
        state.use_channel(channel, link, Of::SecuringRfcomm);
        let _pending = state.channels.pend(now, channel, ConnectionStatus::AUTHENTICATION_PENDING);
        let requirement = Requirement::level(Level::Encrypted);
        if state.security.require(now, link.index, requirement).is_err() {
            self.refuse_insecure(channel);
        }
        self.ready.run(Due::COMMAND);
        self.deadlines_changed();
    }

    /// Begins the session on a channel that is open, if it is one of RFCOMM. [RFCOMM 1.2] 5.2
    pub(super) fn rfcomm_opened(&mut self, channel: usize) {
        let now = self.now;
        let Some(state) = self.classic.get() else { return };
        let Some(link) = state.user(channel).filter(|u| u.of == Of::Rfcomm).map(|u| u.link.index)
        else {
            return;
        };
        let Some(agreed) = state.channels.get(channel).map(|channel| channel.agreement()) else {
            return;
        };
        if let Some(port) = state.rfcomm.port(link)
            && let Some((_, role)) = port.channel
        {
            let mtu = agreed.rx_mtu.min(agreed.tx_mtu);
            port.session = Some(Session::new(now, SessionId(link), role, mtu));
            port.given = 0;
        }
        self.classic_mark(Event::Session);
        self.settle_rfcomm(link);
    }

    /// Ends the session on a channel that has ended. [RFCOMM 1.2] 5.2
    pub(super) fn rfcomm_closed(&mut self, channel: usize, link: u8, reason: CloseReason) {
        let Some(state) = self.classic.get() else { return };
        let Rfcomm { ports, dlcs, .. } = &mut state.rfcomm;
        let Some(port) = ports.get_mut(usize::from(link)) else { return };
        if port.channel.is_none_or(|(own, _)| usize::from(own) != channel) {
            return;
        }
        port.channel = None;
        if let Some(mut session) = port.session.take() {
            session.channel_lost(dlcs);
        }
        port.ended(reason);
        self.classic_mark(Event::Session);
        self.rfcomm_changes();
        self.deadlines_changed();
    }

    /// Handles the deadlines that are due. [RFCOMM 1.2] 5.3
    pub(super) fn rfcomm_timeout(&mut self, now: Instant, link: u8) {
        let Some(state) = self.classic.get() else { return };
        let Rfcomm { ports, dlcs, .. } = &mut state.rfcomm;
        let session = ports.get_mut(usize::from(link)).and_then(|port| port.session.as_mut());
        let due =
            |session: &&mut Session| session.poll_timeout(now, dlcs).is_some_and(|at| at <= now);
        let Some(session) = session.filter(due) else { return };
        session.handle_timeout(now, dlcs);
        self.settle_rfcomm(link);
    }

    /// Does what any input of a session, or call of the application, may have made due.
    pub(super) fn settle_rfcomm(&mut self, link: u8) {
        let now = self.now;
        self.rfcomm_changes();
        self.send_rfcomm(link);
        self.rfcomm_changes();
        let Some(state) = self.classic.get() else { return };
        if let Some(port) = state.rfcomm.port(link)
            && port.session.as_ref().is_some_and(Session::is_done)
        {
            port.session = None;
            port.ended(CloseReason::Peer);
            state.drop_rfcomm_channel(now, link);
            self.classic_mark(Event::Session);
        }
        self.classic_pending(link);
        self.classic_idle(link);
        self.deadlines_changed();
    }

    fn mark_stream(&mut self, group: u8, key: ChannelKey) {
        self.ready.classic.mark(Key::channel(group, key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_outlives_the_end_of_one_earlier_channel_and_no_more() {
        for (channel, ends) in [(None, 0), (Some((0, Role::Responder)), 1)] {
            let mut port = Port { channel, ends: u32::MAX, ..Port::NONE };
            let limit = port.limit();
            for _ in 0..ends {
                port.ended(CloseReason::Peer);
                assert!(!port.is_beyond(limit));
            }
            for _ in 0..3 {
                port.ended(CloseReason::Timeout);
                assert!(port.is_beyond(limit));
            }
            assert_eq!(port.failure, CloseReason::Timeout);
            assert!(!port.is_beyond(port.limit()));
        }
    }
}
