//! Links, and what happens on them.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use bindrune::{Address, Connection, Event as Happened, Level, PairingFailure, Reason, Role};
use bindrune_btp::{Status, gap::Event};

use super::tester::{Task, Tester};

/// A link, and the address by which the tester knows the peer.
pub(super) struct Link {
    pub(super) shown: Address,
    connection: Connection<'static>,
    /// Tasks that receive the peer's values, by the handle of the value.
    pub(super) subscriptions: RefCell<BTreeMap<u16, Task>>,
}

/// All links.
#[derive(Default)]
pub(super) struct Links(RefCell<Vec<Rc<Link>>>);

impl Links {
    /// Returns the link to a peer, named by the address on the air or by its identity.
    pub(super) fn link(&self, peer: Address) -> Result<Rc<Link>, Status> {
        let links = self.0.borrow();
        let is_it = |link: &&Rc<Link>| {
            link.shown == peer
                || link.connection.peer() == Ok(peer)
                || link.connection.identity() == Some(peer)
        };
        links.iter().find(is_it).cloned().ok_or(Status::FAIL)
    }

    pub(super) fn find(&self, peer: Address) -> Result<Connection<'static>, Status> {
        self.link(peer).map(|link| link.connection.clone())
    }

    /// Returns all links.
    pub(super) fn all(&self) -> Vec<Connection<'static>> {
        self.0.borrow().iter().map(|link| link.connection.clone()).collect()
    }

    /// Returns the address by which the tester knows the peer of a question.
    pub(super) fn shown(&self, is_of: impl Fn(&Connection<'static>) -> bool) -> Option<Address> {
        self.0.borrow().iter().find(|link| is_of(&link.connection)).map(|link| link.shown)
    }

    pub(super) async fn disconnect_all(&self) {
        for connection in self.all() {
            if let Err(error) = connection.disconnect().await {
                log::debug!("a link had ended: {error}");
            }
        }
        self.0.borrow_mut().clear();
    }

    fn add(&self, link: Rc<Link>) {
        self.0.borrow_mut().push(link);
    }

    fn remove(&self, link: &Rc<Link>) {
        self.0.borrow_mut().retain(|other| !Rc::ptr_eq(other, link));
    }
}

impl Tester {
    /// Reports a new link, and serves it in its own task.
    pub(super) async fn link_up(self: &Rc<Self>, connection: Connection<'static>) {
        let (Ok(shown), Ok(parameters)) = (connection.peer(), connection.parameters()) else {
            return;
        };
        let subscriptions = RefCell::default();
        let link = Rc::new(Link { shown, connection: connection.clone(), subscriptions });
        self.links.add(Rc::clone(&link));
        self.event(Event::Connected {
            peer: shown,
            interval: parameters.interval,
            latency: parameters.latency,
            timeout: parameters.timeout,
        })
        .await;
        let tester = Rc::clone(self);
        self.spawn(async move {
            tester.watch(&link, connection).await;
            tester.links.remove(&link);
            link.subscriptions.take();
            tester.questions.forget(link.shown);
            tester.event(Event::Disconnected { peer: link.shown }).await;
        });
    }

    /// Reports the events of a link until its end.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the protocol has no events for the rest")]
    async fn watch(self: &Rc<Self>, link: &Link, mut connection: Connection<'static>) {
        let peer = link.shown;
        loop {
            match connection.next().await {
                Happened::Read(request) => self.read_by_peer(request),
                Happened::Write(request) => self.written_by_peer(request).await,
                Happened::Parameters(now) => {
                    let (interval, latency, timeout) = (now.interval, now.latency, now.timeout);
                    self.event(Event::ParametersUpdated { peer, interval, latency, timeout }).await;
                }
                Happened::Encrypted(security) => {
                    let level = level(security.level);
                    self.event(Event::SecurityChanged { peer, level }).await;
                }
                Happened::Paired(paired) => {
                    // Also reported if it is the address that the peer uses: the bond is kept from now on.
                    if let Some(identity) = paired.identity {
                        self.event(Event::IdentityResolved { peer, identity }).await;
                    }
                }
                Happened::PairingFailed(failure) => {
                    self.questions.forget(peer);
                    let reason = reason(failure);
                    self.event(Event::PairingFailed { peer, reason }).await;
                }
                Happened::BondLost => self.event(Event::BondLost { peer }).await,
                Happened::SecurityRequested => self.grant(&connection),
                Happened::Disconnected(reason) => {
                    log::info!("{peer}: disconnected: {reason}");
                    return;
                }
                _ => {}
            }
        }
    }

    /// Secures the link as the peripheral requests.
    fn grant(self: &Rc<Self>, connection: &Connection<'static>) {
        if connection.role() == Ok(Role::CENTRAL) {
            self.secure(connection.clone(), None);
        }
    }
}

/// Returns the level as the protocol numbers it: from 0 without security.
const fn level(level: Level) -> u8 {
    match level {
        Level::Open => 0,
        Level::Encrypted => 1,
        Level::Authenticated => 2,
        Level::SecureConnections => 3,
    }
}

/// Returns the reason of a failed pairing, as the Security Manager numbers it.
const fn reason(failure: PairingFailure) -> u8 {
    match failure {
        PairingFailure::Local(reason) | PairingFailure::Peer(reason) => reason.0,
        PairingFailure::TooSoon => Reason::REPEATED_ATTEMPTS.0,
        PairingFailure::BondKept(_) | PairingFailure::BondsFull | PairingFailure::BondStore => {
            Reason::KEY_REJECTED.0
        }
        PairingFailure::Timeout | PairingFailure::Encryption | _ => Reason::UNSPECIFIED_REASON.0,
    }
}
