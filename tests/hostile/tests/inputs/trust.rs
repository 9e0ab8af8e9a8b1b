//! When the octets of a controller count again after it was lost, and the handling of a controller that fails now and
//! then.

use std::{cell::RefCell, rc::Rc};

use bindrune::{
    Address, Advertisement, Characteristic, Config, ControllerEvent, ControllerLoss, Event, Host,
    InitError, Level, Opcode, RunError, Service, Status, Uuid,
};
use bindrune_hostile::{Bench, Controller, Opcodes, Store, acl, l2cap};
use embassy_time::Duration;
use hex_literal::hex;

use crate::{
    bond::{bond, stored},
    scene::{
        ATT, LINK, PEER, advertise, connection_complete, host, idle, idle_on, idle_with, is_usable,
        link, linked, works,
    },
};

const RESET: u16 = 0x0c03;
const ENCRYPT: u16 = 0x2017;

fn complete(opcode: u16, returned: &[u8]) -> Vec<u8> {
    let [low, high] = opcode.to_le_bytes();
    [&[4, 0x0e, returned.len() as u8 + 3, 1, low, high][..], returned].concat()
}

/// Returns all answers of a controller to a set-up, and a bonded peer that encrypts and opens the lock. In front are
/// the octets that an attacker that knows this host would send to impersonate the controller.
fn forged(lock: u16) -> Vec<u8> {
    let mut commands = [0; 65];
    commands[16] = 2;
    let [l, h] = lock.to_le_bytes();
    [
        complete(RESET, &[0]),
        complete(ENCRYPT, &[1]),
        hex!("04 0f 04 01 01 17 20").to_vec(),
        complete(ENCRYPT, &[0; 17]),
        complete(RESET, &[0]),
        complete(0x1001, &[0, 9, 0, 0, 9, 0, 0, 0, 0]),
        complete(0x1002, &commands),
        complete(0x1009, &[&[0][..], &Controller::ADDRESS.octets()].concat()),
        complete(0x2002, &[0, 251, 0, 4]),
        complete(0x2003, &[0, 2, 0, 0, 0, 0, 0, 0, 0]),
        complete(0x0c01, &[0]),
        complete(0x2001, &[0]),
        complete(0x2006, &[0]),
        complete(0x2008, &[0]),
        complete(0x2009, &[0]),
        complete(0x200a, &[0]),
        connection_complete(0x123, 1),
        hex!("043e0d05 2301 0000000000000000 0000").to_vec(),
        complete(0x201a, &[0, 0x23, 1]),
        hex!("040804 00 2301 01").to_vec(),
        acl(0x123, &l2cap(ATT, &[&[0x12, l, h][..], b"open"].concat())),
    ]
    .concat()
}

static LOCK: Characteristic = Characteristic::new(Uuid::new_16(0xff70))
    .write()
    .value(b"locked")
    .max_len(20)
    .permission(Level::Encrypted);
static SAFE: &[Service] = &[Service::primary(Uuid::new_16(0xff71), &[&LOCK])];

/// Returns a host with a lock that a bonded peer may open, and that advertises all the time.
fn safe() -> (Bench<'static>, u16) {
    let config = Config::new("ten octets").services(SAFE).exchange_mtu(false);
    let mut b = idle_with(config, Store::memory(&[stored(&bond())]));
    let host: &'static Host = b.host;
    b.spawn(async move {
        loop {
            let Ok(mut link) = host.advertise(&Advertisement::connectable()).await else {
                continue;
            };
            while !matches!(link.next().await, Event::Disconnected(_)) {}
        }
    });
    let lock = host.gatt().handle(&LOCK).unwrap();
    b.sent();
    (b, lock)
}

#[track_caller]
fn is_locked(b: &Bench<'_>) {
    let mut value = [0; 20];
    let len = b.host.gatt().read(&LOCK, &mut value).unwrap();
    assert_eq!(&value[..len], b"locked");
    assert_eq!(b.host.links(), 0);
}

/// No octets that a peer sent before framing was lost count as an answer, whenever they arrive from the pipe.
#[test]
fn octets_of_a_peer_are_no_answers_to_a_reset() {
    for moments in 0..64u32 {
        let (mut b, lock) = safe();
        b.controller().mute = Opcodes::All;
        b.inject(&[0x99]);
        for moment in 0..6 {
            if moments >> moment & 1 == 1 {
                b.inject(&forged(lock));
            }
            b.pass(Duration::from_millis([0, 10, 21, 101, 500, 2001][moment]));
            is_locked(&b);
        }
        assert!(b.commands().iter().all(|(opcode, _)| [RESET, ENCRYPT].contains(opcode)));
        b.controller().mute = Opcodes::None;
        b.pass(Duration::from_secs(5));
        is_locked(&b);
        b.inject(&connection_complete(LINK, 1));
        assert_eq!(b.host.links(), 1, "the controller works again");
    }
}

