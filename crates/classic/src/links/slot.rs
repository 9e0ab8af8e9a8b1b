//! One place of the table.

use core::fmt;

use bindrune_hci::{
    BdAddress, ClassOfDevice, LmpFeatures, LmpFeatures1, LmpFeatures2, PacketTypes, Role, Status,
};
use bindrune_wire::{Handle, time::Instant};
use embassy_time::Duration;

use super::{LinkUp, Sniff};
use crate::{
    Config, GapEvent,
    command::{SLOT, units},
};

/// What is known of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its handle.
    pub handle: Handle,
    /// The peer.
    pub address: BdAddress,
    /// Role of this device.
    pub role: Role,
    /// Whether the peer made the link.
    pub incoming: bool,
    /// Class of the peer, if it is known.
    pub class: ClassOfDevice,
    /// Features of the peer, page 0; `None` until they are known.
    pub features: Option<LmpFeatures>,
    /// What the peer's host turned on; `None` until it is known.
    pub host_features: Option<LmpFeatures1>,
    /// Features of the peer, page 2; `None` until they are known, and if it has none.
    pub features_2: Option<LmpFeatures2>,
    /// Time after which the controller drops flushable data, in slots of 0.625 ms; 0 for never.
    pub flush_timeout: u16,
    /// Time without a packet after which the link ends, in slots of 0.625 ms; 0 for never.
    pub supervision_timeout: u16,
    /// Slots of the longest packet: 1, 3 or 5.
    pub max_slots: u8,
    /// Active or sniff mode.
    pub mode: LinkMode,
    /// Interval of sniff mode in slots of 0.625 ms; 0 in active mode.
    pub mode_interval: u16,
    /// Whether the link came up encrypted.
    pub encrypted: bool,
}

/// Longest interval of sniff mode, in slots, that no time limit of a protocol minds: 500 ms.
const LONG_SLEEP: u16 = 800;

impl Link {
    /// Returns whether the link is in sniff mode with an interval of more than 500 ms.
    #[must_use]
    pub fn sleeps_long(&self) -> bool {
        self.mode == LinkMode::SNIFF && self.mode_interval > LONG_SLEEP
    }
}

bindrune_wire::open_enum! {
    /// Mode of a link. [Vol 4] Part E, 7.7.20
    pub struct LinkMode(u8) {
        /// Active.
        ACTIVE = 0x00,
        /// Hold.
        HOLD = 0x01,
        /// Sniff: the peer asked to sleep between its slots.
        SNIFF = 0x02,
    }
}

/// Memory for one link.
#[derive(Clone, Copy)]
pub struct LinkSlot {
    pub(super) state: State,
    pub(super) link: Link,
    pub(super) todo: Todo,
    pub(super) pending: Pending,
    /// The procedure that an event ends, and its time limit.
    pub(super) running: Option<(Todo, Instant)>,
    pub(super) wanted_flush: u16,
    pub(super) wanted_types: PacketTypes,
    pub(super) wanted_role: Role,
    /// The role that the command in progress requests; a newer request may want another one.
    pub(super) asked_role: Role,
    /// The parameters of sniff mode that was requested; `None` for active mode.
    pub(super) wanted_sniff: Option<Sniff>,
    /// The mode that the command in progress requests.
    pub(super) asked_mode: LinkMode,
    pub(super) wanted_supervision: u16,
    pub(super) reason: Status,
    pub(super) flush_status: Status,
    pub(super) types_status: Status,
    pub(super) role_status: Status,
    pub(super) mode_status: Status,
    pub(super) supervision_status: Status,
    pub(super) flushed: u32,
    /// Times that the controller accepted to disconnect, without an end.
    pub(super) attempts: u8,
    pub(super) retry_at: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Free,
    /// A link to this peer is about to come up.
    Reserved,
    Up,
    /// The link ended; its end is not reported yet.
    Down,
}

bitflags::bitflags! {
    /// Commands that must be sent.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Todo: u16 {
        const DISCONNECT = 1 << 0;
        const SUPERVISION = 1 << 1;
        const FLUSH = 1 << 2;
        const FEATURES = 1 << 3;
        const FEATURES_1 = 1 << 4;
        const FEATURES_2 = 1 << 5;
        const PACKET_TYPES = 1 << 6;
        const ROLE = 1 << 7;
        const MODE = 1 << 8;
        /// Procedures that an event ends: one at a time.
        const PROCEDURES = 0b1_1111_1000;
    }
}

