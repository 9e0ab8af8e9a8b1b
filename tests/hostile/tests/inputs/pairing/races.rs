//! Events while the store works, and actions of two peers at once.

use bindrune::{Address, Level, Method, PairingConfig, PairingFailure, Reason, RecordId};
use bindrune_hci::Opcode;
use bindrune_hostile::{Peer, SMP, Stall, Store, Until};
use bindrune_smp::{Bond, Key, Keys, Role, crypto};
use bindrune_wire::time::Instant;
use hex_literal::hex;

use super::{Couple, YES_NO, config, couple_with, peripheral};
use crate::{
    bond::{KEY_REQUEST, bond, stored},
    scene::{LINK, PEER, link, link_with},
};

const REQUEST: [u8; 7] = hex!("01 03 00 09 10 02 02");
/// Pairing Failed: a key was rejected.
const REJECTED: [u8; 2] = hex!("05 0f");
const OTHER: Address = Address::random([0xc0, 0, 0, 0, 0, 9]);

/// Returns a host with these bonds, and a pairing with the peer that is finished except for the
/// store, which hangs.
fn storing(bonds: &[Bond]) -> Couple {
    let mut couple = couple_with(config(), memory(bonds));
    couple.link.b.store().stall(Stall::Before);
    couple.begin(Until::End);
    assert!(couple.peer.outcome().is_some());
    assert!(!has_paired(&couple));
    couple
}

fn memory(bonds: &[Bond]) -> Store {
    Store::memory(&bonds.iter().map(stored).collect::<Vec<_>>())
}

fn resume(couple: &mut Couple) {
    couple.link.b.store().resume();
    couple.link.b.settle();
}

fn has_paired(couple: &Couple) -> bool {
    couple.link.log.borrow().iter().any(|event| event.starts_with("Paired("))
}

/// Checks that the host and its store have the key of the pairing.
#[track_caller]
fn keeps_new_key(couple: &Couple) {
    let new = couple.peer.outcome().unwrap().keys.peer.clone();
    assert_eq!(couple.kept().keys.local, new);
    assert_eq!(couple.link.b.host.bonds().count(), 1);
}

#[test]
fn a_pairing_does_not_begin_before_the_last_one_is_stored() {
    let mut couple = storing(&[]);
    couple.link.b.sent();
    couple.says(&REQUEST);
    couple.refused(Reason::BUSY);
    resume(&mut couple);
    assert!(has_paired(&couple));
    keeps_new_key(&couple);
    couple.pairs_afresh();
}

#[test]
fn a_bond_that_the_peer_rejects_while_it_is_stored_does_not_stay() {
    for before in [vec![], vec![bond()]] {
        let mut couple = storing(&before);
        couple.says(&REJECTED);
        couple.has_failed(PairingFailure::Peer(Reason::KEY_REJECTED));
        resume(&mut couple);
        let left: Vec<_> = before.iter().map(stored).collect();
        assert_eq!(couple.link.b.store().records(), left);
        assert_eq!(couple.link.b.host.bonds().count(), left.len());
        couple.pairs_afresh();
    }
}

#[test]
fn a_bond_that_is_being_removed_does_not_come_back_with_the_next_run() {
    let mut couple = couple_with(config(), memory(&[bond()]));
    let host = couple.link.b.host;
    couple.link.b.store().stall(Stall::Before);
    let removed = couple.link.b.spawn(async move { host.bonds().remove(&PEER).await });
    couple.link.b.stop();
    couple.link.b.store().resume();
    couple.link.b.run();
    assert_eq!(removed.take(), Ok(()));
    assert_eq!(host.bonds().count(), 0);
    assert_eq!(couple.link.b.store().records(), []);
}

#[test]
fn removing_a_bond_while_the_next_one_is_stored_removes_the_old_one_alone() {
    let mut couple = storing(&[bond()]);
    let host = couple.link.b.host;
    let removed = couple.link.b.spawn(async move { host.bonds().remove(&PEER).await });
    resume(&mut couple);
    assert_eq!(removed.take(), Ok(()));
    assert!(has_paired(&couple));
    keeps_new_key(&couple);
}