/// An earlier process has left a controller with links, whose data is in the pipe when this process starts.
#[test]
fn octets_that_were_there_before_run_are_no_answers() {
    for chunk in [usize::MAX, 1, 7] {
        let (mut b, lock) = safe();
        b.stop();
        b.controller().mute = Opcodes::All;
        b.inject(&forged(lock));
        b.chunk(chunk);
        b.run();
        b.pass(Duration::from_millis(50));
        is_locked(&b);
        b.inject(&forged(lock));
        b.pass(Duration::from_millis(1900));
        is_locked(&b);
        b.controller().mute = Opcodes::None;
        b.pass(Duration::from_secs(9));
        is_locked(&b);
        b.inject(&connection_complete(LINK, 1));
        assert_eq!(b.host.links(), 1);
    }
}

#[test]
fn a_quiet_line_costs_one_command_and_no_time() {
    let mut b = Bench::new(Box::leak(Box::new(host())), Controller::new());
    let host = b.host;
    assert!(b.spawn(host.controller()).take().is_ok());
    let opcodes: Vec<_> = b.commands().into_iter().map(|(opcode, _)| opcode).collect();
    assert_eq!(opcodes[..3], [RESET, ENCRYPT, 0x1001]);
}

#[test]
fn no_challenge_is_sent_twice() {
    let mut b = idle();
    let mut asked = vec![];
    for _ in 0..20 {
        b.pass(Duration::from_secs(60));
        b.inject(&hex!("0410 01 42"));
        asked.extend(b.commands().into_iter().filter(|(opcode, _)| *opcode == ENCRYPT));
    }
    let count = asked.len();
    asked.sort_unstable();
    asked.dedup();
    assert_eq!((asked.len(), count), (20, 20));
}

/// If the controller cannot encrypt, the host can only use silence and a second Reset.
#[test]
fn a_controller_without_encryption_is_reset_twice_apart_in_time() {
    for (answer, first, second) in [
        (Some(vec![1]), 0, 0),
        (Some(vec![0]), 0, 0),
        (Some(vec![0; 17]), 2000, 2000),
        // The controller is not asked again.
        (None, 2000, 0),
    ] {
        let mut controller = Controller::new();
        match answer {
            Some(answer) => _ = controller.answers.insert(ENCRYPT, answer),
            None => controller.mute = Opcodes::Only(vec![ENCRYPT]),
        }
        let mut b = Bench::new(Box::leak(Box::new(host())), controller);
        let opcodes = |b: &mut Bench<'_>| -> Vec<_> {
            b.commands().into_iter().map(|(opcode, _)| opcode).collect()
        };
        assert_eq!(opcodes(&mut b), [RESET, ENCRYPT]);
        b.pass(Duration::from_millis(first + 99));
        b.expect_silence();
        b.pass(Duration::from_millis(1));
        assert_eq!(opcodes(&mut b)[..2], [RESET, 0x1001]);
        is_usable(&mut b);
        b.inject(&hex!("0410 01 42"));
        b.pass(Duration::from_millis(second + 100));
        is_usable(&mut b);
        assert_eq!(b.host.stats().recoveries, 1);
    }
}

/// One lost answer does not mark a command as missing, neither after the recovery nor in the next `run`.
#[test]
fn a_command_is_sent_again_after_one_lost_answer() {
    let mut s = linked();
    s.b.controller().mute = Opcodes::Only(vec![Opcode::READ_RSSI.0]);
    let conn = s.conn.clone();
    let lost = s.b.spawn(async move { conn.rssi().await });
    s.b.pass(Duration::from_secs(5));
    assert!(lost.take().is_err());
    s.b.controller().mute = Opcodes::None;
    for again in [false, true] {
        if again {
            s.b.stop();
            s.b.run();
        }
        let (conn, _log) = link(&mut s.b, 0x41 + u16::from(again));
        let rssi = s.b.spawn(async move { conn.rssi().await });
        assert_eq!(rssi.take(), Ok(-60));
    }
    assert_eq!(s.b.host.stats().recoveries, 1);
}