bitflags::bitflags! {
    /// Events that must be reported.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Pending: u16 {
        const UP = 1 << 0;
        const ROLE = 1 << 1;
        const FEATURES = 1 << 2;
        const FLUSH_TIMEOUT = 1 << 3;
        const PACKET_TYPES = 1 << 4;
        const FLUSHED = 1 << 5;
        /// The owner does not know the link.
        const SILENT = 1 << 6;
        /// A request to switch the role ended.
        const ROLE_END = 1 << 7;
        const MODE = 1 << 8;
        /// A request to change the mode ended.
        const MODE_END = 1 << 9;
        const SUPERVISION = 1 << 10;
        /// A request to change the supervision timeout ended.
        const SUPERVISION_END = 1 << 11;
    }
}

/// Default of the supervision timeout in slots: 20 s. [Vol 4] Part E, 7.3.42
const SUPERVISION: u16 = 0x7d00;
impl LinkSlot {
    /// Unused memory: all zeros.
    pub const EMPTY: Self = Self {
        state: State::Free,
        link: Link {
            handle: Handle::MIN,
            address: BdAddress::NONE,
            role: Role::CENTRAL,
            incoming: false,
            class: ClassOfDevice::UNKNOWN,
            features: None,
            host_features: None,
            features_2: None,
            flush_timeout: 0,
            supervision_timeout: 0,
            max_slots: 0,
            mode: LinkMode::ACTIVE,
            mode_interval: 0,
            encrypted: false,
        },
        todo: Todo::empty(),
        pending: Pending::empty(),
        running: None,
        wanted_flush: 0,
        wanted_types: PacketTypes::empty(),
        wanted_role: Role::CENTRAL,
        asked_role: Role::CENTRAL,
        wanted_sniff: None,
        asked_mode: LinkMode::ACTIVE,
        wanted_supervision: 0,
        reason: Status::SUCCESS,
        flush_status: Status::SUCCESS,
        types_status: Status::SUCCESS,
        role_status: Status::SUCCESS,
        mode_status: Status::SUCCESS,
        supervision_status: Status::SUCCESS,
        flushed: 0,
        attempts: 0,
        retry_at: None,
    };

    pub(super) const fn link(&self) -> &Link {
        &self.link
    }

    pub(super) const fn is_free(&self) -> bool {
        matches!(self.state, State::Free)
    }

    pub(super) const fn is_in_use(&self) -> bool {
        !self.is_free()
    }

    pub(super) const fn is_up(&self) -> bool {
        matches!(self.state, State::Up)
    }

    /// Returns whether the link is up, known to its owner, and not ending.
    pub(super) const fn is_lasting(&self) -> bool {
        self.is_known()
            && !self.todo.contains(Todo::DISCONNECT)
            && !matches!(self.running, Some((Todo::DISCONNECT, _)))
    }

    /// Returns whether the link is up, and its owner knows it.
    pub(super) const fn is_known(&self) -> bool {
        self.is_up() && !self.is_silent()
    }

    const fn is_silent(&self) -> bool {
        self.pending.contains(Pending::SILENT)
    }

    pub(super) fn is_reserved_for(&self, address: BdAddress) -> bool {
        self.state == State::Reserved && self.link.address == address
    }

    pub(super) fn is_reserved(&self) -> bool {
        self.state == State::Reserved
    }

    /// Selects the side that makes the link of a reserved place.
    pub(super) const fn set_incoming(&mut self, incoming: bool) {
        self.link.incoming = incoming;
        self.link.role = if incoming { Role::PERIPHERAL } else { Role::CENTRAL };
    }

    pub(super) const fn reserve(
        &mut self,
        address: BdAddress,
        incoming: bool,
        class: ClassOfDevice,
    ) {
        *self = Self::EMPTY;
        self.state = State::Reserved;
        self.link = Link { address, class, max_slots: 1, ..self.link };
        self.set_incoming(incoming);
    }

