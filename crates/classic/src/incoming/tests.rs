use bindrune_hci::{BdAddress, ClassOfDevice, LinkType, Opcode, Role, Status};
use embassy_time::Duration;
use hex_literal::hex;

use crate::{
    Config, GapEvent, Incoming,
    testing::{LINKS, Model, OTHER, PEER, PHONE, Rig},
};

fn request(rig: &mut Rig, address: BdAddress, class: ClassOfDevice) {
    rig.model.request(address, class, LinkType::ACL);
    rig.run();
}

/// Returns the reason of the last refusal.
fn refusal(rig: &Rig) -> Option<Status> {
    rig.last(Opcode::REJECT_CONNECTION_REQUEST).map(|parameters| Status(parameters[6]))
}

#[test]
fn a_peer_connects() {
    let mut rig = Rig::ready();
    request(&mut rig, PEER, PHONE);
    let command = rig.last(Opcode::ACCEPT_CONNECTION_REQUEST);
    assert_eq!(command, Some(&hex!("010203040506 01")[..]));
    rig.model.complete(Status::SUCCESS, 7, PEER);
    rig.run();
    let up = rig.ups()[0];
    assert_eq!((up.role, up.incoming, up.class), (Role::PERIPHERAL, true, PHONE));
    // A second link of the same peer makes no sense.
    request(&mut rig, PEER, PHONE);
    assert_eq!(refusal(&rig), Some(Status::REJECTED_RESOURCES));
}

#[test]
fn roles_change_before_the_link_is_up() {
    let config = Config { become_central: true, ..Config::DEFAULT };
    let mut rig = Rig::with(Model::new(), config);
    rig.start();
    request(&mut rig, PEER, PHONE);
    let command = rig.last(Opcode::ACCEPT_CONNECTION_REQUEST);
    assert_eq!(command, Some(&hex!("010203040506 00")[..]));
    rig.model.role(Status::SUCCESS, PEER, Role::CENTRAL);
    rig.model.complete(Status::SUCCESS, 7, PEER);
    rig.run();
    assert_eq!(rig.ups()[0].role, Role::CENTRAL);
    // A link that is up reports it.
    rig.model.role(Status::SUCCESS, PEER, Role::PERIPHERAL);
    rig.run();
    let changed = GapEvent::RoleChanged { slot: 0, role: Role::PERIPHERAL };
    assert_eq!(rig.events.last(), Some(&changed));
}

#[test]
fn the_configuration_decides() {
    let addresses = {
        let mut addresses = [None; crate::INCOMING_MAX];
        addresses[3] = Some(PEER);
        Incoming::Addresses(addresses)
    };
    let phones = Incoming::Class { class: PHONE, mask: ClassOfDevice::new(0x1f00) };
    let computer = ClassOfDevice::new(0x0104);
    for (incoming, address, class, accepted) in [
        (Incoming::Any, PEER, PHONE, true),
        (Incoming::Refuse, PEER, PHONE, false),
        (addresses, PEER, PHONE, true),
        (addresses, OTHER, PHONE, false),
        (phones, OTHER, PHONE, true),
        (phones, OTHER, computer, false),
    ] {
        let mut rig = Rig::ready();
        rig.gap.set_incoming(incoming);
        request(&mut rig, address, class);
        let expected = if accepted { None } else { Some(Status::REJECTED_ADDRESS) };
        assert_eq!(refusal(&rig), expected, "{incoming:?}");
        assert_eq!(rig.count(Opcode::ACCEPT_CONNECTION_REQUEST), usize::from(accepted));
        // The refused connection ends with an event of its own.
        if !accepted {
            rig.model.complete(Status::REJECTED_ADDRESS, 0, address);
            rig.run();
            assert_eq!((rig.gap.faults(), rig.events.len()), (0, 0));
        }
    }
}

#[test]
fn synchronous_links_and_a_full_table_are_refused() {
    let mut rig = Rig::ready();
    rig.model.request(PEER, PHONE, LinkType::SYNCHRONOUS);
    rig.run();
    assert_eq!(refusal(&rig), Some(Status::REJECTED_RESOURCES));
    for n in 1..=LINKS as u8 {
        rig.link(BdAddress([n; 6]), n.into());
    }
    rig.forget();
    request(&mut rig, PEER, PHONE);
    assert_eq!(refusal(&rig), Some(Status::REJECTED_RESOURCES));
    assert_eq!(rig.count(Opcode::ACCEPT_CONNECTION_REQUEST), 0);
}

#[test]
fn accepted_connections_that_never_come_up_free_their_places() {
    for status in [None, Some(Status::CONNECTION_TIMEOUT), Some(Status::ACCEPT_TIMEOUT)] {
        let mut rig = Rig::ready();
        for n in 1..=LINKS as u8 {
            request(&mut rig, BdAddress([n; 6]), PHONE);
        }
        assert!(!rig.gap.has_room());
        for n in 1..=LINKS as u8 {
            if let Some(status) = status {
                rig.model.complete(status, 0, BdAddress([n; 6]));
            }
        }
        rig.pass(Duration::from_secs(if status.is_some() { 0 } else { 36 }));
        assert!(rig.gap.has_room());
        assert_eq!((rig.gap.poll_timeout(), rig.events.len()), (None, 0));
    }
}

#[test]
fn a_refused_accept_frees_the_place() {
    let mut rig = Rig::ready();
    for _ in 0..=LINKS {
        rig.model.refuse.push((Opcode::ACCEPT_CONNECTION_REQUEST, Status::UNKNOWN_CONNECTION));
        request(&mut rig, PEER, PHONE);
    }
    rig.run();
    assert_eq!(rig.gap.poll_timeout(), None);
    assert_eq!(rig.link(PEER, 1), 0);
}

#[test]
fn more_requests_than_places_are_left_to_the_controller() {
    let mut rig = Rig::ready();
    for n in 0..20 {
        rig.model.request(BdAddress([n; 6]), PHONE, LinkType::ACL);
    }
    // The same peer again, while its first request is pending.
    rig.model.request(BdAddress([0; 6]), PHONE, LinkType::ACL);
    rig.run();
    assert_eq!(rig.gap.faults(), 17);
    assert_eq!(rig.count(Opcode::ACCEPT_CONNECTION_REQUEST), LINKS);
    assert_eq!(rig.count(Opcode::REJECT_CONNECTION_REQUEST), 1);
}

#[test]
fn devices_are_named_by_their_public_addresses() {
    use bindrune_wire::{Address, AddressKind};
    let of = |kind, n| Address::new(kind, [n, 2, 3, 4, 5, 6]);
    let all: std::vec::Vec<_> = (0..9).map(|n| of(AddressKind::Public, n)).collect();
    assert_eq!(Incoming::of(&all), None);
    assert_eq!(Incoming::of(&[of(AddressKind::Random, 1)]), None);
    let mut rig = Rig::ready();
    rig.gap.set_incoming(Incoming::of(&all[1..]).unwrap());
    request(&mut rig, PEER, PHONE);
    assert_eq!((rig.count(Opcode::ACCEPT_CONNECTION_REQUEST), refusal(&rig)), (1, None));
    rig.gap.set_incoming(Incoming::of(&[]).unwrap());
    request(&mut rig, OTHER, PHONE);
    assert_eq!(refusal(&rig), Some(Status::REJECTED_ADDRESS));
}
