//! Commands that a controller does not answer, does not have, or answers in an unexpected way: every wait ends, and
//! resets are few.

use bindrune::{Advertisement, Connect, Error, InitError, Opcode, RunError, Scan};
use bindrune_hostile::{Bench, Controller, Opcodes, Outcome};
use embassy_time::Duration;
use hex_literal::hex;

use crate::scene::{B, PEER, host, idle_on, is_usable, linked};

pub(crate) const HOUR: Duration = Duration::from_secs(3600);
/// Maximum number of resets in an hour: two in each attempt (if the controller is not challenged), with pauses of 64 s
/// at the end.
pub(crate) const FEW: usize = 130;

/// Every command of the set-up except Reset, and whether the host cannot work without it.
const STEPS: [(Opcode, bool); 23] = [
    (Opcode::READ_LOCAL_VERSION, true),
    (Opcode::READ_LOCAL_SUPPORTED_COMMANDS, true),
    (Opcode::READ_LOCAL_SUPPORTED_FEATURES, false),
    (Opcode::READ_BD_ADDR, false),
    (Opcode::LE_READ_BUFFER_SIZE, true),
    (Opcode::READ_BUFFER_SIZE, true),
    (Opcode::LE_READ_LOCAL_SUPPORTED_FEATURES, true),
    (Opcode::SET_EVENT_MASK, true),
    (Opcode::SET_EVENT_MASK_PAGE_2, false),
    (Opcode::LE_SET_EVENT_MASK, true),
    (Opcode::LE_READ_SUPPORTED_STATES, false),
    (Opcode::HOST_BUFFER_SIZE, false),
    (Opcode::SET_CONTROLLER_TO_HOST_FLOW_CONTROL, false),
    (Opcode::LE_READ_FILTER_ACCEPT_LIST_SIZE, false),
    (Opcode::LE_READ_RESOLVING_LIST_SIZE, false),
    (Opcode::LE_READ_MAXIMUM_DATA_LENGTH, false),
    (Opcode::LE_WRITE_SUGGESTED_DEFAULT_DATA_LENGTH, false),
    (Opcode::LE_SET_DEFAULT_PHY, false),
    (Opcode::LE_READ_MAXIMUM_ADVERTISING_DATA_LENGTH, false),
    (Opcode::LE_READ_NUMBER_OF_ADVERTISING_SETS, false),
    (Opcode::VENDOR_READ_STATIC_ADDRESSES, false),
    (Opcode::LE_RAND, true),
    (Opcode::LE_SET_RANDOM_ADDRESS, true),
];

/// Returns a controller for which every step of the set-up applies.
fn wide() -> Controller {
    let mut controller = Controller::extended();
    let commands = [&[0][..], &[0xff; 64]].concat();
    for (opcode, answer) in [
        (Opcode::READ_LOCAL_SUPPORTED_COMMANDS, &commands[..]),
        (Opcode::READ_LOCAL_VERSION, &[0, 9, 0, 0, 9, 0x59, 0, 0, 0]),
        (Opcode::READ_BD_ADDR, &[0; 7]),
        (Opcode::LE_READ_BUFFER_SIZE, &[0; 4]),
        (Opcode::LE_READ_LOCAL_SUPPORTED_FEATURES, &[0, 0x22, 0x11, 0, 0, 0, 0, 0, 0]),
        (Opcode::LE_READ_MAXIMUM_DATA_LENGTH, &[0, 251, 0, 0x48, 8, 251, 0, 0x48, 8]),
        (Opcode::VENDOR_READ_STATIC_ADDRESSES, &[1]),
    ] {
        controller.answers.insert(opcode.0, answer.to_vec());
    }
    controller
}

pub(crate) fn resets(b: &mut Bench<'_>) -> usize {
    b.commands().iter().filter(|(opcode, _)| *opcode == Opcode::RESET.0).count()
}

#[test]
fn a_step_of_the_set_up_without_any_answer_ends_run_or_is_skipped() {
    for (opcode, mandatory) in STEPS {
        let mut controller = wide();
        controller.mute = Opcodes::Only(vec![opcode.0]);
        let mut b = Bench::new(Box::leak(Box::new(host())), controller);
        b.pass(HOUR);
        let commands = b.commands();
        let sent = |of: Opcode| commands.iter().filter(|(sent, _)| *sent == of.0).count();
        let flow = [Opcode::HOST_BUFFER_SIZE, Opcode::SET_CONTROLLER_TO_HOST_FLOW_CONTROL];
        assert!(sent(opcode) > 0 || flow.contains(&opcode), "{opcode:?} is part of the set-up");
        assert!(sent(Opcode::RESET) <= 3, "{opcode:?}");
        let error = RunError::Controller(InitError::NoAnswer(opcode));
        assert_eq!(b.ended(), mandatory.then_some(error), "{opcode:?}");
        if !mandatory {
            is_usable(&mut b);
        }
    }
}

#[test]
fn a_step_of_the_set_up_that_has_no_answer_any_longer_is_tried_again_after_pauses() {
    for (opcode, _) in STEPS.into_iter().chain([(Opcode::LE_ENCRYPT, true)]) {
        let mut b = idle_on(wide());
        b.controller().mute = Opcodes::Only(vec![opcode.0]);
        b.inject(&hex!("0410 01 42"));
        b.pass(HOUR);
        let resets = resets(&mut b);
        assert!(resets <= FEW, "{opcode:?}: {resets} resets");
        assert!(b.ended().is_none(), "{opcode:?}");
        b.controller().mute = Opcodes::None;
        b.pass(Duration::from_secs(70));
        is_usable(&mut b);
    }
}

