//! Peers that claim to be another device: the name of a bond, the bond that it replaces, and the reports to both sides.
//! [Vol 3] Part H, 2.4.3 and 3.5.5

mod unbonded;

use bindrune::{
    Address, Connect, Connection, Error, PairingConfig, PairingFailure, RecordId, RepeatPairing,
};
use bindrune_hostile::{Peer, Store, Until, User};
use bindrune_smp::{Bond, Key, Keys, Role, crypto};
use bindrune_wire::time::Instant;
use hex_literal::hex;

use crate::{
    bond::{KEY_REQUEST, bond, stored},
    scene::{B, LINK, Log, config, drain, idle_with, link_with},
};

const DEFAULT: PairingConfig = PairingConfig::DEFAULT;
/// The device whose identity is claimed.
const OWNER: Address = Address::public([1, 2, 3, 4, 5, 6]);
const STATIC: Address = Address::random([0xc0, 0, 0, 0, 0, 0x21]);
const OTHER_STATIC: Address = Address::random([0xc0, 0, 0, 0, 0, 0x22]);
const REJECTED: [u8; 2] = hex!("05 0f");

/// Returns a host with a user that accepts everything.
fn host_with(repeat: RepeatPairing) -> B {
    let mut b = idle_with(config().repeat_pairing(repeat), Store::memory(&[]));
    b.spawn(User::default().serve(b.host));
    b
}

/// Returns a host without a user.
fn silent() -> B {
    let pairing = PairingConfig { consent: false, ..DEFAULT };
    idle_with(config().pairing(pairing), Store::memory(&[]))
}

fn private(irk: u8, n: u8) -> Address {
    crypto::resolvable(&Key::new([irk; 16]), [1, 2, n])
}

/// Outcome of a pairing.
struct Met {
    conn: Connection<'static>,
    log: Log,
    /// The last PDU that the host sent.
    last: Vec<u8>,
    /// Whether the peer has completed the pairing.
    completed: bool,
}

impl Met {
    #[track_caller]
    fn is_bonded_as(&self, name: Address) {
        assert!(self.completed, "{:?}", self.log.borrow());
        assert_eq!(self.conn.identity(), Some(name), "{:?}", self.log.borrow());
        assert!(self.conn.security().unwrap().bonded);
    }

    /// Checks that the host has rejected the keys, and that its application knows the conflicting bond.
    #[track_caller]
    fn is_rejected_for(&self, name: Address) {
        assert_eq!(self.last, REJECTED);
        let failed = format!("PairingFailed({:?})", PairingFailure::BondKept(name));
        assert_eq!(self.log.borrow().last(), Some(&failed));
        assert!(!self.conn.security().unwrap().bonded);
    }
}

/// Connects a central with this address, and pairs as the device with this identity and this key.
fn pairs(b: &mut B, on_air: Address, identity: Address, irk: u8) -> Met {
    let (conn, log) = link_with(b, on_air, LINK);
    let mut peer = Peer::private(LINK, Role::Initiator, DEFAULT, [identity, on_air], [irk; 16]);
    peer.begin(Instant::of(b.now()));
    let last = peer.talk(b, Until::End).pop().unwrap();
    Met { conn, log, last, completed: peer.outcome().is_some() }
}

/// Connects to a peripheral with this address.
fn connects(b: &mut B, on_air: Address) -> (Connection<'static>, Log) {
    let (host, log) = (b.host, Log::default());
    let connected = b.spawn(async move { host.connect_with(&Connect::to(on_air), &[]).await });
    let mut event = hex!("043e13 01 00 4000 00 01").to_vec();
    event.extend(on_air.octets());
    event.extend(hex!("1800 0000 4800 00"));
    b.inject(&event);
    let conn = connected.take().unwrap();
    b.spawn(drain(conn.clone(), log.clone()));
    (conn, log)
}

fn ends(b: &mut B) {
    b.inject(&hex!("04 05 04 00 4000 13"));
    b.pass(embassy_time::Duration::from_secs(2));
    b.sent();
}

fn names(b: &B) -> Vec<Address> {
    b.host.bonds().map(|bond| bond.identity).collect()
}

/// Checks that the peer can request the key of its bond on the next link.
#[track_caller]
fn is_known(b: &mut B, on_air: Address, name: Address) {
    let (conn, _log) = link_with(b, on_air, LINK);
    assert_eq!(conn.identity(), Some(name));
    b.inject(&KEY_REQUEST);
    assert_eq!(b.commands()[0].0, 0x201a, "the key is given");
    drop(conn);
    ends(b);
}

#[test]
fn a_peer_on_a_public_or_static_address_is_that_address() {
    // A stranger that claims the identity of another device, and a mouse that does not know its own.
    for (on_air, irk) in [(OTHER_STATIC, 0), (OTHER_STATIC, 0x33), (Address::public([7; 6]), 0)] {
        let mut b = host_with(RepeatPairing::Ask);
        pairs(&mut b, on_air, OWNER, irk).is_bonded_as(on_air);
        ends(&mut b);
        is_known(&mut b, on_air, on_air);
        // The owner of the identity can still pair.
        pairs(&mut b, private(0x77, 1), OWNER, 0x77).is_bonded_as(OWNER);
        ends(&mut b);
        assert_eq!(names(&b), [on_air, OWNER]);
        is_known(&mut b, private(0x77, 2), OWNER);
        is_known(&mut b, on_air, on_air);
    }
}

