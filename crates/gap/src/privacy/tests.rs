mod change;

use std::vec;

use bindrune_hci::{
    Event, Opcode as O, PrivacyMode, SecretKey, Status, cmd::le::EnabledSet, event::RawEvent,
};
use bindrune_wire::{Address, time::Instant};
use embassy_time::Duration;
use hex_literal::hex;

use crate::{
    Advertisement, Config, Connect, Device, GapEvent, GapTimer, Resolve, Scan, SetId,
    testing::{Model, PEER, PUBLIC, Rig},
};

const ONE: Address = Address::random([0x41, 0, 0, 0, 0, 1]);
const TWO: Address = Address::random([0x41, 0, 0, 0, 0, 2]);
const HOUR: Duration = Duration::from_secs(3600);

fn private(extended: bool) -> Rig {
    let config = Config { private: true, ..Config::DEFAULT };
    let mut rig = Rig::with(Model::new(extended), config);
    rig.start();
    assert_eq!(rig.events, [GapEvent::PrivateAddressDue, GapEvent::Ready]);
    rig.forget();
    rig
}

fn later(rig: &Rig) -> Instant {
    rig.now + HOUR
}

#[test]
fn without_a_private_address_nothing_goes_on_the_air() {
    for extended in [true, false] {
        let mut rig = private(extended);
        rig.gap.advertise(SetId(0), &Advertisement::connectable(), Device::UNNAMED).unwrap();
        rig.gap.scan(Scan::passive());
        rig.gap.connect(Connect::to(PEER));
        rig.run();
        assert_eq!(rig.opcodes(), []);
        rig.gap.set_private_address(ONE, later(&rig));
        rig.run();
        assert_eq!(rig.opcodes()[0], O::LE_SET_RANDOM_ADDRESS);
        assert_eq!(rig.sent[0].1, ONE.octets());
        assert!(rig.gap.is_advertising(SetId(0)) && rig.gap.is_scanning() && rig.model.initiating);
        let own_type = |at: usize| rig.sent.iter().find(|(o, _)| o.0 == at as u16).unwrap();
        let (parameters, place) = if extended { (0x2036, 10) } else { (0x2006, 5) };
        assert_eq!(own_type(parameters).1[place], 1, "a random address");
    }
}

#[test]
fn a_link_that_comes_after_its_cancelling_is_the_requested_one() {
    let mut rig = private(true);
    rig.gap.set_private_address(ONE, later(&rig));
    rig.gap.connect(Connect::to(PEER));
    rig.run();
    rig.forget();
    rig.gap.set_private_address(TWO, later(&rig));
    assert!(rig.step(), "Cancel");
    rig.deliver();
    assert!(rig.step(), "the address");
    assert_eq!(rig.opcodes(), [O::LE_CREATE_CONNECTION_CANCEL, O::LE_SET_RANDOM_ADDRESS]);
    assert!(!rig.model.initiating);
    let packet = hex!("3e13 01 00 4000 00 01 0100000000c4 1800 0000 4800 00");
    let raw = RawEvent::parse(&packet).unwrap();
    let up = rig.gap.handle_event(rig.now, &Event::parse(raw.code, raw.parameters).unwrap());
    let up = up.unwrap();
    assert!(up.peer == PEER && up.wanted, "{up:?}");
    rig.run();
    assert!(!rig.model.initiating && rig.events.is_empty(), "it is connected already");
}

#[test]
fn a_new_address_interrupts_what_is_on() {
    let mut rig = private(true);
    rig.gap.set_private_address(ONE, later(&rig));
    rig.gap.advertise(SetId(0), &Advertisement::connectable(), Device::UNNAMED).unwrap();
    rig.gap.scan(Scan::passive());
    rig.run();
    rig.forget();
    rig.gap.set_private_address(TWO, later(&rig));
    rig.run();
    let transcript = [
        O::LE_SET_EXTENDED_ADVERTISING_ENABLE,
        O::LE_SET_EXTENDED_SCAN_ENABLE,
        O::LE_SET_RANDOM_ADDRESS,
        O::LE_SET_EXTENDED_ADVERTISING_PARAMETERS,
        O::LE_SET_ADVERTISING_SET_RANDOM_ADDRESS,
        O::LE_SET_EXTENDED_ADVERTISING_DATA,
        O::LE_SET_EXTENDED_SCAN_RESPONSE_DATA,
        O::LE_SET_EXTENDED_ADVERTISING_ENABLE,
        O::LE_SET_EXTENDED_SCAN_ENABLE,
    ];
    assert_eq!(rig.opcodes(), transcript);
    assert_eq!((rig.model.random, rig.model.sets[0].random), (TWO.octets(), TWO.octets()));
    assert_eq!(rig.gap.controller().unwrap().own_address(), TWO);
    assert_eq!(rig.gap.controller().unwrap().address, PUBLIC);
    let off = [0, 1, 0, 0, 0, 0];
    assert_eq!((rig.sent[0].1.clone(), size_of::<EnabledSet>()), (off.to_vec(), 4));
    assert!(rig.model.disallowed.is_empty());
}

#[test]
fn legacy_commands_pause_the_initiator_too() {
    let mut rig = private(false);
    rig.gap.set_private_address(ONE, later(&rig));
    rig.gap.connect(Connect::to(PEER));
    rig.run();
    rig.forget();
    rig.gap.set_private_address(TWO, later(&rig));
    rig.run();
    let transcript =
        [O::LE_CREATE_CONNECTION_CANCEL, O::LE_SET_RANDOM_ADDRESS, O::LE_CREATE_CONNECTION];
    assert_eq!(rig.opcodes(), transcript);
    assert!(rig.model.disallowed.is_empty() && rig.events.is_empty());
    rig.model.peripheral_answers();
    rig.run();
    assert_eq!((rig.links[0].own, rig.links[0].wanted), (TWO, true));
}

