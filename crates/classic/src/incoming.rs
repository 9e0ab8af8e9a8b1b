//! Connections that peers request: accepted or refused. [Vol 4] Part E, 7.7.4

use bindrune_hci::{
    BdAddress, ClassOfDevice, LinkType, Opcode, Role, Status,
    cmd::classic::{AcceptConnectionRequest, RejectConnectionRequest},
    event::classic::ConnectionRequest,
};
use bindrune_wire::{Address, AddressKind, Writer, time::Instant};
use embassy_time::Duration;

use crate::{
    command::{PROCEDURE, put},
    links::Links,
};

/// Maximum number of addresses in an [`Incoming`].
pub const INCOMING_MAX: usize = 8;
/// Connections that wait for an answer, or for the link.
const PLACES: usize = 4;
/// Time after which the controller refuses a connection by itself: at most 29 s. [Vol 4] Part E, 6.7
const ACCEPT: Duration = Duration::from_secs(30);

/// The connections of peers that are accepted. Others are refused with the reason Rejected: Unacceptable Address
/// (0x0F).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// None.
    Refuse,
    /// All, while there is room.
    Any,
    /// Those of devices of a class.
    Class {
        /// The class.
        class: ClassOfDevice,
        /// The bits of it that count.
        mask: ClassOfDevice,
    },
    /// Those of these devices.
    Addresses([Option<BdAddress>; INCOMING_MAX]),
}

impl Incoming {
    /// Accepts those of these devices. `None` if they are more than [`INCOMING_MAX`], or an address is not public.
    #[must_use]
    pub fn of(devices: &[Address]) -> Option<Self> {
        let mut places = [None; INCOMING_MAX];
        let used = places.get_mut(..devices.len())?;
        for (place, device) in used.iter_mut().zip(devices) {
            if device.kind() != AddressKind::Public {
                return None;
            }
            *place = Some((*device).into());
        }
        Some(Self::Addresses(places))
    }

    fn allows(&self, address: BdAddress, peer: ClassOfDevice) -> bool {
        match self {
            Self::Refuse => false,
            Self::Any => true,
            Self::Class { class, mask } => (peer.get() ^ class.get()) & mask.get() == 0,
            Self::Addresses(all) => all.contains(&Some(address)),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    address: BdAddress,
    until: Instant,
    step: Step,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Accept,
    Reject(Status),
    /// The command is in flight.
    Sent,
    /// Accepted: the link comes up, or does not.
    Waiting,
}

/// What is allowed, and the requests.
#[derive(Debug)]
pub(crate) struct Acceptor {
    incoming: Incoming,
    places: [Option<Place>; PLACES],
    sent: Option<(BdAddress, bool)>,
}

impl Acceptor {
    pub(crate) const IDLE: Self =
        Self { incoming: Incoming::Any, places: [None; PLACES], sent: None };

    pub(crate) const fn restart(&mut self) {
        (self.places, self.sent) = ([None; PLACES], None);
    }

    pub(crate) const fn set(&mut self, incoming: Incoming) {
        self.incoming = incoming;
    }

    /// Handles Connection Request. Returns false if there is no room for the answer: the controller then refuses it by
    /// itself.
    pub(crate) fn requested(
        &mut self,
        now: Instant,
        event: &ConnectionRequest,
        links: &mut Links,
    ) -> bool {
        let ConnectionRequest { address, class, link_type } = *event;
        if self.places.iter().flatten().any(|place| place.address == address) {
            return false;
        }
        let Some(free) = self.places.iter_mut().find(|place| place.is_none()) else {
            return false;
        };
        let step = if link_type != LinkType::ACL || links.has(address) {
            Step::Reject(Status::REJECTED_RESOURCES)
        } else if !self.incoming.allows(address, class) {
            Step::Reject(Status::REJECTED_ADDRESS)
        } else if links.reserve(address, true, class) {
            Step::Accept
        } else {
            Step::Reject(Status::REJECTED_RESOURCES)
        };
        *free = Some(Place { address, until: now + ACCEPT, step });
        true
    }

    pub(crate) fn poll_command(&mut self, role: Role, w: &mut Writer<'_>) -> Option<Opcode> {
        let mut places = self.places.iter_mut().flatten();
        let place = places.find(|place| matches!(place.step, Step::Accept | Step::Reject(_)))?;
        let address = place.address;
        let (opcode, accepted) = match place.step {
            Step::Reject(reason) => (put(w, &RejectConnectionRequest { address, reason })?, false),
            Step::Accept | Step::Sent | Step::Waiting => {
                (put(w, &AcceptConnectionRequest { address, role })?, true)
            }
        };
        place.step = Step::Sent;
        self.sent = Some((address, accepted));
        Some(opcode)
    }

    /// Takes the answer to the command of [`Self::poll_command`].
    pub(crate) fn answered(&mut self, now: Instant, status: Status) {
        let Some((address, accepted)) = self.sent.take() else { return };
        if accepted && status.is_success() {
            for place in self.places.iter_mut().flatten().filter(|place| place.address == address) {
                (place.step, place.until) = (Step::Waiting, now + PROCEDURE);
            }
            return;
        }
        self.forget(address);
    }

    /// Returns whether a link to this peer may come up.
    pub(crate) fn accepts(&self, address: BdAddress) -> bool {
        let accepted = |place: &Place| !matches!(place.step, Step::Reject(_));
        self.places.iter().flatten().any(|place| place.address == address && accepted(place))
    }

    fn forget(&mut self, address: BdAddress) -> bool {
        let mut places = self.places.iter_mut();
        let place = places.find(|place| place.is_some_and(|place| place.address == address));
        place.and_then(Option::take).is_some()
    }

    /// Records that the link came up, or did not. Returns false if no accepted connection is of this peer.
    pub(crate) fn complete(&mut self, address: BdAddress) -> bool {
        self.forget(address)
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.places.iter().flatten().map(|place| place.until).min()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        for place in &mut self.places {
            place.take_if(|place| place.until <= now);
        }
    }
}

#[cfg(test)]
mod tests;
