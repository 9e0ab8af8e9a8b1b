use std::vec::Vec;

use hex_literal::hex;

use super::*;
use crate::{AttributeId, class, protocol};

fn request(client: &mut Client) -> Vec<u8> {
    let mut buffer = [0; 512];
    let mut w = Writer::new(&mut buffer);
    assert_eq!(client.interest(), Interest::Data);
    assert!(client.poll_transmit(&mut w));
    assert_eq!(client.interest(), Interest::None);
    w.written().to_vec()
}

#[test]
fn requests_are_written_as_the_specification_says() {
    let mut client = Client::new(48);
    client.service_search(&[class::DIRECT_PRINTING], 3).unwrap();
    assert_eq!(request(&mut client), hex!("02 0001 0008 3503 191118 0003 00"));
    client.cancel();
    let protocols = [AttributeRange::one(AttributeId::PROTOCOL_DESCRIPTOR_LIST)];
    client.attributes(0x0001_0000, &protocols, 100).unwrap();
    assert_eq!(request(&mut client), hex!("04 0002 000c 00010000 ffff 3503 090004 00"));
    client.cancel();
    let uuids = [protocol::L2CAP, Uuid::new_32(0x12345678)];
    let ranges = [protocols[0], AttributeRange::new(AttributeId(0x100), AttributeId(0x1ff))];
    client.search_attributes(&uuids, &ranges, 100).unwrap();
    let expected = hex!("06 0003 0017 3508 190100 1a12345678 ffff 3508 090004 0a010001ff 00");
    assert_eq!(request(&mut client), expected);
}

#[test]
fn parts_are_delivered_and_continued_to_the_end() {
    let mut client = Client::new(48);
    client.search_attributes(&[protocol::L2CAP], &[AttributeRange::ALL], 100).unwrap();
    assert_eq!(request(&mut client), hex!("06 0001 000f 3503 190100 ffff 3505 0a0000ffff 00"));
    let first = hex!("07 0001 0008 0003 350a35 02 aabb");
    assert_eq!(client.handle_response(&first), Answer::More(&hex!("350a35")));
    assert!(client.is_busy());
    let next = hex!("06 0002 0011 3503 190100 ffff 3505 0a0000ffff 02 aabb");
    assert_eq!(request(&mut client), next);
    let last = hex!("07 0002 000c 0009 08 0900000a00010000 00");
    assert_eq!(client.handle_response(&last), Answer::Complete(&last[7..16]));
    assert!(!client.is_busy() && client.interest() == Interest::None);
}

#[test]
fn handles_are_numbers_of_4_octets() {
    let mut client = Client::new(48);
    client.service_search(&[protocol::L2CAP], 2).unwrap();
    request(&mut client);
    let response = hex!("03 0001 000d 0002 0002 00010000 00010007 00");
    let Answer::Complete(octets) = client.handle_response(&response) else { panic!() };
    assert_eq!(Handles::new(octets).collect::<Vec<_>>(), [0x0001_0000, 0x0001_0007]);
}

#[test]
fn requests_that_cannot_be_sent_are_refused() {
    let mut client = Client::new(48);
    let one = [AttributeRange::one(AttributeId(4))];
    assert_eq!(client.service_search(&[], 1), Err(RequestError::Pattern));
    assert_eq!(client.service_search(&[protocol::L2CAP; 13], 1), Err(RequestError::Pattern));
    assert_eq!(client.service_search(&[protocol::L2CAP], 0), Err(RequestError::Ranges));
    assert_eq!(client.attributes(1, &[], 10), Err(RequestError::Ranges));
    assert_eq!(client.attributes(1, &one, 0), Err(RequestError::Ranges));
    let reversed = AttributeRange::new(AttributeId(5), AttributeId(4));
    assert_eq!(client.attributes(1, &[reversed], 10), Err(RequestError::Ranges));
    let twice = [one[0], one[0]];
    assert_eq!(client.attributes(1, &twice, 10), Err(RequestError::Ranges));
    let many: Vec<_> = (0..9).map(|id| AttributeRange::one(AttributeId(id * 2))).collect();
    assert_eq!(client.attributes(1, &many, 10), Err(RequestError::Ranges));
    let long = Uuid::new_128(1);
    assert_eq!(client.service_search(&[long; 2], 1), Err(RequestError::TooLong));
    assert!(!client.is_busy());
    assert_eq!(client.attributes(1, &many[..1], 10), Ok(()));
    assert_eq!(client.attributes(1, &many[..1], 10), Err(RequestError::Busy));
    let mut wide = Client::new(300);
    assert_eq!(wide.search_attributes(&[long; 12], &many[..8], 10), Ok(()));
    assert!(request(&mut wide).len() <= 300);
}

