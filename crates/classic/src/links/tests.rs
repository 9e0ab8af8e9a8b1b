use bindrune_hci::{
    LmpFeatures, Opcode, PacketTypes, RawHandle, Role, Status,
    event::classic::{
        ClassicEvent, ConnectionPacketTypeChanged, FlushOccurred, LinkSupervisionTimeoutChanged,
        MaxSlotsChange, ModeChange,
    },
};
use embassy_time::Duration;
use hex_literal::hex;

use crate::{
    Config, GapEvent, InvalidReason, LinkMode,
    testing::{Model, OTHER, PEER, Rig},
};

mod modes;

fn linked() -> Rig {
    let mut rig = Rig::ready();
    assert_eq!(rig.link(PEER, 0x2a), 0);
    rig.forget();
    rig
}

fn down(reason: Status) -> GapEvent {
    GapEvent::LinkDown { slot: 0, handle: bindrune_wire::Handle::new(0x2a).unwrap(), reason }
}

fn flush(rig: &mut Rig, millis: u64) -> bool {
    let timeout = (millis > 0).then(|| Duration::from_millis(millis));
    let done = rig.gap.set_flush_timeout(0, timeout);
    rig.run();
    done
}

#[test]
fn flush_timeouts_are_written_when_they_change() {
    let mut rig = linked();
    let ok = GapEvent::FlushTimeout { slot: 0, result: Ok(()) };
    for (millis, slots) in [(1, 2), (10, 16), (1279, 2047), (0, 0)] {
        rig.forget();
        assert!(flush(&mut rig, millis));
        let expected = [0x2a, 0, slots as u8, (slots >> 8) as u8];
        assert_eq!(rig.last(Opcode::WRITE_AUTOMATIC_FLUSH_TIMEOUT), Some(&expected[..]));
        assert_eq!(rig.events, [ok]);
        assert_eq!(rig.gap.link(0).unwrap().flush_timeout, slots);
    }
    rig.forget();
    assert!(flush(&mut rig, 0));
    assert_eq!((&rig.opcodes()[..], &rig.events[..]), (&[][..], &[ok][..]));
    assert!(!flush(&mut rig, 1280));
    assert!(!rig.gap.set_flush_timeout(1, None));
    rig.model.refuse.push((Opcode::WRITE_AUTOMATIC_FLUSH_TIMEOUT, Status::INVALID_PARAMETERS));
    flush(&mut rig, 100);
    let result = Err(Status::INVALID_PARAMETERS);
    assert_eq!(rig.events.last(), Some(&GapEvent::FlushTimeout { slot: 0, result }));
    assert_eq!(rig.gap.link(0).unwrap().flush_timeout, 0);
}

#[test]
fn a_controller_without_flush_timeouts_says_so() {
    let mut rig = Rig::with(Model::new(), Config::DEFAULT);
    rig.model.commands.remove(Opcode::WRITE_AUTOMATIC_FLUSH_TIMEOUT);
    rig.start();
    rig.link(PEER, 0x2a);
    flush(&mut rig, 10);
    let result = Err(Status::UNKNOWN_COMMAND);
    assert_eq!(rig.events.last(), Some(&GapEvent::FlushTimeout { slot: 0, result }));
}

#[test]
fn flushes_are_counted() {
    let mut rig = linked();
    for _ in 0..3 {
        let event = FlushOccurred { handle: RawHandle::new(0x2a) };
        rig.model.send(&ClassicEvent::FlushOccurred(&event));
    }
    rig.run();
    let handle = bindrune_wire::Handle::new(0x2a).unwrap();
    assert_eq!(rig.events, [GapEvent::Flushed { slot: 0, handle, count: 3 }]);
}

#[test]
fn links_end_by_either_side() {
    let mut rig = linked();
    rig.model.end(0x2a, Status::REMOTE_USER_TERMINATED);
    rig.run();
    assert_eq!(rig.events, [down(Status::REMOTE_USER_TERMINATED)]);
    assert_eq!(rig.gap.link(0), None);
    rig.link(PEER, 0x2a);
    rig.forget();
    assert_eq!(rig.gap.disconnect(0, Status::CONNECTION_TIMEOUT), Err(InvalidReason));
    assert_eq!(rig.gap.disconnect(9, Status::REMOTE_USER_TERMINATED), Ok(()));
    assert_eq!(rig.gap.disconnect(0, Status::REMOTE_POWER_OFF), Ok(()));
    assert_eq!(rig.gap.slot_of_address(PEER), None);
    rig.run();
    assert_eq!(rig.last(Opcode::DISCONNECT), Some(&hex!("2a00 15")[..]));
    assert_eq!(rig.events, [down(Status::LOCAL_HOST_TERMINATED)]);
}

#[test]
fn disconnecting_always_ends() {
    // Refused: it is tried again, then given up.
    let mut rig = linked();
    rig.model.refuse = std::vec![(Opcode::DISCONNECT, Status::COMMAND_DISALLOWED); 2];
    rig.gap.disconnect(0, Status::REMOTE_USER_TERMINATED).unwrap();
    rig.pass(Duration::from_secs(2));
    assert_eq!(rig.events, [down(Status::CONNECTION_TIMEOUT)]);
    // Accepted, without an end.
    let mut rig = linked();
    rig.model.quiet = true;
    rig.gap.disconnect(0, Status::REMOTE_USER_TERMINATED).unwrap();
    rig.pass(Duration::from_secs(71));
    assert_eq!(rig.count(Opcode::DISCONNECT), 2);
    assert_eq!(rig.events, [down(Status::CONNECTION_TIMEOUT)]);
    // The controller does not know the link any longer.
    let mut rig = linked();
    rig.model.refuse.push((Opcode::DISCONNECT, Status::UNKNOWN_CONNECTION));
    rig.gap.disconnect(0, Status::REMOTE_USER_TERMINATED).unwrap();
    rig.run();
    assert_eq!(rig.events, [down(Status::LOCAL_HOST_TERMINATED)]);
}

