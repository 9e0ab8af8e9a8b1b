//! Events. [Vol 4] Part E, 7.7

use bindrune::{Error, InitError, Opcode, RunError};
use bindrune_corpus::Row;
use bindrune_hostile::{Bench, Controller, Opcodes};
use embassy_time::Duration;
use hex_literal::hex;

use crate::{
    parts,
    scene::{
        LINK, Linked, advertise, connection_complete, host, idle, idle_ignores, idle_on, is_usable,
        link, linked, scanning, works,
    },
};

const RESET: u16 = 0x0c03;
const DISCONNECT: u16 = 0x0406;
const ADVERTISING_ENABLE: u16 = 0x200a;

/// Runs the set-up on a controller with the answers of the row.
fn set_up(row: &Row) -> Option<RunError<core::convert::Infallible>> {
    let mut controller = Controller::new();
    for part in parts(row) {
        let opcode = u16::from_le_bytes([part[4], part[5]]);
        controller.answers.insert(opcode, part[6..].to_vec());
    }
    Bench::new(Box::leak(Box::new(host())), controller).ended()
}

/// Requests `requests` replies, and returns how many left.
fn replies(s: &mut Linked, requests: usize) -> usize {
    s.b.sent();
    (0..requests)
        .map(|_| {
            s.att(&hex!("0a 0300"));
            s.b.frames().len()
        })
        .sum()
}

/// Returns a link with two replies in the controller, which has four buffers.
fn two_in_flight() -> Linked {
    let mut s = linked();
    s.b.controller().completes = false;
    assert_eq!(replies(&mut s, 2), 2);
    s
}

#[test]
fn a_packet_of_the_last_link_takes_a_buffer_of_the_next_one_with_its_handle() {
    let mut s = linked();
    s.b.controller().completes = false;
    let (_task, conn, _log) = advertise(&mut s.b);
    s.b.take(Some(3));
    s.att(&hex!("0a 0300"));
    s.b.inject(&hex!("0405 04 00 4000 13"));
    s.b.inject(&connection_complete(LINK, 1));
    s.b.take(None);
    assert!(conn.borrow().is_some());
    assert_eq!(s.b.frames().len(), 1, "the packet was half written when its link ended");
    assert_eq!(replies(&mut s, 4), 3);
    assert_eq!(complete(&mut s, 4), 1);
}

/// Completes `packets` packets of the link, and returns how many replies left then.
fn complete(s: &mut Linked, packets: u8) -> usize {
    s.b.sent();
    s.b.inject(&[4, 0x13, 5, 1, 0x40, 0, packets, 0]);
    s.b.frames().len()
}

