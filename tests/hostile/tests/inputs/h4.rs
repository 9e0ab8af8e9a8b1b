//! Framing. [Vol 4] Part A

use bindrune_hostile::{Opcodes, acl, l2cap};
use embassy_time::Duration;
use hex_literal::hex;

use crate::{
    parts,
    scene::{ATT, LINK, VALUE, idle, idle_ignores, is_usable, link, linked, works},
};

const RESET: u16 = 0x0c03;

cases! {
    t01: |row| {
        let mut b = idle();
        b.controller().mute = Opcodes::Only(vec![RESET]);
        let parts = parts(row);
        b.inject(&parts[0]);
        assert_eq!(b.commands(), [(RESET, vec![])]);
        // Until the reset is complete, octets that look like an event or data are noise.
        b.inject(&hex!("043e1301004000010011223344556618000000480000"));
        b.inject(&hex!("02402007000300040000ff"));
        b.expect_silence();
        b.controller().mute = Opcodes::None;
        b.inject(&parts[1]);
        b.expect_silence();
        // The line is quiet, and the controller's answer shows that it received the command after that.
        b.pass(Duration::from_millis(20));
        let opcodes: Vec<_> = b.commands().into_iter().map(|(opcode, _)| opcode).collect();
        assert_eq!(opcodes[..2], [0x2017, 0x1001]);
        assert_eq!(b.host.stats().sync_lost, 1);
        is_usable(&mut b);
    },
    t02: |row| {
        let mut b = idle();
        b.inject(&parts(row)[0]);
        assert_eq!(b.commands().first(), Some(&(RESET, vec![])));
        assert_eq!(b.host.stats().sync_lost, 1);
        b.pass(Duration::from_millis(20));
        is_usable(&mut b);
    },
    t04: |row| {
        // Without a link and with one: no octet is kept, and the pause inside the packet ends it.
        let mut b = idle();
        b.inject(&parts(row)[0]);
        b.expect_silence();
        b.pass(Duration::from_millis(600));
        assert_eq!((b.host.stats().sync_lost, b.host.stats().recoveries), (1, 1));
        is_usable(&mut b);
        let mut s = linked();
        s.b.inject(&parts(row)[0]);
        s.b.expect_silence();
        s.b.pass(Duration::from_millis(600));
        assert!(!s.conn.is_connected());
        is_usable(&mut s.b);
    },
    t05: |row| {
        let b = idle_ignores(row);
        assert_eq!(b.host.stats().malformed_events, 1);
    },
    t06: |row| linked().ignores(row),
    t08: |row| {
        let b = idle_ignores(row);
        assert_eq!(b.host.stats().ignored_packets, 1);
    },
    // `chunks` checks that each packet of the table has the same result octet by octet; this is the worst case of a
    // whole life.
    t09: |_| {
        let mut b = idle();
        b.chunk(1);
        is_usable(&mut b);
    },
    t10: |_| {
        let write = |fill: u8| {
            let value = [fill; 240];
            acl(LINK, &l2cap(ATT, &[&hex!("52 ff ff")[..], &value, &[fill; 4]].concat()))
        };
        let mut s = linked();
        s.b.inject(&write(1));
        let mut torn = write(1);
        assert_eq!(torn.len(), 5 + 251);
        torn.remove(128);
        let begun = s.b.now();
        s.b.inject(&torn);
        s.b.inject(&write(1));
        assert_eq!(s.b.host.stats().sync_lost, 1, "within one packet");
        s.b.inject(&write(1));
        assert!(s.b.now() - begun < Duration::from_secs(1));
        assert_eq!(s.log.borrow().last().map(String::as_str), Some("Disconnected(03)"));
        let mut value = [0; 16];
        assert_eq!(s.b.host.gatt().read(&VALUE, &mut value), Ok(10));
        s.b.pass(Duration::from_millis(20));
        drop(link(&mut s.b, LINK));
        let (_conn, _) = link(&mut s.b, 0x41);
        works(&mut s.b, 0x41);
    },
}
