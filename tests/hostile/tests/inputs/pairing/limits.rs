//! Failures of one peer do not delay others, and every wait of a pairing and of encryption ends. [Vol 3] Part H, 2.3.6
//! and 3.4

use bindrune::{Address, Error, IoCapability, Level, PairingConfig, PairingFailure, Reason};
use bindrune_hostile::{SMP, Stall, Store, Until, acl, l2cap};
use bindrune_smp::pdu::Code;
use embassy_time::Duration;
use hex_literal::hex;

use super::{Couple, couple_with, peripheral};
use crate::{
    bond::{ENCRYPTED, KEY_REQUEST, bond, stored},
    scene::{B, LINK, Linked, config, idle_with, link_with, linked, linked_on},
};

const DEFAULT: PairingConfig = PairingConfig::DEFAULT;
/// A Pairing Request without LE Secure Connections, which is refused with 0x03.
const REFUSED: [u8; 7] = hex!("01 03 00 01 10 01 01");
const OTHER_LINK: u16 = 0x41;

/// Connects a stranger number `n`, whose pairing is refused, and disconnects it.
fn fails(b: &mut B, n: u8) {
    let (_conn, _log) = link_with(b, Address::random([0xc0, 0, 0, 0, 1, n]), OTHER_LINK);
    b.inject(&acl(OTHER_LINK, &l2cap(SMP, &REFUSED)));
    b.inject(&[0x04, 0x05, 4, 0, 0x41, 0, 0x13]);
    b.sent();
}

#[test]
fn repeated_failures_of_unknown_peers_lock_no_other_peer_out() {
    for every in [5, 30] {
        let mut couple = peripheral(DEFAULT, DEFAULT);
        for n in 0..60 {
            fails(&mut couple.link.b, n);
            couple.link.b.pass(Duration::from_secs(every));
        }
        couple.begin(Until::End);
        assert!(couple.peer.outcome().is_some(), "{:?}", couple.link.log.borrow());
    }
}

#[test]
fn failures_of_one_device_delay_no_other() {
    let mut couple = peripheral(DEFAULT, DEFAULT);
    for _ in 0..7 {
        fails(&mut couple.link.b, 1);
        couple.link.b.pass(Duration::from_secs(65));
    }
    fails(&mut couple.link.b, 1);
    couple.begin(Until::End);
    assert!(couple.peer.outcome().is_some(), "{:?}", couple.link.log.borrow());
    couple.pairs_afresh();
}

#[test]
fn many_strangers_at_once_wait_together() {
    let mut couple = peripheral(DEFAULT, DEFAULT);
    (0..5).for_each(|n| fails(&mut couple.link.b, n));
    assert_eq!(couple.begin(Until::End), [[0x05, Reason::REPEATED_ATTEMPTS.0]]);
    couple.link.b.pass(Duration::from_secs(4));
    couple.pairs_afresh();
}

#[test]
fn a_bonded_peer_and_a_pairing_that_the_user_requested_do_not_wait_for_strangers() {
    let mut bonded = couple_with(config(), Store::memory(&[stored(&bond())]));
    (0..9).for_each(|n| fails(&mut bonded.link.b, n));
    bonded.begin(Until::End);
    assert!(bonded.peer.outcome().is_some());
    let mut asked = peripheral(DEFAULT, DEFAULT);
    (0..9).for_each(|n| fails(&mut asked.link.b, n));
    let conn = asked.link.conn.clone();
    let paired = asked.link.b.spawn(async move { conn.pair().await });
    asked.link.b.sent();
    asked.begin(Until::End);
    assert!(paired.take().unwrap().bonded);
}

#[test]
fn a_peripheral_that_asked_to_pair_learns_of_a_request_that_is_refused() {
    let table = [
        (&hex!("01")[..], Reason::INVALID_PARAMETERS),
        (&hex!("01 03 00 09 11 01 01"), Reason::INVALID_PARAMETERS),
        (&REFUSED, Reason::AUTHENTICATION_REQUIREMENTS),
    ];
    for (request, reason) in table {
        let mut s = linked();
        let conn = s.conn.clone();
        let paired = s.b.spawn(async move { conn.pair().await });
        s.b.expect(SMP, &[&hex!("0b 09")]);
        s.b.inject(&acl(LINK, &l2cap(SMP, request)));
        s.b.expect(SMP, &[&[0x05, reason.0]]);
        assert_eq!(paired.take(), Err(Error::Pairing(PairingFailure::Local(reason))));
    }
}

#[test]
fn a_peripheral_that_asked_to_pair_waits_30_seconds_for_a_request() {
    let mut s = linked();
    let conn = s.conn.clone();
    let paired = s.b.spawn(async move { conn.pair().await });
    s.b.expect(SMP, &[&hex!("0b 09")]);
    // None of these starts a pairing.
    for pdu in [&hex!("0e 01")[..], &hex!("05 08"), &hex!("ff"), &hex!("0b 01")] {
        s.b.pass(Duration::from_secs(6));
        s.b.inject(&acl(LINK, &l2cap(SMP, pdu)));
    }
    assert!(!paired.is_done());
    s.b.pass(Duration::from_secs(6));
    assert_eq!(paired.take(), Err(Error::Timeout));
}

