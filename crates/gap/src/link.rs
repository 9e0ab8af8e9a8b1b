//! One link's control procedures: features, version, parameters, data length, PHY, RSSI, disconnect. [Vol 4] Part E,
//! 7.1, 7.5, 7.8
//!
//! At the start of a link the host reads the peer's features and version, then requests long packets and the 2M PHY if
//! both sides support them. These procedures, and the application's updates, run one after another; disconnecting and
//! answers to the peer do not wait for them.

mod call;
mod command;
mod event;
mod policy;
mod requested;
mod state;

use bindrune_hci::{Opcode, Phy, PhyMask, Role, Status, cmd::le::LeFeatures};
use bindrune_wire::{
    Address, AddressKind, Handle,
    time::{Earliest, Instant},
};

use crate::{
    ConnectionParameters, ControllerInfo, CurrentParameters, LinkUp,
    capability::{Call, Policy, Running, TUNING},
};
pub use call::Asked;
pub(crate) use call::Call as SharedCall;
use command::Sent;
pub use event::link_of;
pub use policy::ParameterRequests;
pub use state::{DataLengths, InvalidReason, LinkEvent, LinkTimer, Phys, RemoteVersion};

/// The control procedures of one link.
///
/// - Getters: [`Self::peer`], [`Self::parameters`], [`Self::phys`] and others.
/// - From the application: [`Self::update_parameters`], [`Self::set_phy`], [`Self::set_data_length`],
///   [`Self::read_rssi`], [`Self::disconnect`], [`Self::probe`]. Those that return [`Asked`] are answered by
///   [`Self::updated`], [`Self::phy_set`], [`Self::data_length_set`] and [`Self::rssi`].
/// - From the controller: [`Self::handle_event`] for events with this link's handle, [`Self::handle_complete`],
///   [`Self::handle_status`].
/// - Outputs: [`Self::poll_command`], [`Self::poll_event`], [`Self::poll_timeout`].
#[derive(Debug)]
pub struct LinkControl {
    handle: Handle,
    role: Role,
    peer: Address,
    parameters: CurrentParameters,
    phys: Phys,
    data_lengths: DataLengths,
    /// Valid if [`Self::knows_features`] is set.
    remote_features: LeFeatures,
    knows_features: bool,
    remote_version: Option<RemoteVersion>,
    can: Can,
    /// Packet lengths to request at the start: octets, microseconds.
    longest: (u16, u16),
    /// Procedures of the start that remain.
    start: Start,
    /// The command in flight.
    sent: Option<Sent>,
    /// The procedure that the controller runs, and its time limit.
    running: Running<(Procedure, Option<Instant>)>,
    disconnect: Disconnect,
    /// The pending answer to the peer's request for other parameters.
    reply: Option<Reply>,
    rssi: Call<i8>,
    update: Call<()>,
    update_to: ConnectionParameters,
    phy: Call<()>,
    phy_to: (PhyMask, PhyMask),
    data_length: Call<()>,
    data_length_to: (u16, u16),
    policy: Policy,
    pending_events: PendingEvents,
}

bitflags::bitflags! {
    /// Procedures that this controller supports on a link.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Can: u8 {
        const FEATURES = 1;
        const VERSION = 1 << 1;
        const UPDATE = 1 << 2;
        /// The peripheral may start updates by the link layer.
        const PARAMETER_REQUEST = 1 << 3;
        const DATA_LENGTH = 1 << 4;
        const PHY = 1 << 5;
        const RSSI = 1 << 6;
    }
}

bitflags::bitflags! {
    /// Procedures that a link starts by itself when it comes up.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Start: u8 {
        const FEATURES = 1;
        const VERSION = 1 << 1;
        const DATA_LENGTH = 1 << 2;
        const PHY = 1 << 3;
    }
}

bitflags::bitflags! {
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct PendingEvents: u8 {
        const PARAMETERS = 1;
        const PHY = 1 << 1;
        const DATA_LENGTH = 1 << 2;
        const FEATURES = 1 << 3;
        const VERSION = 1 << 4;
        const ANSWERED = 1 << 5;
        const USE_L2CAP = 1 << 6;
        const GONE = 1 << 7;
    }
}

