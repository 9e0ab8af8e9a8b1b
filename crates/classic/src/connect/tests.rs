use bindrune_hci::{LinkType, Opcode, Role, Status};
use embassy_time::Duration;
use hex_literal::hex;

use crate::{
    Connect, ConnectError, GapEvent,
    testing::{LINKS, OTHER, PEER, PHONE, Rig},
};

fn connecting() -> Rig {
    let mut rig = Rig::ready();
    rig.gap.connect(rig.now, Connect::to(PEER));
    rig.run();
    assert_eq!(rig.opcodes(), [Opcode::CREATE_CONNECTION]);
    rig
}

fn failed(error: ConnectError) -> GapEvent {
    GapEvent::ConnectEnded { address: PEER, result: Err(error) }
}

#[test]
fn a_link_comes_up() {
    let mut rig = connecting();
    let command = hex!("010203040506 18cc 02 00 0000 01");
    assert_eq!(rig.last(Opcode::CREATE_CONNECTION), Some(&command[..]));
    rig.model.complete(Status::SUCCESS, 0x2a, PEER);
    rig.run();
    let up = rig.ups()[0];
    assert_eq!((up.slot, up.address, up.handle.get()), (0, PEER, 0x2a));
    assert_eq!((up.role, up.incoming), (Role::CENTRAL, false));
    assert_eq!(rig.events[1], GapEvent::ConnectEnded { address: PEER, result: Ok(0) });
    // The features follow.
    assert_eq!(rig.events[2], GapEvent::Features { slot: 0 });
    let link = rig.gap.link(0).unwrap();
    assert!(link.features.is_some() && link.host_features.is_some() && link.features_2.is_some());
    // Another request finds the link.
    rig.forget();
    rig.gap.connect(rig.now, Connect::to(PEER));
    rig.run();
    assert_eq!(rig.opcodes(), []);
    assert_eq!(rig.events, [GapEvent::ConnectEnded { address: PEER, result: Ok(0) }]);
}

#[test]
fn failures_are_reported_and_the_place_is_free() {
    for _ in 0..=LINKS {
        let mut rig = connecting();
        rig.model.complete(Status::PAGE_TIMEOUT, 0, PEER);
        rig.run();
        assert_eq!(rig.events, [failed(ConnectError::Failed(Status::PAGE_TIMEOUT))]);
        rig.forget();
        let refusal = Status::CONNECTION_LIMIT_EXCEEDED;
        rig.model.refuse.push((Opcode::CREATE_CONNECTION, refusal));
        rig.gap.connect(rig.now, Connect::to(PEER));
        rig.run();
        assert_eq!(rig.events, [failed(ConnectError::Failed(refusal))]);
        assert_eq!(rig.gap.poll_timeout(), None);
    }
}

#[test]
fn a_full_table_refuses() {
    let mut rig = Rig::ready();
    for n in 1..=LINKS as u8 {
        rig.link(bindrune_hci::BdAddress([n; 6]), n.into());
    }
    assert!(!rig.gap.has_room());
    rig.gap.connect(rig.now, Connect::to(PEER));
    rig.run();
    assert_eq!(rig.events.last(), Some(&failed(ConnectError::Full)));
}

#[test]
fn the_time_limit_cancels() {
    let mut rig = connecting();
    rig.pass(Duration::from_secs(20));
    assert_eq!(rig.events, [failed(ConnectError::Timeout)]);
    assert_eq!(rig.opcodes().last(), Some(&Opcode::CREATE_CONNECTION_CANCEL));
    assert!(rig.gap.poll_timeout().is_none() && rig.gap.has_room());
    // A controller that says nothing more.
    rig.model.quiet = true;
    rig.gap.connect(rig.now, Connect::to(PEER));
    rig.pass(Duration::from_secs(20));
    rig.gap.connect(rig.now, Connect::to(OTHER));
    rig.run();
    assert_eq!(rig.count(Opcode::CREATE_CONNECTION), 2);
    rig.pass(Duration::from_secs(2));
    assert_eq!(rig.count(Opcode::CREATE_CONNECTION), 3);
    let endless = Connect::to(PEER).timeout(Duration::MAX);
    rig.gap.connect(rig.now, endless);
    rig.forget();
    rig.pass(Duration::from_secs(130));
    assert_eq!(rig.events, [failed(ConnectError::Timeout)]);
}

