//! Changes between the identity address and private ones.

use std::vec;

use bindrune_hci::{Opcode as O, Status};
use bindrune_wire::{Address, Writer};
use embassy_time::Duration;

use super::{ONE, TWO, later, private};
use crate::{
    AddressChoice, Advertisement, Config, Connect, Device, GapEvent, Scan, SetId,
    testing::{Model, PEER, PUBLIC, Rig},
};

const STATIC: Address = Address::random([0xc1, 0, 0, 0, 0, 1]);

fn all_on(rig: &mut Rig) {
    rig.gap.advertise(SetId(0), &Advertisement::connectable(), Device::UNNAMED).unwrap();
    rig.gap.scan(Scan::active());
    rig.gap.connect(Connect::to(PEER));
    rig.run();
}

/// Own address types of the last commands for advertising, scanning and initiating.
fn own_types(rig: &Rig, extended: bool) -> [u8; 3] {
    let places = if extended {
        [(0x2036, 10), (0x2041, 0), (0x2043, 1)]
    } else {
        [(0x2006, 5), (0x200b, 5), (0x200d, 12)]
    };
    places.map(|(opcode, at)| rig.sent.iter().rfind(|(o, _)| o.0 == opcode).unwrap().1[at])
}

#[test]
fn every_change_of_what_is_shown_turns_all_off_and_on_again() {
    for extended in [true, false] {
        let mut rig = Rig::ready(extended);
        all_on(&mut rig);
        assert_eq!(own_types(&rig, extended), [0; 3]);
        let private: fn(&mut Rig) = |rig| rig.gap.show_private();
        let steps: [(fn(&mut Rig), _); 6] = [
            (|rig| rig.gap.show_identity(AddressChoice::Static(STATIC)), STATIC),
            (private, ONE),
            (private, TWO),
            (|rig| rig.gap.show_identity(AddressChoice::Automatic), PUBLIC),
            (private, ONE),
            (|rig| rig.gap.show_identity(AddressChoice::Static(STATIC)), STATIC),
        ];
        for (change, shown) in steps {
            rig.events.clear();
            let sent = rig.sent.len();
            change(&mut rig);
            if shown.is_resolvable() {
                rig.run();
                assert_eq!(rig.events, [GapEvent::PrivateAddressDue]);
                assert_eq!(rig.sent.len(), sent, "all goes on until there is an address");
                let until = later(&rig);
                rig.gap.set_private_address(shown, until);
            }
            rig.run();
            assert!(rig.events.contains(&GapEvent::AddressChanged(Ok(()))));
            assert!(rig.gap.is_advertising(SetId(0)) && rig.gap.is_scanning());
            assert!(rig.model.initiating && rig.model.disallowed.is_empty());
            let info = rig.gap.controller().unwrap();
            assert_eq!(info.own_address(), shown);
            assert_eq!(info.private_address.is_some(), shown.is_resolvable());
            let own_type = u8::from(shown != PUBLIC);
            assert_eq!(own_types(&rig, extended), [own_type; 3], "{shown:?}");
            if own_type == 1 {
                assert_eq!(rig.model.random, shown.octets());
                assert!(!extended || rig.model.sets[0].random == shown.octets());
            }
        }
        // What was chosen stays over a reset of the controller.
        rig.start();
        assert_eq!(rig.gap.controller().unwrap().own_address(), STATIC);
        assert_eq!(rig.model.random, STATIC.octets());
        assert_eq!(rig.gap.poll_timeout(), None, "no private address becomes due");
    }
}

#[test]
fn a_change_that_is_refused_leaves_what_was_shown() {
    let shows = |rig: &Rig, own| {
        assert_eq!(rig.gap.controller().unwrap().own_address(), own);
        assert!(rig.gap.is_advertising(SetId(0)) && rig.gap.is_scanning() && rig.model.initiating);
    };
    let refused = GapEvent::AddressChanged(Err(Status::HARDWARE_FAILURE));
    let failing = vec![(O::LE_SET_RANDOM_ADDRESS, Status::HARDWARE_FAILURE)];
    let mut rig = Rig::ready(true);
    all_on(&mut rig);
    // From the identity address.
    rig.model.refuses.clone_from(&failing);
    rig.gap.show_identity(AddressChoice::Static(STATIC));
    rig.run();
    assert!(rig.events.contains(&refused));
    shows(&rig, PUBLIC);
    rig.forget();
    rig.gap.show_private();
    rig.run();
    assert_eq!(rig.events, [GapEvent::PrivateAddressDue]);
    rig.gap.set_private_address(ONE, later(&rig));
    rig.run();
    assert_eq!(rig.events[1], refused);
    shows(&rig, PUBLIC);
    assert_eq!(rig.gap.poll_event(), None, "no address is due where none is shown");
    // From a private one, which is due anew.
    rig.model.refuses.clear();
    rig.gap.show_private();
    rig.gap.set_private_address(ONE, later(&rig));
    rig.run();
    shows(&rig, ONE);
    rig.model.refuses = failing;
    rig.forget();
    rig.gap.show_identity(AddressChoice::Static(STATIC));
    rig.run();
    assert_eq!(rig.events[..2], [refused, GapEvent::PrivateAddressDue]);
    shows(&rig, ONE);
    // The host can make none.
    rig.gap.show_private();
    rig.gap.private_address_failed(Status::UNSUPPORTED_FEATURE);
    rig.run();
    let unsupported = GapEvent::AddressChanged(Err(Status::UNSUPPORTED_FEATURE));
    assert!(rig.events.contains(&unsupported));
    shows(&rig, ONE);
}

