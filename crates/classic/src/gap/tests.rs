mod hostile;

use bindrune_hci::{Opcode, Status};
use embassy_time::Duration;
use proptest::prelude::*;

use crate::{
    Config, Connect, Discoverable, GapEvent, GapTimer, Inquiry,
    testing::{Model, OTHER, PEER, Rig},
};

#[test]
fn only_one_machine_uses_the_air() {
    let mut rig = Rig::ready();
    rig.gap.inquire(rig.now, Inquiry::GENERAL);
    rig.run();
    rig.gap.read_name(rig.now, OTHER);
    rig.gap.connect(rig.now, Connect::to(PEER));
    rig.run();
    let first = [Opcode::INQUIRY, Opcode::INQUIRY_CANCEL, Opcode::CREATE_CONNECTION];
    assert_eq!(rig.opcodes(), first);
    rig.model.complete(Status::SUCCESS, 1, PEER);
    rig.run();
    assert_eq!(rig.opcodes().last(), Some(&Opcode::REMOTE_NAME_REQUEST));
    rig.gap.stop_reading_name();
    rig.pass(Duration::from_secs(2));
    assert_eq!(rig.opcodes().last(), Some(&Opcode::INQUIRY));
}

#[test]
fn answers_to_other_commands_do_nothing() {
    let mut rig = Rig::with(Model::new(), Config::DEFAULT);
    rig.gap.restart(rig.model.commands, bindrune_hci::cmd::baseband::EventMask::empty());
    let mut buffer = [0; 260];
    let mut w = bindrune_wire::Writer::new(&mut buffer);
    let opcode = rig.gap.poll_command(rig.now, &mut w);
    assert_eq!(opcode, Some(Opcode::READ_LOCAL_SUPPORTED_FEATURES));
    rig.gap.handle_status(rig.now, Opcode::RESET, Status::HARDWARE_FAILURE);
    rig.gap.handle_complete(rig.now, Opcode::NOP, &[]);
    assert_eq!(rig.gap.poll_command(rig.now, &mut w), None);
    assert_eq!(rig.gap.poll_event(), None);
    rig.gap.handle_complete(rig.now, Opcode::READ_LOCAL_SUPPORTED_FEATURES, &[0; 9]);
    rig.run();
    assert_eq!(rig.events, [GapEvent::Ready]);
}

#[test]
fn stopping_keeps_requests_until_the_restart() {
    let mut rig = Rig::ready();
    rig.link(PEER, 1);
    rig.gap.set_connectable(true);
    rig.gap.stop();
    rig.gap.connect(rig.now, Connect::to(OTHER));
    rig.forget();
    rig.model.complete(Status::SUCCESS, 2, OTHER);
    rig.run();
    assert_eq!((rig.opcodes().len(), rig.events.len(), rig.gap.links().count()), (0, 0, 0));
    rig.start();
    assert_eq!(rig.count(Opcode::WRITE_SCAN_ENABLE), 1);
    assert_eq!(rig.opcodes().last(), Some(&Opcode::CREATE_CONNECTION));
}

#[test]
fn a_reset_forgets_everything() {
    let mut rig = Rig::ready();
    rig.link(PEER, 1);
    rig.gap.set_name("lamp");
    rig.gap.set_discoverable(rig.now, Discoverable::General);
    rig.gap.inquire(rig.now, Inquiry::GENERAL);
    rig.run();
    rig.gap.reset(Config::DEFAULT);
    rig.forget();
    rig.run();
    assert!(rig.opcodes().is_empty() && rig.gap.poll_timeout().is_none());
    rig.start();
    assert_eq!((rig.events.len(), rig.count(Opcode::WRITE_SCAN_ENABLE)), (1, 0));
    assert_eq!(rig.gap.local_name().get(), b"");
}

