//! BR/EDR: the machines of its links, beside those of LE. A host has them only with [`crate::ClassicResources`].
//!
//! - `link`: a link, and its life.
//! - `event`, `command`: events and commands of the controller.
//! - `receive`, `fill`: ACL data.
//! - `channel`, `listen`: L2CAP channels, for the application's calls.
//! - `gap`: inquiry, names and links, for the application's calls.
//! - `local`: what other devices see of this one, and which of them may connect.
//! - `security`, `oob`, `bonds`: pairing, out-of-band data, encryption and link keys.
//! - `sdp`: the SDP server.
//! - `rfcomm`: sessions and connections of RFCOMM.
//! - `procedure`: roles, modes, timeouts and echoes of a link.
//! - `wait`: what futures wait for.

mod bonds;
mod channel;
mod command;
mod event;
mod fill;
mod gap;
mod link;
mod listen;
mod local;
mod oob;
mod procedure;
mod receive;
mod rfcomm;
mod sdp;
mod security;
mod time;
mod wait;

use bindrune_classic::{ConnectError, Gap, security::Security};
use bindrune_hci::{
    Status,
    credits::{AclCredits, HostLinkCredits},
};
use bindrune_l2cap::classic::{Channel, Channels};
use bindrune_rfcomm::Dlc;
use bindrune_sdp::Registry;
use bindrune_wire::{Address, Handle, time::Instant};

use super::Stack;
use crate::{ClassicConfig, mask::Mask};

pub use bindrune_classic::security::Failure;
pub use bindrune_l2cap::classic::CloseReason;
pub use bindrune_rfcomm::EndReason as RfcommEnd;
pub use bindrune_sdp::Failure as SearchFailure;
pub(crate) use bonds::BondPlace;
use bonds::Bonds;
pub(super) use bonds::{BondTicket, HasBonds};
pub(crate) use channel::{ChannelRef, User};
pub(crate) use command::Owner;
pub(crate) use link::{Link, LinkRef};
pub(crate) use procedure::Procedure;
pub(crate) use receive::Body;
use rfcomm::Rfcomm;
pub(crate) use rfcomm::{Port as RfcommPort, PortCommand, RFCOMM_MTU, StreamRef};
pub(crate) use security::Ask;
pub(crate) use wait::{Event as Awaited, Key, Ready, Waiters};

/// BR/EDR has a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deadline;

/// BR/EDR of a host, if it has the memory for it.
#[derive(Debug)]
pub(crate) struct Classic(Option<&'static mut State>);

/// All state of BR/EDR.
#[derive(Debug)]
pub(crate) struct State {
    gap: Gap,
    security: Security,
    channels: Channels,
    users: &'static mut [User],
    links: &'static mut [Link],
    listeners: [listen::Listener; listen::LISTENERS],
    /// The controller's buffers of BR/EDR; `None` if LE shares them.
    acl: Option<AclCredits>,
    /// Links that may have something to send.
    sending: Mask,
    /// Links whose time limit begins when `run` next reads the clock.
    unlimited: u64,
    last_link: u8,
    /// Whether BR/EDR filled the buffer for the transport first the last time.
    goes_first: bool,
    /// Number of channels that opened.
    opened: u32,
    /// How often `run` read the clock for the application, and whether it must do that again.
    dated: u32,
    wants_time: bool,
    /// Channels that the application dropped since then: they begin to close.
    released: u64,
    config: ClassicConfig,
    phase: Phase,
    /// Whether the controller does not answer a command that BR/EDR needs.
    is_broken: bool,
    /// Whether peers may connect although nothing listens.
    connectable: bool,
    /// The request for a link, and how it ended.
    connecting: Option<(Address, Option<Result<u8, ConnectError>>)>,
    /// The request for a name, and how it ended.
    naming: Option<(Address, Option<Result<(), Status>>)>,
    /// Whether the application inquires, and how that ended.
    inquiring: gap::Inquiring,
    registry: Registry<'static>,
    rfcomm: Rfcomm,
    /// The response of the SDP server, or the frame of RFCOMM, that is being made.
    response: &'static mut [u8],
    bonds: Bonds,
    questions: &'static mut [security::Ask],
    oob: oob::Oob,
}

/// State of BR/EDR in the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The set-up is not complete.
    SettingUp,
    Ready,
    /// The controller has no BR/EDR, or refused its set-up.
    Unusable,
}