#[test]
fn an_address_for_a_change_that_failed_is_dropped() {
    let mut rig = Rig::ready(true);
    all_on(&mut rig);
    rig.forget();
    rig.gap.show_private();
    rig.gap.private_address_failed(Status::UNSUPPORTED_FEATURE);
    // The root has not taken the result yet.
    rig.gap.set_private_address(ONE, later(&rig));
    rig.run();
    assert!(rig.events.contains(&GapEvent::AddressChanged(Err(Status::UNSUPPORTED_FEATURE))));
    assert_eq!(rig.gap.controller().unwrap().own_address(), PUBLIC);
    assert!(!rig.opcodes().contains(&O::LE_SET_RANDOM_ADDRESS));
    assert_eq!(rig.gap.poll_timeout(), None, "no address becomes due");
}

#[test]
fn the_link_of_a_set_that_ended_first_has_the_address_that_was_on_the_air() {
    let mut rig = private(true);
    rig.gap.set_private_address(ONE, later(&rig));
    rig.gap.advertise(SetId(0), &Advertisement::connectable(), Device::UNNAMED).unwrap();
    rig.run();
    rig.model.terminated_first = true;
    rig.model.central_comes(0);
    // The change begins between the two events.
    let complete = rig.model.events.pop_back().unwrap();
    rig.deliver();
    rig.gap.show_identity(AddressChoice::Automatic);
    rig.run();
    rig.model.events.push_back(complete);
    rig.run();
    assert_eq!(rig.links[0].own, ONE);
    assert_eq!(rig.gap.controller().unwrap().own_address(), PUBLIC);
}

#[test]
fn a_controller_without_a_public_address_shows_none() {
    let mut rig = Rig::with(Model { public: [0; 6], ..Model::new(true) }, Config::DEFAULT);
    rig.start();
    rig.gap.advertise(SetId(0), &Advertisement::connectable(), Device::UNNAMED).unwrap();
    rig.run();
    rig.forget();
    let made = rig.gap.controller().unwrap().own_address();
    rig.gap.show_identity(AddressChoice::Automatic);
    rig.run();
    assert_eq!(rig.events[0], GapEvent::AddressChanged(Err(Status::UNSUPPORTED_FEATURE)));
    assert_eq!(rig.gap.controller().unwrap().own_address(), made);
    assert!(rig.gap.is_advertising(SetId(0)) && made.is_static());
}

#[test]
fn a_change_survives_a_reset_of_the_controller() {
    for at in 0..8 {
        let mut rig = Rig::ready(true);
        all_on(&mut rig);
        rig.forget();
        rig.gap.show_identity(AddressChoice::Static(STATIC));
        (0..at).for_each(|_| _ = rig.step());
        rig.start();
        assert_eq!(rig.gap.controller().unwrap().own_address(), STATIC, "after {at} commands");
        let changed = GapEvent::AddressChanged(Ok(()));
        assert_eq!(rig.events.iter().filter(|event| **event == changed).count(), 1);
        assert!(rig.gap.is_advertising(SetId(0)) && rig.model.initiating);
        assert!(rig.model.disallowed.is_empty());
    }
}

#[test]
fn an_address_that_was_on_its_way_is_not_taken_for_that_of_a_change() {
    for (refused, choice) in [
        (false, AddressChoice::Automatic),
        (true, AddressChoice::Automatic),
        (false, AddressChoice::Static(STATIC)),
        (true, AddressChoice::Static(STATIC)),
    ] {
        let mut rig = private(true);
        rig.gap.set_private_address(ONE, later(&rig));
        let mut buffer = [0; 259];
        let opcode = rig.gap.poll_command(rig.now, &mut Writer::new(&mut buffer));
        assert_eq!(opcode, Some(O::LE_SET_RANDOM_ADDRESS));
        rig.gap.show_identity(choice);
        let status = if refused { Status::UNKNOWN_COMMAND } else { Status::SUCCESS };
        rig.gap.handle_complete(rig.now, O::LE_SET_RANDOM_ADDRESS, &[status.0]);
        rig.gap.advertise(SetId(0), &Advertisement::non_connectable(), Device::UNNAMED).unwrap();
        rig.pass(Duration::from_secs(2));
        assert_eq!(rig.events, [GapEvent::AddressChanged(Ok(())), started()]);
        let shown = if choice == AddressChoice::Automatic { PUBLIC } else { STATIC };
        assert_eq!(rig.gap.controller().unwrap().own_address(), shown);
    }
}

const fn started() -> GapEvent {
    GapEvent::AdvertisingStarted { set: SetId(0) }
}
