//! The sans-I/O root: the only module that knows every protocol machine. It owns all state.
//!
//! - Getters: [`Stack::link`], [`Stack::channel`], `Stack::stats`, [`Stack::failure`], [`Stack::controller_info`].
//! - Inputs from the controller: [`Stack::handle_event`], [`Stack::rx_packet`] and [`Stack::handle_acl`] for each ACL
//!   packet, [`Stack::handle_reset_complete`], [`Stack::sync_lost`].
//! - Inputs from the clock: [`Stack::handle_timeout`].
//! - Application: the `poll_*` methods of `channel`, `client`, `server`, `gap` and `command`. Futures call them until
//!   they are ready; a call takes its input or output only when it is ready.
//! - Outputs: [`Stack::next_output`], [`Stack::poll_timeout`], and the marks in `Stack::ready`, which name the tasks to
//!   wake.
//!
//! After any input, fill and send until nothing is left, then check the deadline.

mod att;
mod attribute;
#[cfg(feature = "capture")]
mod capture;
#[cfg(all(feature = "recovery", feature = "security"))]
mod challenge;
mod channel;
mod claim;
#[cfg(feature = "classic")]
mod classic;
mod client;
mod command;
#[cfg(feature = "server")]
mod current;
mod direct;
mod dispatch;
mod early;
mod event;
mod fill;
#[cfg(feature = "fixed")]
mod fixed;
mod gap;
mod gate;
mod inbox;
#[cfg(not(feature = "classic"))]
mod le_only;
mod life;
mod limit;
mod link;
mod listen;
mod loss;
mod memory;
mod new;
mod notice;
mod notify;
mod outcome;
mod output;
mod packets;
mod phase;
#[cfg(feature = "security")]
mod privacy;
mod procedure;
mod push;
#[cfg(feature = "recovery")]
mod recover;
mod reset;
#[cfg(feature = "recovery")]
mod resetting;
#[cfg(feature = "privacy")]
mod rotation;
#[cfg(feature = "security")]
mod security;
mod server;
mod share;
mod shutdown;
#[cfg(feature = "statistics")]
mod statistics;
mod timeout;
mod transmit;
#[cfg(not(feature = "fixed"))]
mod unfixed;
#[cfg(not(feature = "recovery"))]
mod unrecovered;
#[cfg(not(feature = "security"))]
mod unsecured;
#[cfg(feature = "recovery")]
mod watch;
#[cfg(feature = "security")]
mod worker;

use bindrune_gap::{ControllerInfo, Gap, InitError};
use bindrune_gatt::Server;
use bindrune_hci::{
    credits::{AclCredits, HostCredits},
    lane::CommandLane,
};
use bindrune_l2cap::{Channels, Listener, State};
use bindrune_wire::time::Instant;

use crate::{
    Config, Error,
    capability::CHANNELS,
    mask::{Mask, bit},
    stats::Counters,
    waiters::{Due, Ready},
};

pub(crate) use channel::ChannelRef;
#[cfg(feature = "classic")]
pub(crate) use classic::{
    Ask as ClassicAsk, Awaited, BondPlace as ClassicBondPlace, ChannelRef as ClassicChannelRef,
    Link as ClassicLink, Parts as ClassicParts, PortCommand, Procedure as ClassicProcedure,
    RFCOMM_MTU, RfcommPort, State as ClassicState, StreamRef, User as ClassicUser,
};
pub(crate) use classic::{
    Body as ClassicBody, Key as ClassicKey, LinkRef as ClassicLinkRef, Ready as ClassicReady,
    Waiters as ClassicWaiters,
};
pub use classic::{
    CloseReason as ClassicCloseReason, Failure as ClassicFailure, RfcommEnd, SearchFailure,
};
pub(crate) use command::AppCommand;
pub(crate) use dispatch::AclLanding;
pub(crate) use gap::gap_config;
#[cfg(not(feature = "classic"))]
use le_only as classic;
pub(crate) use limit::Limit;
pub(crate) use link::{Life, Link, LinkRef};
pub use loss::{ControllerEvent, ControllerLoss};
pub(crate) use memory::{RX_PER_LINK, Receive, TX_PER_LINK, Transmit as TransmitPackets};
pub(crate) use new::Parts;
pub(crate) use notice::{Handed, Notice, Question};
pub use outcome::{LinkSecurity, Paired, PairingFailure};
pub(crate) use output::Output;
pub(crate) use phase::Phase;
pub(crate) use security::PairingSlot;
#[cfg(feature = "security")]
pub use security::{BondInfo, PasskeyEntry};
#[cfg(feature = "security")]
pub(crate) use security::{
    BondJob, JobTicket, PairingLink, Question as PairingQuestion, RECORD_MAX, SecurityRetry,
};
#[cfg(not(feature = "fixed"))]
use unfixed as fixed;
#[cfg(not(feature = "recovery"))]
use unrecovered as resetting;
#[cfg(not(feature = "recovery"))]
pub(crate) use unrecovered::Reported;
#[cfg(not(feature = "security"))]
use unsecured::{self as challenge, self as privacy, self as security, self as worker};
#[cfg(feature = "recovery")]
pub(crate) use watch::Reported;
#[cfg(feature = "security")]
pub(crate) use worker::{Request, Worker};