/// A procedure that the controller runs and whose end it will report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Procedure {
    Features = 1,
    Version,
    Update,
    Phy,
    /// The root requests parameters by L2CAP.
    L2cap,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Disconnect {
    No = 0,
    /// Disconnect must be sent: at once, or at this time if it was refused before.
    Wanted {
        reason: Status,
        not_before: Option<Instant>,
    },
    Accepted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Reply {
    Accept(ConnectionParameters) = 1,
    Refuse,
}

impl LinkControl {
    /// No link. All octets are zero.
    pub const NONE: Self = Self {
        handle: Handle::MIN,
        role: Role::CENTRAL,
        peer: Address::new(AddressKind::Public, [0; 6]),
        parameters: CurrentParameters { interval: 0, latency: 0, timeout: 0 },
        phys: Phys { tx: Phy(0), rx: Phy(0) },
        data_lengths: DataLengths { tx_octets: 0, tx_time: 0, rx_octets: 0, rx_time: 0 },
        remote_features: LeFeatures::empty(),
        knows_features: false,
        remote_version: None,
        can: Can::empty(),
        longest: (0, 0),
        start: Start::empty(),
        sent: None,
        running: [None; _],
        disconnect: Disconnect::No,
        reply: None,
        rssi: Call::IDLE,
        update: Call::IDLE,
        update_to: ConnectionParameters::NONE,
        phy: Call::IDLE,
        phy_to: (PhyMask::empty(), PhyMask::empty()),
        data_length: Call::IDLE,
        data_length_to: (0, 0),
        policy: [ParameterRequests::Accept; _],
        pending_events: PendingEvents::empty(),
    };

    /// Creates the control of a link that came up on an initialized controller.
    #[must_use]
    pub fn new(up: &LinkUp, controller: Option<&ControllerInfo>) -> Self {
        let mut control = Self::NONE;
        control.begin(up, controller);
        control
    }

    /// Begins as [`Self::new`], in place. It must be [`Self::NONE`] before.
    pub fn begin(&mut self, up: &LinkUp, controller: Option<&ControllerInfo>) {
        let (can, mut start) = controller.map_or((Can::empty(), Start::empty()), abilities);
        let by_peripheral = LeFeatures::PERIPHERAL_FEATURES_EXCHANGE;
        if up.role == Role::PERIPHERAL
            && !controller.is_some_and(|info| info.le_features.contains(by_peripheral))
        {
            start.remove(Start::FEATURES);
        }
        (self.handle, self.role, self.peer) = (up.handle, up.role, up.peer);
        self.parameters = up.parameters;
        (self.can, self.start) = (can, start);
        self.phys = Phys { tx: Phy::LE_1M, rx: Phy::LE_1M };
        self.data_lengths =
            DataLengths { tx_octets: 27, tx_time: 328, rx_octets: 27, rx_time: 328 };
        self.longest = controller.map_or((27, 328), |info| (info.max_tx_octets, info.max_tx_time));
    }

    /// Returns the connection handle.
    #[must_use]
    pub const fn handle(&self) -> Handle {
        self.handle
    }

    /// Returns our role.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Returns the peer.
    #[must_use]
    pub const fn peer(&self) -> Address {
        self.peer
    }

    /// Returns the parameters in force.
    #[must_use]
    pub const fn parameters(&self) -> CurrentParameters {
        self.parameters
    }

    /// Returns the PHYs in use.
    #[must_use]
    pub const fn phys(&self) -> Phys {
        self.phys
    }

    /// Returns the current packet lengths.
    #[must_use]
    pub const fn data_lengths(&self) -> DataLengths {
        self.data_lengths
    }

    /// Returns the peer's LE features, once they are known.
    #[must_use]
    pub const fn remote_features(&self) -> Option<LeFeatures> {
        if self.knows_features { Some(self.remote_features) } else { None }
    }

    /// Returns the peer's version, once it is known.
    #[must_use]
    pub const fn remote_version(&self) -> Option<RemoteVersion> {
        self.remote_version
    }

    /// Returns whether a procedure at the start of the link will show that the peer is present.
    #[must_use]
    pub const fn asks_peer(&self) -> bool {
        TUNING && self.start.intersects(Start::FEATURES.union(Start::VERSION))
    }

    /// Returns whether a procedure runs, or those at the start of the link are not finished.
    #[must_use]
    pub const fn is_busy(&self) -> bool {
        let runs = self.running().is_some() || matches!(self.sent, Some(Sent::Procedure(_)));
        !self.is_disconnecting() && (runs || self.asks_peer())
    }

    /// Returns whether the peer has answered a procedure.
    #[must_use]
    pub const fn has_answered(&self) -> bool {
        TUNING && (self.knows_features || self.remote_version.is_some())
    }

    /// Returns whether [`Self::disconnect`] was called.
    #[must_use]
    pub const fn is_disconnecting(&self) -> bool {
        !matches!(self.disconnect, Disconnect::No)
    }
}

/// Deadlines and events.
impl LinkControl {
    /// Returns the next event.
    pub fn poll_event(&mut self) -> Option<LinkEvent> {
        self.begin_without_command();
        let pending = self.pending_events.bits();
        let first = PendingEvents::from_bits_retain(pending & pending.wrapping_neg());
        if first.is_empty() {
            return None;
        }
        self.pending_events.remove(first);
        Some(match first {
            PendingEvents::PARAMETERS => LinkEvent::Parameters,
            PendingEvents::PHY if TUNING => LinkEvent::Phy,
            PendingEvents::DATA_LENGTH if TUNING => LinkEvent::DataLength,
            PendingEvents::FEATURES if TUNING => LinkEvent::Features,
            PendingEvents::VERSION if TUNING => LinkEvent::Version,
            PendingEvents::USE_L2CAP if TUNING => LinkEvent::UseL2cap(self.update_to),
            PendingEvents::GONE => LinkEvent::Gone,
            _ => LinkEvent::Answered,
        })
    }

    /// Returns the earliest deadline, and its reason.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, LinkTimer)> {
        let mut earliest = Earliest::NONE;
        earliest.add(self.running().and_then(|(_, at)| at), LinkTimer::Procedure);
        if let Disconnect::Wanted { not_before, .. } = self.disconnect {
            earliest.add(not_before, LinkTimer::Disconnect);
        }
        earliest.get()
    }

    const fn running(&self) -> Option<(Procedure, Option<Instant>)> {
        if let [Some(running), ..] = self.running.as_slice() { Some(*running) } else { None }
    }

    /// Takes the running procedure if it is meant.
    fn take_running(
        &mut self,
        is_meant: impl Fn((Procedure, Option<Instant>)) -> bool,
    ) -> Option<(Procedure, Option<Instant>)> {
        self.running.iter_mut().find_map(|running| running.take_if(|running| is_meant(*running)))
    }

    /// Handles the expired deadline.
    pub fn handle_timeout(&mut self, now: Instant) {
        if let Disconnect::Wanted { not_before, .. } = &mut self.disconnect
            && not_before.is_some_and(|at| at <= now)
        {
            *not_before = None;
        }
        if let Some((procedure, _)) = self.take_running(|(_, at)| at.is_some_and(|at| at <= now)) {
            self.ended(procedure, Err(Status::LL_RESPONSE_TIMEOUT));
        }
    }
}