cases! {
    t12: |row| {
        let b = idle_ignores(row);
        assert_eq!(b.host.stats().stray_completions, 0);
    },
    h01: |row| {
        let b = idle_ignores(row);
        assert_eq!(b.host.stats().stray_completions, 1);
    },
    h03: |row| assert_eq!(set_up(row), Some(RunError::Controller(InitError::NoBuffers))),
    h04: |row| assert_eq!(set_up(row), Some(RunError::Controller(InitError::ShortBuffers(1)))),
    h05: |row| {
        let mut b = idle();
        b.controller().mute = Opcodes::Only(vec![ADVERTISING_ENABLE]);
        let (_, conn, _) = advertise(&mut b);
        assert_eq!(b.commands().last(), Some(&(ADVERTISING_ENABLE, vec![1])));
        for part in parts(row) {
            b.inject(&part);
            b.expect_silence();
        }
        assert_eq!(b.host.stats().stray_completions, 1);
        b.controller().mute = Opcodes::None;
        b.inject(&connection_complete(LINK, 1));
        assert!(conn.borrow().is_some());
        works(&mut b, LINK);
    },
    h07: |row| {
        let mut b = idle();
        b.controller().mute = Opcodes::Only(vec![ADVERTISING_ENABLE]);
        let (_, conn, _) = advertise(&mut b);
        b.inject(&parts(row)[0]);
        b.controller().mute = Opcodes::None;
        let host = b.host;
        let rand = b.spawn(async move { host.raw_command(Opcode::LE_RAND, &[], &mut [0; 9]).await });
        b.sent();
        b.pass(Duration::from_millis(1999));
        b.expect_silence();
        b.pass(Duration::from_millis(2));
        assert_eq!(b.commands()[0], (RESET, vec![]));
        let stats = b.host.stats();
        assert_eq!((stats.command_timeouts, stats.recoveries), (1, 1));
        assert!(rand.is_done());
        // The request to advertise outlives it.
        b.inject(&connection_complete(LINK, 1));
        assert!(conn.borrow().is_some());
        works(&mut b, LINK);
    },
    h08: |row| {
        let mut b = idle();
        b.inject(&parts(row)[0]);
        b.controller().mute = Opcodes::All;
        let host = b.host;
        let rand = || async move { host.raw_command(Opcode::LE_RAND, &[], &mut [0; 9]).await };
        let (_one, _two) = (b.spawn(rand()), b.spawn(rand()));
        advertise(&mut b);
        assert_eq!(b.commands().len(), 1);
    },
    h09: |_| {
        let mut s = linked();
        s.b.controller().mute = Opcodes::Only(vec![Opcode::LE_RAND.0]);
        let host = s.b.host;
        let rand = s.b.spawn(async move {
            host.raw_command(Opcode::LE_RAND, &[], &mut [0; 9]).await
        });
        s.b.sent();
        s.b.pass(Duration::from_millis(1999));
        assert!(!rand.is_done());
        s.b.pass(Duration::from_millis(2));
        assert!(matches!(rand.take(), Err(Error::Timeout | Error::ControllerLost)));
        assert_eq!(s.b.commands()[0], (RESET, vec![]));
        assert!(!s.conn.is_connected());
        assert_eq!(*s.log.borrow(), ["Disconnected(03)"]);
        assert_eq!(s.b.host.stats().recoveries, 1);
        is_usable(&mut s.b);
    },
    h11: |row| {
        let b = idle_ignores(row);
        assert_eq!(b.host.stats().unknown_events, 2);
    },
    h12: |row| {
        let b = idle_ignores(row);
        let stats = b.host.stats();
        assert_eq!(stats.unknown_events + stats.malformed_events, 2);
    },
    h13: |row| no_report(&parts(row)[0], Controller::new()),
    h15: |row| no_report(&parts(row)[0], Controller::new()),
    h16: |row| {
        let (mut b, reports) = scanning(Controller::new());
        b.inject(&parts(row)[0]);
        let reports = reports.borrow();
        let seen: Vec<_> = reports.iter().map(|r| (r.address.unwrap().octets(), &r.data[..], r.rssi)).collect();
        let first = (hex!("aabbccddeeff"), &hex!("0106")[..], Some(-56));
        let second = (hex!("112233445566"), &hex!("0a00")[..], Some(-55));
        assert_eq!(seen, [first, second]);
    },
    h17: |row| {
        no_report(&parts(row)[0], Controller::extended());
        no_report(&without_stray_octet(&parts(row)[0]), Controller::extended());
    },
    h19: |row| {
        let (mut b, reports) = scanning(Controller::extended());
        for (part, n) in parts(row).into_iter().zip(0u16..) {
            let mut part = without_stray_octet(&part);
            part[8..10].copy_from_slice(&n.to_le_bytes());
            b.inject(&part);
        }
        b.expect_silence();
        let reports = reports.borrow();
        assert!(reports.iter().all(|report| report.truncated && report.data.len() <= 1650));
        assert_eq!(reports.len(), 999, "one report is still being reassembled");
        is_usable_extended(&mut b);
    },
    h20: |row| {
        let mut b = idle();
        let (_, conn, _) = advertise(&mut b);
        b.sent();
        b.inject(&parts(row)[0]);
        assert!(conn.borrow().is_none());
        assert_eq!(b.host.links(), 0);
        b.inject(&connection_complete(LINK, 1));
        assert!(conn.borrow().is_some());
        works(&mut b, LINK);
    },
    h21: |row| {
        let mut s = linked();
        let (_, second, _) = advertise(&mut s.b);
        s.b.inject(&parts(row)[0]);
        assert_eq!(*s.log.borrow(), ["Disconnected(08)"]);
        assert!(!s.conn.is_connected());
        assert!(second.borrow().as_ref().unwrap().is_connected());
        assert_eq!(s.b.host.links(), 1);
        works(&mut s.b, LINK);
    },
    h23: |row| {
        let mut b = idle();
        let (_, conn, _) = advertise(&mut b);
        b.inject(&parts(row)[0]);
        let conn = conn.borrow().clone().unwrap();
        assert_eq!(conn.parameters().unwrap().interval, 0);
        works(&mut b, LINK);
        b.pass(Duration::from_secs(10));
        works(&mut b, LINK);
    },
    h24: |row| {
        let mut b = idle();
        let (_first, _) = link(&mut b, 0x40);
        let (_second, _) = link(&mut b, 0x41);
        b.inject(&parts(row)[0]);
        assert_eq!(b.commands(), [(DISCONNECT, hex!("7f00 14").to_vec())]);
        assert_eq!((b.host.links(), b.host.stats().refused_links), (2, 1));
        works(&mut b, 0x40);
        works(&mut b, 0x41);
    },
    h25: |row| {
        idle_ignores(row);
        linked().ignores(row);
    },
    h27: |row| {
        let mut s = two_in_flight();
        let malformed = s.b.host.stats().malformed_events;
        s.b.inject(&parts(row)[0]);
        s.b.expect_silence();
        assert_eq!(s.b.host.stats().malformed_events, malformed + 1);
        assert_eq!(replies(&mut s, 3), 2);
        assert_eq!(complete(&mut s, 1), 1);
    },
    h28: |row| {
        let mut s = two_in_flight();
        s.b.inject(&parts(row)[0]);
        assert_eq!(s.b.host.stats().stray_credits, 1);
        assert_eq!(replies(&mut s, 3), 2);
        assert_eq!(complete(&mut s, 1), 1);
    },
    h29: |row| {
        let mut s = two_in_flight();
        s.b.inject(&parts(row)[0]);
        assert_eq!(s.b.host.stats().stray_credits, 1);
        assert_eq!(replies(&mut s, 5), 4);
        assert_eq!(complete(&mut s, 1), 1);
    },
    h31: |row| {
        let mut s = two_in_flight();
        assert_eq!(complete(&mut s, 1), 0);
        for part in parts(row) {
            s.b.inject(&part);
        }
        assert_eq!(s.b.host.stats().stray_credits, 1);
        assert_eq!(replies(&mut s, 5), 4);
        assert_eq!(complete(&mut s, 1), 1);
    },
    h37: |row| {
        let mut s = linked();
        s.b.inject(&parts(row)[0]);
        let refusal = Opcode::LE_LONG_TERM_KEY_REQUEST_NEGATIVE_REPLY.0;
        assert_eq!(s.b.commands(), [(refusal, hex!("4000").to_vec())]);
        s.is_as_before();
    },
    h39: |row| {
        let mut s = linked();
        s.b.inject(&parts(row)[0]);
        s.b.expect_silence();
        let parameters = s.conn.parameters().unwrap();
        assert_eq!((parameters.interval, parameters.latency), (0, 0xffff));
        s.b.pass(Duration::from_secs(60));
        s.is_as_before();
    },
    h40: |row| {
        let mut b = idle();
        let host = b.host;
        let peer = bindrune::Address::public([1, 2, 3, 4, 5, 6]);
        let conn = b.spawn(async move { host.connect(&peer).await });
        b.inject(&connection_complete(LINK, 0));
        let _conn = conn.take().unwrap();
        b.sent();
        b.inject(&parts(row)[0]);
        let refusal = Opcode::LE_REMOTE_CONNECTION_PARAMETER_REQUEST_NEGATIVE_REPLY.0;
        assert_eq!(b.commands(), [(refusal, hex!("4000 3b").to_vec())]);
        works(&mut b, LINK);
    },
    h41: |row| {
        let mut b = idle_on(Controller::extended());
        let (_, conn, _) = advertise(&mut b);
        b.sent();
        b.inject(&parts(row)[0]);
        b.expect_silence();
        assert!(conn.borrow().is_none());
        b.inject(&connection_complete(LINK, 1));
        b.inject(&hex!("043e06 12 00 00 4000 01"));
        assert!(conn.borrow().is_some());
        works(&mut b, LINK);
    },
    h43: |row| {
        let mut s = linked();
        s.b.inject(&parts(row)[0]);
        assert_eq!(s.b.commands()[0], (RESET, vec![]));
        assert!(!s.conn.is_connected());
        assert_eq!(s.b.host.stats().recoveries, 1);
        is_usable(&mut s.b);
    },
    h44: |row| {
        let mut b = idle();
        let host = b.host;
        let scanner = host.scan(&bindrune::Scan::passive()).unwrap();
        b.settle();
        let rand = b.spawn(async move { host.raw_command(Opcode::LE_RAND, &[], &mut [0; 9]).await });
        assert_eq!(rand.take(), Ok(9));
        let begun = b.now();
        b.inject(&parts(row).concat());
        assert!(scanner.lost() > 99_000, "{}", scanner.lost());
        let rand = b.spawn(async move { host.raw_command(Opcode::LE_RAND, &[], &mut [0; 9]).await });
        assert_eq!(rand.take(), Ok(9));
        assert_eq!(b.now(), begun);
    },
    h45: |row| linked().ignores(row),
}

/// Removes one octet: the extended reports of the table have an extra octet after the SID, which alone would
/// make them malformed.
fn without_stray_octet(event: &[u8]) -> Vec<u8> {
    const BEHIND_SID: usize = 17;
    let mut event = event.to_vec();
    event.remove(BEHIND_SID);
    event[2] -= 1;
    event
}

/// Checks that no report reaches a scanner.
fn no_report(event: &[u8], controller: Controller) {
    let extended = controller.extended;
    let (mut b, reports) = scanning(controller);
    b.inject(event);
    b.expect_silence();
    assert!(reports.borrow().is_empty());
    if extended {
        is_usable_extended(&mut b);
    } else {
        is_usable(&mut b);
    }
}

/// Like [`is_usable`], for a link that ends an advertising set.
fn is_usable_extended(b: &mut crate::scene::B) {
    let (_, conn, _) = advertise(b);
    b.inject(&connection_complete(LINK, 1));
    b.inject(&hex!("043e06 12 00 00 4000 01"));
    assert!(conn.borrow().is_some());
    works(b, LINK);
    assert_eq!(b.host.stats().refused_links, 0);
}
