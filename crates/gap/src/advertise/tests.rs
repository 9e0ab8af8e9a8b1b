use std::vec::Vec;

use bindrune_hci::{FilterPolicy, Opcode, Role, Status};
use bindrune_wire::{Address, Uuid};
use embassy_time::Duration;
use hex_literal::hex;

use crate::{
    Advertisement, Advertising, AdvertisingEnd, Config, Device, GapEvent, SetId, WhenFull,
    testing::{Model, PEER, Rig},
};

const BATTERY: Uuid = Uuid::new_16(0x180f);
const BELT: Advertisement<'_> = Advertisement::connectable().service(BATTERY);
const ONE: SetId = SetId(0);
const TWO: SetId = SetId(1);

fn commands(rig: &Rig) -> Vec<(u16, &[u8])> {
    rig.sent.iter().map(|(opcode, parameters)| (opcode.0, &parameters[..])).collect()
}

#[test]
fn legacy_transcript() {
    let mut rig = Rig::ready(false);
    rig.gap.advertise(ONE, &BELT, Device::UNNAMED).unwrap();
    rig.run();
    let mut data = [0; 32];
    data[..8].copy_from_slice(&hex!("07 020106 03030f18"));
    let expected: [(u16, &[u8]); 4] = [
        (0x2006, &hex!("3000 6000 00 00 00000000000000 07 00")),
        (0x2008, &data),
        (0x2009, &[0; 32]),
        (0x200a, &[1]),
    ];
    assert_eq!(commands(&rig), expected);
    assert_eq!(rig.events, [GapEvent::AdvertisingStarted { set: ONE }]);
    assert!(rig.gap.is_advertising(ONE));
    rig.forget();
    rig.gap.stop_advertising(ONE);
    rig.run();
    assert_eq!(commands(&rig), [(0x200a, &[0][..])]);
    assert!(rig.events.is_empty() && !rig.gap.is_advertising(ONE));
}

#[test]
fn extended_transcript_with_legacy_pdus() {
    let mut rig = Rig::with(Model { public: [0; 6], ..Model::new(true) }, Config::DEFAULT);
    rig.start();
    rig.forget();
    rig.gap.advertise(TWO, &BELT, Device::UNNAMED).unwrap();
    rig.run();
    let expected: [(u16, &[u8]); 5] = [
        (0x2036, &hex!("01 1300 300000 600000 07 01 00000000000000 00 7f 01 00 01 00 00")),
        (0x2035, &hex!("01 0102030405c6")),
        (0x2037, &hex!("01 03 00 07 020106 03030f18")),
        (0x2038, &hex!("01 03 00 00")),
        (0x2039, &hex!("01 01 01 0000 00")),
    ];
    assert_eq!(commands(&rig), expected);
    rig.forget();
    rig.gap.advertise(TWO, &Advertisement::non_connectable(), Device::UNNAMED).unwrap();
    rig.run();
    assert_eq!(
        rig.opcodes(),
        [
            Opcode::LE_SET_EXTENDED_ADVERTISING_ENABLE,
            Opcode::LE_REMOVE_ADVERTISING_SET,
            Opcode::LE_SET_EXTENDED_ADVERTISING_PARAMETERS,
            Opcode::LE_SET_ADVERTISING_SET_RANDOM_ADDRESS,
            Opcode::LE_SET_EXTENDED_ADVERTISING_DATA,
            Opcode::LE_SET_EXTENDED_ADVERTISING_ENABLE,
        ]
    );
}

#[test]
fn long_data_goes_in_fragments() {
    let mut rig = Rig::ready(true);
    let long = [7; 250];
    let longer = [8; 250];
    let ad = Advertisement::non_connectable()
        .extended()
        .manufacturer(0x59, &long)
        .service_data(BATTERY, &longer);
    rig.gap.advertise(ONE, &ad, Device::UNNAMED).unwrap();
    rig.run();
    assert_eq!(rig.model.sets[0].data.len(), 508);
    let operations: Vec<_> =
        rig.sent.iter().filter(|(o, _)| o.0 == 0x2037).map(|(_, p)| p[1]).collect();
    assert_eq!(operations, [1, 0, 2]);
    assert!(rig.model.sets[0].on && rig.model.disallowed.is_empty());
}

