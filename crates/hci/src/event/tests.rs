use std::vec::Vec;

use bindrune_wire::Handle;
use hex_literal::hex;
use proptest::prelude::*;

use super::*;
use crate::{AddressType, DeviceAddress, Opcode, Role, Status};

/// Parses an H4 event, and checks that it is written back unchanged.
fn parse(h4: &[u8]) -> Result<Event<'_>, Malformed> {
    let (indicator, packet) = h4.split_first().unwrap();
    assert_eq!(*indicator, 4);
    let raw = RawEvent::parse(packet)?;
    let event = Event::parse(raw.code, raw.parameters)?;
    let mut buffer = [0; EVENT_MAX];
    let mut w = Writer::new(&mut buffer);
    event.write(&mut w).unwrap();
    assert_eq!(w.written(), packet);
    Ok(event)
}

fn is_malformed(h4: &[u8]) -> bool {
    parse(h4).is_err()
}

/// bad_inputs T05, T12, H01, H08
#[test]
fn command_answers() {
    assert!(is_malformed(&hex!("04 0e 00")));
    let event = parse(&hex!("04 0e 03 01 0000")).unwrap();
    let complete = CommandComplete { num_packets: 1, opcode: Opcode::NOP, return_parameters: &[] };
    assert_eq!(event, Event::CommandComplete(complete));
    assert_eq!(complete.status(), None);
    let Event::CommandComplete(complete) = parse(&hex!("04 0e 04 ff 0a20 00")).unwrap() else {
        panic!()
    };
    assert_eq!((complete.num_packets, complete.opcode), (255, Opcode::LE_SET_ADVERTISING_ENABLE));
    assert_eq!(complete.status(), Some(Status::SUCCESS));
    let status = CommandStatus::new(Status::COMMAND_DISALLOWED, 1, Opcode::LE_CREATE_CONNECTION);
    assert_eq!(parse(&hex!("04 0f 04 0c 01 0d20")).unwrap(), Event::CommandStatus(&status));
    assert_eq!(status.opcode(), Opcode::LE_CREATE_CONNECTION);
}

/// bad_inputs H11, H12
#[test]
fn unknown_events() {
    assert!(
        matches!(parse(&hex!("04 ff 00")), Ok(Event::Unknown(raw)) if raw.code == EventCode::VENDOR)
    );
    let event = parse(&hex!("04 99 0a 00000000000000000000")).unwrap();
    assert_eq!((event.code(), event.subevent()), (EventCode(0x99), None));
    let event = parse(&hex!("04 3e 03 fe ff ff")).unwrap();
    assert_eq!(event, Event::LeUnknown { subevent: Subevent(0xfe), parameters: &[255, 255] });
    assert!(is_malformed(&hex!("04 3e 00")));
}

/// bad_inputs H13, H15, H16
#[test]
fn advertising_reports() {
    assert!(is_malformed(&hex!("04 3e 02 02 00")));
    assert!(is_malformed(&hex!("04 3e 0c 02 01 00 00 aabbccddeeff ff c0")));
    let octets = hex!("04 3e 1a 02 02 00 00 aabbccddeeff 02 0106 c8 04 00 112233445566 02 0a00 c9");
    let Event::LeAdvertisingReport(reports) = parse(&octets).unwrap() else { panic!() };
    let reports: Vec<_> = reports.iter().collect();
    assert_eq!((reports[0].data, reports[0].rssi), (&[1, 6][..], -56));
    assert_eq!((reports[1].data, reports[1].rssi), (&[0x0a, 0][..], -55));
    assert_eq!(reports[1].address.octets, hex!("112233445566"));
    let mut buffer = [0; EVENT_MAX];
    let mut w = Writer::new(&mut buffer);
    AdvertisingReports::write_event(&reports, &mut w).unwrap();
    assert_eq!(w.written(), &octets[1..]);
}

