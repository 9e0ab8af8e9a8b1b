//! Pairing: each row in its state of a pairing, and a new pairing afterwards that works. [Vol 3]
//! Part H

use bindrune::{
    Address, Config, Connection, Error, IoCapability, Level, Paired, PairingConfig, PairingFailure,
    Reason, RecordId,
};
use bindrune_hostile::{Outcome, Peer, SMP, Store, Until, User, acl, l2cap};
use bindrune_smp::{Bond, Role};
use bindrune_wire::time::Instant;
use embassy_time::Duration;

use crate::scene::{
    B, LINK, Linked, Log, PEER, config, idle_with, link, link_as_central, link_with, linked_on,
};

/// Rows after which a well-behaved peer pairs, with each host that a body returns.
macro_rules! pairings {
    ($($id:ident: $body:expr,)*) => {
        cases! {
            $($id: |row| {
                let body: fn(&bindrune_corpus::Row) -> Vec<crate::pairing::Couple> = $body;
                let after = body(row);
                assert!(!after.is_empty());
                after.into_iter().for_each(crate::pairing::Couple::pairs_afresh);
            },)*
        }
    };
}

mod claims;
pub(crate) mod conduct;
pub(crate) mod features;
pub(crate) mod keys;
mod limits;
mod races;
mod slots;
pub(crate) mod steps;
mod unread;

/// Accepts legacy pairing too.
const LEGACY: PairingConfig = PairingConfig { legacy: true, ..PairingConfig::DEFAULT };
/// Supports only legacy pairing.
const OLD: PairingConfig = PairingConfig { secure_connections: false, ..LEGACY };
/// A screen and two buttons.
const YES_NO: PairingConfig =
    PairingConfig { io: IoCapability::DisplayYesNo, ..PairingConfig::DEFAULT };

/// Time that a peer must wait after its first failure.
const WAIT: Duration = Duration::from_secs(1);

/// A host with a link, its user, and the peer.
pub(crate) struct Couple {
    pub(crate) link: Linked,
    pub(crate) peer: Peer,
    pub(crate) user: User,
    /// Role of the peer.
    role: Role,
    /// The offer of a well-behaved peer.
    honest: PairingConfig,
    /// Outcome of the application's request to pair.
    pairing: Option<Outcome<Result<Paired, Error>>>,
}

/// Returns a host as peripheral, and a well-behaved central.
fn peripheral(host: PairingConfig, honest: PairingConfig) -> Couple {
    Couple::new(Role::Initiator, host, honest)
}

/// Returns a host as central, and a well-behaved peripheral.
fn central(host: PairingConfig, honest: PairingConfig) -> Couple {
    Couple::new(Role::Responder, host, honest)
}

impl Couple {
    /// Creates a couple with the peer in `role`.
    fn new(role: Role, host: PairingConfig, honest: PairingConfig) -> Self {
        let b = idle_with(config().pairing(host), Store::memory(&[]));
        Self::on(b, role, honest)
    }

    /// Brings up the link of an idle host.
    fn on(mut b: B, role: Role, honest: PairingConfig) -> Self {
        let link = match role {
            Role::Initiator => linked_on(b),
            Role::Responder => {
                let (conn, log) = link_as_central(&mut b);
                Linked::new(b, conn, log)
            }
        };
        Self::with(link, role, honest)
    }

    /// Uses a host that has a link as peripheral; no user was asked until now.
    pub(crate) fn of(link: Linked) -> Self {
        Self::with(link, Role::Initiator, PairingConfig::DEFAULT)
    }

    fn with(mut link: Linked, role: Role, honest: PairingConfig) -> Self {
        let user = User::default();
        link.b.spawn(user.clone().serve(link.b.host));
        link.b.sent();
        let peer = honest_peer(role, honest, &user);
        Self { link, peer, user, role, honest, pairing: None }
    }

    /// Lets the central start a pairing; returns the host's PDUs until then.
    pub(crate) fn begin(&mut self, until: Until) -> Vec<Vec<u8>> {
        let b = &mut self.link.b;
        match self.role {
            Role::Initiator => self.peer.begin(Instant::of(b.now())),
            Role::Responder => {
                let conn = self.link.conn.clone();
                self.pairing = Some(b.spawn(async move { conn.pair().await }));
            }
        }
        self.go_on(until)
    }

    /// Continues the pairing.
    fn go_on(&mut self, until: Until) -> Vec<Vec<u8>> {
        self.peer.talk(&mut self.link.b, until)
    }

    /// Replaces the peer by an equal one on the same link.
    fn renew(&mut self) {
        let oob = self.peer.oob;
        self.peer = honest_peer(self.role, self.honest, &self.user);
        self.peer.oob = oob;
        self.peer.refreshes = self.link.conn.security().unwrap().level != Level::Open;
    }

