use bindrune_hci::{
    Opcode, Status,
    event::classic::{ClassicEvent, InquiryComplete, InquiryResult},
};
use embassy_time::Duration;
use hex_literal::hex;

use crate::{
    Connect, GapEvent, Inquiry, InquiryEnd,
    testing::{OTHER, PEER, PHONE, Rig},
};

fn complete(rig: &mut Rig, status: Status) {
    rig.model.send(&ClassicEvent::InquiryComplete(&InquiryComplete { status }));
    rig.run();
}

fn inquiring(inquiry: Inquiry) -> Rig {
    let mut rig = Rig::ready();
    rig.gap.inquire(rig.now, inquiry);
    rig.run();
    assert_eq!(rig.opcodes(), [Opcode::INQUIRY]);
    rig
}

#[test]
fn results_are_reported_once_and_the_inquiry_ends() {
    let mut rig = inquiring(Inquiry::GENERAL);
    assert_eq!(rig.last(Opcode::INQUIRY), Some(&hex!("338b9e 08 00")[..]));
    rig.model.result(PEER, -60);
    rig.model.extended_result(PEER, -50, b"phone");
    rig.model.result(OTHER, -70);
    rig.run();
    assert_eq!(rig.events, [GapEvent::InquiryResult]);
    let found = rig.gap.next_result().unwrap();
    assert_eq!((found.address, found.class, found.rssi), (PEER, PHONE, Some(-50)));
    assert_eq!(found.data.name(), Some((&b"phone"[..], true)));
    assert_eq!(rig.gap.next_result().map(|found| found.address), Some(OTHER));
    assert_eq!(rig.gap.next_result(), None);
    rig.model.extended_result(OTHER, -70, b"pad");
    rig.run();
    assert_eq!(rig.events, [GapEvent::InquiryResult; 2]);
    assert!(rig.gap.next_result().is_some());
    complete(&mut rig, Status::SUCCESS);
    assert_eq!(rig.events.last(), Some(&GapEvent::InquiryDone(InquiryEnd::Finished)));
    assert!(!rig.gap.is_inquiring());
    // A late result belongs to no inquiry.
    rig.model.result(PEER, 0);
    rig.run();
    assert_eq!(rig.gap.next_result(), None);
}

#[test]
fn limits_are_those_of_the_specification() {
    for (millis, length) in [(0, 1), (1280, 1), (1281, 2), (61_440, 0x30), (100_000, 0x30)] {
        let length_in = Duration::from_millis(millis);
        let rig = inquiring(Inquiry { length: length_in, ..Inquiry::LIMITED });
        let command = rig.last(Opcode::INQUIRY).unwrap();
        assert_eq!(command, [0, 0x8b, 0x9e, length, 0]);
    }
}

#[test]
fn enough_devices_end_it() {
    let mut rig = inquiring(Inquiry { max_responses: 2, ..Inquiry::GENERAL });
    for address in [PEER, PEER, OTHER] {
        rig.model.result(address, -60);
    }
    rig.run();
    assert_eq!(rig.events.last(), Some(&GapEvent::InquiryDone(InquiryEnd::Enough)));
    assert_eq!(rig.opcodes(), [Opcode::INQUIRY, Opcode::INQUIRY_CANCEL]);
}

#[test]
fn stopping_cancels_without_an_event() {
    let mut rig = inquiring(Inquiry::GENERAL);
    rig.gap.stop_inquiry();
    rig.run();
    assert_eq!(rig.opcodes(), [Opcode::INQUIRY, Opcode::INQUIRY_CANCEL]);
    assert_eq!((&rig.events[..], rig.gap.poll_timeout()), (&[][..], None));
    // It has just ended by itself.
    rig.gap.inquire(rig.now, Inquiry::GENERAL);
    rig.run();
    rig.model.refuse.push((Opcode::INQUIRY_CANCEL, Status::COMMAND_DISALLOWED));
    rig.gap.inquire(rig.now, Inquiry::LIMITED);
    rig.run();
    assert_eq!(rig.last(Opcode::INQUIRY), Some(&hex!("008b9e 08 00")[..]));
}

