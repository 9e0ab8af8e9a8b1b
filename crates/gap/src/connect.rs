//! Initiating: one request, for one peer or any of the accept list. [Vol 4] Part E, 7.8.12, 7.8.13, 7.8.66
//!
//! A peer whose private address only the host can resolve is searched for first: the scanner runs until the root says under
//! which address it advertises.

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

/// With whom to connect, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connect {
    /// The peer; `None` for the first of the accept list that advertises.
    pub peer: Option<Address>,
    /// Time from the start of one scan window to the next: 2.5 ms to 10.24 s.
    pub scan_interval: Duration,
    /// Time of scanning in each interval; at most the interval.
    pub scan_window: Duration,
    /// What the link should be like.
    pub parameters: ConnectionParameters,
    /// On which PHYs to look for the peer (LE 1M, LE Coded) and to connect; with extended commands only.
    pub phys: PhyMask,
    /// When to give up, from the moment that the controller begins, or that the wait for a free link begins.
    pub timeout: Option<Duration>,
    /// What to do while every link is taken; fails by default.
    pub when_full: WhenFull,
    /// Wait until the peer has been received on the new link, also if the controller asks it nothing.
    pub established: bool,
}

impl Connect {
    /// With one peer, until withdrawn.
    #[must_use]
    pub const fn to(peer: Address) -> Self {
        Self { peer: Some(peer), ..Self::ANY }
    }

    /// With any peer of the accept list, until withdrawn.
    #[must_use]
    pub const fn any() -> Self {
        Self::ANY
    }

    /// Gives up after this time.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// What the link should be like.
    #[must_use]
    pub const fn parameters(mut self, parameters: ConnectionParameters) -> Self {
        self.parameters = parameters;
        self
    }

    /// Waits while every link is taken, or fails.
    #[must_use]
    pub const fn when_full(mut self, when_full: WhenFull) -> Self {
        self.when_full = when_full;
        self
    }

    /// Waits until the peer has been received on the new link: until its first packet, or for 8 connection intervals, within
    /// which the controller itself gives up. Until then a link that ends with Connection Failed to be Established (0x3E) is
    /// tried again, within the time limit. [Vol 6] Part B, 4.5
    ///
    /// Without this a link is given at once by a controller that cannot ask the peer for its features or its version.
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

/// How far the request to connect is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Connecting {
    /// The controller looks for the peer, or begins as soon as it can.
    Pending,
    /// A link came of it.
    Linked,
    /// It ended without a link.
    Ended(ConnectEnd),
}

/// Why no link came up though the request was not withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ConnectEnd {
    /// Its time is over.
    Timeout,
    /// There is no room for one more link, and the request does not wait for any: [`WhenFull::Fail`].
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
const SCAN_UNIT: u64 = 625;
/// 2.5 ms.
const SCAN_MIN: u16 = 4;
/// 10.24 s.
const SCAN_MAX: u16 = 0x4000;

#[cfg(test)]
mod tests;
