//! Links share the memory of a pairing: a peer is refused while it is in use, the application waits, and no peer keeps
//! it forever.

use bindrune::{Address, Connection, Level, PairingConfig, Reason};
use bindrune_hostile::{Peer, SMP, Stall, Store, Until, User, acl, l2cap};
use bindrune_smp::{Role, pdu::Code};
use bindrune_wire::time::Instant;
use embassy_time::Duration;
use hex_literal::hex;

use super::stranger;
use crate::{
    bond::{ENCRYPTED, KEY_REQUEST, bond, stored},
    scene::{B, LINK, PEER, config, idle_with_one_pairing, link_as_central, link_with},
};

const OTHER_LINK: u16 = 0x41;
const OTHER: Address = Address::random([0xc0, 0, 0, 0, 0, 0x31]);
const BUSY: [u8; 2] = [0x05, Reason::BUSY.0];
/// Time limit for silence in a pairing.
const SILENCE: Duration = Duration::from_secs(30);

/// Returns a host with one slot for pairings, and a user that accepts everything.
fn host() -> B {
    let mut b = idle_with_one_pairing(config(), Store::memory(&[]));
    b.spawn(User::default().serve(b.host));
    b
}

/// Returns the same host, with a link to each of two centrals.
fn host_with_links() -> (B, [Connection<'static>; 2]) {
    let mut b = host();
    let (conn, _) = link_with(&mut b, PEER, LINK);
    let (other, _) = link_with(&mut b, OTHER, OTHER_LINK);
    (b, [conn, other])
}

/// Starts a pairing of a central on the other link, which holds back its random number.
fn holds(b: &mut B) -> Peer {
    let mut peer = stranger([OTHER; 2], OTHER_LINK);
    peer.begin(Instant::of(b.now()));
    peer.talk(b, Until::Pdu(Code::PAIRING_RANDOM));
    assert!(peer.outcome().is_none());
    peer
}

/// Requests a pairing from a central on the first link; returns the host's last PDU, and whether the pairing completed.
fn asks(b: &mut B) -> (Vec<u8>, bool) {
    let mut peer = stranger([PEER; 2], LINK);
    peer.begin(Instant::of(b.now()));
    (peer.talk(b, Until::End).pop().unwrap(), peer.outcome().is_some())
}

#[test]
fn a_second_peer_is_refused_until_the_first_has_paired() {
    let mut b = host();
    let (conn, log) = link_with(&mut b, PEER, LINK);
    let (other, _) = link_with(&mut b, OTHER, OTHER_LINK);
    let mut first = holds(&mut b);
    for _ in 0..3 {
        assert_eq!(asks(&mut b), (BUSY.to_vec(), false));
    }
    first.talk(&mut b, Until::End);
    assert!(first.outcome().is_some() && other.security().unwrap().bonded);
    // The refusal did not count as a failure: the peer does not wait.
    assert!(asks(&mut b).1, "{:?}", log.borrow());
    assert!(conn.security().unwrap().bonded);
    assert_eq!(b.host.bonds().count(), 2);
}

#[test]
fn a_silent_peer_delays_others_for_30_seconds() {
    let (mut b, _links) = host_with_links();
    let _silent = holds(&mut b);
    b.pass(SILENCE - Duration::from_millis(1));
    assert_eq!(asks(&mut b), (BUSY.to_vec(), false));
    b.pass(Duration::from_millis(1));
    assert!(asks(&mut b).1);
    // Its link cannot pair again, and holds no slot.
    b.sent();
    b.inject(&acl(OTHER_LINK, &l2cap(SMP, &hex!("01 03 00 09 10 01 01"))));
    b.expect_silence();
}

#[test]
fn the_end_of_a_link_ends_its_pairing() {
    let (mut b, _links) = host_with_links();
    let _gone = holds(&mut b);
    b.inject(&hex!("04 05 04 00 4100 08"));
    assert!(asks(&mut b).1);
}

#[test]
fn a_failure_of_one_peer_lets_the_next_pair() {
    let (mut b, _links) = host_with_links();
    let _failed = holds(&mut b);
    // A public key out of order.
    b.inject(&acl(OTHER_LINK, &l2cap(SMP, &[&[0x0c], &[1; 64][..]].concat())));
    let failed = l2cap(SMP, &[0x05, Reason::UNSPECIFIED_REASON.0]);
    assert_eq!(b.frames(), [(OTHER_LINK, failed)]);
    assert!(asks(&mut b).1);
}

/// Returns a host that is the central of the first link, and the peripheral of the other, whose peer pairs.
fn central_that_waits() -> (B, Peer, Connection<'static>) {
    let mut b = host();
    let (conn, _) = link_as_central(&mut b);
    let (_other, _) = link_with(&mut b, OTHER, OTHER_LINK);
    let peer = holds(&mut b);
    b.pass(Duration::from_millis(1));
    (b, peer, conn)
}

#[test]
fn a_pairing_of_the_application_waits_for_its_turn() {
    let (mut b, _gone, conn) = central_that_waits();
    let paired = b.spawn(async move { conn.pair().await });
    b.expect_silence();
    b.inject(&hex!("04 05 04 00 4100 08"));
    let mut second = Peer::new(LINK, Role::Responder, PairingConfig::DEFAULT, [PEER; 2]);
    second.talk(&mut b, Until::End);
    assert!(second.outcome().is_some());
    assert!(paired.take().unwrap().bonded);
}

#[test]
fn a_peer_that_asks_again_and_again_does_not_overtake_the_application() {
    let (mut b, _silent, conn) = central_that_waits();
    let waits = conn.clone();
    let paired = b.spawn(async move { waits.pair().await });
    b.pass(SILENCE);
    let sent = b.frames();
    let request = sent.iter().find(|(handle, frame)| *handle == LINK && frame[4] == 0x01);
    assert!(request.is_some(), "{sent:02x?}");
    assert!(!paired.is_done());
    // The other peer connects again, and finds the slot in use.
    b.inject(&hex!("04 05 04 00 4100 08"));
    let (_other, _) = link_with(&mut b, OTHER, OTHER_LINK);
    let mut again = stranger([OTHER; 2], OTHER_LINK);
    again.begin(Instant::of(b.now()));
    assert_eq!(again.talk(&mut b, Until::End).pop().unwrap(), BUSY);
}

#[test]
fn a_pairing_that_waits_goes_on_without_its_future() {
    let (mut b, _silent, conn) = central_that_waits();
    let waits = conn.clone();
    let paired = b.spawn(async move { waits.pair().await });
    paired.cancel();
    b.expect_silence();
    b.pass(SILENCE);
    let sent = b.frames();
    assert!(sent.iter().any(|(handle, frame)| *handle == LINK && frame[4] == 0x01), "{sent:02x?}");
}

#[test]
fn a_bond_encrypts_its_link_while_another_peer_pairs() {
    let mut b = idle_with_one_pairing(config(), Store::memory(&[stored(&bond())]));
    b.spawn(User::default().serve(b.host));
    let (conn, _) = link_with(&mut b, PEER, LINK);
    let (_other, _) = link_with(&mut b, OTHER, OTHER_LINK);
    let mut first = holds(&mut b);
    b.sent();
    b.inject(&KEY_REQUEST);
    b.inject(&ENCRYPTED);
    assert_eq!(conn.security().unwrap().level, Level::Encrypted);
    first.talk(&mut b, Until::End);
    assert!(first.outcome().is_some());
}

#[test]
fn a_store_that_hangs_holds_the_slot_until_the_link_ends() {
    let (mut b, _links) = host_with_links();
    b.store().stall(Stall::Before);
    let mut first = holds(&mut b);
    first.talk(&mut b, Until::End);
    assert!(first.outcome().is_some());
    assert_eq!(asks(&mut b), (BUSY.to_vec(), false));
    b.inject(&hex!("04 05 04 00 4100 08"));
    let (last, _) = asks(&mut b);
    assert_ne!(last, BUSY);
    b.store().resume();
    b.pass(Duration::from_millis(1));
    assert_eq!(b.host.bonds().count(), 2);
}