#[test]
fn features_that_never_arrive_are_given_up() {
    let mut rig = Rig::ready();
    rig.model.quiet = true;
    rig.link(PEER, 0x2a);
    rig.pass(Duration::from_secs(36));
    assert_eq!(rig.events.last(), Some(&GapEvent::Features { slot: 0 }));
    assert_eq!(rig.gap.link(0).unwrap().features, None);
    assert_eq!(rig.gap.poll_timeout(), None);
}

#[test]
fn an_old_peer_has_one_page_of_features() {
    let mut rig = Rig::ready();
    rig.model.features = LmpFeatures::ENCRYPTION;
    rig.link(PEER, 0x2a);
    assert_eq!(rig.count(Opcode::READ_REMOTE_EXTENDED_FEATURES), 0);
    assert_eq!(rig.gap.link(0).unwrap().features, Some(LmpFeatures::ENCRYPTION));
}

#[test]
fn roles_and_packet_types_change_on_request() {
    let mut rig = linked();
    rig.gap.switch_role(0, Role::PERIPHERAL);
    rig.gap.set_packet_types(0, PacketTypes::DM1 | PacketTypes::DH1);
    rig.run();
    // One procedure at a time.
    assert_eq!(rig.opcodes(), [Opcode::CHANGE_CONNECTION_PACKET_TYPE]);
    let event = ConnectionPacketTypeChanged {
        status: Status::SUCCESS,
        handle: RawHandle::new(0x2a),
        packet_types: 0x18.into(),
    };
    rig.model.send(&ClassicEvent::ConnectionPacketTypeChanged(&event));
    rig.run();
    assert_eq!(rig.events, [GapEvent::PacketTypes { slot: 0, result: Ok(()) }]);
    assert_eq!(rig.last(Opcode::SWITCH_ROLE), Some(&hex!("010203040506 01")[..]));
    rig.model.role(Status::ROLE_CHANGE_NOT_ALLOWED, PEER, Role::CENTRAL);
    rig.run();
    let result = Err(Status::ROLE_CHANGE_NOT_ALLOWED);
    assert_eq!(rig.events.last(), Some(&GapEvent::RoleSwitchEnded { slot: 0, result }));
    rig.forget();
    rig.gap.switch_role(0, Role::CENTRAL);
    rig.run();
    let ended = GapEvent::RoleSwitchEnded { slot: 0, result: Ok(()) };
    assert_eq!((&rig.opcodes()[..], &rig.events[..]), (&[][..], &[ended][..]));
}

#[test]
fn the_state_of_a_link_follows_the_controller() {
    let mut rig = linked();
    let handle = RawHandle::new(0x2a);
    let mode = ModeChange { status: Status::SUCCESS, handle, mode: 2, interval: 800.into() };
    rig.model.send(&ClassicEvent::ModeChange(&mode));
    rig.model.send(&ClassicEvent::MaxSlotsChange(&MaxSlotsChange { handle, max_slots: 5 }));
    let timeout = LinkSupervisionTimeoutChanged { handle, timeout: 0x1234.into() };
    rig.model.send(&ClassicEvent::LinkSupervisionTimeoutChanged(&timeout));
    rig.run();
    let link = rig.gap.link(0).unwrap();
    assert_eq!((link.mode, link.max_slots), (LinkMode::SNIFF, 5));
    assert_eq!(link.supervision_timeout, 0x1234);
}

#[test]
fn the_central_writes_the_supervision_timeout() {
    let config = Config { supervision_timeout: Duration::from_secs(5), ..Config::DEFAULT };
    let mut rig = Rig::with(Model::new(), config);
    rig.start();
    rig.link(PEER, 0x2a);
    let command = rig.last(Opcode::WRITE_LINK_SUPERVISION_TIMEOUT);
    assert_eq!(command, Some(&hex!("2a00 401f")[..]));
    assert_eq!(rig.gap.link(0).unwrap().supervision_timeout, 0x1f40);
}

#[test]
fn an_answer_after_the_end_of_its_link_changes_no_other() {
    let mut rig = linked();
    rig.gap.set_flush_timeout(0, Some(Duration::from_millis(10)));
    let mut buffer = [0; 260];
    let mut w = bindrune_wire::Writer::new(&mut buffer);
    let opcode = rig.gap.poll_command(rig.now, &mut w).unwrap();
    rig.model.end(0x2a, Status::CONNECTION_TIMEOUT);
    rig.deliver();
    rig.model.request(OTHER, crate::testing::PHONE, bindrune_hci::LinkType::ACL);
    rig.deliver();
    rig.model.complete(Status::SUCCESS, 0x2b, OTHER);
    rig.deliver();
    rig.gap.handle_complete(rig.now, opcode, &hex!("00 2a00"));
    rig.run();
    assert_eq!(rig.gap.link(0).unwrap().flush_timeout, 0);
    assert!(!rig.events.iter().any(|event| matches!(event, GapEvent::FlushTimeout { .. })));
}

#[test]
fn two_links_have_their_own_slots() {
    let mut rig = linked();
    assert_eq!(rig.link(OTHER, 0x2b), 1);
    assert_eq!(rig.gap.links().count(), 2);
    assert_eq!(rig.gap.slot_of_handle(RawHandle::new(0x2b)), Some(1));
    rig.model.end(0x2a, Status::CONNECTION_TIMEOUT);
    rig.run();
    assert_eq!(rig.gap.slot_of_address(OTHER), Some(1));
    assert_eq!(rig.link(PEER, 0x2c), 0);
}
