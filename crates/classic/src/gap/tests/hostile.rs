//! Inputs of a hostile controller or peer. Each has its answer, and the host works afterwards.

use bindrune_hci::{BdAddress, Event, LinkType, Opcode, Status, event::RawEvent};
use embassy_time::Duration;
use hex_literal::hex;

use crate::{
    Connect, GapEvent, Inquiry, InquiryEnd,
    testing::{OTHER, PEER, PHONE, Rig},
};

/// The state before the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    /// A link with handle 0x02a to [`PEER`] is in slot 0.
    Linked,
    /// The controller pages [`PEER`].
    Paging,
    /// The request for that was withdrawn.
    Cancelled,
    Inquiring,
    /// The controller reads the name of [`PEER`].
    Reading,
    /// The connection of [`PEER`] was accepted.
    Accepted,
    /// The link to [`PEER`] is being disconnected.
    Ending,
}

/// An input, and its answer.
struct Row {
    what: &'static str,
    state: State,
    /// Event packets without their H4 indicator, sent this many times.
    times: usize,
    input: &'static [u8],
    /// Events for the root.
    events: &'static [GapEvent],
    /// Commands that follow.
    commands: &'static [Opcode],
    faults: u32,
}

const fn row(state: State, what: &'static str, input: &'static [u8], faults: u32) -> Row {
    Row { what, state, times: 1, input, events: &[], commands: &[], faults }
}

impl Row {
    const fn events(self, events: &'static [GapEvent]) -> Self {
        Self { events, ..self }
    }

    const fn commands(self, commands: &'static [Opcode]) -> Self {
        Self { commands, ..self }
    }

    const fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }
}

const ENDS: &[Opcode] = &[Opcode::DISCONNECT];

/// Connections.
const LINKS: &[Row] = &[
    row(State::Idle, "a link without a request", &hex!("03 0b 00 0100 010203040506 01 00"), 1)
        .commands(ENDS),
    row(State::Idle, "a handle out of range", &hex!("03 0b 00 000f 010203040506 01 00"), 1),
    row(State::Idle, "a link cut short", &hex!("03 0a 00 0100 010203040506 01"), 1),
    row(
        State::Idle,
        "a failed link without a request",
        &hex!("03 0b 04 0000 010203040506 01 00"),
        0,
    ),
    row(State::Idle, "a synchronous link", &hex!("03 0b 00 0100 010203040506 00 00"), 1)
        .commands(ENDS),
    row(
        State::Idle,
        "an extended synchronous link that fails",
        &hex!("03 0b 0d 0100 010203040506 02 00"),
        0,
    ),
    row(State::Linked, "a second link to a peer", &hex!("03 0b 00 0100 010203040506 01 00"), 1)
        .commands(ENDS),
    row(State::Linked, "the same link twice", &hex!("03 0b 00 2a00 010203040506 01 00"), 1),
    row(State::Linked, "the handle of another peer", &hex!("03 0b 00 2a00 070203040506 01 00"), 1),
    row(State::Paging, "a link to another device", &hex!("03 0b 00 0100 070203040506 01 00"), 1)
        .commands(ENDS),
    row(State::Paging, "a failure of another device", &hex!("03 0b 04 0000 070203040506 01 00"), 0),
    row(State::Paging, "a handle out of range", &hex!("03 0b 00 ff0f 010203040506 01 00"), 1),
    row(State::Cancelled, "the same failure again", &hex!("03 0b 02 0000 010203040506 01 00"), 0)
        .times(3),
    row(
        State::Cancelled,
        "a link after its cancellation",
        &hex!("03 0b 00 0100 010203040506 01 00"),
        1,
    )
    .commands(ENDS),
    row(State::Accepted, "the same request again", &hex!("04 0a 010203040506 0c025a 01"), 50)
        .times(50),
    row(
        State::Accepted,
        "a failure of the accepted connection, twice",
        &hex!("03 0b 08 0000 010203040506 01 00"),
        0,
    )
    .times(2),
    row(State::Idle, "a request of an unknown link type", &hex!("04 0a 010203040506 0c025a 09"), 0)
        .commands(&[Opcode::REJECT_CONNECTION_REQUEST]),
    row(State::Idle, "a request cut short", &hex!("04 09 010203040506 0c025a"), 1),
    row(State::Linked, "a request of a peer with a link", &hex!("04 0a 010203040506 0c025a 01"), 0)
        .commands(&[Opcode::REJECT_CONNECTION_REQUEST]),
];