#[test]
fn a_connection_fulfils_the_request() {
    for extended in [false, true] {
        let mut rig = Rig::ready(extended);
        rig.gap.advertise(ONE, &BELT, Device::UNNAMED).unwrap();
        rig.run();
        rig.forget();
        rig.model.central_comes(0);
        rig.run();
        let up = rig.links[0];
        assert_eq!(
            (up.role, up.peer, up.set, up.wanted),
            (Role::PERIPHERAL, PEER, Some(ONE), true)
        );
        assert_eq!((up.parameters.interval, up.handle.get()), (24, 0x41));
        assert!(rig.sent.is_empty() && rig.events.is_empty() && !rig.gap.is_advertising(ONE));
        assert_eq!(rig.gap.advertising(ONE), Some(Advertising::Linked));
        assert_eq!(rig.gap.free_set(), Some(TWO));
        rig.gap.stop_advertising(ONE);
        assert_eq!((rig.gap.free_set(), rig.gap.advertising(ONE)), (Some(ONE), None));
        rig.gap.advertise(ONE, &BELT, Device::UNNAMED).unwrap();
        rig.run();
        assert!(rig.model.sets[0].on);
    }
}

#[test]
fn a_link_of_several_sets_is_assigned_later() {
    let mut rig = Rig::ready(true);
    rig.gap.advertise(ONE, &BELT, Device::UNNAMED).unwrap();
    rig.gap.advertise(TWO, &BELT, Device::UNNAMED).unwrap();
    rig.run();
    rig.forget();
    rig.model.central_comes(1);
    rig.run();
    assert_eq!((rig.links[0].set, rig.links[0].wanted), (None, true));
    let handle = rig.links[0].handle;
    assert_eq!(rig.events, [GapEvent::SetLinked { set: TWO, handle, wanted: true }]);
    assert!(rig.gap.is_advertising(ONE) && !rig.gap.is_advertising(TWO));
}

/// Some controllers report the end of the set before the link.
#[test]
fn a_set_that_is_terminated_before_its_link_comes_up_has_that_link() {
    for set in [ONE, TWO] {
        let mut rig = Rig::ready(true);
        rig.model.terminated_first = true;
        rig.gap.advertise(ONE, &BELT, Device::UNNAMED).unwrap();
        rig.gap.advertise(TWO, &BELT, Device::UNNAMED).unwrap();
        rig.run();
        rig.forget();
        rig.model.central_comes(set.0.into());
        rig.run();
        assert_eq!((rig.links[0].set, rig.links[0].wanted), (Some(set), true));
        assert!(rig.events.is_empty() && rig.sent.is_empty());
        for id in [ONE, TWO] {
            let outcome = if id == set { Advertising::Linked } else { Advertising::Pending };
            assert_eq!(rig.gap.advertising(id), Some(outcome));
        }
    }
}

#[test]
fn a_set_that_is_terminated_without_a_link_goes_on() {
    for status in [Status::SUCCESS, Status::FAILED_TO_ESTABLISH, Status::CANCELLED_BY_HOST] {
        let mut rig = Rig::ready(true);
        rig.gap.advertise(ONE, &BELT, Device::UNNAMED).unwrap();
        rig.run();
        rig.forget();
        rig.model.sets[0].on = false;
        rig.model.set_terminated(status, 0, 0x41);
        rig.pass(Duration::from_secs(2));
        assert!(rig.model.sets[0].on && rig.model.disallowed.is_empty(), "{status:?}");
        assert_eq!(rig.gap.advertising(ONE), Some(Advertising::Pending));
    }
    let mut rig = Rig::ready(true);
    rig.gap.advertise(ONE, &BELT, Device::UNNAMED).unwrap();
    rig.run();
    rig.forget();
    rig.model.set_terminated(Status::HARDWARE_FAILURE, 0, 0);
    rig.run();
    let end = AdvertisingEnd::Failed(Status::HARDWARE_FAILURE);
    assert_eq!(rig.events, [GapEvent::AdvertisingEnded { set: ONE, end }]);
}