/// The parts of a new [`State`].
pub(crate) struct Parts {
    pub(crate) gap: Gap,
    pub(crate) security: Security,
    pub(crate) channels: &'static mut [Channel],
    pub(crate) users: &'static mut [User],
    pub(crate) links: &'static mut [Link],
    pub(crate) records: &'static mut [u8],
    pub(crate) ports: &'static mut [RfcommPort],
    pub(crate) dlcs: &'static mut [Dlc],
    pub(crate) response: &'static mut [u8],
    pub(crate) bonds: &'static mut [BondPlace],
    pub(crate) questions: &'static mut [security::Ask],
    pub(crate) config: ClassicConfig,
}

impl State {
    pub(crate) fn new(parts: Parts) -> Self {
        Self {
            gap: parts.gap,
            security: parts.security,
            channels: Channels::new(parts.channels),
            users: parts.users,
            links: parts.links,
            listeners: [listen::Listener::FREE; listen::LISTENERS],
            acl: None,
            sending: 0,
            unlimited: 0,
            last_link: 0,
            goes_first: false,
            opened: 0,
            dated: 0,
            wants_time: false,
            released: 0,
            config: parts.config,
            phase: Phase::SettingUp,
            is_broken: false,
            connectable: false,
            connecting: None,
            naming: None,
            inquiring: gap::Inquiring::No,
            registry: Registry::new(parts.records),
            rfcomm: Rfcomm::new(parts.ports, parts.dlcs),
            response: parts.response,
            bonds: Bonds::new(parts.bonds),
            questions: parts.questions,
            oob: oob::Oob::NONE,
        }
    }

    fn link_slots(&self) -> u8 {
        u8::try_from(self.links.len()).unwrap_or(u8::MAX)
    }

    /// Returns whether a channel can receive datagrams of this length.
    fn takes_mtu(&self, mtu: u16) -> bool {
        self.channels.longest_mtu() >= mtu
    }
}

impl Classic {
    pub(super) const NONE: Self = Self(None);

    fn get(&mut self) -> Option<&mut State> {
        self.0.as_deref_mut()
    }

    fn state(&self) -> Option<&State> {
        self.0.as_deref()
    }

    /// Returns the number of channel slots that are taken.
    pub(crate) fn taken_channels(&self) -> usize {
        self.state().map_or(0, |state| state.users.len().saturating_sub(state.channels.free()))
    }

    pub(crate) fn live_links(&self) -> usize {
        self.state().map_or(0, |state| state.links.iter().filter(|link| link.is_up()).count())
    }

    /// Returns whether a link may come up.
    pub(super) fn has_free_link(&self) -> bool {
        self.state().is_some_and(|state| state.vacant().is_some())
    }

    /// Returns whether a channel in Basic mode may have no room for the next datagram.
    pub(super) fn is_crowded(&self) -> bool {
        self.state().is_some_and(|state| state.channels.is_crowded())
    }

    pub(super) fn host_credits(&mut self) -> impl Iterator<Item = (Handle, &mut HostLinkCredits)> {
        let links = self.get().map(|state| state.links.iter_mut()).unwrap_or_default();
        links.filter(|link| link.is_up()).map(|link| (link.handle, &mut link.host_credits))
    }

    pub(super) fn poll_timeout(&self, now: Instant) -> Option<(Instant, Deadline)> {
        let state = self.state()?;
        let links = state.links.iter().filter(|link| link.is_up());
        let links = links.filter_map(|link| link.deadline(state));
        let gap = state.gap.poll_timeout().map(|(at, _)| at);
        let security = state.security.poll_timeout().map(|(at, _)| at);
        let at = links.chain(gap).chain(security).chain(state.rfcomm.poll_timeout(now)).min()?;
        Some((at, Deadline))
    }
}

impl Stack {
    /// Gives a new host its memory for BR/EDR.
    pub(crate) fn add_classic(&mut self, state: &'static mut State, ready: Ready) {
        self.security.bonds.others = HasBonds::YES;
        self.classic = Classic(Some(state));
        self.ready.classic = ready;
    }

    fn classic_mark(&mut self, event: Awaited) {
        self.ready.classic.mark(Key::of(event));
    }

    /// Handles the deadlines that are due.
    pub(super) fn classic_timeout(&mut self, now: Instant, Deadline: Deadline) {
        let Some(state) = self.classic.get() else { return };
        state.gap.handle_timeout(now);
        state.security.handle_timeout(now);
        for index in 0..state.link_slots() {
            let Some(state) = self.classic.get() else { return };
            let Some(link) = state.links.get_mut(usize::from(index)).filter(|l| l.is_up()) else {
                continue;
            };
            if link.l2cap.poll_timeout(&state.channels).is_some_and(|(at, _)| at <= now) {
                link.l2cap.handle_timeout(now, &mut state.channels);
                self.classic_signals(index);
            }
            self.rfcomm_timeout(now, index);
        }
        self.end_idle_links(now);
        self.end_stalled_links(now);
        self.classic_changed(now);
    }
}