/// Events of links.
const EVENTS: &[Row] = &[
    row(State::Idle, "the end of no link", &hex!("05 04 00 0100 13"), 0),
    row(State::Linked, "the end of another link", &hex!("05 04 00 0100 13"), 0),
    row(State::Linked, "an end that failed", &hex!("05 04 0c 2a00 13"), 0).times(10),
    row(State::Ending, "an end that fails, until the host gives up", &hex!("05 04 0c 2a00 13"), 0)
        .times(2),
    row(State::Idle, "a flush of no link", &hex!("11 02 0100"), 1),
    row(State::Linked, "a flush with flags in the handle", &hex!("11 02 2af0"), 1),
    row(
        State::Linked,
        "features that were not requested",
        &hex!("0b 0b 00 2a00 ffffffffffffffff"),
        1,
    ),
    row(
        State::Linked,
        "a page of features that was not requested",
        &hex!("23 0d 00 2a00 01 ff ffffffffffffffff"),
        1,
    )
    .times(1),
    row(State::Linked, "features of no link", &hex!("0b 0b 00 0100 ffffffffffffffff"), 1),
    row(State::Linked, "a role that does not exist", &hex!("12 08 00 010203040506 07"), 0),
    row(State::Linked, "roles that change very often", &hex!("12 08 00 010203040506 01"), 0)
        .times(100)
        .events(&[GapEvent::RoleChanged { slot: 0, role: bindrune_hci::Role::PERIPHERAL }]),
    row(State::Idle, "a role of no link", &hex!("12 08 00 010203040506 00"), 1),
    row(State::Linked, "a mode that does not exist", &hex!("14 06 00 2a00 77 ffff"), 0),
    row(State::Idle, "a mode of no link", &hex!("14 06 00 0100 02 0001"), 1),
    row(State::Linked, "slots that do not exist", &hex!("1b 03 2a00 ff"), 0),
    row(State::Linked, "packet types that were not requested", &hex!("1d 05 00 2a00 0000"), 0),
    row(State::Idle, "a supervision timeout of no link", &hex!("38 04 0100 0000"), 1),
    row(State::Idle, "a mode cut short", &hex!("14 05 00 0100 02 00"), 1),
];

/// Inquiries and names.
const DISCOVERY: &[Row] = &[
    row(
        State::Idle,
        "a result without an inquiry",
        &hex!("02 0f 01 010203040506 01 00 00 0c025a 3412"),
        0,
    ),
    row(State::Inquiring, "no result", &hex!("02 01 00"), 0),
    row(
        State::Inquiring,
        "fewer results than counted",
        &hex!("02 0f 02 010203040506 01 00 00 0c025a 3412"),
        1,
    ),
    row(State::Inquiring, "255 results that are missing", &hex!("22 01 ff"), 1),
    row(
        State::Inquiring,
        "more octets than results",
        &hex!("22 10 01 010203040506 01 00 0c025a 3412 c8 00"),
        1,
    ),
    row(
        State::Inquiring,
        "an extended result cut short",
        &hex!("2f 10 01 010203040506 01 00 0c025a 3412 c8 05"),
        1,
    ),
    row(
        State::Inquiring,
        "the same device very often",
        &hex!("22 0f 01 010203040506 01 00 0c025a 3412 c8"),
        0,
    )
    .times(500)
    .events(&[GapEvent::InquiryResult]),
    row(State::Inquiring, "the end of the inquiry, twice", &hex!("01 01 00"), 0)
        .times(2)
        .events(&[GapEvent::InquiryDone(InquiryEnd::Finished)]),
    row(State::Inquiring, "an end without a status", &hex!("01 00"), 1),
    row(State::Idle, "an end without an inquiry", &hex!("01 01 00"), 0),
    row(State::Reading, "a name cut short", &hex!("07 09 00 010203040506 41 42"), 1),
    row(State::Idle, "a failed name that was not requested", &hex!("07 08 04 010203040506 41"), 1),
];

