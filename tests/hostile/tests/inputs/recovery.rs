//! Effects of a silent link, a lost event or a lost answer: only the link concerned is affected.

use bindrune::{Address, Error, Opcode, Status};
use bindrune_hostile::{Opcodes, acl, l2cap};
use embassy_time::Duration;
use hex_literal::hex;

use crate::scene::{
    ATT, LEVEL, LINK, Linked, PEER, advertise, connection_complete, idle, link, link_with, linked,
    works,
};

const OTHER: Address = Address::random([0xc0, 0, 0, 0, 0, 9]);
const SECOND: u16 = 0x41;
const RESET: u16 = 0x0c03;
const DISCONNECT: u16 = 0x0406;

/// Lets time pass while the second link is served; returns the commands about the first link.
fn serve_the_other(s: &mut Linked, tenths: usize) -> Vec<(u16, Vec<u8>)> {
    let mut commands = vec![];
    for _ in 0..tenths {
        s.b.pass(Duration::from_millis(100));
        s.b.inject(&acl(SECOND, &l2cap(ATT, &hex!("0a 0300"))));
        let mut served = false;
        for packet in s.b.sent() {
            match packet {
                bindrune_hostile::Sent::Command(opcode, parameters) => {
                    commands.push((opcode, parameters));
                }
                bindrune_hostile::Sent::Acl(acl) => served |= acl.handle == SECOND,
            }
        }
        assert!(served, "the other peer has no answer");
        s.b.inject(&hex!("0413 05 01 4100 0100"));
    }
    commands
}

/// Returns two links; the peer of the first has chosen a supervision timeout of 100 ms, and takes no data.
fn one_takes_nothing() -> (Linked, bindrune::Connection<'static>) {
    let mut s = linked();
    let (other, _log) = link_with(&mut s.b, OTHER, SECOND);
    s.b.inject(&hex!("043e 0a 03 00 4000 0600 0000 0a00"));
    s.b.controller().completes = false;
    s.att(&hex!("0a 0300"));
    assert_eq!(s.b.frames().len(), 1);
    (s, other)
}

#[test]
fn a_link_that_takes_no_data_costs_no_other_link_and_ends_after_30_s() {
    let (mut s, other) = one_takes_nothing();
    let asked = serve_the_other(&mut s, 290);
    assert!((10..16).contains(&asked.len()), "the controller is asked every 2.1 s: {asked:02x?}");
    assert!(asked.iter().all(|c| *c == (Opcode::READ_RSSI.0, hex!("4000").to_vec())));
    assert!(s.conn.is_connected() && other.is_connected());

    let asked = serve_the_other(&mut s, 20);
    assert!(asked.contains(&(DISCONNECT, hex!("4000 13").to_vec())), "{asked:02x?}");
    assert_eq!(*s.log.borrow().last().unwrap(), "Disconnected(08)");
    assert!(other.is_connected());
    let stats = s.b.host.stats();
    assert_eq!((stats.stalled_links, stats.recoveries), (1, 0));
}

#[test]
fn a_link_whose_end_was_lost_ends_alone() {
    let (mut s, other) = one_takes_nothing();
    s.b.controller().answers.insert(Opcode::READ_RSSI.0, hex!("02 4000 00").to_vec());
    serve_the_other(&mut s, 25);
    assert_eq!(*s.log.borrow().last().unwrap(), "Disconnected(08)");
    assert!(other.is_connected());
    assert_eq!(s.b.host.stats().recoveries, 0);
}

#[test]
fn a_controller_that_answers_nothing_about_a_silent_link_is_reset() {
    let (mut s, other) = one_takes_nothing();
    s.b.controller().mute = Opcodes::All;
    s.b.pass(Duration::from_millis(4200));
    assert!(!s.conn.is_connected() && !other.is_connected());
    assert_eq!(s.b.host.stats().recoveries, 1);
}

