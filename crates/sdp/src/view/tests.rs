use std::{string::ToString, vec::Vec};

use hex_literal::hex;

use super::*;

#[test]
fn a_record_of_a_headset_is_read() {
    let octets = hex!(
        "354b"
        "090000 0a00010007"
        "090001 3506 191108 191203"
        "090004 350c 3503 190100 3505 190003 0802"
        "090005 3503 191002"
        "090009 3508 3506 191108 090102"
        "090100 2508 4865616473657400"
        "090302 2801"
    );
    let record = Record::parse(&octets).unwrap();
    assert_eq!(record.handle(), Some(0x0001_0007));
    let names: Vec<_> = record.classes().map(|uuid| class::name(uuid).unwrap()).collect();
    assert_eq!(names, ["Headset", "Generic Audio"]);
    let stack: Vec<_> = record.protocols().map(|p| protocol::name(p.uuid).unwrap()).collect();
    assert_eq!(stack, ["L2CAP", "RFCOMM"]);
    assert_eq!(record.port(), Port::Rfcomm(2));
    assert!(record.is_public());
    assert_eq!(record.profiles().collect::<Vec<_>>(), [Profile::new(class::HEADSET, 0x0102)]);
    assert_eq!(record.name().unwrap().to_string(), "Headset", "without the zero at its end");
    assert!(record.provider().is_none() && record.service_id().is_none());
    assert!(record.contains(protocol::RFCOMM) && !record.contains(protocol::OBEX));
    assert_eq!(record.attribute(AttributeId(0x0302)), Some(Element::Bool(true)));
}

fn port(list: &[u8]) -> Port {
    let value = &hex!("090004");
    let octets = [&[0x35, u8::try_from(list.len() + 3).unwrap()], value as &[u8], list].concat();
    Record::parse(&octets).unwrap().port()
}

#[test]
fn the_port_is_the_channel_or_the_psm() {
    assert_eq!(port(&hex!("3508 3506 190100 091001")), Port::L2cap(0x1001));
    assert_eq!(port(&hex!("350a 3508 190100 0a00001001")), Port::L2cap(0x1001));
    assert_eq!(port(&hex!("350d 3503 190100 3506 190003 090009")), Port::Rfcomm(9));
    assert_eq!(port(&hex!("3507 3505 190100 0811")), Port::L2cap(0x11));
    let alternatives = hex!("3d14 3508 3506 190100 091001 3508 3506 190100 091003");
    assert_eq!(port(&alternatives), Port::L2cap(0x1001));
    let uuid_128 = hex!("3516 3514 1c0000010000001000800000805f9b34fb 0919");
    assert!(Record::parse(&uuid_128).is_err(), "cut off");
    assert_eq!(port(&hex!("3506 190100 190008")), Port::None, "UUIDs without a sequence");
}

#[test]
fn a_port_that_cannot_be_one_is_none() {
    assert_eq!(port(&hex!("3505 3503 190100")), Port::None);
    assert_eq!(port(&hex!("3508 3506 190003 090100")), Port::None, "channel 256");
    assert_eq!(port(&hex!("350a 3508 190100 0a00010001")), Port::None, "PSM of 17 bits");
    assert_eq!(port(&hex!("3508 3506 190100 110001")), Port::None, "signed");
    assert_eq!(port(&hex!("3505 3503 25017f")), Port::None);
    assert_eq!(port(&hex!("0801")), Port::None);
}

#[test]
fn texts_lie_at_the_base_of_the_first_language() {
    let octets = hex!(
        "352c"
        "090006 3512 096672 09006a 090110 09656e 09006a 090100"
        "090100 2502 656e"
        "090110 2502 6672"
        "090112 2502 50ff"
    );
    let record = Record::parse(&octets).unwrap();
    assert_eq!(record.name().unwrap().as_str(), Some("fr"));
    assert!(record.description().is_none());
    let provider = record.provider().unwrap();
    assert_eq!((provider.as_str(), provider.to_string()), (None, "P\u{fffd}".into()));
    assert_eq!(provider.as_bytes(), [b'P', 0xff]);
}

#[test]
fn a_base_past_the_last_attribute_has_no_texts() {
    let octets = hex!("3514 090006 3509 09656e 09006a 09ffff 09ffff 250141");
    let record = Record::parse(&hex!("3514 090006 3509 09656e 09006a 09ffff 09ffff 2501"));
    assert!(record.is_err());
    let record = Record::parse(&octets).unwrap();
    assert_eq!(record.name().unwrap().as_str(), Some("A"));
    assert!(record.description().is_none() && record.provider().is_none());
}

#[test]
fn a_malformed_record_is_left_out_and_counted() {
    let octets = hex!("3517 3508 090000 0a00010000 3501 09 3508 090000 0a00010001");
    let records = Records::parse(&octets).unwrap();
    assert_eq!(records.malformed(), 1);
    let handles: Vec<_> = records.map(|record| record.handle().unwrap()).collect();
    assert_eq!(handles, [0x0001_0000, 0x0001_0001]);
    let number = hex!("3504 0801 3500");
    let records = Records::parse(&number).unwrap();
    assert_eq!((records.malformed(), records.count()), (1, 1));
}

#[test]
fn results_that_are_not_one_sequence_are_refused() {
    for octets in [
        &hex!("") as &[u8],
        &hex!("0801"),
        &hex!("3d00"),
        &hex!("350108"),
        &hex!("3502350208"),
        &hex!("350000"),
        &hex!("3502ff00"),
    ] {
        assert!(Records::parse(octets).is_err(), "{octets:02x?}");
        assert!(Record::parse(octets).is_err(), "{octets:02x?}");
    }
    assert_eq!(Records::parse(&hex!("3500")).unwrap().count(), 0);
}

#[test]
fn attributes_end_at_a_malformed_pair() {
    let octets = hex!("3511 090001 0801 0802 0801 090003 0801 090004");
    let record = Record::parse(&octets).unwrap();
    assert_eq!(record.attributes().collect::<Vec<_>>(), [(AttributeId(1), Element::U8(1))]);
    assert_eq!(record.handle(), None);
    let short = hex!("3505 090000 0801");
    assert_eq!(Record::parse(&short).unwrap().handle(), None, "a handle has 4 octets");
}