#[test]
fn deadlines_have_reasons() {
    let mut rig = Rig::ready();
    rig.gap.set_discoverable(rig.now, Discoverable::Limited(Duration::from_secs(5)));
    assert_eq!(rig.gap.poll_timeout().map(|(_, timer)| timer), Some(GapTimer::Discoverable));
    rig.gap.connect(rig.now, Connect::to(PEER).timeout(Duration::from_secs(1)));
    assert_eq!(rig.gap.poll_timeout().map(|(_, timer)| timer), Some(GapTimer::Connect));
}

#[test]
fn commands_that_had_no_answer_fail_requests() {
    let mut rig = Rig::ready();
    for opcode in [Opcode::INQUIRY, Opcode::CREATE_CONNECTION, Opcode::REMOTE_NAME_REQUEST] {
        assert!(rig.gap.unanswered(opcode));
    }
    rig.start();
    rig.forget();
    rig.gap.inquire(rig.now, Inquiry::GENERAL);
    rig.gap.read_name(rig.now, PEER);
    rig.gap.connect(rig.now, Connect::to(PEER));
    rig.run();
    assert_eq!((rig.opcodes().len(), rig.events.len()), (0, 3));
    assert!(rig.gap.poll_timeout().is_none());
}

/// A request, seldom for a reset, and an answer that is often good.
fn what() -> impl Strategy<Value = u8> {
    let request = prop_oneof![100 => 2..32_u8, 1 => 0..2_u8];
    let answer = prop_oneof![8 => 2..4_u8, 1 => 0..2_u8];
    (request, 0..2_u8, answer).prop_map(|(request, slot, answer)| request << 3 | slot << 2 | answer)
}

/// An event with fields that often fit: few handles, few devices, few statuses.
fn event() -> impl Strategy<Value = std::vec::Vec<u8>> {
    const CODES: &[u8] = &[
        0x01, 0x02, 0x03, 0x03, 0x03, 0x04, 0x04, 0x05, 0x05, 0x07, 0x0b, 0x11, 0x12, 0x14, 0x1b,
        0x1d, 0x22, 0x23, 0x2f, 0x38,
    ];
    let status = prop_oneof![4 => Just(0_u8), 1 => Just(0x0b), 1 => Just(0x0c), 1 => Just(0x04)];
    let fields = (proptest::sample::select(CODES), status, 0..3_u8, 0..4_u8, any::<u8>());
    fields.prop_map(|(code, status, handle, peer, last)| {
        let peer = [peer; 6];
        let mut event = std::vec![code];
        match code {
            0x03 => {
                event.extend([status, handle, 0]);
                event.extend(peer);
                event.extend([1, 0]);
            }
            0x04 => {
                event.extend(peer);
                event.extend([0, 0, 0, 1]);
            }
            0x07 | 0x12 => {
                event.push(status);
                event.extend(peer);
            }
            0x02 | 0x22 | 0x2f => {
                event.push(1);
                event.extend(peer);
            }
            0x11 | 0x1b | 0x38 => event.extend([handle, 0]),
            _ => event.extend([status, handle, 0]),
        }
        let len = match code {
            0x02 | 0x22 => 16,
            0x03 => 12,
            0x07 | 0x2f => 0xff,
            _ => event.len() + 10,
        };
        event.resize(len, last & 3);
        event
    })
}

proptest! {
    #[test]
    fn a_plausible_controller(
        steps in proptest::collection::vec((what(), event()), 0..200),
        set_up in 20..40_usize,
    ) {
        // The set-up with good answers, then anything.
        let mut octets = std::vec![0x02, 0];
        for _ in 0..set_up {
            octets.extend([0xfa, 0]);
        }
        for (what, event) in steps {
            octets.extend([what, event.len().min(0xff) as u8]);
            octets.extend(event);
        }
        crate::fuzz::gap(&octets);
    }

    #[test]
    fn any_controller(octets in proptest::collection::vec(any::<u8>(), 0..600)) {
        crate::fuzz::gap(&octets);
    }
}