#[test]
fn devices_with_static_addresses_may_share_a_key() {
    let mut b = host_with(RepeatPairing::Ask);
    for on_air in [STATIC, OTHER_STATIC] {
        pairs(&mut b, on_air, on_air, 0xa1).is_bonded_as(on_air);
        ends(&mut b);
    }
    [STATIC, OTHER_STATIC].into_iter().for_each(|on_air| is_known(&mut b, on_air, on_air));
    // The key always belonged to another device.
    pairs(&mut b, private(0xa1, 1), OWNER, 0xa1).is_bonded_as(OWNER);
    ends(&mut b);
    is_known(&mut b, private(0xa1, 2), OWNER);
}

#[test]
fn a_phone_that_was_reset_pairs_again_if_the_application_allows_it() {
    for repeat in [RepeatPairing::Ask, RepeatPairing::Accept] {
        let mut b = host_with(repeat);
        for (n, irk) in [(1, 0x33), (2, 0x44), (3, 0x55)] {
            pairs(&mut b, private(irk, n), OWNER, irk).is_bonded_as(OWNER);
            ends(&mut b);
            assert_eq!(names(&b), [OWNER]);
            is_known(&mut b, private(irk, n + 10), OWNER);
        }
    }
}

#[test]
fn a_repeated_pairing_is_refused_if_the_application_says_so() {
    let mut b = host_with(RepeatPairing::Refuse);
    pairs(&mut b, private(0x33, 1), OWNER, 0x33).is_bonded_as(OWNER);
    ends(&mut b);
    let before = b.store().records();
    pairs(&mut b, private(0x44, 1), OWNER, 0x44).is_rejected_for(OWNER);
    ends(&mut b);
    assert_eq!(b.store().records(), before);
    is_known(&mut b, private(0x33, 2), OWNER);
}

#[test]
fn the_user_is_asked_which_bond_a_pairing_replaces() {
    for agrees in [true, false] {
        let mut b = idle_with(config(), Store::memory(&[]));
        let host = b.host;
        let asked = b.spawn(async move {
            let mut requests = host.pairing_requests().unwrap();
            let mut asked = Vec::new();
            while asked.len() < 3 {
                let mut request = requests.next().await;
                asked.push(request.replaces());
                if agrees || asked.len() < 3 { request.accept() } else { request.reject() }
            }
            asked
        });
        pairs(&mut b, private(0x33, 1), OWNER, 0x33).is_bonded_as(OWNER);
        ends(&mut b);
        let met = pairs(&mut b, private(0x44, 1), OWNER, 0x44);
        assert_eq!(asked.take(), [None, None, Some(OWNER)]);
        if agrees { met.is_bonded_as(OWNER) } else { met.is_rejected_for(OWNER) }
    }
}

#[test]
fn an_identity_that_was_never_used_on_the_air_blocks_no_peer() {
    let mut b = silent();
    pairs(&mut b, private(0x33, 1), OWNER, 0x33).is_bonded_as(OWNER);
    ends(&mut b);
    // There is no user to ask: both bonds are kept, repeatedly.
    let aside = private(0x44, 1);
    pairs(&mut b, aside, OWNER, 0x44).is_bonded_as(aside);
    ends(&mut b);
    is_known(&mut b, private(0x44, 2), aside);
    is_known(&mut b, private(0x33, 2), OWNER);
    assert_eq!(names(&b), [OWNER, aside]);
}

#[test]
fn an_identity_that_was_used_on_the_air_is_not_given_to_another_device() {
    let mut b = silent();
    pairs(&mut b, OWNER, OWNER, 0).is_bonded_as(OWNER);
    ends(&mut b);
    pairs(&mut b, private(0x44, 1), OWNER, 0x44).is_rejected_for(OWNER);
    ends(&mut b);
    is_known(&mut b, OWNER, OWNER);
}

#[test]
fn a_central_rejects_keys_before_the_peer_has_its_own() {
    let keys =
        Keys { peer_irk: Some(Key::new([0x33; 16])), peer_identity: Some(OWNER), ..bond().keys };
    let old = Bond { peer: OWNER, keys, ..bond() };
    let on_air = private(0x44, 1);
    let config = config().repeat_pairing(RepeatPairing::Refuse);
    let mut b = idle_with(config, Store::memory(&[stored(&old)]));
    let (conn, _log) = connects(&mut b, on_air);
    let mut peer = Peer::private(LINK, Role::Responder, DEFAULT, [OWNER, on_air], [0x44; 16]);
    let pairing = conn.clone();
    let paired = b.spawn(async move { pairing.pair().await });
    let said = peer.talk(&mut b, Until::End);
    assert_eq!(paired.take(), Err(Error::BondKept(OWNER)));
    assert!(peer.outcome().is_none(), "the peer does not count as bonded");
    assert_eq!(said.last().unwrap(), &REJECTED);
    assert_eq!(b.store().records(), [stored(&old)]);
}

#[test]
fn a_peer_whose_bond_cannot_be_stored_gets_a_failure() {
    // The store takes the record of another peer as one that must not be overwritten.
    let mut newer = stored(&Bond { peer: STATIC, keys: Keys::default(), ..bond() });
    newer.1[0] = Bond::VERSION + 1;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bonds");
    let mut file = bindrune::FileStore::open(&path).unwrap();
    let written = bindrune::BondStore::store(&mut file, RecordId::Peer(STATIC), &newer.1);
    embassy_futures::block_on(written).unwrap();
    let mut b = idle_with(config(), Store::new(file));
    b.spawn(User::default().serve(b.host));
    let met = pairs(&mut b, STATIC, STATIC, 0);
    assert_eq!(met.last, REJECTED);
    assert_eq!(met.log.borrow().last().unwrap(), "PairingFailed(BondStore)");
}
