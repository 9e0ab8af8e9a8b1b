use std::{vec, vec::Vec};

use hex_literal::hex;

use super::*;
use crate::{Element, Record, Registry};

static CONSOLE: Service<'static> = Service::new(&[class::SERIAL_PORT], Port::Rfcomm(3))
    .profiles(&[Profile::new(class::SERIAL_PORT, 0x0102)])
    .name("Console");
static LENGTH: usize = CONSOLE.encoded_len();

fn encode(service: &Service<'_>, handle: u32) -> Vec<u8> {
    let mut buffer = vec![0; service.encoded_len()];
    assert_eq!(service.encode(handle, &mut buffer), Ok(buffer.len()));
    assert!(Record::parse(&buffer).is_ok());
    buffer
}

#[test]
fn a_record_is_written_in_ascending_order() {
    let expected = hex!(
        "3550"
        "090000 0a00010000"
        "090001 3503 191101"
        "090004 350c 3503 190100 3505 190003 0803"
        "090005 3503 191002"
        "090006 3509 09656e 09006a 090100"
        "090009 3508 3506 191101 090102"
        "090100 2507 436f6e736f6c65"
    );
    assert_eq!(encode(&CONSOLE, 0x0001_0000), expected);
    assert_eq!(LENGTH, expected.len());
}

#[test]
fn each_attribute_is_encoded() {
    const ID: Uuid = Uuid::new_128(0x6e400001_b5a3_f393_e0a9_e50e24dcca9e);
    let obex = [Protocol::new(crate::protocol::OBEX, &[])];
    let attributes = [
        (AttributeId(0x0300), Value::U8(0x20)),
        (AttributeId::SERVICE_AVAILABILITY, Value::U8(0xff)),
        (AttributeId(0x0200), Value::Sequence(&[Value::U16(1), Value::Bool(true)])),
    ];
    let service = Service::new(&[ID, class::SERIAL_PORT], Port::L2cap(0x1001))
        .protocols(&obex)
        .browse_groups(&[class::PUBLIC_BROWSE_ROOT, ID])
        .service_id(ID)
        .record_state(7)
        .language(*b"de")
        .name("n")
        .description("d")
        .provider("p")
        .attributes(&attributes);
    let octets = encode(&service, 0x0001_0005);
    let record = Record::parse(&octets).unwrap();
    let ids: Vec<_> = record.attributes().map(|(id, _)| id.0).collect();
    assert_eq!(ids, [0, 1, 2, 3, 4, 5, 6, 8, 0x100, 0x101, 0x102, 0x200, 0x300]);
    assert_eq!(record.handle(), Some(0x0001_0005));
    assert_eq!(record.classes().collect::<Vec<_>>(), [ID, class::SERIAL_PORT]);
    assert_eq!(record.attribute(AttributeId::SERVICE_RECORD_STATE), Some(Element::U32(7)));
    assert_eq!(record.service_id(), Some(ID));
    assert_eq!(record.port(), Port::L2cap(0x1001));
    assert_eq!(record.protocols().last().unwrap().uuid, crate::protocol::OBEX);
    assert!(record.is_public());
    let texts = [record.name(), record.description(), record.provider()];
    assert_eq!(texts.map(|text| text.unwrap().as_str().unwrap()), ["n", "d", "p"]);
    assert_eq!(record.attribute(AttributeId(0x0300)), Some(Element::U8(0x20)));
}

#[test]
fn an_empty_record_has_only_a_handle() {
    let service = Service::new(&[], Port::None).browse_groups(&[]);
    assert_eq!(encode(&service, 1), hex!("3508 090000 0a00000001"));
}

#[test]
fn a_further_attribute_replaces_the_one_of_a_method_but_not_the_handle() {
    let attributes = [
        (AttributeId::SERVICE_NAME, Value::Text("second")),
        (AttributeId::SERVICE_NAME, Value::Text("third")),
        (AttributeId::SERVICE_RECORD_HANDLE, Value::U8(9)),
    ];
    let service = Service::new(&[], Port::None).name("first").attributes(&attributes);
    let octets = encode(&service, 0x0001_0000);
    let record = Record::parse(&octets).unwrap();
    assert_eq!(record.name().unwrap().as_str(), Some("second"));
    assert_eq!(record.handle(), Some(0x0001_0000));
    assert_eq!(record.attributes().count(), 4);
}

#[test]
fn long_records_have_longer_headers() {
    let text = "x".repeat(0x1_0000);
    for (len, total) in [(200, 222), (300, 324), (0x1_0000, 0x1_0000 + 28)] {
        let service = Service::new(&[], Port::None).browse_groups(&[]).description(&text[..len]);
        let octets = encode(&service, 1);
        let language = 14;
        assert!(octets.len() > total - 2 && octets.len() < total + language, "{}", octets.len());
    }
}

#[test]
fn a_record_without_room_is_refused() {
    for room in 0..LENGTH {
        assert_eq!(CONSOLE.encode(0, &mut vec![0; room]), Err(NoRoom));
    }
}

#[test]
fn every_record_of_a_service_fits_a_registry_of_its_length() {
    let mut memory = vec![0; LENGTH];
    let mut registry = Registry::new(&mut memory);
    assert_eq!(registry.add(&CONSOLE), Ok(0x0001_0000));
    assert_eq!(registry.add(&CONSOLE), Err(NoRoom));
    assert_eq!(registry.database().records().count(), 1);
}