#[test]
fn a_link_whose_set_is_never_named_goes_to_the_first_that_wants_one() {
    let mut rig = Rig::ready(true);
    rig.gap.advertise(ONE, &Advertisement::scannable(), Device::UNNAMED).unwrap();
    rig.gap.advertise(TWO, &BELT, Device::UNNAMED).unwrap();
    rig.gap.advertise(SetId(2), &BELT, Device::UNNAMED).unwrap();
    rig.run();
    rig.model.central_comes(2);
    rig.model.events.pop_back();
    rig.forget();
    rig.pass(Duration::from_millis(1_999));
    assert!(rig.events.is_empty() && rig.links[0].wanted);
    rig.pass(Duration::from_millis(1));
    let handle = rig.links[0].handle;
    assert_eq!(rig.events, [GapEvent::SetLinked { set: TWO, handle, wanted: true }]);
    // If that request has ended by then, the link goes to no set.
    let mut rig = Rig::ready(true);
    rig.gap.advertise(ONE, &BELT, Device::UNNAMED).unwrap();
    rig.gap.advertise(TWO, &BELT, Device::UNNAMED).unwrap();
    rig.run();
    rig.model.central_comes(0);
    rig.model.events.pop_back();
    rig.run();
    rig.forget();
    rig.gap.link_ended(handle);
    rig.pass(Duration::from_secs(3));
    assert_eq!(rig.gap.advertising(ONE), Some(Advertising::Pending));
    assert!(rig.events.is_empty());
}

#[test]
fn a_link_that_was_not_established_leaves_the_request_unchanged() {
    for extended in [false, true] {
        let mut rig = Rig::ready(extended);
        rig.gap.advertise(ONE, &BELT.timeout(Duration::from_secs(5)), Device::UNNAMED).unwrap();
        rig.run();
        rig.model.central_comes(0);
        rig.run();
        rig.gap.resume_advertising(ONE);
        rig.forget();
        rig.pass(Duration::from_millis(4_999));
        assert!(rig.model.sets[0].on);
        assert_eq!(rig.model.sets[0].data, hex!("020106 03030f18"));
        rig.pass(Duration::from_millis(1));
        let end = AdvertisingEnd::Timeout;
        assert_eq!(rig.events.last(), Some(&GapEvent::AdvertisingEnded { set: ONE, end }));
        rig.gap.resume_advertising(ONE);
        assert_eq!(rig.gap.advertising(ONE), Some(Advertising::Ended(end)));
    }
}

#[test]
fn without_room_for_a_link_a_request_waits_or_fails() {
    for extended in [false, true] {
        let mut rig = Rig::ready(extended);
        rig.gap.set_full(true);
        rig.gap.advertise(ONE, &BELT.when_full(WhenFull::Fail), Device::UNNAMED).unwrap();
        rig.run();
        let end = AdvertisingEnd::NoLink;
        assert_eq!(rig.events, [GapEvent::AdvertisingEnded { set: ONE, end }]);
        rig.forget();
        rig.gap.advertise(ONE, &BELT, Device::UNNAMED).unwrap();
        rig.run();
        assert!(rig.sent.is_empty() && !rig.model.sets[0].on);
        rig.gap.set_full(false);
        rig.run();
        assert!(rig.model.sets[0].on);
        rig.gap.set_full(true);
        rig.run();
        assert!(!rig.model.sets[0].on);
        rig.gap.advertise(ONE, &Advertisement::scannable(), Device::UNNAMED).unwrap();
        rig.run();
        assert!(rig.model.sets[0].on, "the beacon makes no link");
        rig.forget();
        rig.gap.advertise(ONE, &BELT.timeout(Duration::from_secs(3)), Device::UNNAMED).unwrap();
        rig.pass(Duration::from_secs(3));
        let end = AdvertisingEnd::Timeout;
        assert_eq!(rig.events, [GapEvent::Waits, GapEvent::AdvertisingEnded { set: ONE, end }]);
    }
}

#[test]
fn a_link_after_the_request_was_withdrawn_is_disconnected() {
    for extended in [false, true] {
        let mut rig = Rig::ready(extended);
        rig.gap.advertise(ONE, &BELT, Device::UNNAMED).unwrap();
        rig.run();
        rig.gap.stop_advertising(ONE);
        rig.model.central_comes(0);
        rig.forget();
        rig.run();
        assert!(!rig.links[0].wanted && rig.model.links.is_empty());
        assert_eq!(commands(&rig), [(0x0406, &hex!("4100 14")[..])]);
    }
}

