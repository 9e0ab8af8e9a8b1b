//! A store that cannot be loaded: its contents are unknown, and are not overwritten.

use bindrune::{
    Address, Config, Error, Level, Method, PairingConfig, PairingFailure, Privacy, Reason, RecordId,
};
use bindrune_hostile::{Stall, Store, Until};
use bindrune_smp::{Bond, Key, Local, Role, pdu::Code};
use bindrune_wire::Writer;

use super::{Couple, WAIT, YES_NO, config};
use crate::{
    bond::{KEY_REQUEST, bond, stored},
    scene::{PEER, idle_with},
};

const NO_BOND: PairingConfig = PairingConfig { bonding: false, ..PairingConfig::DEFAULT };
const DEFAULT: PairingConfig = PairingConfig::DEFAULT;

/// Returns a store with the record of this device and a bond that Just Works may not replace; it cannot be loaded.
fn unreadable() -> Store {
    let mut local = [0; Local::SIZE];
    let mut w = Writer::new(&mut local);
    Local { irk: Key::new([0x11; 16]), address: None }.write(&mut w).unwrap();
    let strong = Bond { method: Method::NumericComparison, authenticated: true, ..bond() };
    let store = Store::memory(&[(RecordId::Local, w.written().to_vec()), stored(&strong)]);
    store.set_unreadable(true);
    store
}

/// Returns a host with that store and a link; the peer is in `role`.
fn unread(config: Config, role: Role, peer: PairingConfig) -> Couple {
    Couple::on(idle_with(config, unreadable()), role, peer)
}

fn bonds(couple: &Couple) -> Vec<Address> {
    couple.link.b.host.bonds().map(|bond| bond.identity).collect()
}

#[track_caller]
fn nothing_is_written(couple: &Couple) {
    assert_eq!(couple.link.b.store().records(), unreadable().records());
}

/// Checks that there is no bond, and that the level of the link is not above this.
#[track_caller]
fn nothing_is_kept(couple: &Couple, level: Level) {
    nothing_is_written(couple);
    assert_eq!(bonds(couple), []);
    let security = couple.link.conn.security().unwrap();
    assert_eq!((security.level, security.bonded), (level, false));
}

#[test]
fn the_application_is_informed_of_an_unreadable_store() {
    let mut couple = unread(config(), Role::Initiator, DEFAULT);
    let (host, b) = (couple.link.b.host, &mut couple.link.b);
    let results = [
        b.spawn(async move { host.bonds().loaded().await }),
        b.spawn(async move { host.bonds().clear().await }),
        b.spawn(async move { host.bonds().remove(&PEER).await }),
    ];
    assert_eq!(results.map(|results| results.take()), [Err(Error::BondStore); 3]);
    nothing_is_kept(&couple, Level::Open);
}

#[test]
fn the_peer_learns_that_there_is_no_such_key() {
    let mut couple = unread(config(), Role::Initiator, DEFAULT);
    couple.link.b.inject(&KEY_REQUEST);
    let refused = (0x201b, vec![0x40, 0]);
    assert_eq!(couple.link.b.commands(), [refused]);
    nothing_is_kept(&couple, Level::Open);
}

#[test]
fn a_peer_that_would_bond_is_refused() {
    let mut couple = unread(config(), Role::Initiator, DEFAULT);
    assert_eq!(couple.begin(Until::End), [[0x05, Reason::UNSPECIFIED_REASON.0]]);
    couple.has_failed(PairingFailure::BondStore);
    nothing_is_kept(&couple, Level::Open);
}

#[test]
fn a_central_starts_no_pairing_with_an_unreadable_store() {
    let mut couple = unread(config(), Role::Responder, DEFAULT);
    assert_eq!(couple.begin(Until::End), Vec::<Vec<u8>>::new());
    assert_eq!(couple.pairing.take().unwrap().take(), Err(Error::BondStore));
    nothing_is_kept(&couple, Level::Open);
}

#[test]
fn a_pairing_of_a_peripheral_fails_with_an_unreadable_store() {
    let mut couple = unread(config(), Role::Initiator, DEFAULT);
    let conn = couple.link.conn.clone();
    let pairing = couple.link.b.spawn(async move { conn.pair().await });
    couple.link.b.sent();
    couple.begin(Until::End);
    assert_eq!(pairing.take(), Err(Error::BondStore));
    nothing_is_kept(&couple, Level::Open);
}

#[test]
fn a_pairing_without_bonding_works_with_an_unreadable_store() {
    let all = [
        (NO_BOND, Role::Initiator, DEFAULT),
        (NO_BOND, Role::Responder, DEFAULT),
        (DEFAULT, Role::Initiator, NO_BOND),
    ];
    for (host, role, peer) in all {
        let mut couple = unread(config().pairing(host), role, peer);
        couple.begin(Until::End);
        assert!(!couple.peer.outcome().unwrap().bonded);
        nothing_is_kept(&couple, Level::Encrypted);
    }
}

#[test]
fn a_pairing_in_progress_fails() {
    for until in [Until::Pdu(Code::PAIRING_PUBLIC_KEY), Until::Encryption, Until::End] {
        let store = unreadable();
        store.stall(Stall::Load);
        let mut couple = Couple::on(idle_with(config(), store), Role::Initiator, DEFAULT);
        couple.begin(until);
        couple.link.b.sent();
        couple.link.b.store().resume();
        couple.link.b.settle();
        match until {
            // The pairing has ended for the peer, which learns that it has no bond.
            Until::End => couple.refused(Reason::KEY_REJECTED),
            Until::Pdu(_) | Until::Encryption => couple.refused(Reason::UNSPECIFIED_REASON),
        }
        couple.has_failed(PairingFailure::BondStore);
        nothing_is_written(&couple);
        assert_eq!(bonds(&couple), []);
        assert!(!couple.link.conn.security().unwrap().bonded);
    }
}

#[test]
fn a_private_address_is_used_and_the_stored_key_is_not_overwritten() {
    let couple = unread(config().privacy(Privacy::ON), Role::Initiator, DEFAULT);
    nothing_is_kept(&couple, Level::Open);
}

#[test]
fn the_next_run_loads_the_store_and_restores_the_bonds() {
    let mut couple = unread(config().pairing(YES_NO), Role::Initiator, DEFAULT);
    couple.begin(Until::End);
    couple.link.b.stop();
    couple.link.b.run();
    nothing_is_written(&couple);
    assert_eq!(bonds(&couple), []);
    couple.link.b.stop();
    couple.link.b.store().set_unreadable(false);
    couple.link.b.run();
    nothing_is_written(&couple);
    assert_eq!(bonds(&couple), [PEER]);
    couple.reconnect();
    couple.link.b.pass(WAIT);
    couple.begin(Until::End);
    couple.has_failed(PairingFailure::BondKept(PEER));
    nothing_is_written(&couple);
    // The pause doubles after the second failure.
    couple.link.b.pass(WAIT);
    couple.honest = PairingConfig { mitm: true, ..YES_NO };
    couple.pairs_afresh();
}
