//! Initiators: their peers, and how a link comes up. [Vol 6] Part B, 4.4.4, 4.5.1

use bindrune_hci::{FilterPolicy, OwnAddressType, Phy, Role, Status};
use bindrune_wire::Address;
use embassy_time::{Duration, Instant};

use crate::{
    Air, ControllerId,
    advertise::AdvertisingPdu,
    controller::{ConnectionCompleted, Controller},
    link::{End, Lengths, Limits, Link, LinkId, LinkPhy, Range, Side},
    privacy::{Peer, Target},
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
    /// Whether it receives extended advertising too.
    pub(crate) extended: bool,
    /// Whether the link may be made on 2M.
    pub(crate) on_2m: bool,
    pub(crate) range: Range,
}

impl Controller {
    /// Returns the identity of the advertiser, if the pending Create Connection is for it.
    fn initiates_to(&self, pdu: &AdvertisingPdu, now: Instant) -> Option<(Initiator, Peer)> {
        let initiator = self.initiator?;
        let advertiser = self.privacy.resolve(pdu.address)?;
        let wanted = match initiator.peer {
            Some(peer) => [advertiser.address, pdu.address].contains(&Some(peer)),
            None => self.accepts(advertiser.address),
        };
        let target = self.is_target(pdu.target, initiator.own, self.random_address);
        let ours = matches!(target, Target::Anyone | Target::Us(_));
        let on_air = pdu.set.offer.legacy
            || initiator.extended
                && (pdu.set.secondary_phy == Phy::LE_1M
                    || pdu.set.secondary_phy == Phy::LE_2M && initiator.on_2m);
        let all = pdu.set.offer.connectable
            && pdu.set.primary_phy == Phy::LE_1M
            && wanted
            && ours
            && on_air
            && listens(now, initiator.since, initiator.interval, initiator.window);
        all.then_some((initiator, advertiser))
    }

    /// Returns the identity of the sender of a connection request, if the advertiser serves it. [Vol 6] Part B,
    /// 4.3.2
    fn serves(&self, pdu: &AdvertisingPdu, initiator: Address) -> Option<Peer> {
        let by_list = [FilterPolicy::CONNECT_BY_LIST, FilterPolicy::BY_LIST];
        let peer = self.privacy.resolve(Some(initiator))?;
        let listed = !by_list.contains(&pdu.set.filter) || self.accepts(peer.address);
        let meant = pdu
            .set
            .offer
            .directed
            .is_none_or(|to| [peer.address, Some(initiator)].contains(&Some(to)));
        (listed && meant).then_some(peer)
    }

    fn lengths(&self) -> Lengths {
        Lengths::new(self.suggested, Limits::of(self.config.data_length))
    }
}

impl Air {
    /// Handles an advertising event at a controller that may be initiating. Returns whether the two connected.
    pub(crate) fn initiator_receives(&mut self, id: ControllerId, pdu: &AdvertisingPdu) -> bool {
        let m = &self.medium;
        let (controller, advertiser) = (&m.controllers[id], &m.controllers[pdu.from]);
        let Some((initiator, peer)) = controller.initiates_to(pdu, m.now) else { return false };
        let random = controller.random_address;
        let own = controller.address_for(initiator.own, random, peer.address, m.now);
        let (Some((own, private)), Some(peer_address)) = (own, peer.address) else { return false };
        let handles = (controller.free_handle(), advertiser.free_handle());
        let (Some(central), Some(peripheral)) = handles else { return false };
        let Some(from) = advertiser.serves(pdu, own) else { return false };
        if self.has_link_to(id, peer_address) {
            return false;
        }
        let is_private = |on_air: &Address| {
            let shown = advertiser.own_address(pdu.set.own, pdu.random(advertiser));
            shown != Some(*on_air)
        };
        let locals = (private.then_some(own), pdu.address.filter(is_private));
        let m = &mut self.medium;
        if m.radio.loses(id, pdu.from) {
            return false;
        }
        m.controllers[id].initiator = None;
        let two = !pdu.set.offer.legacy && pdu.set.secondary_phy == Phy::LE_2M;
        let phy = if two { LinkPhy::Two } else { LinkPhy::One };
        let lengths = (m.controllers[id].lengths(), m.controllers[pdu.from].lengths());
        m.controllers[id].privacy.note(peer);
        m.controllers[pdu.from].privacy.note(from);
        let ends = [(peer, locals.0), (from, locals.1)];
        let central = Side::new(id, central, peer_address, lengths.0, phy);
        let from_address = from.address.unwrap_or(own);
        let peripheral = Side::new(pdu.from, peripheral, from_address, lengths.1, phy);
        self.connect(central, peripheral, ends, initiator.range, pdu);
        true
    }

    /// Returns whether a controller has a link to the device with this address.
    pub(crate) fn has_link_to(&self, id: ControllerId, peer: Address) -> bool {
        self.medium.controllers[id]
            .links
            .values()
            .any(|(link, end)| self.links.get(link).is_some_and(|l| l.side(*end).peer == peer))
    }

    /// Connects two controllers; `addresses` are, for each end, the identity of the other end and its own private
    /// address.
    fn connect(
        &mut self,
        central: Side,
        peripheral: Side,
        addresses: [(Peer, Option<Address>); 2],
        range: Range,
        pdu: &AdvertisingPdu,
    ) {
        let id = LinkId(self.next_link);
        self.next_link = self.next_link.wrapping_add(1);
        let m = &mut self.medium;
        let parameters = range.choose();
        let handle = peripheral.handle;
        let ends = [
            (&central, End::Central, Role::CENTRAL),
            (&peripheral, End::Peripheral, Role::PERIPHERAL),
        ];
        for ((side, end, role), (peer, private)) in ends.into_iter().zip(addresses) {
            let controller = &mut m.controllers[side.controller];
            controller.links.insert(side.handle, (id, end));
            controller.connected(ConnectionCompleted {
                handle: side.handle,
                role,
                peer,
                private,
                parameters,
            });
        }
        let first = m.now.saturating_add(FIRST_ANCHOR);
        let link = Link::new(id, parameters, central, peripheral, m, first);
        self.links.insert(id, link);
        self.stop_set(pdu.from, pdu.key, Status::SUCCESS, Some(handle));
    }
}

/// Time from CONNECT_IND to the first connection event. [Vol 6] Part B, 4.5.3
const FIRST_ANCHOR: Duration = Duration::from_micros(2500);
