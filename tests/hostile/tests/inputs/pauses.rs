//! A controller that fails repeatedly is reset after growing pauses, whatever its fault is, and is used at once when it
//! works.

use bindrune::{Error, InitError, Opcode, Privacy, RunError, Status};
use bindrune_hostile::{Bench, Controller, Opcodes, Store};
use embassy_time::Duration;
use hex_literal::hex;

use crate::{
    scene::{B, config, host, idle, idle_with, is_usable},
    unanswered::{ASKED, FEW, HOUR, resets},
};

const HARDWARE_ERROR: [u8; 4] = hex!("0410 01 42");
/// Faults of the controller or of its line, and the error of `run` if they occur from the start.
const FAULTS: [(&[u8], InitError); 3] = [
    (&HARDWARE_ERROR, InitError::HardwareError(0x42)),
    (&hex!("ff"), InitError::Framing),
    (&hex!("041a 01 01"), InitError::BufferOverflow),
];
/// A command of the set-up, and the last one.
const MIDDLE: Opcode = Opcode::LE_SET_EVENT_MASK;

fn last_of_set_up() -> Opcode {
    let mut b = Bench::new(Box::leak(Box::new(host())), Controller::new());
    let mut commands = b.commands().into_iter().map(|(opcode, _)| Opcode(opcode));
    commands.rfind(|opcode| *opcode != Opcode::LE_RAND).unwrap()
}

#[test]
fn a_fault_in_each_set_up_from_the_start_ends_run() {
    for (fault, error) in FAULTS {
        let mut controller = Controller::new();
        controller.after.insert(MIDDLE.0, fault.to_vec());
        let mut b = Bench::new(Box::leak(Box::new(host())), controller);
        assert!(b.ended().is_none(), "the fault may be temporary");
        let waits = b.spawn(b.host.controller());
        b.pass(HOUR);
        assert!(resets(&mut b) <= 6, "{error}");
        assert_eq!(b.ended(), Some(RunError::Controller(error)));
        assert!(waits.take().is_err());
    }
}

/// In the middle of each set-up, or as soon as it is complete.
#[test]
fn a_fault_in_or_after_each_set_up_costs_pauses_that_grow() {
    for (fault, error) in FAULTS {
        for at in [MIDDLE, last_of_set_up()] {
            let mut b = idle();
            b.controller().after.insert(at.0, fault.to_vec());
            b.inject(&HARDWARE_ERROR);
            let at_once = resets(&mut b);
            assert!((1..=2).contains(&at_once), "the first reset does not wait");
            b.pass(Duration::from_millis(7500));
            // After 1, 2 and 4 s.
            let soon = resets(&mut b);
            assert!((3..=6).contains(&soon), "{error} {at:?}: {soon}");
            let waits = b.spawn(b.host.controller());
            assert_eq!(waits.take().err(), Some(Error::NoAnswer));
            b.pass(HOUR);
            let resets = resets(&mut b);
            assert!((50..=FEW).contains(&resets), "{error} {at:?}: {resets}");
            assert!(b.ended().is_none());
            b.controller().after.clear();
            b.pass(Duration::from_secs(70));
            is_usable(&mut b);
        }
    }
}

#[test]
fn a_fault_from_the_start_that_comes_after_each_set_up_costs_pauses_that_grow() {
    for (fault, error) in FAULTS {
        let mut controller = Controller::new();
        controller.after.insert(last_of_set_up().0, fault.to_vec());
        let mut b = Bench::new(Box::leak(Box::new(host())), controller);
        b.pass(HOUR);
        let resets = resets(&mut b);
        assert!((50..=FEW).contains(&resets), "{error}: {resets}");
        assert!(b.ended().is_none());
    }
}

#[test]
fn a_controller_that_held_for_a_minute_is_reset_at_once() {
    let mut b = idle();
    for held in [0, 57, 61, 61] {
        b.pass(Duration::from_secs(held));
        b.sent();
        b.inject(&HARDWARE_ERROR);
        assert_eq!(resets(&mut b) > 0, held != 57, "{held}");
        b.pass(Duration::from_secs(2));
        assert!(b.spawn(b.host.controller()).take().is_ok());
    }
}

/// The pause does not delay a shutdown.
#[test]
fn a_shutdown_does_not_wait_for_the_next_reset() {
    let mut b = idle();
    b.controller().after.insert(MIDDLE.0, HARDWARE_ERROR.to_vec());
    b.inject(&HARDWARE_ERROR);
    b.pass(Duration::from_secs(30));
    b.sent();
    let host = b.host;
    let ended = b.spawn(async move { host.shutdown().await });
    b.pass(Duration::from_millis(500));
    assert_eq!(ended.take(), Ok(()));
    assert!(resets(&mut b) > 0);
}

/// A controller that refuses a private address, from the start or later: nothing may be on the air without one, and
/// each request for it gets an error. If the controller has an older address, it stays.
#[test]
fn requests_that_need_a_private_address_end_if_the_controller_refuses_it() {
    let ways = [(None, 1), (Some(vec![1]), 1), (Some(vec![]), 0x1f), (Some(vec![0x0c]), 0x0c)];
    for (answer, status) in ways {
        for (later, (what, ask)) in [true, false].into_iter().flat_map(|l| ASKED.map(|a| (l, a))) {
            let mut b = without_address(answer.as_ref(), later);
            let ended = ask(&mut b);
            b.pass(Duration::from_secs(60));
            let case = format!("{what}: {answer:?}, later {later}");
            let ends = !later || answer.is_none();
            assert!(ended.is_done() == ends || what == "command", "{case}");
            if ends && what != "command" {
                assert_eq!(ended.take(), Err(Error::Controller(Status(status))), "{case}");
            }
            b.sent();
            b.pass(HOUR);
            assert!(resets(&mut b) <= 10, "{case}");
        }
    }
}

/// Returns a host with private addresses, whose controller refuses one in this way.
fn without_address(answer: Option<&Vec<u8>>, later: bool) -> B {
    let opcode = Opcode::LE_SET_RANDOM_ADDRESS.0;
    let config = config().privacy(Privacy::On { rotate: Duration::from_secs(900) });
    let mut b = idle_with(config, Store::memory(&[]));
    if !later {
        b.stop();
    }
    match answer {
        None => b.controller().mute = Opcodes::Only(vec![opcode]),
        Some(answer) => _ = b.controller().answers.insert(opcode, answer.clone()),
    }
    if !later {
        b.run();
    }
    // The existing address is replaced.
    b.pass(Duration::from_secs(1000));
    b
}
