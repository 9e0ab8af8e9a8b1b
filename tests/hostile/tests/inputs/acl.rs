//! ACL packets and reassembly. [Vol 4] Part E, 5.4.2 and [Vol 3] Part A, 7.2

use crate::{
    bond::{ENCRYPTED, KEY_REQUEST, bond, stored},
    parts,
    scene::{
        ATT, LINK, NAME, SECRET, advertise, config, connection_complete, idle, idle_with,
        is_usable, link, linked, linked_on, works,
    },
};
use bindrune_hostile::{Store, acl, l2cap};
use embassy_time::Duration;
use hex_literal::hex;

fn name() -> Vec<u8> {
    [&[0x0b], NAME].concat()
}

cases! {
    a01: |row| linked().ignores(row),
    a02: |row| {
        let mut s = linked();
        for part in parts(row) {
            s.b.inject(&part);
        }
        s.b.expect(ATT, &[&name()]);
        s.is_as_before();
    },
    a04: |row| {
        let mut s = linked();
        for part in parts(row) {
            s.b.inject(&part);
        }
        s.b.expect(ATT, &[&name()]);
        s.is_as_before();
    },
    a05: |row| linked().ignores(row),
    a06: |row| linked().ignores(row),
    a08: |row| {
        let mut s = linked();
        let (_, second, _) = advertise(&mut s.b);
        s.b.sent();
        for part in parts(row) {
            s.b.inject(&part);
        }
        let frames = s.b.frames();
        assert!(frames.is_empty(), "sent {frames:02x?}");
        assert!(!s.conn.is_connected());
        assert!(second.borrow().is_some());
        works(&mut s.b, LINK);
    },
    a09: |row| {
        let mut b = idle();
        let free = b.host.free_packets();
        for part in parts(row) {
            b.inject(&part);
            b.expect_silence();
        }
        assert_eq!(b.host.stats().stray_acl, 0, "the link may still come up");
        b.pass(Duration::from_millis(100));
        let stats = b.host.stats();
        assert_eq!((stats.stray_acl, stats.ignored_packets), (1, 0));
        assert_eq!(b.host.free_packets(), free);
        is_usable(&mut b);
    },
    a10: |row| linked().ignores(row),
    a12: |row| {
        let mut b = idle();
        let (_first, _) = link(&mut b, 0x40);
        let (_second, _) = link(&mut b, 0x41);
        for part in parts(row) {
            b.inject(&part);
        }
        let malformed = [0x01, 0x0a, 0, 0, 0x04];
        assert_eq!(b.frames(), [(0x41, l2cap(ATT, &name())), (0x40, l2cap(ATT, &malformed))]);
        works(&mut b, 0x40);
        works(&mut b, 0x41);
    },
    a13: |row| linked().ignores(row),
    a14: |row| linked().ignores(row),
}

/// A bridge may deliver data before the event that the link is up: two packets wait 100 ms for it.
#[test]
fn the_first_data_of_a_link_may_come_before_its_event() {
    let request = acl(LINK, &l2cap(ATT, &hex!("0a 0300")));
    for (wait, served) in [(0, 2), (99, 2), (100, 0)] {
        let mut b = idle();
        let (_task, conn, _log) = advertise(&mut b);
        b.sent();
        let free = b.host.free_packets();
        b.inject(&request);
        // The last packet exceeds the limit.
        for _ in 0..2 {
            b.inject(&acl(LINK, &l2cap(ATT, &hex!("52 ffff 00"))));
        }
        b.pass(Duration::from_millis(wait));
        b.inject(&connection_complete(LINK, 1));
        assert!(conn.borrow().is_some());
        let answers = b.frames();
        assert_eq!(answers.len(), usize::from(served > 0), "{answers:02x?}");
        assert_eq!(b.host.stats().stray_acl, 3 - served);
        assert_eq!(b.host.free_packets().transmit, free.transmit);
    }
}

/// Late data of an ended link is not taken as the first data of the next link with its handle.
#[test]
fn late_data_of_a_link_is_not_delivered_to_the_next_one() {
    let mut b = idle();
    let (conn, _log) = link(&mut b, LINK);
    b.inject(&hex!("0405 04 00 4000 13"));
    drop(conn);
    b.inject(&acl(LINK, &l2cap(ATT, &hex!("0a 0300"))));
    assert_eq!(b.host.stats().stray_acl, 1);
    let (_task, _conn, _log) = advertise(&mut b);
    b.inject(&connection_complete(LINK, 1));
    assert_eq!(b.frames(), []);
}

/// The same for data that waits when a link ends that this host did not know.
#[test]
fn data_of_an_unknown_link_is_not_delivered_to_the_next_one() {
    let mut b = idle();
    let (_task, conn, _log) = advertise(&mut b);
    b.sent();
    b.inject(&acl(LINK, &l2cap(ATT, &hex!("0a 0300"))));
    b.inject(&hex!("0405 04 00 4000 13"));
    b.inject(&connection_complete(LINK, 1));
    assert!(conn.borrow().is_some());
    assert_eq!(b.frames(), []);
    assert_eq!(b.host.stats().stray_acl, 1);
}

/// Two fragments that arrive before the link form one PDU.
#[test]
fn fragments_wait_for_their_link_in_order() {
    let mut b = idle();
    let (_task, conn, _log) = advertise(&mut b);
    b.sent();
    b.inject(&hex!("02 4020 0500 0300 0400 0a"));
    b.inject(&hex!("02 4010 0200 0300"));
    b.inject(&connection_complete(LINK, 1));
    assert!(conn.borrow().is_some());
    assert_eq!(b.frames(), [(LINK, l2cap(ATT, &name()))]);
}

/// The same for data that needs encryption.
#[test]
fn data_may_come_a_little_before_the_link_is_encrypted() {
    for (ahead, served) in [(0, true), (59, true), (60, false)] {
        let mut s = linked_on(idle_with(config(), Store::memory(&[stored(&bond())])));
        s.b.inject(&KEY_REQUEST);
        s.b.sent();
        let [low, high] = s.handle(&SECRET).to_le_bytes();
        s.att(&[0x0a, low, high]);
        s.b.expect_silence();
        s.b.pass(Duration::from_millis(ahead));
        s.b.inject(&ENCRYPTED);
        let answers = s.b.frames();
        assert_eq!(answers.len(), 1);
        assert_eq!(answers[0].1.ends_with(&[0x0b, 1]), served, "{ahead} ms: {answers:02x?}");
        s.is_as_before();
    }
}
