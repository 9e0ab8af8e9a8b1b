use std::{vec, vec::Vec};

use hex_literal::hex;

use crate::{
    Answer, AttributeId, AttributeRange, Client, Database, ErrorCode, Failure, Handles, Port,
    Record, Records, Registry, Service, Value, class, handle_request, protocol,
};
use bindrune_wire::{Uuid, Writer};

/// A printer, as in the first example of the specification. [Vol 3] Part B, Appendix B.1
static PRINTER: Service<'static> =
    Service::new(&[class::DIRECT_PRINTING], Port::Rfcomm(5)).browse_groups(&[]);
static CONSOLE: Service<'static> =
    Service::new(&[class::SERIAL_PORT], Port::L2cap(0x1001)).name("Console").provider("us");

pub(super) fn with_registry<R>(test: impl FnOnce(&mut Registry<'_>) -> R) -> R {
    let mut memory = [0; 2048];
    let mut registry = Registry::new(&mut memory);
    for service in [&PRINTER, &CONSOLE, &PRINTER] {
        registry.add(service).unwrap();
    }
    test(&mut registry)
}

pub(super) fn answer(database: &Database<'_>, request: &[u8], mtu: usize) -> Option<Vec<u8>> {
    let mut response = [0xee; 1024];
    let len = handle_request(database, request, mtu, &mut response)?;
    assert!(len <= mtu);
    assert!(response[len..].iter().all(|&octet| octet == 0xee));
    Some(response[..len].to_vec())
}

fn error(transaction: [u8; 2], code: ErrorCode) -> Vec<u8> {
    let [a, b] = transaction;
    let [c, d] = code.0.to_be_bytes();
    vec![1, a, b, 0, 2, c, d]
}

#[test]
fn a_service_search_finds_handles() {
    with_registry(|registry| {
        let request = hex!("02 1234 000a 3505 1a00001118 0003 00");
        let response = hex!("03 1234 000d 0002 0002 00010000 00010002 00");
        assert_eq!(answer(&registry.database(), &request, 48).unwrap(), response);
        let at_most_one = hex!("02 1234 000a 3505 1a00001118 0001 00");
        let response = hex!("03 1234 0009 0001 0001 00010000 00");
        assert_eq!(answer(&registry.database(), &at_most_one, 48).unwrap(), response);
        let nothing = hex!("02 1234 0008 3503 191108 0003 00");
        let response = hex!("03 1234 0005 0000 0000 00");
        assert_eq!(answer(&registry.database(), &nothing, 48).unwrap(), response);
    });
}

#[test]
fn a_service_attribute_request_returns_the_protocols() {
    with_registry(|registry| {
        let request = hex!("04 0102 000c 00010000 0080 3503 090004 00");
        let response = hex!("05 0102 0016 0013 3511 090004 350c 3503 190100 3505 190003 0805 00");
        assert_eq!(answer(&registry.database(), &request, 48).unwrap(), response);
    });
}

#[test]
fn a_service_search_attribute_request_returns_lists_of_matching_records() {
    with_registry(|registry| {
        let request = hex!("06 0003 000f 3503 190100 0200 3505 0a00000001 00");
        let expected = hex!(
            "07 0003 003d 003a 3538"
            "3510 090000 0a00010000 090001 3503 191118 35"
        );
        let response = answer(&registry.database(), &request, 672).unwrap();
        assert_eq!(response[..2], expected[..2]);
        let records: Vec<_> = Records::parse(&response[7..response.len() - 1]).unwrap().collect();
        assert_eq!(records.len(), 3);
        for (record, handle) in records.iter().zip(0x0001_0000..) {
            assert_eq!(record.handle(), Some(handle));
            assert_eq!(record.attributes().count(), 2);
        }
        let text = hex!("06 0003 000d 3503 190100 0200 3503 090100 00");
        let response = answer(&registry.database(), &text, 672).unwrap();
        let expected = hex!("07 0003 0013 0010 350e 350c 090100 2507 436f6e736f6c65 00");
        assert_eq!(response, expected, "only one record has a name");
        let nothing = hex!("06 0003 000d 3503 190100 0200 3503 09fff0 00");
        let response = answer(&registry.database(), &nothing, 672).unwrap();
        assert_eq!(response, hex!("07 0003 0005 0002 3500 00"));
    });
}

#[test]
fn every_uuid_of_a_pattern_must_be_in_the_record() {
    with_registry(|registry| {
        let count = |pattern: &[u8]| {
            let len = u8::try_from(pattern.len()).unwrap();
            let head = [2, 0, 0, 0, len + 5, 0x35, len];
            let request = [&head as &[u8], pattern, &hex!("ffff 00")].concat();
            answer(&registry.database(), &request, 672).unwrap()[6]
        };
        assert_eq!(count(&hex!("190100")), 3);
        assert_eq!(count(&hex!("190100 190003")), 2);
        assert_eq!(count(&hex!("1a00000003 1c0000010000001000800000805f9b34fb")), 2);
        assert_eq!(count(&hex!("191002")), 1, "the public browse group");
        assert_eq!(count(&hex!("190003 191101")), 0);
        assert_eq!(count(&hex!("1c0000010000001000800000805f9b34fc")), 0);
        assert_eq!(count(&hex!("191000")), 1, "the server itself");
        assert_eq!(count(&hex!("190100").repeat(12)), 3);
    });
}

#[test]
fn the_server_has_a_record_with_the_state_of_the_database() {
    with_registry(|registry| {
        let request = hex!("04 0001 000e 00000000 ffff 3505 0a0000ffff 00");
        let response = answer(&registry.database(), &request, 672).unwrap();
        let record = Record::parse(&response[7..response.len() - 1]).unwrap();
        let own = hex!("090000 0a00000000 090001 3503 191000 090200 3503 090100 090201 0a");
        assert_eq!(record.octets()[..own.len()], own);
        let state = record.attribute(AttributeId::SERVICE_DATABASE_STATE).unwrap();
        assert_eq!(state.as_u32(), Some(registry.database().state()));
        registry.add(&CONSOLE).unwrap();
        assert_ne!(answer(&registry.database(), &request, 672).unwrap(), response);
    });
}

/// Runs a transaction of a client to its end, and returns the results and the number of responses.
pub(super) fn run(client: &mut Client, database: &Database<'_>, mtu: usize) -> (Vec<u8>, usize) {
    let (mut results, mut rounds) = (vec![], 0);
    loop {
        rounds += 1;
        let mut buffer = [0; 512];
        let mut w = Writer::new(&mut buffer);
        assert!(client.poll_transmit(&mut w));
        let response = answer(database, w.written(), mtu).unwrap();
        match client.handle_response(&response) {
            Answer::More(part) => results.extend_from_slice(part),
            Answer::Complete(part) => {
                results.extend_from_slice(part);
                return (results, rounds);
            }
            other @ (Answer::Ignored | Answer::Failed(_)) => panic!("{other:?}"),
        }
    }
}

#[test]
fn results_are_the_same_in_every_number_of_parts() {
    with_registry(|registry| {
        let database = registry.database();
        let all = [AttributeRange::ALL];
        let search = |mtu| {
            let mut client = Client::new(672);
            client.search_attributes(&[protocol::L2CAP], &all, 2000).unwrap();
            run(&mut client, &database, mtu)
        };
        let (whole, rounds) = search(672);
        assert_eq!((rounds, Records::parse(&whole).unwrap().count()), (1, 3));
        for mtu in 48..300 {
            let (parts, rounds) = search(mtu);
            assert_eq!(parts, whole);
            assert!(rounds <= whole.len() / (mtu - 16) + 1);
        }
    });
}

#[test]
fn handles_are_delivered_in_parts() {
    with_registry(|registry| {
        for _ in 0..17 {
            registry.add(&PRINTER).unwrap();
        }
        let mut client = Client::new(48);
        client.service_search(&[protocol::L2CAP], 0xffff).unwrap();
        let (results, rounds) = run(&mut client, &registry.database(), 48);
        assert_eq!(
            Handles::new(&results).collect::<Vec<_>>(),
            (0x0001_0000..).take(20).collect::<Vec<_>>()
        );
        assert_eq!(rounds, 3);
        client.service_search(&[protocol::L2CAP], 9).unwrap();
        let (results, _) = run(&mut client, &registry.database(), 48);
        assert_eq!(Handles::new(&results).count(), 9);
    });
}

/// No part is 1 octet long: the least AttributeListByteCount is 2.
#[test]
fn the_least_byte_count_delivers_every_list() {
    for len in 0..30 {
        let text = "x".repeat(len);
        let attributes = [(AttributeId(0x0300), Value::Text(&text))];
        let mut memory = [0; 256];
        let mut registry = Registry::new(&mut memory);
        let service = Service::new(&[], Port::None).browse_groups(&[]);
        registry.add(&service.attributes(&attributes)).unwrap();
        let (mut continuation, mut results) = (vec![0], vec![]);
        loop {
            let request = [&hex!("00010000 0007 3505 0a0000ffff") as &[u8], &continuation].concat();
            let head = [4, 0, 0, 0, u8::try_from(request.len()).unwrap()];
            let response =
                answer(&registry.database(), &[&head, &request as &[u8]].concat(), 672).unwrap();
            assert_eq!(response[0], 5);
            let count = usize::from(response[6]);
            assert!((2..=7).contains(&count));
            results.extend_from_slice(&response[7..7 + count]);
            continuation = response[7 + count..].to_vec();
            if continuation == [0] {
                break;
            }
        }
        assert_eq!(Record::parse(&results).unwrap().attributes().count(), 2);
    }
}

#[test]
fn ranges_select_attributes() {
    with_registry(|registry| {
        let mut client = Client::new(672);
        let mut ids = |ranges: &[(u16, u16)]| {
            let ranges: Vec<_> = ranges
                .iter()
                .map(|&(first, last)| AttributeRange::new(AttributeId(first), AttributeId(last)))
                .collect();
            client.attributes(0x0001_0001, &ranges, 1000).unwrap();
            let (results, _) = run(&mut client, &registry.database(), 672);
            let record = Record::parse(&results).unwrap();
            record.attributes().map(|(id, _)| id.0).collect::<Vec<_>>()
        };
        assert_eq!(ids(&[(0, 0xffff)]), [0, 1, 4, 5, 6, 0x100, 0x102]);
        assert_eq!(ids(&[(1, 1), (3, 5), (0x101, 0xffff)]), [1, 4, 5, 0x102]);
        assert_eq!(ids(&[(0, 0), (1, 1), (2, 2), (0x100, 0x100)]), [0, 1, 0x100]);
        assert_eq!(ids(&[(7, 0xff)]), []);
        assert_eq!(ids(&[(0xffff, 0xffff)]), []);
    });
}

#[test]
fn changed_records_end_a_continuation() {
    with_registry(|registry| {
        let mut client = Client::new(48);
        let all = [AttributeRange::ALL];
        client.search_attributes(&[protocol::L2CAP], &all, 2000).unwrap();
        let mut buffer = [0; 48];
        let mut w = Writer::new(&mut buffer);
        assert!(client.poll_transmit(&mut w));
        let response = answer(&registry.database(), w.written(), 48).unwrap();
        assert!(matches!(client.handle_response(&response), Answer::More(_)));
        registry.remove(0x0001_0002);
        w.truncate(0);
        assert!(client.poll_transmit(&mut w));
        let response = answer(&registry.database(), w.written(), 48).unwrap();
        let refused = Failure::Refused(ErrorCode::INVALID_CONTINUATION);
        assert_eq!(client.handle_response(&response), Answer::Failed(refused));
    });
}

#[test]
fn a_room_too_small_for_progress_is_an_error_or_no_answer() {
    with_registry(|registry| {
        let database = registry.database();
        let requests = [
            &hex!("02 0001 0008 3503 190100 ffff 00") as &[u8],
            &hex!("04 0001 000e 00010000 ffff 3505 0a0000ffff 00"),
            &hex!("06 0001 000f 3503 190100 ffff 3505 0a0000ffff 00"),
        ];
        for request in requests {
            for room in 0..48 {
                let mut response = [0; 48];
                let len = handle_request(&database, request, 48, &mut response[..room]);
                assert_eq!(len.is_some(), room >= 7, "{room}");
                assert!(len.is_none_or(|len| len <= room));
            }
            let small = answer(&database, request, 10).unwrap();
            assert_eq!(small, error([0, 1], ErrorCode::INSUFFICIENT_RESOURCES));
        }
    });
}

#[test]
fn a_uuid_of_128_bits_finds_a_record_by_its_own() {
    let own = Uuid::new_128(0x6e400001_b5a3_f393_e0a9_e50e24dcca9e);
    let mut memory = [0; 128];
    let mut registry = Registry::new(&mut memory);
    registry.add(&Service::new(&[own], Port::L2cap(0x1003))).unwrap();
    let mut client = Client::new(48);
    client.service_search(&[own], 5).unwrap();
    assert_eq!(run(&mut client, &registry.database(), 48).0, hex!("00010000"));
}