#[test]
fn the_time_limit_ends_the_request() {
    let mut rig = Rig::ready(false);
    rig.gap.advertise(ONE, &BELT.timeout(Duration::from_secs(5)), Device::UNNAMED).unwrap();
    rig.pass(Duration::from_millis(4_999));
    assert!(rig.model.sets[0].on);
    rig.forget();
    rig.pass(Duration::from_millis(1));
    let end = AdvertisingEnd::Timeout;
    assert_eq!(rig.events, [GapEvent::AdvertisingEnded { set: ONE, end }]);
    assert!(!rig.model.sets[0].on);
    rig.gap.advertise(ONE, &BELT.limited(), Device::UNNAMED).unwrap();
    rig.pass(Duration::from_secs(181));
    assert!(!rig.model.sets[0].on);
}

#[test]
fn directed_advertising_has_no_data_and_ends_by_itself() {
    let mut rig = Rig::ready(false);
    rig.gap.advertise(ONE, &Advertisement::directed_high_duty(PEER), Device::UNNAMED).unwrap();
    rig.run();
    let expected: [(u16, &[u8]); 2] =
        [(0x2006, &hex!("3000 6000 01 00 01 0100000000c4 07 00")), (0x200a, &[1])];
    assert_eq!(commands(&rig), expected);
    rig.forget();
    // Connection Complete with status 0x3C. [Vol 4] Part E, 7.8.9
    rig.gap.handle_event(
        rig.now,
        &parse(&hex!("3e 13 01 3c 0000 01 00 000000000000 0000 0000 0000 00")),
    );
    rig.run();
    let end = AdvertisingEnd::Timeout;
    assert_eq!(rig.events, [GapEvent::AdvertisingEnded { set: ONE, end }]);

    let mut rig = Rig::ready(true);
    rig.gap.advertise(ONE, &Advertisement::directed_high_duty(PEER), Device::UNNAMED).unwrap();
    rig.run();
    assert_eq!(rig.sent.last().unwrap().1, hex!("01 01 00 8000 00"));
    rig.forget();
    rig.model.sets[0].on = false;
    rig.model.set_terminated(Status::ADVERTISING_TIMEOUT, 0, 0);
    rig.run();
    assert_eq!(rig.events, [GapEvent::AdvertisingEnded { set: ONE, end }]);
}

#[test]
fn unsupported_requests_are_reported() {
    let failed =
        |status| [GapEvent::AdvertisingEnded { set: ONE, end: AdvertisingEnd::Failed(status) }];
    let mut rig = Rig::ready(false);
    rig.gap.advertise(ONE, &BELT.extended(), Device::UNNAMED).unwrap();
    rig.run();
    assert_eq!(rig.events, failed(Status::UNSUPPORTED_FEATURE));
    assert!(rig.sent.is_empty());
    rig.forget();
    rig.gap.advertise(TWO, &BELT, Device::UNNAMED).unwrap();
    rig.run();
    assert_eq!(rig.events.len(), 1);
    rig.forget();
    rig.model.failing = Some((1, Status::INVALID_PARAMETERS));
    rig.gap.advertise(ONE, &BELT, Device::UNNAMED).unwrap();
    rig.run();
    assert_eq!(rig.events, failed(Status::INVALID_PARAMETERS));
    rig.forget();
    rig.gap.advertise(ONE, &BELT, Device::UNNAMED).unwrap();
    rig.run();
    assert!(rig.model.sets[0].on);
}

#[test]
fn turning_off_is_tried_until_it_succeeds() {
    let mut rig = Rig::ready(true);
    rig.gap.advertise(ONE, &BELT, Device::UNNAMED).unwrap();
    rig.run();
    rig.gap.stop_advertising(ONE);
    rig.model.failing = Some((3, Status::CONTROLLER_BUSY));
    rig.pass(Duration::from_millis(2_500));
    assert!(rig.model.sets[0].on);
    rig.pass(Duration::from_millis(1_000));
    assert!(!rig.model.sets[0].on && rig.gap.poll_timeout().is_none());
}

