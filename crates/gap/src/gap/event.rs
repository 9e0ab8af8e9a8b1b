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
    /// Our address on the air: the one that the peer sees, and that pairing uses.
    pub own: Address,
    /// The peer: its identity address if the controller resolved it.
    pub peer: Address,
    /// The peer's address on the air, which pairing uses; the same as [`Self::peer`] if the controller resolved no
    /// address.
    pub peer_on_air: Address,
    /// Parameters of the link.
    pub parameters: CurrentParameters,
    /// The advertising set that made the link. `None` for a central, and if several sets could have made it: then
    /// [`GapEvent::SetLinked`] follows.
    pub set: Option<SetId>,
    /// Whether a request for the link exists. If not, the link must be disconnected.
    pub wanted: bool,
}

/// An event other than a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapEvent {
    /// The controller is set up; [`crate::Gap::controller`] returns its capabilities.
    Ready,
    /// The controller cannot be used. Nothing happens before [`crate::Gap::restart`].
    InitFailed(InitError),
    /// A set is on.
    AdvertisingStarted {
        /// The set.
        set: SetId,
    },
    /// A request waits for room for its link, or for its peer to be found, and its time limit began: the deadline has
    /// changed.
    Waits,
    /// A set ended by itself.
    AdvertisingEnded {
        /// The set.
        set: SetId,
        /// The reason.
        end: AdvertisingEnd,
    },
    /// A link whose [`LinkUp::set`] was not known belongs to this set.
    SetLinked {
        /// The set.
        set: SetId,
        /// The link.
        handle: Handle,
        /// Whether a request for the link exists. If not, the link must be disconnected.
        wanted: bool,
    },
    /// A new private address is needed: [`crate::Gap::set_private_address`].
    PrivateAddressDue,
    /// A change of [`crate::Gap::show_identity`] or [`crate::Gap::show_private`] is complete, or failed: then the old
    /// address stays in use. Nothing is on the air until this event is taken.
    AddressChanged(Result<(), Status>),
    /// Scanning ended by itself: the controller refused, or the time limit passed.
    ScanEnded(ScanEnd),
    /// No link came up.
    ConnectEnded(ConnectEnd),
}

/// Reason of a deadline of [`crate::Gap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum GapTimer {
    /// A set's time ends, turning it off is tried again, or one of its events is overdue.
    Advertising(SetId),
    /// Advertising that waits for its scan response is reported without it.
    Merge,
    /// The time limit for scanning passed, or turning it off is tried again.
    Scan,
    /// The time limit for connecting passed.
    Connect,
    /// The search for a found peer starts again.
    Search,
    /// Cancelling is tried again, or counts as done.
    Cancel,
    /// A new private address is needed, or setting it is tried again.
    PrivateAddress,
    /// Disconnecting a link without an owner is tried again.
    Refused,
    /// A command that had no answer may be sent again.
    Avoided,
}

/// Contents of both kinds of Connection Complete.
pub(super) struct Connection {
    pub(super) status: Status,
    pub(super) handle: RawHandle,
    pub(super) role: Role,
    pub(super) peer: DeviceAddress,
    /// Private addresses of both ends on the air, if the controller reported them.
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

/// Returns a private address of Enhanced Connection Complete; zeros mean none. [Vol 4] Part E, 7.7.65.10
const fn private(octets: [u8; 6]) -> Option<Address> {
    match octets {
        [0, 0, 0, 0, 0, 0] => None,
        _ => Some(Address::new(AddressKind::Random, octets)),
    }
}
