//! One BR/EDR link: its identity, its L2CAP, and the users that keep it up.

use bindrune_classic::Link as GapLink;
use bindrune_hci::{
    Status,
    credits::{HostLinkCredits, LinkCredits},
};
use bindrune_l2cap::{
    LinkId,
    classic::{Link as L2cap, Signal},
};
use bindrune_wire::{Address, AddressKind, Handle, Interest, time::Instant};
use embassy_time::Duration;

use super::{State, procedure, security::Outcomes, wait::Event};
use crate::{
    Error,
    mask::bit,
    stack::{Life, Stack},
    waiters::Due,
};

/// How long a link that this device made stays up without a user, so that the next channel needs no page.
const IDLE: Duration = Duration::from_secs(2);

/// How long a link that a peer made stays up if neither side uses it, while all slots are in use.
const UNUSED: Duration = Duration::from_secs(30);

/// How long the controller may keep packets of a link without completing one: its supervision timeout, at most 41 s
/// ([Vol 4] Part E, 7.3.42), and 30 s more.
const STALL: Duration = Duration::from_secs(71);

/// Time for the data of a link that ends to leave.
const DRAINING: Duration = Duration::from_secs(10);

/// Identifies one link until its slot is used for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LinkRef {
    pub(crate) index: u8,
    pub(crate) generation: u32,
}

/// One link slot of [`crate::ClassicResources`].
#[derive(Debug)]
pub(crate) struct Link {
    pub(super) generation: u32,
    pub(super) life: Life,
    pub(super) handle: Handle,
    pub(super) peer: Address,
    /// Number of the application's handles on the link and on its channels.
    pub(super) users: u16,
    /// Whether this device made the link, and ends it when it has no user.
    pub(super) is_own: bool,
    pub(super) idle_until: Option<Instant>,
    /// When the link ended: late data with its handle is of no new link.
    pub(super) ended_at: Option<Instant>,
    /// The handle of the link that had the slot before, and when it ended.
    pub(super) before: (Handle, Option<Instant>),
    pub(super) is_leaving: bool,
    /// Whether the link ends once everything that was sent has left.
    pub(super) is_draining: bool,
    /// Whether the link has lost its security and must end: no data of its channels is sent or received.
    pub(super) is_cut: bool,
    pub(super) credits: LinkCredits,
    pub(super) host_credits: HostLinkCredits,
    pub(super) l2cap: L2cap,
    pub(super) outcomes: Outcomes,
    /// Whether data may be dropped after the packet timeout that was requested, and the controller's answer.
    pub(super) flush: Option<bool>,
    pub(super) flush_result: Option<Result<(), Status>>,
    /// How the last request for each procedure ended.
    pub(super) ends: procedure::Ends,
    pub(super) echo: procedure::Echo,
}

impl Link {
    pub(crate) const FREE: Self = Self {
        generation: 0,
        life: Life::Free,
        handle: Handle::MIN,
        peer: Address::new(AddressKind::Public, [0; 6]),
        users: 0,
        is_own: false,
        idle_until: None,
        ended_at: None,
        before: (Handle::MIN, None),
        is_leaving: false,
        is_draining: false,
        is_cut: false,
        credits: LinkCredits::NONE,
        host_credits: HostLinkCredits::NONE,
        l2cap: L2cap::new(LinkId(0)),
        outcomes: Outcomes::NONE,
        flush: None,
        flush_result: None,
        ends: procedure::Ends::NONE,
        echo: procedure::Echo::Idle,
    };

    pub(super) fn is_up(&self) -> bool {
        self.life == Life::Up
    }

    /// Returns when the link ends because the controller completes none of its packets.
    pub(super) fn stall(&self) -> Option<Instant> {
        let since = self.credits.waiting_since().filter(|_| !self.is_leaving)?;
        Some(since + STALL)
    }

    /// Returns the earliest deadline of the link and of its channels.
    pub(super) fn deadline(&self, state: &State) -> Option<Instant> {
        let l2cap = self.l2cap.poll_timeout(&state.channels).map(|(at, _)| at);
        l2cap.into_iter().chain(self.idle_until).chain(self.stall()).min()
    }

    pub(super) const fn reference(&self, index: u8) -> LinkRef {
        LinkRef { index, generation: self.generation }
    }
}

impl State {
    /// Returns the link of a reference if it is up and still the same one.
    pub(super) fn link(&self, link: LinkRef) -> Result<&Link, Error> {
        let gone = Error::Disconnected(Status::UNKNOWN_CONNECTION);
        let slot = self.links.get(usize::from(link.index));
        let slot = slot.filter(|l| l.generation == link.generation).ok_or(gone)?;
        match slot.life {
            Life::Up => Ok(slot),
            Life::Ended(reason) => Err(Error::Disconnected(reason)),
            Life::Free => Err(gone),
        }
    }