#[test]
fn another_address_is_asked_for_in_time() {
    let mut rig = private(true);
    rig.gap.set_private_address(ONE, rig.now + Duration::from_secs(900));
    rig.run();
    let due = rig.now + Duration::from_secs(900);
    assert_eq!(rig.gap.poll_timeout(), Some((due, GapTimer::PrivateAddress)));
    rig.pass(Duration::from_secs(899));
    assert_eq!(rig.events, []);
    rig.pass(Duration::from_secs(2));
    assert_eq!(rig.events, [GapEvent::PrivateAddressDue]);
    assert_eq!(rig.gap.poll_timeout(), None);
}

#[test]
fn a_refused_address_is_tried_again_and_the_old_one_goes_on() {
    let mut rig = private(true);
    rig.gap.set_private_address(ONE, later(&rig));
    rig.gap.advertise(SetId(0), &Advertisement::connectable(), Device::UNNAMED).unwrap();
    rig.run();
    rig.model.refuses = vec![(O::LE_SET_RANDOM_ADDRESS, Status::HARDWARE_FAILURE)];
    rig.gap.set_private_address(TWO, later(&rig));
    rig.run();
    assert!(rig.gap.is_advertising(SetId(0)));
    assert_eq!(rig.model.sets[0].random, ONE.octets());
    rig.model.refuses.clear();
    rig.pass(Duration::from_secs(2));
    assert_eq!(rig.model.sets[0].random, TWO.octets());
    assert!(rig.gap.is_advertising(SetId(0)));
}

#[test]
fn after_a_restart_the_address_is_set_again() {
    let mut rig = private(true);
    rig.gap.set_private_address(ONE, later(&rig));
    rig.gap.advertise(SetId(0), &Advertisement::connectable(), Device::UNNAMED).unwrap();
    rig.run();
    rig.start();
    assert_eq!((rig.model.random, rig.model.sets[0].random), (ONE.octets(), ONE.octets()));
    assert!(rig.gap.is_advertising(SetId(0)));
}

fn peer(n: u8) -> Resolve {
    let peer = Address::public([9, 0, 0, 0, 0, n]);
    Resolve { peer, irk: SecretKey([n; 16]), mode: PrivacyMode::DEVICE }
}

#[test]
fn the_resolving_list_is_filled_while_all_is_off() {
    let mut rig = Rig::ready(true);
    rig.gap.scan(Scan::passive());
    rig.run();
    rig.forget();
    rig.gap.set_resolving_list(SecretKey([7; 16]), &[peer(1), peer(2)]).unwrap();
    rig.run();
    let transcript = [
        O::LE_SET_EXTENDED_SCAN_ENABLE,
        O::LE_CLEAR_RESOLVING_LIST,
        O::LE_ADD_TO_RESOLVING_LIST,
        O::LE_SET_PRIVACY_MODE,
        O::LE_ADD_TO_RESOLVING_LIST,
        O::LE_SET_PRIVACY_MODE,
        O::LE_SET_ADDRESS_RESOLUTION_ENABLE,
        O::LE_SET_EXTENDED_SCAN_ENABLE,
    ];
    assert_eq!(rig.opcodes(), transcript);
    assert!(rig.gap.resolves(peer(1).peer) && rig.gap.resolves(peer(2).peer));
    assert!(!rig.gap.resolves(peer(3).peer));
    assert_eq!(rig.model.device_mode.len(), 2);
    rig.forget();
    rig.gap.set_resolving_list(SecretKey([7; 16]), &[peer(1), peer(2)]).unwrap();
    rig.run();
    assert_eq!(rig.opcodes(), [], "the same request changes nothing");
    rig.gap.set_resolving_list(SecretKey([7; 16]), &[]).unwrap();
    rig.run();
    assert!(!rig.model.resolution && rig.model.resolving.is_empty());
    assert!(!rig.gap.resolves(peer(1).peer) && rig.gap.is_scanning());
    assert!(rig.model.disallowed.is_empty());
}

#[test]
fn what_does_not_fit_is_left_to_the_host() {
    let mut rig = Rig::ready(false);
    rig.model.resolving_size = 2;
    rig.start();
    rig.gap.set_resolving_list(SecretKey([7; 16]), &[peer(1), peer(2), peer(3)]).unwrap();
    rig.run();
    assert!(rig.gap.resolves(peer(2).peer) && !rig.gap.resolves(peer(3).peer));
    rig.model.refuses = vec![(O::LE_ADD_TO_RESOLVING_LIST, Status::MEMORY_CAPACITY_EXCEEDED)];
    rig.gap.set_resolving_list(SecretKey([7; 16]), &[peer(1)]).unwrap();
    rig.gap.scan(Scan::passive());
    rig.run();
    assert!(!rig.gap.resolves(peer(1).peer) && rig.gap.is_scanning());
}

#[test]
fn without_a_list_nothing_is_sent() {
    let mut rig = Rig::ready(true);
    rig.model.resolving_size = 0;
    rig.start();
    rig.forget();
    rig.gap.set_resolving_list(SecretKey([7; 16]), &[peer(1)]).unwrap();
    rig.run();
    assert!(rig.opcodes().is_empty() && !rig.gap.resolves(peer(1).peer));
    let many = [peer(1); 9];
    assert!(rig.gap.set_resolving_list(SecretKey([7; 16]), &many).is_err());
}