#[test]
fn a_controller_that_takes_no_command_of_the_set_up_ends_run() {
    let mut controller = Controller::new();
    controller.num_packets = 0;
    let mut b = Bench::new(Box::leak(Box::new(host())), controller);
    b.pass(HOUR);
    assert!(resets(&mut b) <= 9);
    assert!(matches!(b.ended(), Some(RunError::Controller(InitError::NoAnswer(_)))));
}

pub(crate) type Ended = Outcome<Result<(), Error>>;
pub(crate) type Ask = fn(&mut B) -> Ended;

/// Operations of an application on a controller without a link.
pub(crate) const ASKED: [(&str, Ask); 6] = [
    ("advertise", |b| {
        let host = b.host;
        b.spawn(async move { host.advertise(&Advertisement::connectable()).await.map(drop) })
    }),
    ("directed", |b| {
        let host = b.host;
        b.spawn(async move { host.advertise(&Advertisement::directed(PEER)).await.map(drop) })
    }),
    ("broadcast", |b| {
        let host = b.host;
        b.spawn(
            async move { Err(host.broadcast(&Advertisement::non_connectable())?.ended().await) },
        )
    }),
    ("scan", |b| {
        let host = b.host;
        b.spawn(async move { host.scan(&Scan::passive())?.next(&mut [0; 64]).await.map(|_| ()) })
    }),
    ("connect", |b| {
        let host = b.host;
        b.spawn(async move { host.connect_with(&Connect::to(PEER), &[]).await.map(drop) })
    }),
    ("command", |b| {
        let host = b.host;
        b.spawn(
            async move { host.raw_command(Opcode::LE_RAND, &[], &mut [0; 9]).await.map(|_| ()) },
        )
    }),
];

const USED: [Opcode; 16] = [
    Opcode::LE_SET_ADVERTISING_PARAMETERS,
    Opcode::LE_SET_ADVERTISING_DATA,
    Opcode::LE_SET_SCAN_RESPONSE_DATA,
    Opcode::LE_SET_ADVERTISING_ENABLE,
    Opcode::LE_SET_SCAN_PARAMETERS,
    Opcode::LE_SET_SCAN_ENABLE,
    Opcode::LE_CREATE_CONNECTION,
    Opcode::LE_SET_EXTENDED_ADVERTISING_PARAMETERS,
    Opcode::LE_SET_EXTENDED_ADVERTISING_DATA,
    Opcode::LE_SET_EXTENDED_SCAN_RESPONSE_DATA,
    Opcode::LE_SET_EXTENDED_ADVERTISING_ENABLE,
    Opcode::LE_SET_EXTENDED_SCAN_PARAMETERS,
    Opcode::LE_SET_EXTENDED_SCAN_ENABLE,
    Opcode::LE_EXTENDED_CREATE_CONNECTION,
    Opcode::LE_RAND,
    Opcode::READ_RSSI,
];

/// A controller without the commands of an operation, which it reports in one way or another.
#[test]
fn an_operation_ends_if_the_controller_lacks_its_commands() {
    for (extended, none) in [(false, false), (false, true), (true, false)] {
        for answer in [None, Some(vec![1]), Some(vec![])] {
            for (what, ask) in ASKED {
                let mut controller =
                    if extended { Controller::extended() } else { Controller::new() };
                if none {
                    let commands = [&[0][..], &[0; 64]].concat();
                    controller.answers.insert(Opcode::READ_LOCAL_SUPPORTED_COMMANDS.0, commands);
                }
                let mut b = idle_on(controller);
                let lacks = USED.map(|opcode| opcode.0);
                match &answer {
                    Some(answer) => {
                        let answers = lacks.map(|opcode| (opcode, answer.clone()));
                        b.controller().answers.extend(answers);
                    }
                    None => b.controller().mute = Opcodes::Only(lacks.to_vec()),
                }
                let ended = ask(&mut b);
                let case = format!("{what}, extended {extended}, no bits {none}, {answer:?}");
                if answer.is_some() {
                    assert!(ended.is_done(), "at once: {case}");
                }
                b.pass(Duration::from_secs(60));
                assert!(ended.is_done(), "{case}");
                // The sender of a raw command reads the status.
                let raw = what == "command" && answer.is_some();
                assert!(ended.take().is_err() || raw, "{case}");
                let resets = resets(&mut b);
                assert!(resets <= 10, "{case}: {resets}");
                b.pass(HOUR);
                assert_eq!(self::resets(&mut b), 0, "no request is left: {case}");
            }
        }
    }
}

/// Operations of an application on a link, if the controller does not have the command.
#[test]
fn an_operation_of_a_link_ends_if_the_controller_lacks_its_command() {
    for answer in [vec![1], vec![], vec![0]] {
        let mut s = linked();
        s.b.controller().answers.insert(Opcode::READ_RSSI.0, answer.clone());
        let conn = s.conn.clone();
        let rssi = s.b.spawn(async move { conn.rssi().await });
        assert!(rssi.take().is_err(), "{answer:?}");
        s.is_as_before();
    }
}

/// Command Complete without its status, or with too few octets, in each step of the set-up.
#[test]
fn a_step_of_the_set_up_that_is_answered_too_shortly_ends_run_or_is_skipped() {
    for (opcode, mandatory) in STEPS {
        for answer in [vec![], vec![0]] {
            let mut controller = wide();
            controller.answers.insert(opcode.0, answer.clone());
            let mut b = Bench::new(Box::leak(Box::new(host())), controller);
            b.pass(HOUR);
            assert!(resets(&mut b) <= 3, "{opcode:?}");
            match b.ended() {
                Some(RunError::Controller(InitError::Command { opcode: of, .. })) => {
                    assert!(mandatory && of == opcode, "{opcode:?} {answer:?}");
                }
                Some(error) => panic!("{opcode:?} {answer:?}: {error}"),
                None => is_usable(&mut b),
            }
        }
    }
}
