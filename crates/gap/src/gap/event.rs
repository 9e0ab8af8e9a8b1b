use bindrune_hci::{
    DeviceAddress, RawHandle, Role, Status,
    event::{ConnectionComplete, EnhancedConnectionComplete},
};
use bindrune_wire::{Address, AddressKind, Handle};

use crate::{AdvertisingEnd, ConnectEnd, CurrentParameters, InitError, ScanEnd, SetId};

/// A link that came up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkUp {
    /// Its handle.
    pub handle: Handle,
    /// Our role.
    pub role: Role,
    /// Our address on air: the one that the peer sees, and that pairing takes.
    pub own: Address,
    /// The peer: its identity address where the controller resolved it.
    pub peer: Address,
    /// The peer's address on air, which pairing takes; the same as [`Self::peer`] where the controller resolved
    /// nothing.
    pub peer_on_air: Address,
    /// What the link is like.
    pub parameters: CurrentParameters,
    /// The advertising set that made it. `None` for a central, and where several sets could have: then
    /// [`GapEvent::SetLinked`] follows.
    pub set: Option<SetId>,
    /// False if no request (any more) asked for it: it is to be disconnected.
    pub wanted: bool,
}

/// What happened, other than a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapEvent {
    /// The controller is set up; [`crate::Gap::controller`] is there.
    Ready,
    /// The controller cannot be used. Nothing happens until [`crate::Gap::restart`].
    InitFailed(InitError),
    /// A set is on.
    AdvertisingStarted {
        /// Which one.
        set: SetId,
    },
    /// A request waits for room for its link, or for its peer to be found, and its time limit began: there is another
    /// deadline.
    Waits,
    /// A set ended by itself.
    AdvertisingEnded {
        /// Which one.
        set: SetId,
        /// Why.
        end: AdvertisingEnd,
    },
    /// A link whose [`LinkUp::set`] was not known came from this set.
    SetLinked {
        /// Which one.
        set: SetId,
        /// The link.
        handle: Handle,
        /// False if the set's request was withdrawn before: the link is to be disconnected.
        wanted: bool,
    },
    /// Another private address is due: [`crate::Gap::set_private_address`].
    PrivateAddressDue,
    /// Scanning ended by itself: the controller refused, or its time is over.
    ScanEnded(ScanEnd),
    /// No link came up.
    ConnectEnded(ConnectEnd),
}

/// Why [`crate::Gap`] has a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum GapTimer {
    /// A set's time is over, turning it off is tried again, or an event of it has stayed out.
    Advertising(SetId),
    /// Advertising that waits for its scan response goes without.
    Merge,
    /// The time to scan is over, or turning it off is tried again.
    Scan,
    /// The time to connect is over.
    Connect,
    /// A peer that was found is searched for again.
    Search,
    /// Cancelling is tried again, or taken for done.
    Cancel,
    /// Another private address is due, or telling the controller is tried again.
    PrivateAddress,
    /// Disconnecting a link that nobody keeps is tried again.
    Refused,
    /// A command that had no answer may be sent again.
    Avoided,
}

/// What both kinds of Connection Complete say.
pub(super) struct Connection {
    pub(super) status: Status,
    pub(super) handle: RawHandle,
    pub(super) role: Role,
    pub(super) peer: DeviceAddress,
    /// Private addresses of both ends on air, where the controller told them.
    pub(super) own_on_air: Option<Address>,
    pub(super) peer_on_air: Option<Address>,
    pub(super) parameters: CurrentParameters,
}

impl Connection {
    pub(super) const fn of(event: &ConnectionComplete) -> Self {
        Self {
            status: event.status,
            handle: event.handle,
            role: event.role,
            peer: event.peer,
            own_on_air: None,
            peer_on_air: None,
            parameters: CurrentParameters {
                interval: event.interval.get(),
                latency: event.latency.get(),
                timeout: event.timeout.get(),
            },
        }
    }

    pub(super) const fn of_enhanced(event: &EnhancedConnectionComplete) -> Self {
        Self {
            status: event.status,
            handle: event.handle,
            role: event.role,
            peer: event.peer,
            own_on_air: private(event.local_private_address),
            peer_on_air: private(event.peer_private_address),
            parameters: CurrentParameters {
                interval: event.interval.get(),
                latency: event.latency.get(),
                timeout: event.timeout.get(),
            },
        }
    }
}

/// A private address of Enhanced Connection Complete; zeros stand for none. [Vol 4] Part E, 7.7.65.10
const fn private(octets: [u8; 6]) -> Option<Address> {
    match octets {
        [0, 0, 0, 0, 0, 0] => None,
        _ => Some(Address::new(AddressKind::Random, octets)),
    }
}