    pub(super) fn up(&mut self, handle: Handle, encrypted: bool, config: &Config) {
        self.state = State::Up;
        (self.link.handle, self.link.encrypted) = (handle, encrypted);
        self.link.supervision_timeout = SUPERVISION;
        self.pending = Pending::UP;
        self.todo = Todo::FEATURES;
        self.wanted_supervision = units(config.supervision_timeout, SLOT, 1, u16::MAX);
        self.supervise_as_central();
    }

    /// Writes the supervision timeout if this device is central: only the central may.
    pub(super) fn supervise_as_central(&mut self) {
        let differs = self.wanted_supervision != self.link.supervision_timeout;
        if differs && self.link.role == Role::CENTRAL {
            self.todo.insert(Todo::SUPERVISION);
        }
    }

    pub(super) fn discard(&mut self) {
        self.pending = Pending::SILENT;
        self.todo = Todo::DISCONNECT;
        self.reason = Status::REMOTE_USER_TERMINATED;
    }

    /// Records the end of the link.
    pub(super) fn down(&mut self, reason: Status) {
        if self.is_silent() {
            *self = Self::EMPTY;
        } else {
            (self.state, self.reason) = (State::Down, reason);
        }
    }

    pub(super) fn poll_event(&mut self, slot: u8) -> Option<GapEvent> {
        if !matches!(self.state, State::Up | State::Down) || self.is_silent() {
            return None;
        }
        let Link { handle, address, role, incoming, class, mode, mode_interval, .. } = self.link;
        let supervision_timeout = self.link.supervision_timeout;
        let order = [
            (
                Pending::UP,
                GapEvent::LinkUp(LinkUp { slot, address, handle, role, incoming, class }),
            ),
            (Pending::ROLE, GapEvent::RoleChanged { slot, role }),
            (Pending::FEATURES, GapEvent::Features { slot }),
            (
                Pending::FLUSH_TIMEOUT,
                GapEvent::FlushTimeout { slot, result: self.flush_status.ok() },
            ),
            (Pending::PACKET_TYPES, GapEvent::PacketTypes { slot, result: self.types_status.ok() }),
            (Pending::FLUSHED, GapEvent::Flushed { slot, handle, count: self.flushed }),
            (Pending::ROLE_END, GapEvent::RoleSwitchEnded { slot, result: self.role_status.ok() }),
            (Pending::MODE, GapEvent::ModeChanged { slot, mode, interval: mode_interval }),
            (Pending::MODE_END, GapEvent::ModeRequestEnded { slot, result: self.mode_status.ok() }),
            (
                Pending::SUPERVISION,
                GapEvent::SupervisionTimeoutChanged { slot, timeout: supervision_timeout },
            ),
            (
                Pending::SUPERVISION_END,
                GapEvent::SupervisionTimeout { slot, result: self.supervision_status.ok() },
            ),
        ];
        for (what, event) in order {
            if self.pending.contains(what) {
                self.pending.remove(what);
                if what == Pending::FLUSHED {
                    self.flushed = 0;
                }
                return Some(event);
            }
        }
        if self.state != State::Down {
            return None;
        }
        let reason = self.reason;
        *self = Self::EMPTY;
        Some(GapEvent::LinkDown { slot, handle, reason })
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        if !self.is_up() {
            return None;
        }
        self.running.map(|(_, until)| until).into_iter().chain(self.retry_at).min()
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        if !self.is_up() {
            return;
        }
        self.retry_at.take_if(|at| *at <= now);
        if let Some((what, _)) = self.running.take_if(|(_, until)| *until <= now) {
            if what == Todo::DISCONNECT {
                self.disconnect_again();
            } else {
                self.ended(what, Status::LL_RESPONSE_TIMEOUT);
            }
        }
    }
}

impl fmt::Debug for LinkSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LinkSlot({:?}, {:?}, {:?})", self.state, self.link.handle, self.link.address)
    }
}

/// Longest automatic flush timeout: 0x07ff slots.
pub(super) const FLUSH_MAX: Duration = Duration::from_micros(0x07ff * SLOT);

/// Longest supervision timeout, and longest interval of sniff mode: 0xffff slots.
pub(super) const SUPERVISION_MAX: Duration = Duration::from_micros(0xffff * SLOT);
