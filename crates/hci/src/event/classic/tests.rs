use hex_literal::hex;
use proptest::prelude::*;

use super::*;
use crate::{BdAddress, ClassOfDevice, Event, LinkType, Role, Status, event::EVENT_MAX};

/// Parses an H4 event, and checks that it is written back unchanged.
fn parse(h4: &[u8]) -> Result<ClassicEvent<'_>, Malformed> {
    let raw = RawEvent::parse(&h4[1..])?;
    assert_eq!(Event::parse(raw.code, raw.parameters), Ok(Event::Unknown(raw)));
    let event = ClassicEvent::parse_raw(raw)?.unwrap();
    let mut buffer = [0; EVENT_MAX];
    let mut w = Writer::new(&mut buffer);
    event.write(&mut w).unwrap();
    assert_eq!(w.written(), &h4[1..]);
    Ok(event)
}

#[test]
fn inquiry_results_are_counted() {
    let one = hex!("04 02 0f 01 010203040506 01 00 00 0c025a 3412");
    let Ok(ClassicEvent::InquiryResult([result])) = parse(&one) else { panic!() };
    assert_eq!(result.address, BdAddress([1, 2, 3, 4, 5, 6]));
    assert_eq!((result.class, result.clock_offset.get()), (ClassOfDevice::new(0x5a_020c), 0x1234));
    let two =
        hex!("04 22 1d 02 010203040506 01 00 0c025a 3412 c8 010203040507 02 00 0c025a 3412 80");
    let Ok(ClassicEvent::InquiryResultWithRssi([a, b])) = parse(&two) else { panic!() };
    assert_eq!((a.rssi, b.rssi), (-56, -128));
    assert_eq!(parse(&hex!("04 02 01 00")), Ok(ClassicEvent::InquiryResult(&[])));
    for bad in [
        &hex!("04 02 00")[..],
        &hex!("04 02 01 01"),
        &hex!("04 02 0f 02 010203040506 01 00 00 0c025a 3412"),
        &hex!("04 02 10 01 010203040506 01 00 00 0c025a 3412 00"),
        &hex!("04 22 0e 01 010203040506 01 00 0c025a 3412"),
    ] {
        assert!(parse(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn extended_inquiry_result_is_a_whole_event() {
    let mut octets = hex!("04 2f ff 01 010203040506 01 00 0c025a 3412 c8 05 09 41424344").to_vec();
    octets.resize(258, 0);
    let Ok(ClassicEvent::ExtendedInquiryResult(result)) = parse(&octets) else { panic!() };
    assert_eq!((result.rssi, &result.data[..6]), (-56, &hex!("05 09 41424344")[..]));
    octets.pop();
    octets[2] = 0xfe;
    assert!(parse(&octets).is_err());
}

#[test]
fn links() {
    let Ok(ClassicEvent::ConnectionComplete(up)) =
        parse(&hex!("04 03 0b 00 2a00 010203040506 01 00"))
    else {
        panic!()
    };
    assert_eq!((up.status, up.handle.raw(), up.link_type), (Status::SUCCESS, 0x2a, LinkType::ACL));
    let Ok(ClassicEvent::ConnectionRequest(request)) =
        parse(&hex!("04 04 0a 010203040506 0c025a 01"))
    else {
        panic!()
    };
    assert_eq!(request.class.major(), 2);
    let Ok(ClassicEvent::RoleChange(change)) = parse(&hex!("04 12 08 00 010203040506 00")) else {
        panic!()
    };
    assert_eq!(change.role, Role::CENTRAL);
    assert!(parse(&hex!("04 03 0a 00 2a00 010203040506 01")).is_err());
    assert!(parse(&hex!("04 11 01 2a")).is_err());
    assert!(matches!(parse(&hex!("04 11 02 2a00")), Ok(ClassicEvent::FlushOccurred(_))));
}

#[test]
fn names_are_whole_events() {
    let mut octets = hex!("04 07 ff 00 010203040506 41 42 00 43").to_vec();
    octets.resize(258, 0x44);
    let Ok(ClassicEvent::RemoteNameRequestComplete(complete)) = parse(&octets) else { panic!() };
    assert_eq!(complete.name.get(), b"AB");
    assert!(parse(&hex!("04 07 09 00 010203040506 41 42")).is_err());
}

#[test]
fn secrets_are_not_printed() {
    let mut key = hex!("04 18 17 010203040506").to_vec();
    key.extend([0x55; 17]);
    for octets in
        [&key[..], &hex!("04 33 0a 010203040506 55555500"), &hex!("04 3b 0a 010203040506 55555500")]
    {
        let text = std::format!("{:?}", parse(octets).unwrap());
        let text = text.replace("0x55", "");
        assert!(!text.contains("55") && !text.contains("85"), "{text}");
    }
}

#[test]
fn codes_have_names_with_the_feature() {
    let name = std::format!("{:?}", EventCode::LINK_KEY_REQUEST);
    assert_eq!(name, if CLASSIC { "LINK_KEY_REQUEST" } else { "0x17" });
    let name = std::format!("{:?}", crate::Opcode::CREATE_CONNECTION);
    assert_eq!(name, if CLASSIC { "CREATE_CONNECTION" } else { "0x0405" });
    assert_eq!(ClassicEvent::parse(EventCode::COMMAND_COMPLETE, &[]), Ok(None));
}

proptest! {
    #[test]
    fn any_event_is_written_back(
        code in any::<u8>(),
        body in proptest::collection::vec(any::<u8>(), 0..256),
    ) {
        if let Ok(Some(event)) = ClassicEvent::parse(EventCode(code), &body) {
            let mut buffer = [0; EVENT_MAX];
            let mut w = Writer::new(&mut buffer);
            event.write(&mut w).unwrap();
            let raw = RawEvent::parse(w.written()).unwrap();
            prop_assert!(body.starts_with(raw.parameters));
            prop_assert_eq!(ClassicEvent::parse_raw(raw), Ok(Some(event)));
        }
    }
}