#[test]
fn a_request_that_changes_while_a_command_is_out_wins() {
    for extended in [false, true] {
        for steps in 0..7 {
            let mut rig = Rig::ready(extended);
            rig.gap.advertise(ONE, &BELT, Device::UNNAMED).unwrap();
            for _ in 0..steps {
                rig.step();
            }
            let mut buffer = [0; 258];
            let mut w = bindrune_wire::Writer::new(&mut buffer);
            let out = rig.gap.poll_command(rig.now, &mut w);
            rig.gap
                .advertise(ONE, &Advertisement::connectable().name("two"), Device::UNNAMED)
                .unwrap();
            if let Some(opcode) = out {
                let turned_on = [0x200a, 0x2039].contains(&opcode.0);
                rig.model.sets[0].on |= turned_on;
                rig.model.sets[0].exists |= extended;
                rig.gap.handle_complete(rig.now, opcode, &[0, 0]);
            }
            rig.run();
            let set = &rig.model.sets[0];
            assert!(set.on && rig.model.disallowed.is_empty());
            assert_eq!(set.data, hex!("020106 0409 74776f"), "{extended} {steps}");
        }
    }
}

#[test]
fn the_accept_list_changes_only_while_nothing_uses_it() {
    let mut rig = Rig::ready(true);
    let other = Address::public([1, 2, 3, 4, 5, 6]);
    rig.gap.set_accept_list(&[PEER]).unwrap();
    rig.gap.advertise(ONE, &BELT.filter(FilterPolicy::BY_LIST), Device::UNNAMED).unwrap();
    rig.gap.advertise(TWO, &BELT, Device::UNNAMED).unwrap();
    rig.run();
    assert!(rig.model.sets[0].on && rig.model.sets[1].on);
    assert_eq!(rig.model.list, [PEER.into()]);
    rig.forget();
    rig.gap.set_accept_list(&[PEER, other]).unwrap();
    rig.run();
    assert_eq!(
        rig.opcodes(),
        [
            Opcode::LE_SET_EXTENDED_ADVERTISING_ENABLE,
            Opcode::LE_CLEAR_FILTER_ACCEPT_LIST,
            Opcode::LE_ADD_TO_FILTER_ACCEPT_LIST,
            Opcode::LE_ADD_TO_FILTER_ACCEPT_LIST,
            Opcode::LE_SET_EXTENDED_ADVERTISING_ENABLE,
        ]
    );
    assert!(rig.model.sets[0].on && rig.model.disallowed.is_empty());
    assert_eq!(rig.model.list, [PEER.into(), other.into()]);
    rig.forget();
    let many: Vec<_> = (0..9).map(|n| Address::public([1, 1, 1, 1, 1, n])).collect();
    rig.gap.set_accept_list(&many).unwrap();
    rig.run();
    let end = AdvertisingEnd::Failed(Status::MEMORY_CAPACITY_EXCEEDED);
    assert_eq!(rig.events, [GapEvent::AdvertisingEnded { set: ONE, end }]);
    assert!(!rig.model.sets[0].on && rig.model.sets[1].on);
}

/// Row H41.
#[test]
fn a_terminated_set_that_is_not_ours_is_counted() {
    let mut rig = Rig::ready(true);
    rig.gap.handle_event(rig.now, &parse(&hex!("3e 06 12 00 ff 4000 00")));
    assert_eq!(rig.gap.faults(), 1);
}

#[test]
fn requests_are_sent_again_after_a_restart() {
    let mut rig = Rig::ready(true);
    rig.gap.advertise(ONE, &BELT.timeout(Duration::from_secs(9)), Device::UNNAMED).unwrap();
    rig.pass(Duration::from_secs(5));
    rig.start();
    assert!(rig.model.sets[0].on);
    rig.pass(Duration::from_secs(5));
    assert!(!rig.model.sets[0].on, "its time goes on");
}

fn parse(packet: &[u8]) -> bindrune_hci::Event<'_> {
    let raw = bindrune_hci::event::RawEvent::parse(packet).unwrap();
    bindrune_hci::Event::parse(raw.code, raw.parameters).unwrap()
}
