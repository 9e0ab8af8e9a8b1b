//! ACL packets and reassembly. [Vol 4] Part E, 5.4.2 and [Vol 3] Part A, 7.2

use crate::{
    parts,
    scene::{ATT, LINK, NAME, advertise, idle, idle_ignores, link, linked, works},
};
use bindrune_hostile::l2cap;

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
        let b = idle_ignores(row);
        let stats = b.host.stats();
        assert_eq!((stats.stray_acl, stats.ignored_packets), (1, 0));
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
