//! The life of a link, in raw HCI: advertising, scanning, connecting, data, and the end.

use crate::bench::{Bench, MS, address, advertising_parameters, create, parameters};
use bindrune_controller::{ControllerConfig, Violations};
use bindrune_hci::{
    AdvertisingType, DataOperation, DeviceAddress, FilterPolicy, Opcode, OwnAddressType, Phy,
    RawHandle, ScanFilterPolicy, Status, cmd::le, cmd::link::Disconnect,
};
use bindrune_wire::Address;
use hex_literal::hex;

fn scan(active: u8) -> le::SetScanParameters {
    le::SetScanParameters {
        active,
        interval: 16.into(),
        window: 16.into(),
        own_address_type: OwnAddressType::PUBLIC,
        filter_policy: ScanFilterPolicy::ALL,
    }
}

#[test]
fn a_scanner_sees_advertising_and_scan_response() {
    let mut bench = Bench::new(1);
    let a = bench.add(ControllerConfig::new());
    let b = bench.add(ControllerConfig::new());
    bench.advertise(a, &hex!("020106"));
    let data = le::LegacyData::new(&hex!("0309 4142")).unwrap();
    bench.ok(a, &le::SetScanResponseData { data });
    bench.ok(b, &scan(1));
    bench.ok(b, &le::SetScanEnable { enable: 1, filter_duplicates: 1 });
    bench.run(MS(500));
    let reports: Vec<_> = bench.trace.iter().filter(|(_, _, p)| p[1] == 0x3e).collect();
    let [advertisement, response] = &reports[..] else { panic!("{reports:02x?}") };
    let [head @ .., _rssi] = &advertisement.2[..] else { panic!() };
    assert_eq!(head, hex!("04 3e 0f 02 01 00 00 0100 00 01acbe 03 020106"));
    assert!(response.2.starts_with(&hex!("04 3e 10 02 01 04 00 0100 00 01acbe 04 03094142")));
}

#[test]
fn data_flows_both_ways_and_the_link_ends() {
    let mut bench = Bench::new(2);
    let a = bench.add(ControllerConfig::new());
    let b = bench.add(ControllerConfig::new().first_handle(0));
    let (central, peripheral) = bench.connect(a, b, parameters(24, 100));
    assert_eq!((central, peripheral), (0x40, 0));
    bench.acl(a, central, &hex!("0300 0400 020001"));
    bench.acl(b, peripheral, &[0x55; 60]);
    bench.run(MS(200));
    let acl = |id| -> Vec<_> {
        let of = bench.trace.iter().filter(|(_, to, p)| *to == id && p[0] == 2);
        of.map(|(_, _, p)| p[1..].to_vec()).collect()
    };
    assert_eq!(acl(b), [hex!("0020 0700 0300 0400 020001")]);
    let mut parts =
        vec![hex!("4020 1b00").to_vec(), hex!("4010 1b00").to_vec(), hex!("4010 0600").to_vec()];
    for (part, len) in parts.iter_mut().zip([27, 27, 6]) {
        part.extend(vec![0x55; len]);
    }
    assert_eq!(acl(a), parts);
    assert_eq!(bench.event(a, 0x13, &[]), hex!("01 4000 0100"));
    assert_eq!(bench.event(b, 0x13, &[]), hex!("01 0000 0100"));

    let reason = Status::REMOTE_USER_TERMINATED;
    bench.ok(a, &Disconnect { handle: RawHandle::new(central), reason });
    assert_eq!(bench.event(b, 0x05, &[]), hex!("00 0000 13"));
    bench.run(MS(1));
    let unknown = bench.command(a, &Disconnect { handle: RawHandle::new(central), reason });
    assert_eq!(unknown, [0x02]);
    for id in [a, b] {
        assert_eq!(bench.air.violations(id), Violations::default());
    }
}