/// bad_inputs H17, H19
#[test]
fn extended_advertising_reports() {
    let octets = hex!("043e1e0d01000000aabbccddeeff010000007fc0000000000000000000e5aaaaaa");
    assert!(is_malformed(&octets));
    let octets = hex!(
        "04 3e 21 0d 01 2000 00 aabbccddeeff 01 00 00 00 7f 0000 00 000000000000 07 09414141414141"
    );
    let Event::LeExtendedAdvertisingReport(reports) = parse(&octets).unwrap() else { panic!() };
    let report = reports.iter().next().unwrap();
    assert_eq!((report.data_status, report.event_type.bits()), (DataStatus::MORE, 0));
    assert_eq!((report.tx_power, report.rssi, report.data.len()), (0, 127, 7));
    let mut buffer = [0; EVENT_MAX];
    let mut w = Writer::new(&mut buffer);
    ExtendedAdvertisingReports::write_event(&[report], &mut w).unwrap();
    assert_eq!(w.written(), &octets[1..]);
}

#[test]
fn directed_advertising_reports() {
    let octets = hex!("04 3e 12 0b 01 01 01 112233445566 fe 665544332211 c0");
    let Event::LeDirectedAdvertisingReport(reports) = parse(&octets).unwrap() else { panic!() };
    let report = reports.iter().next().unwrap();
    assert_eq!(report.direct_address.kind, AddressType::UNRESOLVED);
    assert_eq!((report.direct_address.get(), report.rssi), (None, -64));
}

/// bad_inputs H20, H21, H23
#[test]
fn connection_complete() {
    let octets = hex!("04 3e 13 01 00 4000 01 00 112233445566 1800 0000 4800 00");
    let Event::LeConnectionComplete(up) = parse(&octets).unwrap() else { panic!() };
    assert_eq!((up.status, up.handle.get()), (Status::SUCCESS, Handle::new(0x40)));
    assert_eq!((up.role, up.interval.get(), up.timeout.get()), (Role::PERIPHERAL, 24, 72));
    assert_eq!(up.peer.get().unwrap().octets(), hex!("112233445566"));
    let octets = hex!("04 3e 13 01 00 000f 01 00 112233445566 1800 0000 4800 00");
    let Event::LeConnectionComplete(up) = parse(&octets).unwrap() else { panic!() };
    assert_eq!(up.handle.get(), None);
}

/// bad_inputs H25, H41, H43, H45
#[test]
fn fixed_events_end_in_time() {
    let Event::DisconnectionComplete(down) = parse(&hex!("04 05 04 00 2301 13")).unwrap() else {
        panic!()
    };
    assert_eq!((down.handle.raw(), down.reason), (0x123, Status::REMOTE_USER_TERMINATED));
    assert!(is_malformed(&hex!("04 05 02 00 40")));
    assert!(is_malformed(&hex!("04 0c 01 00")));
    assert!(matches!(parse(&hex!("04 30 03 00 4100")), Ok(Event::EncryptionKeyRefreshComplete(_))));
    assert!(matches!(parse(&hex!("04 1a 01 01")), Ok(Event::DataBufferOverflow(_))));
    let event = parse(&hex!("04 3e 06 12 00 ff 4000 00")).unwrap();
    assert!(matches!(event, Event::LeAdvertisingSetTerminated(ended) if ended.set == 0xff));
}

#[test]
fn later_fields_are_ignored() {
    let event = Event::parse(EventCode::HARDWARE_ERROR, &[7, 8, 9]);
    assert_eq!(event, Ok(Event::HardwareError(&HardwareError { code: 7 })));
}

/// bad_inputs H27, H28, H29, H31
#[test]
fn completed_packets() {
    assert!(is_malformed(&hex!("04 13 05 ff 4000 0100")));
    assert!(is_malformed(&hex!("04 13 00")));
    assert!(is_malformed(&hex!("04 13 06 01 4000 0100 00")));
    assert_eq!(parse(&hex!("04 13 01 00")), Ok(Event::NumberOfCompletedPackets(&[])));
    let event = parse(&hex!("04 13 09 02 4000 0100 4000 ffff")).unwrap();
    let Event::NumberOfCompletedPackets([a, b]) = event else { panic!() };
    assert_eq!((a.handle, a.count.get(), b.count.get()), (b.handle, 1, 0xffff));
}