#[test]
fn a_silent_controller_is_cancelled() {
    let mut rig = inquiring(Inquiry::GENERAL);
    rig.pass(Duration::from_millis(12_239));
    assert_eq!(rig.events, []);
    rig.pass(Duration::from_millis(1));
    assert_eq!(rig.events, [GapEvent::InquiryDone(InquiryEnd::Finished)]);
    assert_eq!(rig.opcodes().last(), Some(&Opcode::INQUIRY_CANCEL));
    // Cancelling is tried again until it works.
    rig.gap.inquire(rig.now, Inquiry::GENERAL);
    rig.run();
    rig.model.refuse.push((Opcode::INQUIRY_CANCEL, Status::UNSPECIFIED));
    rig.gap.stop_inquiry();
    rig.run();
    let cancels = rig.count(Opcode::INQUIRY_CANCEL);
    rig.pass(Duration::from_secs(1));
    assert_eq!(rig.count(Opcode::INQUIRY_CANCEL), cancels + 1);
}

#[test]
fn a_busy_controller_is_asked_again_and_a_refusal_ends_it() {
    let mut rig = Rig::ready();
    rig.model.refuse.push((Opcode::INQUIRY, Status::COMMAND_DISALLOWED));
    rig.gap.inquire(rig.now, Inquiry::GENERAL);
    rig.pass(Duration::from_secs(1));
    assert_eq!(rig.opcodes(), [Opcode::INQUIRY; 2]);
    complete(&mut rig, Status::HARDWARE_FAILURE);
    let failed = GapEvent::InquiryDone(InquiryEnd::Failed(Status::HARDWARE_FAILURE));
    assert_eq!(rig.events, [failed]);
    rig.forget();
    rig.model.refuse.push((Opcode::INQUIRY, Status::INVALID_PARAMETERS));
    rig.gap.inquire(rig.now, Inquiry::GENERAL);
    rig.run();
    let failed = GapEvent::InquiryDone(InquiryEnd::Failed(Status::INVALID_PARAMETERS));
    assert_eq!(rig.events, [failed]);
}

#[test]
fn it_pauses_while_the_host_connects() {
    let mut rig = inquiring(Inquiry::GENERAL);
    rig.model.result(PEER, -60);
    rig.pass(Duration::from_secs(5));
    rig.gap.connect(rig.now, Connect::to(PEER));
    rig.run();
    assert_eq!(rig.opcodes()[1..], [Opcode::INQUIRY_CANCEL, Opcode::CREATE_CONNECTION]);
    // The result says how the device listens for pages.
    let command = rig.last(Opcode::CREATE_CONNECTION).unwrap();
    assert_eq!(command, hex!("010203040506 18cc 01 00 3492 01"));
    rig.model.complete(Status::PAGE_TIMEOUT, 0, PEER);
    rig.run();
    assert_eq!(rig.last(Opcode::INQUIRY), Some(&hex!("338b9e 05 00")[..]));
    assert!(rig.gap.is_inquiring());
}

#[test]
fn it_starts_again_after_a_reset() {
    let mut rig = inquiring(Inquiry::GENERAL);
    rig.start();
    assert_eq!(rig.count(Opcode::INQUIRY), 2);
    complete(&mut rig, Status::SUCCESS);
    assert_eq!(rig.events.last(), Some(&GapEvent::InquiryDone(InquiryEnd::Finished)));
}

#[test]
fn results_without_rssi() {
    let mut rig = inquiring(Inquiry::GENERAL);
    let result = InquiryResult {
        address: PEER,
        scan_repetition: bindrune_hci::ScanRepetition::R0,
        reserved: [0; 2],
        class: PHONE,
        clock_offset: 0.into(),
    };
    rig.model.send(&ClassicEvent::InquiryResult(&[result; 3]));
    rig.run();
    assert_eq!(rig.gap.next_result().unwrap().rssi, None);
    assert_eq!(rig.gap.next_result(), None);
    assert_eq!(rig.gap.lost_results(), 0);
}