#[test]
fn extended_advertising_connects_on_2m() {
    let mut bench = Bench::new(3);
    let a = bench.add(ControllerConfig::new());
    let b = bench.add(ControllerConfig::new());
    bench.ok(b, &set_parameters(0x0001, Phy::LE_2M));
    let long: Vec<u8> = (0..=255).cycle().take(600).collect();
    let parts = [DataOperation::FIRST, DataOperation::INTERMEDIATE, DataOperation::LAST];
    for (part, operation) in long.chunks(251).zip(parts) {
        let fragment = le::DataFragment { set: 1, operation, fragment_preference: 0, data: part };
        bench.ok(b, &le::SetExtendedAdvertisingData { fragment });
    }
    let sets = &[le::EnabledSet { set: 1, duration: 0.into(), max_events: 0 }];
    bench.ok(b, &le::SetExtendedAdvertisingEnable { enable: 1, sets });

    let phy = le::ScanPhy { active: 0, interval: 16.into(), window: 16.into() };
    bench.ok(
        a,
        &le::SetExtendedScanParameters {
            own_address_type: OwnAddressType::PUBLIC,
            filter_policy: ScanFilterPolicy::ALL,
            le_1m: Some(phy),
            coded: None,
        },
    );
    bench.ok(
        a,
        &le::SetExtendedScanEnable {
            enable: 1,
            filter_duplicates: 1,
            duration: 50.into(),
            period: 0.into(),
        },
    );
    let mut whole = Vec::new();
    for _ in 0..3 {
        let report = bench.event(a, 0x3e, &[0x0d]);
        whole.extend_from_slice(&report[26..]);
    }
    assert_eq!(whole, long);
    bench.event(a, 0x3e, &[0x11]);

    let on = le::InitiatingPhy {
        scan_interval: 16.into(),
        scan_window: 16.into(),
        connection: parameters(24, 100),
    };
    bench.ok(
        a,
        &le::ExtendedCreateConnection {
            filter_policy: FilterPolicy::ALL,
            own_address_type: OwnAddressType::PUBLIC,
            peer: address(b).into(),
            le_1m: Some(on),
            le_2m: Some(on),
            coded: None,
        },
    );
    bench.event(a, 0x3e, &hex!("0a 00 4000 00"));
    let phys = bench.ok(a, &le::ReadPhy { handle: RawHandle::new(0x40) });
    assert_eq!(phys, hex!("00 4000 02 02"));
    let terminated = bench.trace.iter().find(|(_, id, p)| *id == b && p[3] == 0x12);
    assert_eq!(terminated.unwrap().2[..8], hex!("04 3e 06 12 00 01 4000"));
}

fn set_parameters(properties: u16, secondary_phy: Phy) -> le::SetExtendedAdvertisingParameters {
    le::SetExtendedAdvertisingParameters {
        set: 1,
        properties: properties.into(),
        interval_min: le::interval(48),
        interval_max: le::interval(48),
        channels: 7,
        own_address_type: OwnAddressType::PUBLIC,
        peer: DeviceAddress::NONE,
        filter_policy: FilterPolicy::ALL,
        tx_power: 127,
        primary_phy: Phy::LE_1M,
        secondary_max_skip: 0,
        secondary_phy,
        sid: 3,
        scan_request_notification: 0,
    }
}

#[test]
fn sets_end_by_time_and_by_events() {
    let mut bench = Bench::new(4);
    let a = bench.add(ControllerConfig::new());
    bench.ok(a, &set_parameters(0, Phy::LE_1M));
    for (duration, max_events, end) in [(20, 0, 0x3c), (0, 3, 0x43)] {
        let sets = &[le::EnabledSet { set: 1, duration: duration.into(), max_events }];
        bench.ok(a, &le::SetExtendedAdvertisingEnable { enable: 1, sets });
        let event = bench.event(a, 0x3e, &[0x12]);
        assert_eq!(event[1..3], [end, 1]);
        assert!(max_events == 0 || event[5] == 3);
    }
}

#[test]
fn legacy_and_extended_commands_do_not_mix() {
    let mut bench = Bench::new(5);
    let a = bench.add(ControllerConfig::new());
    bench.ok(a, &scan(0));
    assert_eq!(bench.command(a, &set_parameters(0, Phy::LE_1M))[0], 0x0c);
    bench.start(a);
    bench.ok(a, &set_parameters(0, Phy::LE_1M));
    assert_eq!(bench.command(a, &scan(0))[0], 0x0c);
}

#[test]
fn a_connection_that_is_cancelled_completes_with_0x02() {
    let mut bench = Bench::new(6);
    let a = bench.add(ControllerConfig::new());
    let b = bench.add(ControllerConfig::new());
    let command = create(address(b), parameters(24, 100));
    bench.ok(a, &command);
    assert_eq!(bench.command(a, &command), [0x0c]);
    bench.ok(a, &le::CreateConnectionCancel);
    bench.event(a, 0x3e, &[0x0a, 0x02]);
    assert_eq!(bench.command(a, &le::CreateConnectionCancel)[0], 0x0c);
}

#[test]
fn the_accept_list_chooses_the_peer() {
    let mut bench = Bench::new(7);
    let a = bench.add(ControllerConfig::new().accept_list(1));
    let [b, c] = [(); 2].map(|()| bench.add(ControllerConfig::new()));
    bench.advertise(b, b"");
    bench.ok(a, &le::AddToFilterAcceptList { peer: address(c).into() });
    let full = bench.command(a, &le::AddToFilterAcceptList { peer: address(b).into() });
    assert_eq!(full[0], 0x07);
    let by_list = le::CreateConnection {
        filter_policy: FilterPolicy::SCAN_BY_LIST,
        ..create(address(b), parameters(24, 100))
    };
    bench.ok(a, &by_list);
    assert_eq!(bench.command(a, &le::ClearFilterAcceptList)[0], 0x0c, "the list is in use");
    bench.run(MS(300));
    bench.advertise(c, b"");
    let complete = bench.event(a, 0x3e, &hex!("0a 00"));
    assert_eq!(complete[6..12], address(c).octets());
}