#[test]
fn a_withdrawn_link_that_comes_up_ends() {
    let mut rig = connecting();
    rig.model.quiet = true;
    rig.gap.stop_connecting();
    rig.run();
    rig.model.complete(Status::SUCCESS, 0x2a, PEER);
    rig.run();
    assert_eq!(rig.opcodes().last(), Some(&Opcode::DISCONNECT));
    assert_eq!((&rig.events[..], rig.gap.link(0)), (&[][..], None));
    rig.model.end(0x2a, Status::LOCAL_HOST_TERMINATED);
    rig.run();
    assert_eq!(rig.events, []);
    // Only after its wait, nothing reserves a place any longer.
    rig.pass(Duration::from_secs(2));
    rig.model.quiet = false;
    assert_eq!(rig.link(PEER, 0x2a), 0);
}

#[test]
fn a_late_link_after_the_cancellation_is_refused() {
    let mut rig = connecting();
    rig.model.quiet = true;
    rig.gap.stop_connecting();
    rig.pass(Duration::from_secs(3));
    rig.model.complete(Status::SUCCESS, 0x2a, PEER);
    rig.run();
    assert_eq!(rig.last(Opcode::DISCONNECT), Some(&hex!("2a00 14")[..]));
    assert_eq!((rig.gap.faults(), &rig.events[..]), (1, &[][..]));
}

#[test]
fn a_crossing_connection_satisfies_the_request() {
    let mut rig = connecting();
    // The peer's connection arrives while this host pages: the controller lets the peer's win.
    rig.model.request(PEER, PHONE, LinkType::ACL);
    rig.run();
    rig.model.complete(Status::CONNECTION_EXISTS, 0, PEER);
    rig.model.complete(Status::SUCCESS, 0x2a, PEER);
    rig.run();
    let up = rig.ups()[0];
    assert_eq!((up.role, up.incoming), (Role::PERIPHERAL, true));
    assert_eq!(rig.events[1], GapEvent::ConnectEnded { address: PEER, result: Ok(0) });
    rig.pass(Duration::from_secs(5));
    assert_eq!(rig.count(Opcode::CREATE_CONNECTION), 1);
}

#[test]
fn existing_and_busy_are_tried_again_until_the_limit() {
    for status in [Status::CONNECTION_EXISTS, Status::COMMAND_DISALLOWED, Status::CONTROLLER_BUSY] {
        let mut rig = Rig::ready();
        rig.model.refuse = std::vec![(Opcode::CREATE_CONNECTION, status); 3];
        rig.gap.connect(rig.now, Connect::to(PEER));
        rig.pass(Duration::from_millis(3500));
        assert_eq!((rig.count(Opcode::CREATE_CONNECTION), rig.events.len()), (4, 0));
        let mut rig = Rig::ready();
        rig.model.refuse = std::vec![(Opcode::CREATE_CONNECTION, status); 30];
        rig.gap.connect(rig.now, Connect::to(PEER));
        rig.pass(Duration::from_secs(25));
        assert_eq!(rig.events, [failed(ConnectError::Timeout)]);
        assert!(rig.gap.poll_timeout().is_none());
    }
}

#[test]
fn another_request_replaces_it() {
    let mut rig = connecting();
    rig.gap.connect(rig.now, Connect::to(OTHER));
    rig.run();
    let opcodes =
        [Opcode::CREATE_CONNECTION, Opcode::CREATE_CONNECTION_CANCEL, Opcode::CREATE_CONNECTION];
    assert_eq!(rig.opcodes(), opcodes);
    rig.model.complete(Status::SUCCESS, 1, OTHER);
    rig.run();
    assert_eq!(rig.ups()[0].address, OTHER);
}

#[test]
fn it_is_sent_again_after_a_reset() {
    let mut rig = connecting();
    rig.start();
    assert_eq!(rig.count(Opcode::CREATE_CONNECTION), 2);
    rig.model.complete(Status::SUCCESS, 1, PEER);
    rig.run();
    assert_eq!(rig.ups().len(), 1);
    // Links are gone after a reset, without an event.
    rig.forget();
    rig.start();
    assert_eq!((&rig.events[..], rig.gap.links().count()), (&[GapEvent::Ready][..], 0));
}
