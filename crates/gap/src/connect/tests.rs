use std::vec::Vec;

use bindrune_hci::{Event, Opcode, PhyMask, Role, Status, event::RawEvent};
use bindrune_wire::Address;
use embassy_time::Duration;
use hex_literal::hex;

use crate::{
    Connect, ConnectEnd, Connecting, ConnectionParameters, GapEvent, WhenFull,
    testing::{PEER, Rig},
};

fn commands(rig: &Rig) -> Vec<(u16, &[u8])> {
    rig.sent.iter().map(|(opcode, parameters)| (opcode.0, &parameters[..])).collect()
}

#[test]
fn legacy_transcript() {
    let mut rig = Rig::ready(false);
    rig.gap.connect(Connect::to(PEER));
    rig.run();
    let create = hex!("6000 6000 00 01 0100000000c4 00 0c00 1800 0000 f401 0000 ffff");
    assert_eq!(commands(&rig), [(0x200d, &create[..])]);
    rig.model.peripheral_answers();
    rig.run();
    let up = rig.links[0];
    assert_eq!((up.role, up.peer, up.set, up.wanted), (Role::CENTRAL, PEER, None, true));
    assert!(rig.events.is_empty() && rig.sent.len() == 1);
}

#[test]
fn extended_transcript() {
    let mut rig = Rig::ready(true);
    let parameters =
        ConnectionParameters { interval_min: 6, interval_max: 6, latency: 0, timeout: 100 };
    let phys = PhyMask::LE_1M | PhyMask::LE_2M;
    rig.gap.connect(Connect { phys, ..Connect::to(PEER).parameters(parameters) });
    rig.run();
    let create = hex!(
        "00 00 01 0100000000c4 03"
        "6000 6000 0600 0600 0000 6400 0000 ffff"
        "6000 6000 0600 0600 0000 6400 0000 ffff"
    );
    assert_eq!(commands(&rig), [(0x2043, &create[..])]);
}

#[test]
fn withdrawing_cancels() {
    for extended in [false, true] {
        let mut rig = Rig::ready(extended);
        rig.gap.connect(Connect::to(PEER));
        rig.run();
        rig.gap.stop_connecting();
        rig.run();
        assert_eq!(rig.opcodes().last(), Some(&Opcode::LE_CREATE_CONNECTION_CANCEL));
        assert!(!rig.model.initiating && rig.events.is_empty() && rig.links.is_empty());
        assert!(rig.gap.poll_timeout().is_none());
    }
}

#[test]
fn the_time_limit_ends_the_request() {
    let mut rig = Rig::ready(true);
    rig.gap.connect(Connect::to(PEER).timeout(Duration::from_secs(3)));
    rig.pass(Duration::from_millis(2_999));
    assert!(rig.model.initiating);
    rig.pass(Duration::from_millis(1));
    assert!(!rig.model.initiating);
    assert_eq!(rig.events, [GapEvent::ConnectEnded(ConnectEnd::Timeout)]);
}

/// [Vol 6] Part B, 4.5
#[test]
fn an_attempt_that_was_not_established_is_made_again() {
    let status = Status::FAILED_TO_ESTABLISH;
    for extended in [false, true] {
        let mut rig = Rig::ready(extended);
        rig.gap.connect(Connect::to(PEER).timeout(Duration::from_secs(3)));
        rig.run();
        // The failure is reported at once, or as the end of a link.
        rig.model.initiating = false;
        rig.model.connection_failed(status, Role::CENTRAL);
        rig.run();
        assert!(rig.model.initiating && rig.events.is_empty());
        rig.model.peripheral_answers();
        rig.run();
        assert_eq!(rig.gap.connecting(), Some(Connecting::Linked));
        rig.gap.resume_connecting();
        rig.pass(Duration::from_millis(2_999));
        assert!(rig.model.initiating && rig.gap.connecting() == Some(Connecting::Pending));
        rig.pass(Duration::from_millis(1));
        assert_eq!(rig.events, [GapEvent::ConnectEnded(ConnectEnd::Timeout)]);
    }
}

#[test]
fn without_room_for_a_link_a_request_waits_or_fails() {
    let mut rig = Rig::ready(true);
    rig.gap.set_full(true);
    rig.gap.connect(Connect::to(PEER));
    rig.run();
    assert_eq!(rig.events, [GapEvent::ConnectEnded(ConnectEnd::NoLink)]);
    let waiting = Connect::to(PEER).when_full(WhenFull::Wait).timeout(Duration::from_secs(5));
    rig.gap.connect(waiting);
    rig.pass(Duration::from_secs(2));
    assert!(rig.sent.is_empty() && rig.events.last() == Some(&GapEvent::Waits));
    rig.gap.set_full(false);
    rig.run();
    assert!(rig.model.initiating);
    rig.gap.set_full(true);
    rig.run();
    assert!(!rig.model.initiating && rig.gap.connecting() == Some(Connecting::Pending));
    rig.forget();
    rig.pass(Duration::from_secs(3));
    assert_eq!(rig.events, [GapEvent::ConnectEnded(ConnectEnd::Timeout)]);
}