    pub(super) fn up(&mut self, index: u8) -> Option<&mut Link> {
        self.links.get_mut(usize::from(index)).filter(|link| link.is_up())
    }

    pub(super) fn find(&self, handle: Handle) -> Option<u8> {
        let is = |link: &Link| link.is_up() && link.handle == handle;
        u8::try_from(self.links.iter().position(is)?).ok()
    }

    pub(super) fn find_peer(&self, peer: Address) -> Option<LinkRef> {
        let mut links = (0u8..).zip(self.links.iter());
        let found = links.find(|(_, link)| link.is_up() && link.peer == peer);
        found.map(|(index, link)| link.reference(index))
    }

    /// Returns a free slot, or else that of an ended link which the application still holds.
    pub(super) fn vacant(&self) -> Option<u8> {
        let free = self.links.iter().position(|l| l.life == Life::Free);
        let ended = || self.links.iter().position(|l| matches!(l.life, Life::Ended(_)));
        u8::try_from(free.or_else(ended)?).ok()
    }
}

impl Stack {
    /// Adds a handle of the application to a link.
    pub(crate) fn share_classic_link(&mut self, link: LinkRef) {
        let Some(state) = self.classic.get() else { return };
        let slot = state.links.get_mut(usize::from(link.index));
        if let Some(slot) = slot.filter(|slot| slot.generation == link.generation) {
            slot.users = slot.users.saturating_add(1);
            slot.idle_until = None;
        }
    }

    /// Removes a handle of the application from a link.
    pub(crate) fn release_classic_link(&mut self, link: LinkRef) {
        let Some(state) = self.classic.get() else { return };
        let slot = state.links.get_mut(usize::from(link.index));
        let Some(slot) = slot.filter(|slot| slot.generation == link.generation) else { return };
        slot.users = slot.users.saturating_sub(1);
        if slot.users == 0 && !slot.is_up() {
            slot.life = Life::Free;
            slot.generation = slot.generation.wrapping_add(1);
        }
        self.classic_idle(link.index);
    }

    /// Begins the time after which a link without a user ends.
    pub(super) fn classic_idle(&mut self, index: u8) {
        let Some(state) = self.classic.get() else { return };
        let used = state.channels.of_link(LinkId(index)).next().is_some();
        let Some(link) = state.up(index).filter(|link| !link.is_draining) else { return };
        let idle = link.users == 0 && !used && !link.is_leaving;
        if !idle {
            link.idle_until = None;
        } else if link.idle_until.is_none() {
            self.limit_classic_link(index);
        }
    }

    /// Begins the time limit of a link without a user, or of one that drains, when `run` next reads the clock.
    fn limit_classic_link(&mut self, index: u8) {
        if let Some(state) = self.classic.get() {
            state.unlimited |= 1u64.wrapping_shl(index.into());
        }
        self.ready.run(Due::COMMAND);
    }

    /// Begins the time limits of links.
    pub(super) fn limit_classic_links(&mut self, now: Instant) {
        let Some(state) = self.classic.get() else { return };
        let mut links = core::mem::take(&mut state.unlimited);
        while links != 0 {
            let index = u8::try_from(links.trailing_zeros()).unwrap_or(u8::MAX);
            links &= links.wrapping_sub(1);
            let used = state.channels.of_link(LinkId(index)).next().is_some();
            let Some(link) = state.up(index) else { continue };
            let limit = match (link.is_draining, link.is_own) {
                (true, _) => DRAINING,
                (false, true) => IDLE,
                (false, false) => UNUSED,
            };
            if link.is_draining || (link.users == 0 && !used) {
                link.idle_until = Some(now + limit);
            }
        }
        self.deadlines_changed();
    }

    /// Handles everything that L2CAP reports about a link. [Vol 3] Part A, 4
    pub(super) fn classic_signals(&mut self, index: u8) {
        loop {
            let Some(state) = self.classic.get() else { return };
            let Some(link) = state.links.get_mut(usize::from(index)) else { return };
            let Some(signal) = link.l2cap.poll_signal(&mut state.channels) else { break };
            self.classic_signal(index, signal);
        }
        self.classic_pending(index);
        self.classic_progress(index);
        self.leave_if_drained(index);
        self.classic_idle(index);
        self.deadlines_changed();
    }

    fn classic_signal(&mut self, index: u8, signal: Signal) {
        match signal {
            Signal::Requested { channel, psm } => self.classic_requested(index, channel, psm),
            Signal::Opened(channel) => self.classic_opened(channel),
            Signal::Reconfigured(channel) => self.classic_reconfigured(channel),
            Signal::Readable(channel) => self.classic_readable(channel),
            Signal::Writable(channel) => self.classic_writable(channel),
            Signal::Closed(channel, reason) => self.classic_closed(channel, reason),
            Signal::Echoed(outcome) => self.classic_echoed(index, outcome),
        }
    }

