//! PDUs of the application in the transport's buffer, and events before they leave.

use core::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use bindrune::Error;
use bindrune_hostile::acl;
use embassy_time::Duration;
use hex_literal::hex;

use crate::scene::{LEVEL, LINK, Linked, connection_complete, linked};

/// Polls a future once, like a task after which `run` does not run at once.
fn once<T>(future: impl Future<Output = T>) -> Poll<T> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

fn subscribed() -> Linked {
    let mut s = linked();
    let [l, h] = (s.handle(&LEVEL) + 1).to_le_bytes();
    s.att(&[0x12, l, h, 1, 0]);
    s.b.sent();
    s
}

fn notifications(s: &mut Linked) -> Vec<u8> {
    s.b.frames().iter().filter(|(_, frame)| frame[4] == 0x1b).map(|(_, frame)| frame[7]).collect()
}

#[test]
fn written_pdus_leave_in_order() {
    let mut s = subscribed();
    for value in 1..=4 {
        assert_eq!(once(s.conn.notify(&LEVEL, &[value])), Poll::Ready(Ok(())));
    }
    s.b.settle();
    assert_eq!(notifications(&mut s), [1, 2, 3, 4]);
}

/// The controller has four buffers.
#[test]
fn no_more_pdus_are_written_than_the_controller_takes() {
    let mut s = subscribed();
    s.b.controller().completes = false;
    let written = (1..=9).take_while(|&n| once(s.conn.notify(&LEVEL, &[n])).is_ready()).count();
    assert_eq!(written, 5, "the fifth PDU waits in a packet");
    s.b.settle();
    assert_eq!(notifications(&mut s), [1, 2, 3, 4]);
    s.b.inject(&hex!("0413 05 01 4000 0400"));
    assert_eq!(notifications(&mut s), [5]);
}

/// The next link has the same handle.
#[test]
fn data_written_before_the_end_of_a_link_is_not_sent_on_the_next() {
    let mut s = subscribed();
    for value in 1..=3 {
        assert_eq!(once(s.conn.notify(&LEVEL, &[value])), Poll::Ready(Ok(())));
    }
    let mut ends = hex!("0405 04 00 4000 13").to_vec();
    ends.extend(connection_complete(LINK, 1));
    ends.extend(acl(LINK, &hex!("0300 0400 0a 0300")));
    s.b.inject(&ends);
    assert!(notifications(&mut s).is_empty());
    assert_eq!(s.b.host.stats().unsent_pdus, 3);
}

/// The time limit of a request starts when it leaves, not at the last wake before it.
#[test]
fn the_30_s_of_a_request_start_when_it_leaves() {
    let mut s = linked();
    s.b.pass(Duration::from_millis(2500));
    let conn = s.conn.clone();
    let read = s.b.spawn(async move { conn.read(3, &mut [0; 9]).await });
    s.b.pass(Duration::from_millis(29_990));
    assert!(!read.is_done());
    s.b.pass(Duration::from_millis(20));
    assert_eq!(read.take(), Err(Error::TransactionTimeout));
}