/// One wrong answer while a controller that had worked is set up again: the set-up is tried again, each time after a
/// longer pause.
#[test]
fn a_set_up_that_fails_is_tried_again_after_an_earlier_success() {
    for opcode in [0x1001u16, 0x1002, 0x2002, 0x2003, 0x0c01, 0x2001] {
        let mut b = idle();
        b.controller().answers.insert(opcode, vec![0x01]);
        b.inject(&hex!("0410 01 42"));
        let host = b.host;
        let info = b.spawn(host.controller());
        assert!(info.take().is_err(), "no task waits for a controller that fails");
        b.commands();
        for pause in [1, 2, 4, 8, 16, 32, 64, 64] {
            b.pass(Duration::from_millis(pause * 1000 - 1));
            b.expect_silence();
            b.pass(Duration::from_millis(1));
            assert_eq!(b.commands().first(), Some(&(RESET, vec![])));
        }
        b.controller().answers.clear();
        b.pass(Duration::from_secs(64));
        assert!(b.ended().is_none());
        is_usable(&mut b);
    }
}

#[test]
fn a_first_set_up_that_cannot_work_ends_run() {
    let run = |status: u8| {
        let mut controller = Controller::new();
        controller.answers.insert(0x2003, vec![status]);
        let mut b = Bench::new(Box::leak(Box::new(host())), controller);
        let at_once = b.ended();
        b.pass(Duration::from_secs(4));
        (at_once, b.ended())
    };
    let error = |status| {
        let opcode = Opcode::LE_READ_LOCAL_SUPPORTED_FEATURES;
        Some(RunError::Controller(InitError::Command { opcode, status: Status(status) }))
    };
    assert_eq!(run(0x01).0, error(0x01));
    assert_eq!(run(0x03), (None, error(0x03)));
}

/// A set-up without answers ends.
#[test]
fn a_set_up_without_answers_is_reported() {
    let mut controller = Controller::new();
    controller.mute = Opcodes::Only(vec![0x1001]);
    let mut b = Bench::new(Box::leak(Box::new(host())), controller);
    let host = b.host;
    let info = b.spawn(host.controller());
    b.pass(Duration::from_millis(2001));
    assert!(info.take().is_err());
    b.controller().mute = Opcodes::None;
    b.pass(Duration::from_secs(3));
    is_usable(&mut b);
}

/// The observed states of a controller: ready, lost and the reason, silent, and ready again.
#[test]
fn an_application_sees_the_controller_lost_and_ready_again() {
    let mut b = idle_on(Controller::new());
    let (host, log) = (b.host, Rc::new(RefCell::new(Vec::new())));
    let events = log.clone();
    b.spawn(async move {
        let mut watch = host.watch_controller();
        loop {
            let event = watch.next().await;
            events.borrow_mut().push(event);
        }
    });
    let lost = ControllerEvent::Lost;
    assert_eq!(log.take(), [ControllerEvent::Ready]);
    b.inject(&hex!("0410 01 42"));
    assert_eq!(log.take(), [lost(ControllerLoss::HardwareError(0x42)), ControllerEvent::Ready]);
    b.inject(&hex!("041a 01 01"));
    assert_eq!(
        log.take(),
        [lost(ControllerLoss::BufferOverflow)],
        "the controller had not worked for long"
    );
    b.pass(Duration::from_secs(60));
    assert_eq!(log.take(), [ControllerEvent::Ready]);
    b.controller().mute = Opcodes::All;
    let rand = b.spawn(async move { host.raw_command(Opcode::LE_RAND, &[], &mut [0; 9]).await });
    b.pass(Duration::from_secs(5));
    assert!(rand.take().is_err());
    assert_eq!(
        log.take(),
        [lost(ControllerLoss::NoAnswer(Opcode::LE_RAND)), ControllerEvent::Silent]
    );
    b.controller().mute = Opcodes::None;
    b.pass(Duration::from_secs(2));
    assert_eq!(log.take(), [ControllerEvent::Ready]);
    b.pass(Duration::from_secs(60));
    b.inject(&[0x99]);
    b.pass(Duration::from_millis(20));
    assert_eq!(log.take(), [lost(ControllerLoss::Framing), ControllerEvent::Ready]);
    let (_task, conn, _log) = advertise(&mut b);
    b.inject(&connection_complete(LINK, 1));
    assert_eq!(conn.borrow().as_ref().unwrap().peer(), Ok::<Address, _>(PEER));
    works(&mut b, LINK);
}