#[test]
fn three_centrals_and_both_roles_at_once() {
    let mut bench = Bench::new(8);
    let hub = bench.add(ControllerConfig::new());
    let others: Vec<_> = (0..3).map(|_| bench.add(ControllerConfig::new())).collect();
    for (index, other) in others.iter().enumerate() {
        let (_, handle) = bench.connect(*other, hub, parameters(24, 100));
        assert_eq!(usize::from(handle), 0x40 + index);
    }
    let last = bench.add(ControllerConfig::new());
    let (own, theirs) = bench.connect(hub, last, parameters(24, 100));
    assert_eq!((own, theirs), (0x43, 0x40));
    for handle in 0x40..0x44 {
        bench.acl(hub, handle, &[handle as u8; 20]);
    }
    bench.run(MS(200));
    for (index, id) in others.iter().copied().chain([last]).enumerate() {
        let got = bench.trace.iter().find(|(_, to, p)| *to == id && p[0] == 2).unwrap();
        assert_eq!(got.2[5], 0x40 + index as u8);
    }
}

#[test]
fn masked_events_are_not_sent() {
    let mut bench = Bench::new(9);
    let a = bench.air.add(ControllerConfig::new());
    let b = bench.add(ControllerConfig::new());
    bench.advertise(a, b"");
    bench.ok(b, &create(address(a), parameters(24, 100)));
    bench.run(MS(500));
    let pdu = |id| bench.trace.iter().any(|(_, to, p)| *to == id && p[1] == 0x3e);
    assert!(pdu(b) && !pdu(a));
}

#[test]
fn directed_advertising_is_for_one_peer_and_ends_soon() {
    let mut bench = Bench::new(10);
    let [a, b, c] = [(); 3].map(|()| bench.add(ControllerConfig::new()));
    let directed = le::SetAdvertisingParameters {
        kind: AdvertisingType::DIRECTED_HIGH_DUTY,
        peer: address(b).into(),
        ..advertising_parameters()
    };
    bench.ok(a, &directed);
    bench.ok(a, &le::SetAdvertisingEnable { enable: 1 });
    let from = bench.now;
    bench.ok(c, &create(address(a), parameters(24, 100)));
    bench.event(a, 0x3e, &hex!("0a 3c 0000 01"));
    assert_eq!((bench.now - from).as_millis(), 1280);
    bench.ok(b, &create(address(a), parameters(24, 100)));
    bench.ok(a, &le::SetAdvertisingEnable { enable: 1 });
    bench.event(b, 0x3e, &hex!("0a 00"));
    bench.run(MS(100));
    assert!(!bench.trace.iter().any(|(_, to, _)| *to == c));
}

#[test]
fn a_peer_is_connected_to_once() {
    let mut bench = Bench::new(11);
    let [a, b] = [(); 2].map(|()| bench.add(ControllerConfig::new()));
    bench.connect(a, b, parameters(24, 100));
    bench.advertise(b, b"");
    assert_eq!(bench.command(a, &create(address(b), parameters(24, 100))), [0x0b]);
    bench.ok(a, &le::AddToFilterAcceptList { peer: address(b).into() });
    let by_list = le::CreateConnection {
        filter_policy: FilterPolicy::SCAN_BY_LIST,
        ..create(address(b), parameters(24, 100))
    };
    bench.ok(a, &by_list);
    bench.trace.clear();
    bench.run(MS(500));
    assert!(bench.trace.is_empty());
}

#[test]
fn a_controller_without_public_address() {
    let mut bench = Bench::new(12);
    let own = Address::random([0xc4, 0x5e, 0x12, 0, 0, 1]);
    let a = bench.add(ControllerConfig::new().static_address(own));
    let reported = bench.raw(a, &hex!("01 09fc 00"));
    assert_eq!(reported[..8], hex!("00 01 0100 00125ec4"));
    assert_eq!(reported.len(), 24);
    assert_eq!(bench.raw(a, &hex!("01 0910 00")), hex!("00 000000000000"));
    let random = le::SetAdvertisingParameters {
        own_address_type: OwnAddressType::RANDOM,
        ..advertising_parameters()
    };
    bench.ok(a, &random);
    let enable = le::SetAdvertisingEnable { enable: 1 };
    assert_eq!(bench.command(a, &enable), [0x12], "there is no random address yet");
    bench.ok(a, &le::SetRandomAddress { address: own.octets() });
    bench.ok(a, &enable);
    assert_eq!(bench.command(a, &le::SetRandomAddress { address: own.octets() }), [0x0c]);
}

#[test]
fn configured_faults_happen() {
    let mut bench = Bench::new(13);
    let config = ControllerConfig::new().refuse(Opcode::HOST_BUFFER_SIZE).ignore(Opcode::LE_RAND);
    let a = bench.add(config);
    assert_eq!(bench.raw(a, &hex!("01 330c 07 1b00 00 0400 0000")), [0x01]);
    bench.trace.clear();
    bench.send(a, &hex!("01 1820 00"));
    bench.run(MS(5000));
    assert!(bench.trace.is_empty());
    bench.start(a);
}