    /// Lets another peer, with this identity and this address, pair on its own link.
    pub(crate) fn meets(
        &mut self,
        [identity, address]: [Address; 2],
        handle: u16,
    ) -> (Connection<'static>, Log, Peer) {
        let b = &mut self.link.b;
        let (conn, log) = link_with(b, address, handle);
        let mut peer = stranger([identity, address], handle);
        peer.begin(Instant::of(b.now()));
        peer.talk(b, Until::End);
        (conn, log, peer)
    }

    /// Sends this PDU from the peer instead of the expected one.
    fn says(&mut self, pdu: &[u8]) {
        self.link.b.inject(&acl(LINK, &l2cap(SMP, pdu)));
    }

    /// Checks that the host answers a packet with Pairing Failed, and keeps nothing.
    #[track_caller]
    fn refuses(&mut self, packet: &[u8], reason: Reason) {
        self.link.b.inject(packet);
        self.refused(reason);
        self.keeps_nothing();
    }

    /// Checks that the host has sent Pairing Failed.
    #[track_caller]
    fn refused(&mut self, reason: Reason) {
        self.link.b.expect(SMP, &[&[0x05, reason.0]]);
    }

    /// Checks that the host does not answer a packet.
    #[track_caller]
    fn ignores(&mut self, packet: &[u8]) {
        self.link.b.inject(packet);
        self.link.b.expect_silence();
    }

    /// Checks that the last event of the application is this pairing failure.
    #[track_caller]
    pub(crate) fn has_failed(&self, failure: PairingFailure) {
        let log = format!("PairingFailed({failure:?})");
        assert_eq!(self.link.log.borrow().last(), Some(&log));
    }

    /// Checks that there is no bond, in the host or in the store.
    #[track_caller]
    fn keeps_nothing(&self) {
        assert_eq!(self.link.b.host.bonds().count(), 0);
        assert_eq!(self.link.b.store().records(), []);
        assert!(!self.link.conn.security().unwrap().bonded);
    }

    /// Returns the bond of the peer from the store.
    #[track_caller]
    fn kept(&self) -> Bond {
        let records = self.link.b.store().records();
        let own = records.iter().find(|(id, _)| *id == RecordId::Peer(PEER));
        Bond::read(&own.unwrap().1).unwrap()
    }

    /// Ends the link, and brings up another one.
    fn reconnect(&mut self) {
        let b = &mut self.link.b;
        b.inject(&[0x04, 0x05, 4, 0, 0x40, 0, 0x13]);
        assert!(!self.link.conn.is_connected());
        (self.link.conn, self.link.log) = match self.role {
            Role::Initiator => link(b, LINK),
            Role::Responder => link_as_central(b),
        };
        self.renew();
    }

    /// Pairs with a well-behaved peer, and checks that both keep the bond.
    #[track_caller]
    pub(crate) fn pairs_afresh(mut self) {
        self.pairs();
        self.link.is_as_before();
    }

    /// Like [`Self::pairs_afresh`], but the host continues; returns the bond from the store.
    #[track_caller]
    fn pairs(&mut self) -> Bond {
        self.link.b.pass(WAIT);
        self.link.log.borrow_mut().clear();
        self.renew();
        self.link.b.sent();
        self.begin(Until::End);
        let log = self.link.log.borrow().clone();
        let outcome = self.peer.outcome().unwrap_or_else(|| panic!("{log:?}")).clone();
        assert!(log.iter().any(|event| event.starts_with("Paired(")), "{log:?}");
        if let Some(pairing) = self.pairing.take() {
            assert!(pairing.take().unwrap().bonded);
        }
        let security = self.link.conn.security().unwrap();
        assert_eq!((security.level, security.bonded), (outcome.level, true));
        let bond = self.kept();
        assert_eq!((&bond.keys.local, &bond.keys.peer), (&outcome.keys.peer, &outcome.keys.local));
        bond
    }
}

fn honest_peer(role: Role, config: PairingConfig, user: &User) -> Peer {
    Peer::new(LINK, role, config, [PEER; 2]).beside(user)
}

/// Returns a central with this identity and this address, on another link.
fn stranger(addresses: [Address; 2], handle: u16) -> Peer {
    Peer::new(handle, Role::Initiator, PairingConfig::DEFAULT, addresses)
}

/// Returns a host with this configuration and this store, with a link as peripheral.
pub(crate) fn couple_with(config: Config, store: Store) -> Couple {
    Couple::of(linked_on(idle_with(config, store)))
}
