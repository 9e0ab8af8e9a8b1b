use bindrune_hci::{
    BdAddress, Opcode, Status,
    cmd::classic::LocalName,
    event::classic::{ClassicEvent, RemoteNameRequestComplete},
};
use embassy_time::Duration;
use hex_literal::hex;

use crate::{
    Connect, GapEvent,
    testing::{OTHER, PEER, Rig},
};

fn complete(rig: &mut Rig, status: Status, address: BdAddress, name: &str) {
    let event = RemoteNameRequestComplete { status, address, name: LocalName::new(name) };
    rig.model.send(&ClassicEvent::RemoteNameRequestComplete(&event));
    rig.run();
}

fn reading() -> Rig {
    let mut rig = Rig::ready();
    rig.gap.read_name(rig.now, PEER);
    rig.run();
    assert_eq!(rig.opcodes(), [Opcode::REMOTE_NAME_REQUEST]);
    rig
}

const TIMEOUT: GapEvent = GapEvent::Name { address: PEER, result: Err(Status::PAGE_TIMEOUT) };

#[test]
fn a_name_is_read() {
    let mut rig = reading();
    assert_eq!(rig.last(Opcode::REMOTE_NAME_REQUEST), Some(&hex!("010203040506 02 00 0000")[..]));
    complete(&mut rig, Status::SUCCESS, OTHER, "other");
    assert_eq!(rig.events, []);
    complete(&mut rig, Status::SUCCESS, PEER, "lamp");
    assert_eq!(rig.events, [GapEvent::Name { address: PEER, result: Ok(()) }]);
    assert_eq!(rig.gap.name().get(), b"lamp");
    complete(&mut rig, Status::SUCCESS, PEER, "late");
    assert_eq!((rig.events.len(), rig.gap.name().get()), (1, &b"lamp"[..]));
}

#[test]
fn failures_are_reported() {
    let mut rig = reading();
    complete(&mut rig, Status::PAGE_TIMEOUT, PEER, "lamp");
    assert_eq!(rig.events, [TIMEOUT]);
    assert_eq!(rig.gap.name().get(), b"");
    rig.forget();
    rig.model.refuse.push((Opcode::REMOTE_NAME_REQUEST, Status::UNKNOWN_CONNECTION));
    rig.gap.read_name(rig.now, PEER);
    rig.run();
    let result = Err(Status::UNKNOWN_CONNECTION);
    assert_eq!(rig.events, [GapEvent::Name { address: PEER, result }]);
}

#[test]
fn a_silent_controller_is_cancelled() {
    let mut rig = reading();
    rig.pass(Duration::from_secs(15));
    assert_eq!(rig.events, [TIMEOUT]);
    assert_eq!(rig.opcodes().last(), Some(&Opcode::REMOTE_NAME_REQUEST_CANCEL));
    // The next name waits for the end of the first.
    rig.gap.read_name(rig.now, OTHER);
    rig.run();
    assert_eq!(rig.count(Opcode::REMOTE_NAME_REQUEST), 1);
    rig.pass(Duration::from_secs(2));
    assert_eq!(rig.count(Opcode::REMOTE_NAME_REQUEST), 2);
}

#[test]
fn stopping_cancels_without_an_event() {
    let mut rig = reading();
    rig.gap.stop_reading_name();
    rig.run();
    assert_eq!(rig.opcodes().last(), Some(&Opcode::REMOTE_NAME_REQUEST_CANCEL));
    complete(&mut rig, Status::UNKNOWN_CONNECTION, PEER, "");
    assert_eq!((&rig.events[..], rig.gap.poll_timeout()), (&[][..], None));
}

#[test]
fn another_request_replaces_it() {
    let mut rig = reading();
    rig.gap.read_name(rig.now, OTHER);
    rig.run();
    complete(&mut rig, Status::UNKNOWN_CONNECTION, PEER, "");
    assert_eq!(rig.count(Opcode::REMOTE_NAME_REQUEST), 2);
    complete(&mut rig, Status::SUCCESS, OTHER, "pad");
    assert_eq!(rig.events, [GapEvent::Name { address: OTHER, result: Ok(()) }]);
}

#[test]
fn it_waits_for_a_link_at_most_a_minute() {
    let mut rig = Rig::ready();
    rig.gap.connect(rig.now, Connect::to(OTHER).timeout(Duration::from_secs(100)));
    rig.gap.read_name(rig.now, PEER);
    rig.pass(Duration::from_secs(59));
    assert_eq!((rig.count(Opcode::REMOTE_NAME_REQUEST), rig.events.len()), (0, 0));
    rig.pass(Duration::from_secs(1));
    assert_eq!(rig.events, [TIMEOUT]);
}

#[test]
fn a_busy_controller_is_asked_again() {
    let mut rig = Rig::ready();
    rig.model.refuse.push((Opcode::REMOTE_NAME_REQUEST, Status::COMMAND_DISALLOWED));
    rig.gap.read_name(rig.now, PEER);
    rig.pass(Duration::from_secs(1));
    assert_eq!(rig.count(Opcode::REMOTE_NAME_REQUEST), 2);
    rig.start();
    assert_eq!(rig.count(Opcode::REMOTE_NAME_REQUEST), 3);
}
