//! Bodies of the fuzz targets.

use core::cell::RefCell;
use std::boxed::Box;

use bindrune_hci::{
    BdAddress, ClassOfDevice, Event, LinkType, Opcode, PacketTypes, RawHandle, Role, Status,
    cmd::{COMMAND_MAX, SupportedCommands, baseband::EventMask},
    event::{
        EventCode,
        classic::{ClassicEvent, ConnectionComplete},
    },
};
use bindrune_wire::{Reader, Uuid, Writer, time::Instant};
use embassy_time::Duration;

use crate::{
    Config, Connect, Discoverable, FoundSlot, Gap, GapEvent, Incoming, Inquiry, InquiryData,
    LinkSlot,
};

pub use crate::security::fuzz::{bond, security};

/// Requests of the application, and a controller that sends any answers and events.
///
/// Each pair of octets selects what happens; the following octets are events and return parameters. The host works
/// afterwards.
pub fn gap(data: &[u8]) {
    with_memory(|gap| {
        let mut r = Reader::new(data);
        let mut now = Instant::from_secs(1);
        while let Ok([what, len]) = r.array::<2>() {
            let octets = r.bytes(usize::from(len).min(r.remaining())).unwrap_or_default();
            request(gap, now, what);
            let mut buffer = [0; COMMAND_MAX];
            let opcode = gap.poll_command(now, &mut Writer::new(&mut buffer));
            match opcode {
                Some(opcode) if what & 3 == 0 => gap.handle_complete(now, opcode, octets),
                Some(opcode) if what & 3 == 1 => gap.handle_status(now, opcode, Status(what)),
                Some(opcode) => gap.handle_complete(now, opcode, &GOOD),
                None => {}
            }
            if let Some((code, parameters)) = octets.split_first()
                && let Ok(event) = Event::parse(EventCode(*code), parameters)
            {
                gap.handle_event(now, &event);
            }
            now += Duration::from_millis(u64::from(what) * 4);
            gap.handle_timeout(now);
            assert!(gap.poll_timeout().is_none_or(|(at, _)| at > now));
            take(gap);
        }
        let _ = InquiryData::new(data).services().count();
        works(gap, now);
    });
}

/// Success, and numbers that are not 0.
const GOOD: [u8; 70] = {
    let mut answer = [1; 70];
    answer[0] = 0;
    answer
};

/// Takes every event and result; there are only a few.
fn take(gap: &mut Gap) {
    let bound = 100;
    assert!((0..bound).any(|_| gap.poll_event().is_none()));
    assert!((0..bound).any(|_| gap.next_result().is_none()));
}

/// The host can be set up and connects, whatever came before.
fn works(gap: &mut Gap, now: Instant) {
    gap.forget();
    gap.stop_inquiry();
    gap.stop_reading_name();
    gap.restart(all_commands(), EventMask::empty());
    let address = BdAddress([0x77; 6]);
    gap.connect(now, Connect::to(address));
    let mut buffer = [0; COMMAND_MAX];
    let mut ready = false;
    for _ in 0..100 {
        let opcode = gap.poll_command(now, &mut Writer::new(&mut buffer));
        ready |= gap.poll_event() == Some(GapEvent::Ready);
        let Some(opcode) = opcode else { break };
        gap.handle_complete(now, opcode, &GOOD);
    }
    assert!(ready);
    let up = ConnectionComplete {
        status: Status::SUCCESS,
        handle: RawHandle::new(1),
        address,
        link_type: LinkType::ACL,
        encrypted: 0,
    };
    gap.handle_classic_event(now, &ClassicEvent::ConnectionComplete(&up));
    assert!(gap.slot_of_address(address).is_some());
}

fn all_commands() -> SupportedCommands {
    let mut commands = SupportedCommands::NONE;
    SupportedCommands::known().for_each(|opcode| commands.insert(opcode));
    commands
}

/// Runs with a new machine in reused memory.
fn with_memory(run: impl FnOnce(&mut Gap)) {
    std::thread_local! {
        static GAP: RefCell<Gap> = RefCell::new(Gap::new(
            Config::DEFAULT,
            Box::leak(Box::new([LinkSlot::EMPTY; 2])),
            Box::leak(Box::new([FoundSlot::EMPTY; 3])),
        ));
    }
    GAP.with_borrow_mut(|gap| {
        gap.reset(Config::DEFAULT);
        run(gap);
    });
}

/// Makes one request of the application or the root, selected by a number.
fn request(gap: &mut Gap, now: Instant, what: u8) {
    let slot = what >> 2 & 1;
    let peer = BdAddress([slot; 6]);
    match what >> 3 {
        0 => gap.restart(all_commands(), EventMask::LE_META),
        1 => gap.stop(),
        2 => gap.inquire(now, Inquiry { max_responses: what & 7, ..Inquiry::GENERAL }),
        3 => gap.stop_inquiry(),
        4 => gap.read_name(now, peer),
        5 => gap.stop_reading_name(),
        6 => gap.connect(now, Connect::to(peer)),
        7 => gap.stop_connecting(),
        8 => gap.set_discoverable(now, Discoverable::Limited(Duration::from_millis(what.into()))),
        9 => gap.set_connectable(slot == 0),
        10 => drop(gap.disconnect(slot, Status::REMOTE_USER_TERMINATED)),
        11 => _ = gap.set_flush_timeout(slot, Some(Duration::from_millis(what.into()))),
        12 => gap.set_packet_types(slot, PacketTypes::EVERY),
        13 => gap.switch_role(slot, Role(what & 1)),
        14 => gap.set_name(if slot == 0 { "lamp" } else { "" }),
        15 => gap.set_services(&[Uuid::new_16(what.into()); 9]),
        16 => gap.set_incoming(if slot == 0 { Incoming::Refuse } else { Incoming::Any }),
        17 => gap.set_class(ClassOfDevice::new(what.into())),
        18 => _ = gap.unanswered(Opcode::INQUIRY),
        19 => gap.forget(),
        _ => {}
    }
}
