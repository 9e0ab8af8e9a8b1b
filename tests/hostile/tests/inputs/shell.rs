//! Actions of applications: repeated calls, handles that are kept for long, futures that are dropped.

use core::convert::Infallible;

use bindrune::{
    Address, Advertisement, Characteristic, Connection, Error, Host, Opcode, Resources, RunError,
    Uuid,
};
use bindrune_hostile::{Bench, Controller, Opcodes, acl, l2cap};
use embassy_time::Duration;
use hex_literal::hex;

use crate::scene::{
    ATT, LEVEL, LINK, Linked, PEER, config, connection_complete, idle, link_with, linked, works,
};

/// A transport without any input.
struct Silent;

impl embedded_io_async::ErrorType for Silent {
    type Error = Infallible;
}

impl embedded_io_async::Read for Silent {
    async fn read(&mut self, _: &mut [u8]) -> Result<usize, Infallible> {
        core::future::pending().await
    }
}

impl embedded_io_async::Write for Silent {
    async fn write(&mut self, octets: &[u8]) -> Result<usize, Infallible> {
        Ok(octets.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

#[test]
fn a_second_run_leaves_the_first_alone() {
    let mut s = linked();
    let host = s.b.host;
    let second = s.b.spawn(async move { host.run(Silent, Silent).await });
    assert_eq!(second.take(), RunError::AlreadyRunning);
    assert!(s.conn.is_connected());
    s.b.pass(Duration::from_secs(1));
    works(&mut s.b, LINK);
    assert_eq!(s.b.ended(), None);
}

#[test]
fn a_handle_of_an_ended_link_never_names_another() {
    /// Two for each link: more than 16 bits can count.
    const LINKS: usize = 0x8001;
    let other = Address::random([0xc0, 0, 0, 0, 0, 9]);
    let resources = Box::leak(Box::new(Resources::<1, 0, 6, 2, 264, 2048>::new()));
    let host: &'static Host = Box::leak(Box::new(Host::new(resources, config()).unwrap()));
    let mut b = Bench::new(host, Controller::new());
    let ends = hex!("0405 04 00 4000 13");
    let (conn, _) = link_with(&mut b, other, LINK);
    b.inject(&ends);
    for number in 0..LINKS {
        let link = b.spawn(async move { host.advertise(&Advertisement::connectable()).await });
        b.inject(&connection_complete(LINK, 1));
        assert!(!conn.is_connected(), "{number} links later it is that of {PEER}");
        let link = link.take().unwrap();
        b.inject(&ends);
        drop(link);
        b.sent();
    }
}

#[test]
fn a_dropped_and_lost_command_frees_its_slot() {
    let mut b = idle();
    let host = b.host;
    let rand = || async move { host.raw_command(Opcode::LE_RAND, &[], &mut [0; 9]).await };
    b.controller().mute = Opcodes::Only(vec![Opcode::LE_RAND.0]);
    let dropped = b.spawn(rand());
    dropped.cancel();
    b.settle();
    let waits = b.spawn(rand());
    b.controller().mute = Opcodes::None;
    b.pass(Duration::from_secs(5));
    assert_eq!(host.stats().recoveries, 1);
    assert_eq!(waits.take(), Ok(9));
    assert_eq!(b.spawn(rand()).take(), Ok(9));
}

#[test]
fn a_command_dropped_before_it_left_or_after_its_answer_frees_its_slot() {
    let mut b = idle();
    let host = b.host;
    let rand = || async move { host.raw_command(Opcode::LE_RAND, &[], &mut [0; 9]).await };
    b.inject(&hex!("040e 03 00 0000"));
    let dropped = b.spawn(rand());
    dropped.cancel();
    b.settle();
    assert!(b.commands().is_empty());
    b.inject(&hex!("040e 03 01 0000"));
    assert_eq!(b.spawn(rand()).take(), Ok(9));
}

#[test]
fn no_number_of_waiting_futures_makes_another_fail() {
    let mut s = linked();
    let host = s.b.host;
    let other = Address::random([0xc0, 0, 0, 0, 0, 9]);
    let [l, h] = (s.handle(&LEVEL) + 1).to_le_bytes();
    s.att(&[0x12, l, h, 2, 0]);
    let mut waiting = Vec::new();
    for _ in 0..100 {
        waiting.push(s.b.spawn(async move { drop(host.connect(&other).await) }));
        let conn = s.conn.clone();
        waiting.push(s.b.spawn(async move {
            let _reason = conn.disconnected().await;
        }));
    }
    let command =
        s.b.spawn(async move { host.raw_command(Opcode::LE_RAND, &[], &mut [0; 9]).await });
    assert_eq!(command.take(), Ok(9));
    let indicate = |s: &mut Linked, value| {
        let conn = s.conn.clone();
        s.b.spawn(async move { conn.indicate(&LEVEL, &[value]).await })
    };
    let (dropped, first, second) = (indicate(&mut s, 0), indicate(&mut s, 1), indicate(&mut s, 2));
    dropped.cancel();
    s.b.settle();
    for _ in 0..3 {
        s.att(&hex!("1e"));
    }
    assert_eq!((first.take(), second.take()), (Ok(()), Ok(())));
    assert!(waiting.iter().all(|waits| !waits.is_done()));
    waiting.iter().for_each(bindrune_hostile::Outcome::cancel);
    s.b.settle();
    works(&mut s.b, LINK);
}

#[test]
fn a_request_that_is_dropped_before_it_leaves_makes_room_for_an_indication() {
    let mut s = linked();
    let [l, h] = (s.handle(&LEVEL) + 1).to_le_bytes();
    s.att(&[0x12, l, h, 2, 0]);
    s.b.controller().completes = false;
    // The controller has four buffers.
    for _ in 0..4 {
        s.att(&hex!("0a 0300"));
    }
    let (reader, conn) = (s.conn.clone(), s.conn.clone());
    let read = s.b.spawn(async move { _ = reader.read(3, &mut [0; 9]).await });
    let indicated = s.b.spawn(async move { conn.indicate(&LEVEL, &[7]).await });
    read.cancel();
    s.b.settle();
    s.b.sent();
    s.b.inject(&hex!("0413 05 01 4000 0400"));
    let [l, h] = s.handle(&LEVEL).to_le_bytes();
    s.b.expect(ATT, &[&[0x1d, l, h, 7]]);
    s.att(&hex!("1e"));
    assert_eq!(indicated.take(), Ok(()));
}

#[test]
fn a_peer_without_room_delays_no_other() {
    let mut s = linked();
    let (_other, _log) = link_with(&mut s.b, Address::random([0xc0, 0, 0, 0, 0, 9]), 0x41);
    let [l, h] = (s.handle(&LEVEL) + 1).to_le_bytes();
    s.att(&[0x12, l, h, 2, 0]);
    s.b.inject(&acl(0x41, &l2cap(ATT, &[0x12, l, h, 1, 0])));
    s.b.sent();
    let value = s.handle(&LEVEL).to_le_bytes();
    let notification = (0x41, l2cap(ATT, &[&[0x1b][..], &value, &[7]].concat()));
    let indication = (LINK, l2cap(ATT, &[&[0x1d][..], &value, &[7]].concat()));
    let host = s.b.host;
    let notify = |s: &mut Linked| {
        s.b.spawn(async move {
            let mut results = vec![];
            let each = |to: &Connection<'_>, result| results.push((to.peer().unwrap(), result));
            host.gatt().notify_each(&LEVEL, &[7], each).await.unwrap();
            results.sort_by_key(|(peer, _)| *peer != PEER);
            results.into_iter().map(|(_, result)| result).collect::<Vec<_>>()
        })
    };
    // Both have room; the confirmation of the indication is not waited for.
    assert_eq!(notify(&mut s).take(), [Ok(()), Ok(())]);
    let mut both = s.b.frames();
    both.sort_by_key(|(link, _)| *link != LINK);
    assert_eq!(both, [indication.clone(), notification.clone()]);
    // The host waits for the peer that has not confirmed, but the other peer does not wait.
    let waits = notify(&mut s);
    assert_eq!(s.b.frames(), core::slice::from_ref(&notification));
    s.b.pass(Duration::from_millis(350));
    assert!(!waits.is_done());
    s.b.pass(Duration::from_millis(100));
    assert_eq!(waits.take(), [Err(Error::Timeout), Ok(())]);
    // From now on this peer causes no delay, until it has room.
    assert_eq!(notify(&mut s).take(), [Err(Error::Timeout), Ok(())]);
    s.att(&hex!("1e"));
    s.b.frames();
    assert_eq!(notify(&mut s).take(), [Ok(()), Ok(())]);
    let mut frames = s.b.frames();
    frames.sort_unstable();
    assert_eq!(frames, [indication, notification]);
    // A peer that confirms in time then gets the next value.
    let waits = notify(&mut s);
    s.b.pass(Duration::from_millis(300));
    s.att(&hex!("1e"));
    assert_eq!(waits.take(), [Ok(()), Ok(())]);
    let unknown = s.b.spawn(async move { host.gatt().notify_all(&UNKNOWN, &[1]).await });
    assert_eq!(unknown.take(), Err(Error::UnknownAttribute));
}

static UNKNOWN: Characteristic = Characteristic::new(Uuid::new_16(0xff09)).notify();

#[test]
fn shutdown_is_bounded_if_the_controller_does_not_answer() {
    let mut s = linked();
    let host = s.b.host;
    s.b.controller().mute = Opcodes::All;
    let shut = s.b.spawn(async move { host.shutdown().await });
    s.b.pass(Duration::from_secs(7));
    assert_eq!(shut.take(), Err(Error::NoAnswer));
    assert_eq!(s.b.ended(), Some(RunError::ShutDown));
    assert!(!s.conn.is_connected());
}

#[test]
fn after_a_shutdown_the_host_runs_again_and_loops_that_advertise_wait_for_it() {
    let mut s = linked();
    let host = s.b.host;
    s.b.spawn(async move {
        loop {
            let Ok(link) = host.advertise(&Advertisement::connectable()).await else { continue };
            link.disconnected().await;
        }
    });
    let shut = s.b.spawn(async move { host.shutdown().await });
    s.b.pass(Duration::from_secs(1));
    assert_eq!(shut.take(), Ok(()));
    assert_eq!(s.b.ended(), Some(RunError::ShutDown));
    assert_eq!(s.b.spawn(async move { host.shutdown().await }).take(), Ok(()));
    s.b.sent();
    s.b.run();
    s.b.inject(&connection_complete(LINK, 1));
    works(&mut s.b, LINK);
}
