use bindrune_hci::{ClassOfDevice, Opcode, Status};
use bindrune_wire::Uuid;
use embassy_time::Duration;
use hex_literal::hex;

use crate::{
    Discoverable, GapEvent,
    testing::{PHONE, Rig},
};

#[test]
fn scans_follow_the_requests() {
    let mut rig = Rig::ready();
    rig.gap.set_connectable(true);
    rig.run();
    assert_eq!(rig.last(Opcode::WRITE_SCAN_ENABLE), Some(&[2][..]));
    rig.gap.set_discoverable(rig.now, Discoverable::General);
    rig.run();
    assert_eq!(rig.last(Opcode::WRITE_CURRENT_IAC_LAP), Some(&hex!("01 338b9e")[..]));
    assert_eq!(rig.last(Opcode::WRITE_SCAN_ENABLE), Some(&[3][..]));
    assert!(rig.gap.is_connectable());
    rig.forget();
    rig.gap.set_connectable(false);
    rig.gap.set_discoverable(rig.now, Discoverable::No);
    rig.run();
    // Scans are turned off before anything else changes.
    assert_eq!(rig.opcodes()[0], Opcode::WRITE_SCAN_ENABLE);
    assert_eq!(rig.last(Opcode::WRITE_SCAN_ENABLE), Some(&[0][..]));
    assert_eq!(rig.events, []);
}

#[test]
fn limited_mode_ends_after_its_time() {
    let mut rig = Rig::ready();
    rig.gap.set_class(PHONE);
    rig.gap.set_discoverable(rig.now, Discoverable::Limited(Duration::from_secs(3600)));
    rig.run();
    assert_eq!(rig.last(Opcode::WRITE_CURRENT_IAC_LAP), Some(&hex!("02 338b9e 008b9e")[..]));
    assert_eq!(rig.last(Opcode::WRITE_CLASS_OF_DEVICE), Some(&hex!("0c225a")[..]));
    // The time goes on over a reset.
    rig.pass(Duration::from_secs(30));
    rig.start();
    assert_eq!(rig.last(Opcode::WRITE_SCAN_ENABLE), Some(&[1][..]));
    rig.forget();
    rig.pass(Duration::from_millis(29_999));
    assert_eq!(rig.events, []);
    rig.pass(Duration::from_millis(1));
    assert_eq!(rig.events, [GapEvent::DiscoverableEnded]);
    assert_eq!(rig.last(Opcode::WRITE_SCAN_ENABLE), Some(&[0][..]));
    assert_eq!(rig.last(Opcode::WRITE_CLASS_OF_DEVICE), Some(&hex!("0c025a")[..]));
    assert_eq!(rig.gap.discoverable(), Discoverable::No);
}

#[test]
fn name_class_and_services_change_while_running() {
    let mut rig = Rig::ready();
    rig.gap.set_name("lamp");
    rig.run();
    let changed = [Opcode::WRITE_LOCAL_NAME, Opcode::WRITE_EXTENDED_INQUIRY_RESPONSE];
    assert_eq!(rig.opcodes(), changed);
    assert_eq!(rig.gap.local_name().get(), b"lamp");
    rig.forget();
    rig.gap.set_services(&[Uuid::new_16(0x1101); 17]);
    rig.run();
    assert_eq!(rig.opcodes(), [Opcode::WRITE_EXTENDED_INQUIRY_RESPONSE]);
    let data = rig.last(Opcode::WRITE_EXTENDED_INQUIRY_RESPONSE).unwrap();
    // 16 of 17: an incomplete list.
    assert_eq!(data[..11], hex!("00 05 09 6c616d70 21 02 0111"));
    rig.forget();
    rig.gap.set_class(ClassOfDevice::new(0x20_0404));
    rig.run();
    assert_eq!(rig.last(Opcode::WRITE_CLASS_OF_DEVICE), Some(&hex!("040420")[..]));
}

#[test]
fn a_refused_scan_is_reported_and_tried_again() {
    let mut rig = Rig::ready();
    rig.model.refuse.push((Opcode::WRITE_SCAN_ENABLE, Status::COMMAND_DISALLOWED));
    rig.gap.set_connectable(true);
    rig.run();
    assert_eq!(rig.events, [GapEvent::ScanFailed(Status::COMMAND_DISALLOWED)]);
    rig.pass(Duration::from_secs(100));
    assert_eq!(rig.count(Opcode::WRITE_SCAN_ENABLE), 1);
    rig.gap.set_connectable(true);
    rig.run();
    assert_eq!(rig.count(Opcode::WRITE_SCAN_ENABLE), 2);
}

#[test]
fn requests_before_the_set_up_wait_for_it() {
    let mut rig = Rig::with(crate::testing::Model::new(), crate::Config::DEFAULT);
    rig.gap.set_connectable(true);
    rig.gap.set_discoverable(rig.now, Discoverable::General);
    rig.run();
    assert_eq!(rig.opcodes(), []);
    rig.start();
    assert_eq!(rig.opcodes().last(), Some(&Opcode::WRITE_SCAN_ENABLE));
}

#[test]
fn a_command_that_had_no_answer_fails_the_request() {
    let mut rig = Rig::ready();
    assert!(rig.gap.unanswered(Opcode::WRITE_SCAN_ENABLE));
    rig.gap.set_connectable(true);
    rig.start();
    assert!(rig.events.contains(&GapEvent::ScanFailed(Status::UNKNOWN_COMMAND)));
    assert_eq!(rig.count(Opcode::WRITE_SCAN_ENABLE), 0);
}