    /// Marks that a link may have something to send.
    pub(super) fn classic_pending(&mut self, index: u8) {
        if let Some(state) = self.classic.get() {
            state.sending |= bit(index);
            self.ready.run(Due::DATA);
            let asleep = state.gap.link(index).is_some_and(GapLink::sleeps_long);
            let link = state.links.get(usize::from(index)).filter(|link| asleep && link.is_up());
            if link.is_some_and(|link| link.l2cap.interest(&state.channels) != Interest::None) {
                self.wake_classic_link(index);
            }
        }
    }

    /// Ends a link once everything that was sent has left, for at most 10 s.
    pub(super) fn drain_classic_link(&mut self, index: u8) {
        let Some(link) = self.classic.get().and_then(|state| state.up(index)) else { return };
        link.is_draining = true;
        link.idle_until = None;
        self.limit_classic_link(index);
        self.leave_if_drained(index);
    }

    /// Ends a link that drains, if nothing is left to send. [Vol 4] Part E, 7.1.6
    pub(super) fn leave_if_drained(&mut self, index: u8) {
        let Some(state) = self.classic.get() else { return };
        let Some(link) = state.links.get(usize::from(index)).filter(|l| l.is_up()) else { return };
        let left = link.l2cap.interest(&state.channels) != Interest::None
            || link.credits.outstanding() > 0;
        if link.is_draining && !link.is_leaving && !left {
            self.classic_leave(index, Status::REMOTE_USER_TERMINATED);
        }
    }

    /// Handles the end of a link. [Vol 4] Part E, 7.7.5
    pub(super) fn end_classic_link(&mut self, index: u8, reason: Status) {
        let Some(state) = self.classic.get() else { return };
        let Some(link) = state.links.get_mut(usize::from(index)).filter(|l| l.is_up()) else {
            return;
        };
        let (handle, peer) = (link.handle, link.peer);
        // A pairing that this host ends, or loses with its controller, is no failure of the peer.
        let own = matches!(reason, Status::LOCAL_HOST_TERMINATED | Status::HARDWARE_FAILURE);
        if state.security.link_down(index) && !own {
            self.security.pairing_failed(self.now, peer);
        }
        link.l2cap.end_link(&mut state.channels);
        let acl = state.acl.as_mut().unwrap_or(&mut self.acl);
        acl.disconnected(&mut link.credits);
        self.host_credits.disconnected(&mut link.host_credits);
        (link.credits, link.host_credits) = (LinkCredits::NONE, HostLinkCredits::NONE);
        (link.idle_until, link.ended_at) = (None, Some(self.now));
        link.life = if link.users > 0 { Life::Ended(reason) } else { Life::Free };
        if link.users == 0 {
            link.generation = link.generation.wrapping_add(1);
        }
        state.sending &= !bit(index);
        state.drop_closed_offers(self.now, index);
        if let Some(output) = &mut self.output {
            let _dropped = output.forget(handle);
        }
        self.classic_signals(index);
        self.share_classic_buffers();
        self.classic_mark(Event::Link);
        self.classic_mark(Event::Security);
        self.classic_mark(Event::Setting);
        self.forget_question(index);
        self.deadlines_changed();
    }

    /// Ends links whose packets the controller keeps: a peer that takes nothing occupies its buffers.
    pub(super) fn end_stalled_links(&mut self, now: Instant) {
        let slots = self.classic.state().map_or(0, State::link_slots);
        for index in 0..slots {
            let link = self.classic.get().and_then(|state| state.up(index));
            if link.and_then(|link| link.stall()).is_some_and(|at| at <= now) {
                self.stats.stalled_links.count();
                self.classic_leave(index, Status::REMOTE_USER_TERMINATED);
            }
        }
    }

    /// Ends links that had no user for a while.
    pub(super) fn end_idle_links(&mut self, now: Instant) {
        let Some(state) = self.classic.get() else { return };
        for index in 0..state.link_slots() {
            let idle = |link: &Link| link.idle_until.is_some_and(|at| at <= now);
            let kept = state.security.is_pairing(index) || state.vacant().is_some();
            let Some(link) = state.up(index).filter(|link| idle(link)) else { continue };
            if kept && !link.is_own && !link.is_draining {
                link.idle_until = Some(now + UNUSED);
            } else {
                link.idle_until = None;
                state.leave(index, Status::REMOTE_USER_TERMINATED);
            }
        }
        self.ready.run(Due::COMMAND);
    }
}