#[test]
fn an_encryption_that_cannot_begin_leaves_the_limit_of_a_pairing() {
    let mut s = linked();
    let (conn, second) = (s.conn.clone(), s.conn.clone());
    let paired = s.b.spawn(async move { conn.pair().await });
    let encrypted = s.b.spawn(async move { second.encrypt().await });
    assert_eq!(encrypted.take(), Err(Error::NotBonded));
    s.b.pass(Duration::from_secs(29));
    assert!(!paired.is_done());
    s.b.pass(Duration::from_secs(1));
    assert_eq!(paired.take(), Err(Error::Timeout));
}

#[test]
fn keypresses_that_were_not_agreed_on_give_a_pairing_no_more_time() {
    let mut couple = peripheral(DEFAULT, DEFAULT);
    couple.begin(Until::Pdu(Code::PAIRING_PUBLIC_KEY));
    for _ in 0..2 {
        couple.link.b.pass(Duration::from_secs(14));
        couple.says(&hex!("0e 01"));
    }
    couple.link.b.pass(Duration::from_secs(2));
    couple.has_failed(PairingFailure::Timeout);
}

#[test]
fn keypresses_that_were_agreed_on_extend_a_pairing_to_five_minutes() {
    let host =
        PairingConfig { io: IoCapability::DisplayOnly, mitm: true, keypress: true, ..DEFAULT };
    let mut couple = peripheral(host, PairingConfig { io: IoCapability::KeyboardOnly, ..host });
    couple.begin(Until::Pdu(Code::PAIRING_PUBLIC_KEY));
    for _ in 0..20 {
        couple.link.b.pass(Duration::from_secs(14));
        couple.says(&hex!("0e 01"));
    }
    assert!(couple.link.log.borrow().is_empty(), "{:?}", couple.link.log.borrow());
    couple.link.b.sent();
    couple.link.b.pass(Duration::from_secs(20));
    couple.refused(Reason::UNSPECIFIED_REASON);
    couple.has_failed(PairingFailure::Local(Reason::UNSPECIFIED_REASON));
    // The peer was not silent: the same link may pair.
    couple.honest = PairingConfig { io: IoCapability::KeyboardOnly, ..host };
    couple.pairs_afresh();
}

/// Returns a link as peripheral with a bonded peer that has requested the key.
fn key_given() -> Linked {
    let mut s = linked_on(idle_with(config(), Store::memory(&[stored(&bond())])));
    s.b.inject(&KEY_REQUEST);
    assert_eq!(s.b.commands()[0].0, 0x201a);
    s
}

#[test]
fn encryption_of_a_peripheral_must_start_in_40_seconds() {
    let mut s = key_given();
    let (first, second) = (s.conn.clone(), s.conn.clone());
    let encrypted = s.b.spawn(async move { first.encrypt().await });
    let paired = s.b.spawn(async move { second.pair().await });
    s.b.pass(Duration::from_secs(41));
    assert!(encrypted.take().is_err() && paired.take().is_err());
    assert!(s.b.commands().contains(&(0x0406, hex!("4000 05").to_vec())));
}

#[test]
fn a_key_request_that_is_refused_ends_the_start_before_it() {
    let mut s = key_given();
    s.b.inject(&hex!("043e0d05 4000 0807060504030201 3412"));
    assert_eq!(s.b.commands(), [(0x201b, vec![0x40, 0])]);
    s.b.inject(&ENCRYPTED);
    assert_eq!(s.conn.security().unwrap().level, Level::Open);
}

#[test]
fn a_key_request_does_not_wait_for_a_store_that_hangs() {
    let store = Store::memory(&[stored(&bond())]);
    store.stall(Stall::Load);
    let mut s = linked_on(idle_with(config(), store));
    s.b.inject(&KEY_REQUEST);
    let conn = s.conn.clone();
    let paired = s.b.spawn(async move { conn.pair().await });
    assert_eq!(s.b.commands(), []);
    s.b.pass(Duration::from_secs(30));
    assert!(s.b.commands().contains(&(0x201b, vec![0x40, 0])));
    assert_eq!(paired.take(), Err(Error::Timeout));
}

#[test]
fn a_peripheral_reports_a_bond_that_only_its_peer_has() {
    let mut s = linked();
    s.b.inject(&KEY_REQUEST);
    assert_eq!(s.b.commands(), [(0x201b, vec![0x40, 0])]);
    assert_eq!(s.log.borrow()[..], ["BondLost"]);
    // The peer pairs again.
    Couple::of(s).pairs_afresh();
}

#[test]
fn waiting_for_the_bonds_ends_with_the_link() {
    let store = Store::memory(&[]);
    store.stall(Stall::Load);
    let mut s = linked_on(idle_with(config(), store));
    let conn = s.conn.clone();
    let secured = s.b.spawn(async move { conn.secure(Level::Encrypted).await });
    s.b.inject(&hex!("04 05 04 00 4000 13"));
    assert!(matches!(secured.take(), Err(Error::Disconnected(_))));
}