#[test]
fn a_peer_that_is_searched_for_is_connected_to_and_searched_for_again() {
    let (on_air, limit) = (Address::random([0x41, 0, 0, 0, 0, 1]), Duration::from_secs(8));
    let mut rig = Rig::ready(true);
    rig.gap.search(Connect::to(PEER).timeout(limit));
    rig.run();
    assert_eq!(rig.events, [GapEvent::Waits]);
    rig.forget();
    assert!(rig.model.scanning && !rig.model.initiating);
    rig.gap.found(rig.now, on_air);
    rig.run();
    assert!(!rig.model.scanning && rig.model.initiating && rig.gap.sought().is_none());
    assert_eq!(rig.sent.last().unwrap().1[2..9], hex!("01 010000000041"));
    rig.pass(Duration::from_secs(5));
    assert!(rig.model.scanning && !rig.model.initiating && rig.gap.sought() == Some(PEER));
    rig.pass(Duration::from_secs(3));
    assert_eq!(rig.events, [GapEvent::ConnectEnded(ConnectEnd::Timeout)]);
    assert!(!rig.model.scanning);
}

/// The link came up before the controller took Cancel.
#[test]
fn a_link_after_the_request_was_withdrawn_is_disconnected() {
    let mut rig = Rig::ready(true);
    rig.gap.connect(Connect::to(PEER));
    rig.run();
    rig.gap.stop_connecting();
    rig.model.peripheral_answers();
    rig.forget();
    assert!(rig.step(), "Cancel");
    assert_eq!(rig.model.disallowed, [Opcode::LE_CREATE_CONNECTION_CANCEL]);
    rig.run();
    assert!(!rig.links[0].wanted && rig.model.links.is_empty() && rig.events.is_empty());
    assert!(rig.gap.poll_timeout().is_none());
}

#[test]
fn a_new_request_waits_for_the_end_of_the_old_one() {
    let mut rig = Rig::ready(true);
    rig.gap.connect(Connect::to(PEER));
    rig.run();
    rig.gap.connect(Connect::any());
    rig.gap.set_accept_list(&[PEER]).unwrap();
    rig.forget();
    rig.run();
    assert_eq!(
        rig.opcodes(),
        [
            Opcode::LE_CREATE_CONNECTION_CANCEL,
            Opcode::LE_CLEAR_FILTER_ACCEPT_LIST,
            Opcode::LE_ADD_TO_FILTER_ACCEPT_LIST,
            Opcode::LE_EXTENDED_CREATE_CONNECTION,
        ]
    );
    assert!(rig.model.initiating && rig.model.initiate_by_list);
    rig.forget();
    rig.gap.set_accept_list(&[]).unwrap();
    rig.run();
    assert!(rig.model.list.is_empty() && rig.model.initiating);
    assert!(rig.model.disallowed.is_empty() && rig.events.is_empty());
}

#[test]
fn a_refusal_is_reported() {
    for by_status in [false, true] {
        let mut rig = Rig::ready(true);
        rig.model.by_status = by_status;
        rig.model.failing = Some((1, Status::CONNECTION_EXISTS));
        rig.gap.connect(Connect::to(PEER));
        rig.run();
        let end = ConnectEnd::Failed(Status::CONNECTION_EXISTS);
        assert_eq!(rig.events, [GapEvent::ConnectEnded(end)]);
        assert_eq!(rig.sent.len(), 1);
    }
}

#[test]
fn a_cancel_that_fails_is_tried_again_and_one_without_end_is_given_up() {
    let mut rig = Rig::ready(false);
    rig.gap.connect(Connect::to(PEER));
    rig.run();
    rig.gap.stop_connecting();
    rig.model.failing = Some((1, Status::CONTROLLER_BUSY));
    rig.run();
    assert!(rig.model.initiating);
    rig.pass(Duration::from_secs(1));
    assert!(!rig.model.initiating);

    rig.gap.connect(Connect::to(PEER));
    rig.run();
    rig.gap.stop_connecting();
    rig.step();
    rig.model.events.clear();
    rig.gap.connect(Connect::to(PEER));
    rig.pass(Duration::from_millis(1_999));
    assert!(!rig.model.initiating);
    rig.pass(Duration::from_millis(1));
    assert!(rig.model.initiating);
}

#[test]
fn the_late_end_of_a_cancelled_attempt_is_not_that_of_the_next() {
    let mut rig = Rig::ready(false);
    rig.gap.connect(Connect::to(PEER));
    rig.run();
    rig.gap.stop_connecting();
    rig.step();
    let late = core::mem::take(&mut rig.model.events);
    rig.pass(Duration::from_secs(2));
    rig.gap.connect(Connect::to(PEER));
    rig.run();
    rig.model.events.extend(late);
    rig.run();
    assert!(rig.model.initiating && rig.events.is_empty());
    rig.gap.stop_connecting();
    rig.run();
    assert!(!rig.model.initiating);
}

/// Rows H20, H21 and H23.
#[test]
fn odd_links_are_reported_or_counted() {
    let mut rig = Rig::ready(false);
    let mut deliver = |packet: &[u8]| {
        let raw = RawEvent::parse(packet).unwrap();
        rig.gap.handle_event(rig.now, &Event::parse(raw.code, raw.parameters).unwrap())
    };
    assert_eq!(deliver(&hex!("3e130100000f010011223344556618000000480000")), None);
    let twice = hex!("3e1301004000010011223344556618000000480000");
    assert_eq!(deliver(&twice).unwrap().handle, deliver(&twice).unwrap().handle);
    let zero = deliver(&hex!("3e1301004000010011223344556600000000000000")).unwrap();
    assert_eq!(zero.parameters.connection_interval(), Duration::from_ticks(0));
    assert!(!zero.wanted);
    let role = deliver(&hex!("3e1301004000770011223344556600000000000000")).unwrap();
    assert!(!role.wanted);
    assert_eq!(rig.gap.faults(), 2);
}