/// Returns what a controller supports on its links, and the procedures with which each link starts.
fn abilities(info: &ControllerInfo) -> (Can, Start) {
    let mut can = Can::empty();
    can.set(Can::FEATURES, info.supports(Opcode::LE_READ_REMOTE_FEATURES));
    can.set(Can::VERSION, info.supports(Opcode::READ_REMOTE_VERSION_INFORMATION));
    can.set(Can::UPDATE, info.supports(Opcode::LE_CONNECTION_UPDATE));
    let request = info.le_features.contains(LeFeatures::CONNECTION_PARAMETERS_REQUEST);
    can.set(Can::PARAMETER_REQUEST, request);
    can.set(Can::DATA_LENGTH, info.supports(Opcode::LE_SET_DATA_LENGTH));
    can.set(Can::PHY, info.supports(Opcode::LE_SET_PHY));
    can.set(Can::RSSI, info.supports(Opcode::READ_RSSI));
    let mut start = Start::empty();
    if !TUNING {
        return (can, start);
    }
    start.set(Start::FEATURES, can.contains(Can::FEATURES));
    start.set(Start::VERSION, can.contains(Can::VERSION));
    start.set(Start::DATA_LENGTH, info.uses_data_length);
    start.set(Start::PHY, info.uses_phy_2m && can.contains(Can::PHY));
    (can, start)
}

#[cfg(test)]
mod tests;
