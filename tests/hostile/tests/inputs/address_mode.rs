//! Changes of the address mode on a controller that refuses, is silent or is reset: the call ends, and what is on the
//! air is what the host says.

use bindrune::{AddressMode, Advertisement, Error, Opcode, Privacy, Scan, Status};
use bindrune_hostile::{Bench, Controller, Opcodes, Outcome};
use embassy_time::Duration;
use hex_literal::hex;

use crate::{
    scene::{self, B, idle_on},
    unanswered::{FEW, HOUR, resets},
};

const PRIVATE: [AddressMode; 3] =
    [AddressMode::Static, AddressMode::Resolvable, AddressMode::NonResolvable];
const SET: u16 = Opcode::LE_SET_RANDOM_ADDRESS.0;
/// Hardware Error.
const BROKEN: [u8; 4] = hex!("0410 01 42");

fn set(b: &mut B, mode: AddressMode) -> Outcome<Result<(), Error>> {
    let host = b.host;
    b.spawn(async move { host.set_address_mode(mode).await })
}

/// A host that advertises and scans, and goes on with both until they are cancelled.
fn busy_on(controller: Controller) -> (B, [Outcome<()>; 2]) {
    let mut b = idle_on(controller);
    let host = b.host;
    let advertising = b.spawn(async move {
        let mut on = host.broadcast(&Advertisement::non_connectable()).unwrap();
        panic!("advertising ended: {:?}", on.ended().await);
    });
    let scanning = b.spawn(async move {
        let mut scanner = host.scan(&Scan::active()).unwrap();
        loop {
            scanner.next(&mut [0; 64]).await.unwrap();
        }
    });
    b.sent();
    (b, [advertising, scanning])
}

fn is_usable(b: &mut B, tasks: &[Outcome<()>; 2]) {
    tasks.iter().for_each(Outcome::cancel);
    b.settle();
    scene::is_usable(b);
}

/// The addresses that the controller was given, oldest first, and whether all that is on came back after the last one.
fn given(b: &mut B) -> (Vec<[u8; 6]>, bool) {
    let enable =
        [Opcode::LE_SET_ADVERTISING_ENABLE.0, Opcode::LE_SET_EXTENDED_ADVERTISING_ENABLE.0];
    let scan = [Opcode::LE_SET_SCAN_ENABLE.0, Opcode::LE_SET_EXTENDED_SCAN_ENABLE.0];
    let (mut addresses, mut on) = (vec![], [false; 2]);
    for (opcode, parameters) in b.commands() {
        if opcode == SET {
            assert_eq!(on, [false; 2], "it is given while something is on");
            addresses.push(parameters.try_into().unwrap());
        } else if enable.contains(&opcode) {
            on[0] = parameters[0] == 1;
        } else if scan.contains(&opcode) {
            on[1] = parameters[0] == 1;
        } else if opcode == Opcode::RESET.0 {
            on = [false; 2];
        }
    }
    (addresses, on == [true; 2])
}

#[test]
fn a_refused_address_ends_the_call_and_the_mode_of_before_goes_on() {
    for controller in [Controller::new, Controller::extended] {
        for mode in PRIVATE {
            for status in [0x01, 0x0c, 0x12] {
                let (mut b, tasks) = busy_on(controller());
                b.controller().answers.insert(SET, vec![status]);
                let refused = Err(Error::Controller(Status(status)));
                for _ in 0..2 {
                    assert_eq!(set(&mut b, mode).take(), refused);
                    let (addresses, on) = given(&mut b);
                    assert_eq!((addresses.len(), on), (1, true), "{mode:?}, {status:#04x}");
                    assert_eq!(b.host.address_mode(), Some(AddressMode::Public));
                }
                b.pass(HOUR);
                assert_eq!(given(&mut b).0.len(), 0, "nothing is tried again");
                b.controller().answers.remove(&SET);
                assert_eq!(set(&mut b, mode).take(), Ok(()));
                assert!(given(&mut b).1 && b.host.address_mode() == Some(mode));
                // Away from a private address it is the same.
                b.controller().answers.insert(SET, vec![status]);
                for other in PRIVATE.into_iter().filter(|other| *other != mode) {
                    assert_eq!(set(&mut b, other).take(), refused);
                    b.pass(Duration::from_secs(3));
                    assert!(given(&mut b).1, "{mode:?} after {other:?}, {status:#04x}");
                    assert_eq!(b.host.address_mode(), Some(mode));
                }
                assert_eq!(set(&mut b, AddressMode::Public).take(), Ok(()));
                assert_eq!(given(&mut b), (vec![], true));
                is_usable(&mut b, &tasks);
            }
        }
    }
}

#[test]
fn a_controller_without_an_answer_to_the_address_ends_the_call_and_few_resets_are_made() {
    for mode in PRIVATE {
        let (mut b, tasks) = busy_on(Controller::extended());
        b.controller().mute = Opcodes::Only(vec![SET]);
        let changed = set(&mut b, mode);
        b.pass(Duration::from_secs(60));
        let unknown = Err(Error::Controller(Status::UNKNOWN_COMMAND));
        assert_eq!(changed.take(), unknown, "{mode:?}");
        assert_eq!(b.host.address_mode(), Some(AddressMode::Public));
        assert!(given(&mut b).1, "what was on goes on");
        b.pass(HOUR);
        assert_eq!(resets(&mut b), 0, "nothing is tried again");
        b.controller().mute = Opcodes::None;
        assert_eq!(set(&mut b, mode).take(), Ok(()));
        assert_eq!(set(&mut b, AddressMode::Public).take(), Ok(()));
        is_usable(&mut b, &tasks);
    }
}