/// A link that takes no data leaves buffers of the controller for the other one; a single link may hold all
/// four.
#[test]
fn no_link_takes_the_last_buffer_that_another_needs() {
    for alone in [false, true] {
        let mut s = linked();
        let other = (!alone).then(|| link_with(&mut s.b, OTHER, SECOND));
        let [l, h] = (s.handle(&LEVEL) + 1).to_le_bytes();
        s.att(&[0x12, l, h, 1, 0]);
        s.b.sent();
        s.b.controller().completes = false;
        let conn = s.conn.clone();
        let _task = s.b.spawn(async move {
            for n in 0..100u8 {
                conn.notify(&LEVEL, &[n]).await?;
            }
            Ok::<_, Error>(())
        });
        let held = s.b.frames().iter().filter(|f| f.0 == LINK).count();
        assert_eq!(held, if alone { 4 } else { 3 });
        if other.is_some() {
            for _ in 0..10 {
                s.b.inject(&acl(SECOND, &l2cap(ATT, &hex!("0a 0300"))));
                assert!(s.b.frames().iter().all(|f| f.0 == SECOND), "the other link is served");
                s.b.inject(&hex!("0413 05 01 4100 0100"));
            }
        }
        drop(other);
        // Once the other link has ended, its share is available to the first.
        s.b.inject(&hex!("0405 04 00 4100 13"));
        let more = s.b.frames().iter().filter(|f| f.0 == LINK).count();
        assert_eq!(held + more, 4);
    }
}

#[test]
fn a_controller_that_takes_no_command_is_reset_whatever_is_pending() {
    let mut b = idle();
    b.inject(&hex!("040e 03 00 0000"));
    // Nothing is pending: the controller is not reset.
    b.pass(Duration::from_secs(60));
    assert_eq!((b.host.stats().recoveries, b.host.links()), (0, 0));
    let (_task, conn, _log) = advertise(&mut b);
    b.pass(Duration::from_millis(1999));
    b.expect_silence();
    b.pass(Duration::from_millis(2));
    assert_eq!(b.commands().first(), Some(&(RESET, vec![])));
    assert_eq!(b.host.stats().recoveries, 1);
    b.pass(Duration::from_secs(1));
    b.inject(&connection_complete(LINK, 1));
    assert!(conn.borrow().is_some());
    works(&mut b, LINK);
}

/// Endless commands of one link block neither those of another link nor those of the host.
#[test]
fn commands_take_turns() {
    let mut s = linked();
    let (other, _log) = link_with(&mut s.b, OTHER, SECOND);
    s.b.controller().mute = Opcodes::Only(vec![Opcode::READ_RSSI.0]);
    let (conn, host) = (s.conn.clone(), s.b.host);
    s.b.spawn(async move {
        for _ in 0..9 {
            let _measured = conn.rssi().await;
        }
    });
    s.b.spawn(async move { host.raw_command(Opcode::LE_RAND, &[], &mut [0; 9]).await });
    s.b.spawn(async move { other.rssi().await });
    let mut order = vec![];
    for _ in 0..5 {
        let rssi = s.b.commands();
        order.extend(rssi.iter().map(|(opcode, p)| (*opcode, p.first().copied())));
        let handle = rssi.last().unwrap().1[0];
        s.b.inject(&[4, 0x0e, 7, 1, 5, 0x14, 0, handle, 0, 0xc4]);
    }
    let rssi = |handle| (Opcode::READ_RSSI.0, Some(handle));
    let rand = (Opcode::LE_RAND.0, None);
    assert_eq!(order[..4], [rssi(0x40), rand, rssi(0x41), rssi(0x40)]);
}

/// No address is invented for a peer that the controller does not name.
#[test]
fn a_peer_with_an_unknown_address_type_is_disconnected() {
    let mut b = idle();
    let (_task, conn, _log) = advertise(&mut b);
    b.sent();
    let mut nameless = connection_complete(LINK, 1);
    nameless[8] = 0xff;
    b.inject(&nameless);
    assert!(conn.borrow().is_none());
    assert_eq!(b.host.links(), 0);
    let commands = b.commands();
    assert_eq!(commands.first(), Some(&(DISCONNECT, hex!("4000 14").to_vec())));
    assert!(commands.contains(&(Opcode::LE_SET_ADVERTISING_ENABLE.0, vec![1])), "{commands:02x?}");
    b.inject(&connection_complete(SECOND, 1));
    assert!(conn.borrow().is_some());
    works(&mut b, SECOND);

    let host = b.host;
    let connect = b.spawn(async move { host.connect(&PEER).await });
    let mut nameless = connection_complete(LINK, 0);
    nameless[8] = 0xff;
    b.inject(&nameless);
    assert_eq!(connect.take().err(), Some(Error::Controller(Status::UNSPECIFIED)));
}

/// Only the host can report that the controller was lost.
#[test]
fn a_peer_cannot_claim_that_the_controller_was_lost() {
    let mut b = idle();
    let (_conn, log) = link(&mut b, LINK);
    b.inject(&hex!("0405 04 00 4000 03"));
    assert_eq!(*log.borrow(), ["Disconnected(1f)"]);
}
