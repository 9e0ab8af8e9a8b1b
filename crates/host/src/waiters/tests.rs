use std::boxed::Box;

use super::*;

fn table() -> (Waiters, Ready) {
    let waiters = Waiters::new(
        Box::leak(Box::new([const { Waiter::FREE }; HOST_WAITERS])),
        Box::leak(Box::new([const { [const { Waiter::FREE }; LINK_WAITERS] }; 2])),
        Box::leak(Box::new([])),
    );
    (waiters, Ready::new(Box::leak(Box::new([0; 2])), Box::leak(Box::new([]))))
}

const TURN: Key = Key::Link(1, LinkKey::Turn);

#[test]
fn first_come_first_served() {
    let (mut waiters, _) = table();
    let cx = Context::from_waker(Waker::noop());
    let (a, b) = (waiters.ticket(), waiters.ticket());
    waiters.register(TURN, b, &cx).unwrap();
    waiters.register(TURN, a, &cx).unwrap();
    assert!(waiters.is_first(TURN, Some(a)) && !waiters.is_first(TURN, Some(b)));
    assert!(!waiters.is_first(TURN, None));
    waiters.remove(TURN, a);
    assert!(waiters.is_first(TURN, Some(b)));
}

#[test]
fn applications_leave_room_for_those_who_drive_the_host() {
    let (mut waiters, _) = table();
    let cx = Context::from_waker(Waker::noop());
    let mut waits = |key| {
        let ticket = waiters.ticket();
        waiters.register(Key::Host(key), ticket, &cx).is_ok()
    };
    assert_eq!((0..HOST_WAITERS).filter(|_| waits(HostKey::Scan)).count(), 16);
    let own =
        [HostKey::Transmit, HostKey::Timeout, HostKey::Job, HostKey::BondJob, HostKey::Pairing];
    for key in own {
        assert!(waits(key), "{key:?}");
    }
}

#[test]
fn a_mark_wakes_its_key_only_and_a_full_table_says_so() {
    let (mut waiters, mut ready) = table();
    let cx = Context::from_waker(Waker::noop());
    for _ in 0..LINK_WAITERS {
        let ticket = waiters.ticket();
        waiters.register(TURN, ticket, &cx).unwrap();
    }
    let ticket = waiters.ticket();
    assert!(waiters.register(TURN, ticket, &cx).is_err());
    assert!(waiters.register(Key::Host(HostKey::Scan), ticket, &cx).is_ok());
    ready.mark(TURN);
    let (mut woken, mut more) = (0, true);
    while more {
        let mut batch = Batch::default();
        more = waiters.take_ready(&mut ready, &mut batch);
        woken += batch.iter().flatten().count();
    }
    assert_eq!(woken, LINK_WAITERS);
}