#[test]
fn if_two_links_claim_an_identity_the_first_to_be_stored_gets_it() {
    let mut couple = storing(&[]);
    let irk = [0x55; 16];
    let private = crypto::resolvable(&Key::new(irk), [1, 2, 3]);
    let (_conn, log) = link_with(&mut couple.link.b, private, 0x41);
    let config = PairingConfig::DEFAULT;
    let mut other = Peer::private(0x41, Role::Initiator, config, [PEER, private], irk);
    other.begin(Instant::of(couple.link.b.now()));
    other.talk(&mut couple.link.b, Until::End);
    assert!(other.outcome().is_some());
    resume(&mut couple);
    assert!(has_paired(&couple));
    let failed = format!("PairingFailed({:?})", PairingFailure::BondKept(PEER));
    assert_eq!(log.borrow().last().unwrap(), &failed);
    let rejected = [SMP.to_le_bytes(), REJECTED].concat();
    let said = couple.link.b.frames();
    assert!(
        said.iter().any(|(link, frame)| *link == 0x41 && frame[2..] == rejected),
        "{said:02x?}"
    );
    keeps_new_key(&couple);
}

#[test]
fn a_device_with_the_key_of_a_bonded_peer_does_not_take_its_private_addresses() {
    let irk = Key::new([0x55; 16]);
    let keys = Keys { peer_irk: Some(irk.clone()), peer_identity: Some(OTHER), ..bond().keys };
    let old = Bond { peer: OTHER, keys, ..bond() };
    let mut couple = couple_with(config(), memory(core::slice::from_ref(&old)));
    let config = PairingConfig::DEFAULT;
    couple.peer = Peer::private(LINK, Role::Initiator, config, [PEER; 2], *irk.octets());
    couple.begin(Until::End);
    assert!(has_paired(&couple));
    let (conn, _log) = link_with(&mut couple.link.b, crypto::resolvable(&irk, [1, 2, 3]), 0x41);
    assert_eq!(conn.identity(), Some(OTHER));
    couple.pairs_afresh();
}

#[test]
fn a_pairing_that_began_before_the_bond_was_loaded_does_not_replace_it() {
    let store = memory(&[bond()]);
    store.stall(Stall::Load);
    let silent = PairingConfig { consent: false, ..PairingConfig::DEFAULT };
    let mut couple = couple_with(config().pairing(silent), store);
    couple.begin(Until::Encryption);
    couple.link.b.sent();
    resume(&mut couple);
    couple.refused(Reason::UNSPECIFIED_REASON);
    couple.has_failed(PairingFailure::BondKept(PEER));
    assert_eq!(couple.link.b.store().records(), [stored(&bond())]);
    couple.pairs_afresh();
}

#[test]
fn a_pairing_that_is_over_before_the_bond_was_loaded_does_not_replace_it_once_its_link_is_gone() {
    let mut couple = couple_with(config(), {
        let store = memory(&[bond()]);
        store.stall(Stall::Load);
        store
    });
    couple.begin(Until::End);
    assert!(couple.peer.outcome().is_some());
    couple.link.b.inject(&hex!("04 05 04 00 4000 13"));
    resume(&mut couple);
    assert!(!has_paired(&couple));
    assert_eq!(couple.link.b.store().records(), [stored(&bond())]);
    couple.reconnect();
    couple.pairs_afresh();
}

#[test]
fn a_peer_that_reconnects_before_its_bond_is_stored_keeps_it() {
    let mut couple = storing(&[]);
    let key = couple.peer.outcome().unwrap().keys.peer.clone().unwrap().key;
    couple.link.b.inject(&hex!("04 05 04 00 4000 13"));
    let (_conn, _log) = link(&mut couple.link.b, LINK);
    couple.link.b.inject(&KEY_REQUEST);
    assert_eq!(couple.link.b.commands(), []);
    resume(&mut couple);
    let reply = [&hex!("4000")[..], key.octets()].concat();
    let given = (Opcode::LE_LONG_TERM_KEY_REQUEST_REPLY.0, reply);
    assert!(couple.link.b.commands().contains(&given));
    assert_eq!(couple.link.b.store().records()[0].0, RecordId::Peer(PEER));
}

#[test]
fn a_device_that_requires_protection_requests_it() {
    let strict = PairingConfig { require: Level::SecureConnections, ..YES_NO };
    let mut couple = peripheral(strict, YES_NO);
    couple.begin(Until::End);
    let outcome = couple.peer.outcome().unwrap();
    assert_eq!(outcome.method, Method::NumericComparison);
    couple.pairs_afresh();
}