fn prepared(state: State) -> Rig {
    let mut rig = Rig::ready();
    match state {
        State::Idle => {}
        State::Linked => _ = rig.link(PEER, 0x2a),
        State::Paging => rig.gap.connect(rig.now, Connect::to(PEER)),
        State::Cancelled => {
            rig.gap.connect(rig.now, Connect::to(PEER));
            rig.run();
            rig.gap.stop_connecting();
        }
        State::Inquiring => rig.gap.inquire(rig.now, Inquiry::GENERAL),
        State::Reading => rig.gap.read_name(rig.now, PEER),
        State::Accepted => rig.model.request(PEER, PHONE, LinkType::ACL),
        State::Ending => {
            rig.link(PEER, 0x2a);
            rig.model.quiet = true;
            rig.gap.disconnect(0, Status::REMOTE_USER_TERMINATED).unwrap();
        }
    }
    rig.run();
    rig.forget();
    rig
}

/// The host can still do everything.
fn probe(rig: &mut Rig) {
    rig.model.quiet = false;
    rig.gap.stop_connecting();
    rig.gap.stop_inquiry();
    rig.gap.stop_reading_name();
    rig.pass(Duration::from_secs(80));
    let links: std::vec::Vec<_> = rig.gap.links().map(|(slot, link)| (slot, *link)).collect();
    for (slot, _) in links {
        rig.gap.disconnect(slot, Status::REMOTE_USER_TERMINATED).unwrap();
        rig.run();
    }
    assert_eq!((rig.gap.links().count(), rig.gap.poll_timeout()), (0, None));
    for n in 0x11..=0x13 {
        rig.link(BdAddress([n; 6]), n.into());
    }
    rig.model.end(0x11, Status::REMOTE_USER_TERMINATED);
    rig.run();
    rig.model.request(OTHER, PHONE, LinkType::ACL);
    rig.run();
    rig.model.complete(Status::SUCCESS, 0x14, OTHER);
    rig.run();
    assert_eq!(rig.gap.links().count(), 3);
    rig.gap.inquire(rig.now, Inquiry::GENERAL);
    rig.run();
    rig.model.result(PEER, -50);
    rig.run();
    assert_eq!(rig.gap.next_result().map(|found| found.address), Some(PEER));
}

#[test]
fn every_row_has_its_answer() {
    for row in LINKS.iter().chain(EVENTS).chain(DISCOVERY) {
        let mut rig = prepared(row.state);
        let faults = rig.gap.faults();
        for _ in 0..row.times {
            let raw = RawEvent::parse(row.input).unwrap();
            if let Ok(event) = Event::parse(raw.code, raw.parameters) {
                rig.gap.handle_event(rig.now, &event);
            }
        }
        rig.run();
        if row.state != State::Ending {
            assert_eq!(rig.events, row.events, "{}", row.what);
            assert_eq!(rig.opcodes(), row.commands, "{}", row.what);
        }
        assert_eq!(rig.gap.faults() - faults, row.faults, "{}", row.what);
        probe(&mut rig);
    }
}

#[test]
fn malformed_answers_fail_only_their_command() {
    for answer in [&hex!("")[..], &hex!("00"), &hex!("00 2a"), &hex!("ff"), &hex!("12 0000")] {
        let mut rig = prepared(State::Linked);
        rig.gap.set_flush_timeout(0, Some(Duration::from_millis(5)));
        let mut buffer = [0; 260];
        let mut w = bindrune_wire::Writer::new(&mut buffer);
        let opcode = rig.gap.poll_command(rig.now, &mut w).unwrap();
        rig.gap.handle_complete(rig.now, opcode, answer);
        rig.run();
        assert!(matches!(rig.events[..], [GapEvent::FlushTimeout { .. }]), "{answer:?}");
        probe(&mut rig);
    }
}

#[test]
fn malformed_answers_of_the_set_up_end_it() {
    for opcode in [
        Opcode::READ_LOCAL_SUPPORTED_FEATURES,
        Opcode::READ_BD_ADDR,
        Opcode::READ_BUFFER_SIZE,
        Opcode::READ_LOCAL_EXTENDED_FEATURES,
    ] {
        let mut rig = Rig::ready();
        rig.model.refuse.push((opcode, Status::SUCCESS));
        rig.forget();
        rig.start();
        // One octet of success is too short for these.
        let optional = opcode == Opcode::READ_LOCAL_EXTENDED_FEATURES;
        assert_eq!(rig.events == [GapEvent::Ready], optional, "{opcode:?}");
        rig.forget();
        rig.start();
        probe(&mut rig);
    }
}
