//! Initiators: who waits for whom, and how a link comes up. [Vol 6] Part B, 4.4.4, 4.5.1

use bindrune_hci::{FilterPolicy, OwnAddressType, Phy, Role, Status};
use bindrune_wire::Address;
use embassy_time::{Duration, Instant};

use crate::{
    Air, ControllerId,
    advertise::Heard,
    controller::{ConnectionCompleted, Controller},
    link::{End, Lengths, Limits, Link, LinkId, LinkPhy, Range, Side},
    scan::listens,
};

/// A controller's pending Create Connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Initiator {
    /// `None` for any peer of the accept list.
    pub(crate) peer: Option<Address>,
    pub(crate) own: OwnAddressType,
    pub(crate) since: Instant,
    pub(crate) interval: Duration,
    pub(crate) window: Duration,
    /// It hears extended advertising too.
    pub(crate) extended: bool,
    /// The link may be made on 2M.
    pub(crate) on_2m: bool,
    pub(crate) range: Range,
}

impl Controller {
    /// True when the pending Create Connection is for this advertising.
    fn initiates_to(&self, heard: &Heard, now: Instant) -> bool {
        let Some(initiator) = &self.initiator else { return false };
        let wanted = match initiator.peer {
            Some(peer) => heard.address == Some(peer),
            None => self.accepts(heard.address),
        };
        let own = self.own_address(initiator.own, self.random_address);
        let ours = heard.set.offer.directed.is_none_or(|to| Some(to) == own);
        let on_air = heard.set.offer.legacy
            || initiator.extended
                && (heard.set.secondary_phy == Phy::LE_1M
                    || heard.set.secondary_phy == Phy::LE_2M && initiator.on_2m);
        heard.set.offer.connectable
            && heard.set.primary_phy == Phy::LE_1M
            && wanted
            && ours
            && on_air
            && listens(now, initiator.since, initiator.interval, initiator.window)
    }

    /// True when the advertiser serves a connection request from this address. [Vol 6] Part B, 4.3.2
    fn serves(&self, heard: &Heard, initiator: Address) -> bool {
        let by_list = [FilterPolicy::CONNECT_BY_LIST, FilterPolicy::BY_LIST];
        !by_list.contains(&heard.set.filter) || self.accepts(Some(initiator))
    }

    fn lengths(&self) -> Lengths {
        Lengths::new(self.suggested, Limits::of(self.config.data_length))
    }
}

impl Air {
    /// An advertising event reaches a controller, which may be initiating. True when the two connected.
    pub(crate) fn initiator_hears(&mut self, id: ControllerId, heard: &Heard) -> bool {
        let m = &self.medium;
        let controller = &m.controllers[id];
        let initiates = controller.initiates_to(heard, m.now);
        let Some(initiator) = controller.initiator.filter(|_| initiates) else { return false };
        let own = controller.own_address(initiator.own, controller.random_address);
        let (Some(own), Some(peer)) = (own, heard.address) else { return false };
        let handles = (controller.free_handle(), m.controllers[heard.from].free_handle());
        let (Some(central), Some(peripheral)) = handles else { return false };
        let served = m.controllers[heard.from].serves(heard, own);
        if !served || self.has_link_to(id, peer) {
            return false;
        }
        let m = &mut self.medium;
        if m.radio.loses(id, heard.from) {
            return false;
        }
        m.controllers[id].initiator = None;
        let two = !heard.set.offer.legacy && heard.set.secondary_phy == Phy::LE_2M;
        let phy = if two { LinkPhy::Two } else { LinkPhy::One };
        let lengths = (m.controllers[id].lengths(), m.controllers[heard.from].lengths());
        let central = Side::new(id, central, peer, lengths.0, phy);
        let peripheral = Side::new(heard.from, peripheral, own, lengths.1, phy);
        self.connect(central, peripheral, initiator.range, heard);
        true
    }

    /// True when a controller has a link to the device with this address.
    pub(crate) fn has_link_to(&self, id: ControllerId, peer: Address) -> bool {
        self.medium.controllers[id]
            .links
            .values()
            .any(|(link, end)| self.links.get(link).is_some_and(|l| l.side(*end).peer == peer))
    }

    fn connect(&mut self, central: Side, peripheral: Side, range: Range, heard: &Heard) {
        let id = LinkId(self.next_link);
        self.next_link = self.next_link.wrapping_add(1);
        let m = &mut self.medium;
        let parameters = range.choose();
        let handle = peripheral.handle;
        let ends = [
            (&central, End::Central, Role::CENTRAL),
            (&peripheral, End::Peripheral, Role::PERIPHERAL),
        ];
        for (side, end, role) in ends {
            let controller = &mut m.controllers[side.controller];
            controller.links.insert(side.handle, (id, end));
            controller.connected(ConnectionCompleted {
                handle: side.handle,
                role,
                peer: side.peer,
                parameters,
            });
        }
        let first = m.now.saturating_add(FIRST_ANCHOR);
        let link = Link::new(id, parameters, central, peripheral, m, first);
        self.links.insert(id, link);
        self.stop_set(heard.from, heard.key, Status::SUCCESS, Some(handle));
    }
}

/// From CONNECT_IND to the first connection event. [Vol 6] Part B, 4.5.3
const FIRST_ANCHOR: Duration = Duration::from_micros(2500);
