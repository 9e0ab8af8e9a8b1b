//! Initiating: one request, for one peer or any of the accept list. [Vol 4] Part E, 7.8.12, 7.8.13, 7.8.66
//!
//! If only the host can resolve a peer's private address, the host searches for the peer first: the scanner runs until
//! the root knows the address under which the peer advertises.

mod initiator;

use bindrune_hci::{
    DeviceAddress, FilterPolicy, Opcode, PhyMask, Status,
    cmd::le::{CreateConnection, ExtendedCreateConnection, InitiatingPhy},
};
use bindrune_wire::{Address, Writer};
use embassy_time::Duration;

use crate::{
    ConnectionParameters, ControllerInfo, WhenFull,
    command::{put, units_16},
};
pub(crate) use initiator::{Deadline, Initiator};

/// A request to connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connect {
    /// The peer; `None` for the first advertiser of the accept list.
    pub peer: Option<Address>,
    /// Time from the start of one scan window to the next: 2.5 ms to 10.24 s.
    pub scan_interval: Duration,
    /// Time of scanning in each interval; at most the interval.
    pub scan_window: Duration,
    /// Requested parameters of the link.
    pub parameters: ConnectionParameters,
    /// PHYs to scan on for the peer (LE 1M, LE Coded) and to connect on; with extended commands only.
    pub phys: PhyMask,
    /// Time limit, from the moment at which the controller begins, or the wait for a free link begins.
    pub timeout: Option<Duration>,
    /// What to do while every link is in use; fails by default.
    pub when_full: WhenFull,
    /// Whether to wait for a packet of the peer on the new link, even if the controller requests nothing from it.
    pub established: bool,
}

impl Connect {
    /// Connects to one peer, until withdrawn.
    #[must_use]
    pub const fn to(peer: Address) -> Self {
        Self { peer: Some(peer), ..Self::ANY }
    }

    /// Connects to any peer of the accept list, until withdrawn.
    #[must_use]
    pub const fn any() -> Self {
        Self::ANY
    }

    /// Gives up after this time. A time of more than 12 days has no end.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets the requested parameters of the link.
    #[must_use]
    pub const fn parameters(mut self, parameters: ConnectionParameters) -> Self {
        self.parameters = parameters;
        self
    }

    /// Waits while every link is in use, or fails.
    #[must_use]
    pub const fn when_full(mut self, when_full: WhenFull) -> Self {
        self.when_full = when_full;
        self
    }

    /// Waits for the peer's first packet on the new link, or for 8 connection intervals, within which the controller
    /// itself gives up. If the link ends before that with Connection Failed to be Established (0x3E), the request is
    /// tried again within the time limit. [Vol 6] Part B, 4.5
    ///
    /// Without this, if the controller cannot read the peer's features or version, the link is returned at once.
    #[must_use]
    pub const fn until_established(mut self) -> Self {
        self.established = true;
        self
    }

    const ANY: Self = Self {
        peer: None,
        scan_interval: Duration::from_millis(60),
        scan_window: Duration::from_millis(60),
        parameters: ConnectionParameters::DEFAULT,
        phys: PhyMask::LE_1M,
        timeout: None,
        when_full: WhenFull::Fail,
        established: false,
    };
}

/// Progress of the request to connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Connecting {
    /// The controller scans for the peer, or begins as soon as possible.
    Pending,
    /// A link came up.
    Linked,
    /// The request ended without a link.
    Ended(ConnectEnd),
}

/// Reason why no link came up although the request was not withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ConnectEnd {
    /// Its time limit passed.
    Timeout,
    /// There is no room for another link, and the request does not wait for room: [`WhenFull::Fail`].
    NoLink,
    /// All requests were withdrawn: [`crate::Gap::withdraw_all`].
    Withdrawn,
    /// The controller refused, or gave up.
    Failed(Status),
}

fn create(
    request: &Connect,
    (info, hidden): (&ControllerInfo, bool),
    w: &mut Writer<'_>,
) -> Option<Opcode> {
    let interval = units_16(request.scan_interval, SCAN_UNIT, SCAN_MIN, SCAN_MAX);
    let window = units_16(request.scan_window, SCAN_UNIT, SCAN_MIN, interval);
    let (scan_interval, scan_window) = (interval.into(), window.into());
    let (filter_policy, peer) = match request.peer {
        Some(peer) => (FilterPolicy::ALL, peer.into()),
        None => (FilterPolicy::SCAN_BY_LIST, DeviceAddress::NONE),
    };
    let own_address_type = info.own_address_type_towards(hidden);
    let connection = request.parameters.command();
    if !info.is_extended() {
        let command = CreateConnection {
            scan_interval,
            scan_window,
            filter_policy,
            peer,
            own_address_type,
            connection,
        };
        return put(w, &command);
    }
    let phy = InitiatingPhy { scan_interval, scan_window, connection };
    let coded = request.phys.contains(PhyMask::CODED).then_some(phy);
    let le_1m = (coded.is_none() || request.phys.contains(PhyMask::LE_1M)).then_some(phy);
    let le_2m = request.phys.contains(PhyMask::LE_2M).then_some(phy);
    let command =
        ExtendedCreateConnection { filter_policy, own_address_type, peer, le_1m, le_2m, coded };
    put(w, &command)
}

/// The unit of scan interval and window, in microseconds.
const SCAN_UNIT: u16 = 625;
/// 2.5 ms.
const SCAN_MIN: u16 = 4;
/// 10.24 s.
const SCAN_MAX: u16 = 0x4000;

#[cfg(test)]
mod tests;