/// The maximum number of PSMs with a listener.
pub(crate) const LISTENERS: usize = if CHANNELS { 4 } else { 0 };

/// All state of a host. The fields that are used most come first: they take the shortest instructions.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Stack {
    links: &'static mut [Link],
    /// Whether a command may be pending.
    command_due: bool,
    /// Whether a peer sent a PDU that may have an answer. The answer should be sent before the peer's next data is
    /// handled.
    answering: bool,
    /// Cached result of [`Self::is_crowded`], from its last call.
    crowded: bool,
    /// Whether the last command came from a link.
    link_commanded: bool,
    /// The link that sent last, for fairness.
    last_link: u8,
    /// The link that sent a command last, for fairness.
    last_commanding: u8,
    pub(crate) ready: Ready,
    /// Links that may have something to send, and those of them whose machines may have a PDU.
    sending: Mask,
    machines: Mask,
    /// Links whose control procedures may have a pending command.
    commanding: Mask,
    /// Links with a time limit that begins when the stack is next given the time.
    undated: Mask,
    /// The earliest deadline, if it is known.
    deadline: Option<Option<timeout::Next>>,
    /// The latest time that the stack was given: that of the clock, and that of the machines.
    clock: embassy_time::Instant,
    now: Instant,
    phase: Phase,
    /// Links with packets, and channels with frames, in the buffer for the transport.
    leaving_links: Mask,
    leaving_channels: Mask,
    /// Links with packets, and with requests, in the buffer that were written without knowing the time.
    unstamped: Mask,
    unstamped_requests: Mask,
    /// Channels that were closed because an SDU was abandoned half way.
    interrupted: Mask,
    /// Links whose last indication is not confirmed because there is no room for another one.
    unconfirmed: Mask,
    /// Links on which a value for every peer has begun to wait for room.
    waiting_for_room: Mask,
    /// When the controller ran out of buffers of the host.
    full: Option<gate::Full>,
    channel_users: &'static mut [u8],
    acl: AclCredits,
    lane: CommandLane,
    pub(crate) rx: Receive,
    pub(crate) tx: TransmitPackets,
    pub(crate) channels: Channels,
    /// The buffer for the transport; `None` while the transport has it.
    output: Option<Output>,
    host_credits: HostCredits,
    awaiting_packet: packets::AwaitingPacket,
    limits: limit::Limits,
    early: early::Early,
    recovery: resetting::Recovery,
    shutdown: shutdown::Shutdown,
    /// Performs the next step of a shutdown once one has been requested. A host that is never shut down does not
    /// contain that code.
    next_of_shutdown: Option<fn(&mut Self, Instant)>,
    stats: Counters,
    security: security::HostSecurity,
    privacy: privacy::Privacy,
    app: AppCommand,
    worker: worker::Worker,
    /// Reads the device name from the server once the application has set it. A host whose application never sets it
    /// does not contain that code.
    named: Option<fn(&Server) -> &str>,
    listeners: [Listener; LISTENERS],
    gap: Gap,
    pub(crate) server: Server,
    config: Config,
    pub(crate) classic: classic::Classic,
}

impl Stack {
    /// Returns the link of a reference if it is up and still the same one.
    pub(crate) fn link(&self, link: LinkRef) -> Result<&Link, Error> {
        let slot = self.links.get(usize::from(link.index));
        let slot = slot.filter(|l| l.generation == link.generation).ok_or(GONE)?;
        match slot.life {
            Life::Up => Ok(slot),
            Life::Ended(reason) => Err(Error::Disconnected(reason)),
            Life::Free => Err(GONE),
        }
    }

    /// Returns the link of a reference if it is up and still the same one.
    pub(crate) fn link_mut(&mut self, link: LinkRef) -> Result<&mut Link, Error> {
        self.link(link)?;
        self.links.get_mut(usize::from(link.index)).ok_or(GONE)
    }