/// Resets at each command of a change, also where the future is dropped there.
#[test]
fn a_reset_in_the_middle_of_a_change_completes_it() {
    for mode in PRIVATE.into_iter().chain([AddressMode::Public]) {
        for muted in [
            SET,
            Opcode::LE_SET_EXTENDED_ADVERTISING_ENABLE.0,
            Opcode::LE_SET_EXTENDED_SCAN_ENABLE.0,
            Opcode::LE_SET_EXTENDED_ADVERTISING_PARAMETERS.0,
        ] {
            for dropped in [false, true] {
                let (mut b, tasks) = busy_on(Controller::extended());
                if mode == AddressMode::Public {
                    assert_eq!(set(&mut b, AddressMode::NonResolvable).take(), Ok(()));
                    b.sent();
                }
                b.controller().mute = Opcodes::Only(vec![muted]);
                let changed = set(&mut b, mode);
                b.controller().mute = Opcodes::None;
                if dropped {
                    changed.cancel();
                    b.settle();
                }
                b.inject(&BROKEN);
                b.pass(Duration::from_secs(5));
                if !dropped {
                    assert_eq!(changed.take(), Ok(()), "{mode:?}, at {muted:#06x}");
                }
                assert_eq!(b.host.address_mode(), Some(mode), "at {muted:#06x}");
                let (addresses, on) = given(&mut b);
                assert!(on, "{mode:?}, at {muted:#06x}");
                let high = addresses.last().map(|octets| octets[5] >> 6);
                let expected = match mode {
                    AddressMode::Public => high,
                    AddressMode::Static => Some(3),
                    AddressMode::Resolvable => Some(1),
                    AddressMode::NonResolvable => Some(0),
                };
                assert_eq!(high, expected, "{mode:?}, at {muted:#06x}");
                assert_eq!(set(&mut b, AddressMode::Public).take(), Ok(()));
                is_usable(&mut b, &tasks);
            }
        }
    }
}

#[test]
fn a_silent_controller_ends_the_call_and_takes_the_change_when_it_works_again() {
    let (mut b, tasks) = busy_on(Controller::extended());
    b.controller().mute = Opcodes::All;
    let begun = set(&mut b, AddressMode::NonResolvable);
    b.inject(&BROKEN);
    b.pass(Duration::from_secs(10));
    assert_eq!(begun.take(), Err(Error::NoAnswer));
    assert_eq!(set(&mut b, AddressMode::Static).take(), Err(Error::NoAnswer), "not begun");
    b.controller().mute = Opcodes::None;
    b.pass(Duration::from_secs(70));
    assert_eq!(b.host.address_mode(), Some(AddressMode::NonResolvable));
    assert!(given(&mut b).1 && resets(&mut b) <= FEW);
    assert_eq!(set(&mut b, AddressMode::Static).take(), Ok(()));
    is_usable(&mut b, &tasks);
}

#[test]
fn a_run_that_ends_in_the_middle_of_a_change_ends_the_call() {
    let (mut b, _tasks) = busy_on(Controller::extended());
    b.controller().mute = Opcodes::Only(vec![SET]);
    let begun = set(&mut b, AddressMode::Resolvable);
    let waits = set(&mut b, AddressMode::Public);
    assert!(!begun.is_done() && !waits.is_done());
    b.stop();
    assert_eq!(begun.take(), Err(Error::NoAnswer));
    assert!(!waits.is_done(), "as before the first `run`");
}

/// A controller whose random numbers are lost until their command is avoided: each new call tries the command once.
#[test]
fn a_private_address_is_made_once_the_random_numbers_of_the_controller_are_answered() {
    let mute = Opcodes::Only(vec![Opcode::LE_RAND.0]);
    let advertise: crate::unanswered::Ask = |b| {
        let host = b.host;
        b.spawn(async move { host.advertise(&Advertisement::connectable()).await.map(drop) })
    };
    let unsupported = Err(Error::Controller(Status::UNSUPPORTED_FEATURE));
    let mut controller = Controller::extended();
    controller.mute = mute.clone();
    let host = Box::leak(Box::new(scene::host_with(scene::config().privacy(Privacy::ON))));
    let mut b = Bench::new(host, controller);
    b.pass(HOUR);
    b.sent();
    for _ in 0..2 {
        let lost = advertise(&mut b);
        b.pass(Duration::from_secs(60));
        assert_eq!(lost.take(), unsupported);
        assert!(resets(&mut b) <= 1);
    }
    b.controller().mute = Opcodes::None;
    let advertising = advertise(&mut b);
    b.pass(Duration::from_secs(5));
    b.inject(&scene::connection_complete(scene::LINK, 1));
    assert_eq!(advertising.take(), Ok(()));

    for mode in PRIVATE {
        let mut b = idle_on(Controller::extended());
        b.controller().mute = mute.clone();
        for _ in 0..2 {
            let lost = set(&mut b, mode);
            b.pass(Duration::from_secs(60));
            assert!(lost.take().is_err(), "{mode:?}");
            assert!(resets(&mut b) <= 2, "{mode:?}");
        }
        b.controller().mute = Opcodes::None;
        let changed = set(&mut b, mode);
        b.pass(Duration::from_secs(5));
        assert_eq!(changed.take(), Ok(()), "{mode:?}");
    }
}