/// bad_inputs H32, H33, H35 to H40
#[test]
fn security_and_parameters() {
    let event = parse(&hex!("04 08 04 06 4000 00")).unwrap();
    assert!(matches!(event, Event::EncryptionChange(c) if c.status == Status::KEY_MISSING));
    let event = parse(&hex!("04 59 05 00 4000 01 10")).unwrap();
    assert!(matches!(event, Event::EncryptionChangeV2(c) if c.key_size == 16));
    let event = parse(&hex!("04 3e 0d 05 4000 0102030405060708 3412")).unwrap();
    let Event::LeLongTermKeyRequest(request) = event else { panic!() };
    assert_eq!(request.random_number.get(), 0x0807_0605_0403_0201);
    assert_eq!(request.encrypted_diversifier.get(), 0x1234);
    let event = parse(&hex!("04 3e 0a 03 00 4000 0000 ffff 0000")).unwrap();
    assert!(matches!(event, Event::LeConnectionUpdateComplete(c) if c.latency.get() == 0xffff));
    let event = parse(&hex!("04 3e 0b 06 4000 800c 0600 f401 0a00")).unwrap();
    let Event::LeRemoteConnectionParameterRequest(request) = event else { panic!() };
    assert_eq!((request.interval_min.get(), request.interval_max.get()), (0x0c80, 6));
}

#[test]
fn shared_keys_are_not_printed() {
    let mut octets = hex!("04 3e 22 09 00").to_vec();
    octets.extend([0x55; 32]);
    let text = std::format!("{:?}", parse(&octets).unwrap());
    assert!(!text.contains("55") && !text.contains("85"), "{text}");
}

fn device() -> impl Strategy<Value = DeviceAddress> {
    (any::<u8>(), any::<[u8; 6]>())
        .prop_map(|(kind, octets)| DeviceAddress { kind: AddressType(kind), octets })
}

proptest! {
    /// A parsed event is written back unchanged, except for ignored octets.
    #[test]
    fn any_event_is_written_back(
        code in prop_oneof![any::<u8>(), Just(0x3e), Just(0x13), Just(0x0e)],
        subevent in 0..0x16_u8,
        body in proptest::collection::vec(any::<u8>(), 0..90),
    ) {
        let mut parameters = body;
        if code == 0x3e {
            parameters.insert(0, subevent);
        }
        if let Ok(event) = Event::parse(EventCode(code), &parameters) {
            let mut buffer = [0; EVENT_MAX];
            let mut w = Writer::new(&mut buffer);
            event.write(&mut w).unwrap();
            let raw = RawEvent::parse(w.written()).unwrap();
            prop_assert_eq!(raw.code, EventCode(code));
            prop_assert!(parameters.starts_with(raw.parameters));
            prop_assert_eq!(Event::parse(raw.code, raw.parameters), Ok(event));
        }
    }

    #[test]
    fn any_reports_are_written_back(
        reports in proptest::collection::vec(
            (any::<u8>(), device(), proptest::collection::vec(any::<u8>(), 0..32), any::<i8>()),
            1..6,
        ),
    ) {
        let reports: Vec<_> = reports.iter().map(|(kind, address, data, rssi)| AdvertisingReport {
            event_type: crate::AdvertisingEventType(*kind),
            address: *address,
            data,
            rssi: *rssi,
        }).collect();
        let mut buffer = [0; EVENT_MAX];
        let mut w = Writer::new(&mut buffer);
        AdvertisingReports::write_event(&reports, &mut w).unwrap();
        let raw = RawEvent::parse(w.written()).unwrap();
        let without = Event::parse_handled(raw.code, raw.parameters, |_, subevent| {
            subevent != Some(Subevent::ADVERTISING_REPORT)
        });
        let unknown =
            matches!(without, Ok(Event::LeUnknown { subevent: Subevent::ADVERTISING_REPORT, .. }));
        prop_assert!(unknown);
        let Ok(Event::LeAdvertisingReport(parsed)) = Event::parse(raw.code, raw.parameters) else {
            panic!()
        };
        prop_assert_eq!(parsed.iter().collect::<Vec<_>>(), reports);
    }

    #[test]
    fn any_octets(octets in proptest::collection::vec(any::<u8>(), 0..120)) {
        crate::fuzz::events(&octets);
        crate::fuzz::h4(&octets);
        crate::fuzz::lane(&octets);
        crate::fuzz::snoop(&octets);
    }
}