    /// Returns the slot of a link that is up or has ended.
    fn slot(&self, link: LinkRef) -> Option<&Link> {
        self.links.get(usize::from(link.index)).filter(|l| l.generation == link.generation)
    }

    /// Returns the slot of a link that is up or has ended.
    fn slot_mut(&mut self, link: LinkRef) -> Option<&mut Link> {
        self.links.get_mut(usize::from(link.index)).filter(|l| l.generation == link.generation)
    }

    /// Returns the number of link slots.
    pub(crate) fn link_slots(&self) -> u8 {
        u8::try_from(self.links.len()).unwrap_or(u8::MAX)
    }

    /// Returns the number of links that are up.
    pub(crate) fn live_links(&self) -> usize {
        self.links.iter().filter(|l| l.is_up()).count()
    }

    /// Returns the number of channel slots that are taken.
    pub(crate) fn taken_channels(&self) -> usize {
        self.channels.iter().filter(|c| c.state() != State::Free).count()
    }

    /// Returns why the controller cannot be used.
    pub(crate) const fn failure(&self) -> Option<InitError> {
        match self.phase {
            Phase::Failed(error) => Some(error),
            Phase::Down
            | Phase::ResetPending { .. }
            | Phase::Resetting { .. }
            | Phase::Setup
            | Phase::Ready => None,
        }
    }

    /// Returns the controller's properties, or `None` until initialization is complete.
    pub(crate) const fn controller_info(&self) -> Option<&ControllerInfo> {
        match self.phase {
            Phase::Ready => self.gap.controller(),
            Phase::Down
            | Phase::ResetPending { .. }
            | Phase::Resetting { .. }
            | Phase::Setup
            | Phase::Failed(_) => None,
        }
    }

    /// Returns the time of the last input.
    pub(crate) const fn now(&self) -> Instant {
        self.now
    }

    /// Returns the time of the last input, on the clock of `run`.
    pub(crate) const fn clock(&self) -> embassy_time::Instant {
        self.clock
    }

    /// Sets the time. It is converted once for each wake.
    pub(crate) fn set_clock(&mut self, clock: embassy_time::Instant) {
        if clock != self.clock {
            (self.clock, self.now) = (clock, Instant::of(clock));
        }
        let now = self.now;
        if (self.unstamped | self.unstamped_requests) != 0 {
            self.stamp(now);
        }
    }

    /// Returns and clears the marks of work for `run`.
    pub(crate) fn take_due(&mut self) -> Due {
        let due = self.ready.take(Due::all());
        self.command_due |= due.contains(Due::COMMAND);
        due
    }

    /// Returns whether a peer sent a PDU that may have an answer since the last call.
    pub(crate) const fn take_answering(&mut self) -> bool {
        core::mem::replace(&mut self.answering, false)
    }

    /// Marks that a machine of a link may have something to send.
    pub(crate) fn mark_pending(&mut self, index: u8) {
        self.machines |= bit(index);
        self.mark_unsent(index);
    }

    /// Marks that the application of a link has something to send.
    fn mark_unsent(&mut self, index: u8) {
        self.sending |= bit(index);
        self.ready.run(Due::DATA);
    }

    /// Marks a link as pending if its ATT or its signalling channel has something to send, or if the link is being
    /// left.
    fn mark_if_pending(&mut self, index: u8) {
        let Some(slot) = self.links.get(usize::from(index)) else { return };
        let change = slot.peer.as_ref().and_then(|peer| self.server.service_changed_pending(peer));
        if self.machines_pending(slot)
            || slot.attributes.has_pending_request()
            || change.is_some()
            || slot.leaving.is_some()
        {
            self.mark_pending(index);
        }
    }

    /// Marks that a link's control procedures may have a pending command.
    fn command_link(&mut self, index: u8) {
        self.commanding |= bit(index);
        self.ready.run(Due::COMMAND);
    }

    /// Marks that a deadline may have been added or removed.
    #[inline(never)]
    fn deadlines_changed(&mut self) {
        self.deadline = None;
        self.ready.run(Due::TIME);
    }

    /// Returns whether the application of a link holds a transmit packet: in an out-slot, borrowed, or being sent.
    fn app_holds_packets(&self, index: u8) -> bool {
        self.links
            .get(usize::from(index))
            .is_some_and(|link| link.borrowed > 0 || link.app_sending || link.has_unsent())
    }
}

/// Error for a link whose slot was used again, so that its reason is no longer known.
const GONE: Error = Error::Disconnected(bindrune_hci::Status::UNKNOWN_CONNECTION);