#[test]
fn a_request_waits_for_room() {
    let mut client = Client::new(48);
    client.service_search(&[protocol::L2CAP], 1).unwrap();
    let mut small = [0; 10];
    let mut w = Writer::new(&mut small);
    assert!(!client.poll_transmit(&mut w) && w.is_empty());
    assert_eq!(request(&mut client)[..3], hex!("02 0001"));
}

/// A response, and the answer to it for a search of one handle (`H`) or of attributes (`A`) with a limit of 8.
const ROWS: &[(&str, char, &[u8], Answer<'static>)] = &[
    ("nothing", 'A', &hex!(""), Answer::Ignored),
    ("half a header", 'A', &hex!("0700"), Answer::Ignored),
    ("another transaction", 'A', &hex!("07 0002 0005 0002 3500 00"), Answer::Ignored),
    ("error of another transaction", 'A', &hex!("01 0000 0002 0003"), Answer::Ignored),
    ("no length", 'A', &hex!("07 0001"), MALFORMED),
    ("length too small", 'A', &hex!("07 0001 0004 0002 3500 00"), MALFORMED),
    ("length too great", 'A', &hex!("07 0001 0006 0002 3500 00"), MALFORMED),
    ("no parameters", 'A', &hex!("07 0001 0000"), MALFORMED),
    ("response of another kind", 'A', &hex!("05 0001 0005 0002 3500 00"), MALFORMED),
    ("handles instead of attributes", 'A', &hex!("03 0001 0005 0000 0000 00"), MALFORMED),
    (
        "the request itself",
        'A',
        &hex!("06 0001 000f 3503 190100 ffff 3505 0a0000ffff 00"),
        MALFORMED,
    ),
    ("PDU ID 0", 'A', &hex!("00 0001 0000"), MALFORMED),
    ("error without a code", 'A', &hex!("01 0001 0000"), MALFORMED),
    ("error with half a code", 'A', &hex!("01 0001 0001 00"), MALFORMED),
    ("error", 'A', &hex!("01 0001 0002 0005"), Answer::Failed(Failure::Refused(ErrorCode(5)))),
    (
        "error with details",
        'A',
        &hex!("01 0001 0004 00060102"),
        Answer::Failed(Failure::Refused(ErrorCode(6))),
    ),
    (
        "unknown error",
        'A',
        &hex!("01 0001 0002 ffff"),
        Answer::Failed(Failure::Refused(ErrorCode(0xffff))),
    ),
    ("count greater than the PDU", 'A', &hex!("07 0001 0005 0003 3500 00"), MALFORMED),
    ("greatest count", 'A', &hex!("07 0001 0005 ffff 3500 00"), MALFORMED),
    ("count less than the list", 'A', &hex!("07 0001 0005 0001 3500 00"), MALFORMED),
    ("no continuation state", 'A', &hex!("07 0001 0004 0002 3500"), MALFORMED),
    (
        "state of 17 octets",
        'A',
        &hex!("07 0001 0016 0002 3500 11 0000000000000000000000000000000000"),
        MALFORMED,
    ),
    ("state cut off", 'A', &hex!("07 0001 0006 0002 3500 02 00"), MALFORMED),
    ("octets after the state", 'A', &hex!("07 0001 0006 0002 3500 00 00"), MALFORMED),
    ("more than the limit", 'A', &hex!("07 0001 000c 0009 350708060504030201 00"), TOO_LONG),
    (
        "no octets, but more to follow",
        'A',
        &hex!("07 0001 0004 0000 01 00"),
        Answer::Failed(Failure::Endless),
    ),
    ("count greater than the total", 'H', &hex!("03 0001 0009 0000 0001 00010000 00"), MALFORMED),
    (
        "more handles than requested",
        'H',
        &hex!("03 0001 000d 0002 0002 00010000 00010001 00"),
        TOO_LONG,
    ),
    (
        "total greater than requested",
        'H',
        &hex!("03 0001 0009 0002 0001 00010000 00"),
        Answer::Complete(&hex!("00010000")),
    ),
    ("count greater than the PDU", 'H', &hex!("03 0001 0007 0001 0001 0001 00"), MALFORMED),
    ("count less than the list", 'H', &hex!("03 0001 0009 0001 0000 00010000 00"), MALFORMED),
    ("no count", 'H', &hex!("03 0001 0002 0001"), MALFORMED),
    (
        "no handles, but more to follow",
        'H',
        &hex!("03 0001 0006 0001 0000 01 00"),
        Answer::Failed(Failure::Endless),
    ),
    ("attributes instead of handles", 'H', &hex!("07 0001 0005 0002 3500 00"), MALFORMED),
];

const MALFORMED: Answer<'static> = Answer::Failed(Failure::Malformed);
const TOO_LONG: Answer<'static> = Answer::Failed(Failure::TooLong);

#[test]
fn a_malformed_response_ends_the_transaction_and_the_next_one_works() {
    for (what, kind, response, expected) in ROWS {
        let mut client = Client::new(48);
        if *kind == 'H' {
            client.service_search(&[protocol::L2CAP], 1).unwrap();
        } else {
            client.search_attributes(&[protocol::L2CAP], &[AttributeRange::ALL], 8).unwrap();
        }
        request(&mut client);
        assert_eq!(client.handle_response(response), *expected, "{what}");
        assert_eq!(client.is_busy(), *expected == Answer::Ignored, "{what}");
        assert_eq!(client.interest(), Interest::None, "{what}");
        client.cancel();
        client.service_search(&[protocol::L2CAP], 1).unwrap();
        assert_eq!(request(&mut client)[2], 2);
        let good = hex!("03 0002 0009 0001 0001 00010000 00");
        assert_eq!(client.handle_response(&good), Answer::Complete(&hex!("00010000")), "{what}");
    }
}

#[test]
fn responses_out_of_order_are_ignored() {
    let mut client = Client::new(48);
    let good = hex!("03 0001 0009 0001 0001 00010000 00");
    assert_eq!(client.handle_response(&good), Answer::Ignored, "no request");
    client.service_search(&[protocol::L2CAP], 1).unwrap();
    assert_eq!(client.handle_response(&good), Answer::Ignored, "before the request");
    request(&mut client);
    client.cancel();
    assert_eq!(client.handle_response(&good), Answer::Ignored, "canceled");
    client.service_search(&[protocol::L2CAP], 1).unwrap();
    request(&mut client);
    assert_eq!(client.handle_response(&good), Answer::Ignored, "late");
    let good = hex!("03 0002 0009 0001 0001 00010000 00");
    assert!(matches!(client.handle_response(&good), Answer::Complete(_)));
    assert_eq!(client.handle_response(&good), Answer::Ignored, "twice");
}

#[test]
fn a_server_that_continues_for_ever_is_left() {
    let mut client = Client::new(48);
    client.search_attributes(&[protocol::L2CAP], &[AttributeRange::ALL], usize::MAX).unwrap();
    for round in 1..=MAX_ROUNDS {
        let [_, high, low, ..] = request(&mut client)[..] else { panic!() };
        let response = [7, high, low, 0, 6, 0, 1, 0x35, 2, 0, 0];
        let answer = client.handle_response(&response);
        if round < MAX_ROUNDS {
            assert_eq!(answer, Answer::More(&[0x35]));
        } else {
            assert_eq!(answer, Answer::Failed(Failure::Endless));
        }
    }
}

#[test]
fn the_limit_holds_over_all_parts() {
    let mut client = Client::new(48);
    client.service_search(&[protocol::L2CAP], 2).unwrap();
    let part = |transaction| [3, 0, transaction, 0, 10, 0, 2, 0, 1, 0, 1, 0, 0, 1, 0xaa];
    for transaction in 1..=2 {
        request(&mut client);
        assert!(matches!(client.handle_response(&part(transaction)), Answer::More(_)));
    }
    request(&mut client);
    assert_eq!(client.handle_response(&part(3)), TOO_LONG);
}

#[test]
fn transactions_wrap() {
    let mut client = Client::new(48);
    client.transaction = u16::MAX;
    client.service_search(&[protocol::L2CAP], 1).unwrap();
    assert_eq!(request(&mut client)[1..3], [0, 0]);
}
