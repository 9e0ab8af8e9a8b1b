//! Requests that are malformed in each field, with their answers; after each one the server answers a good request.

use hex_literal::hex;

use super::tests::{answer, with_registry};
use crate::ErrorCode;

const SYNTAX: Option<ErrorCode> = Some(ErrorCode::INVALID_SYNTAX);
const SIZE: Option<ErrorCode> = Some(ErrorCode::INVALID_PDU_SIZE);
const HANDLE: Option<ErrorCode> = Some(ErrorCode::INVALID_RECORD_HANDLE);
const CONTINUATION: Option<ErrorCode> = Some(ErrorCode::INVALID_CONTINUATION);

type Row = (&'static str, &'static [u8], Option<ErrorCode>);

const HEADER: &[Row] = &[
    ("nothing", &hex!(""), None),
    ("only a PDU ID", &hex!("02"), None),
    ("half a transaction ID", &hex!("0200"), None),
    ("no length", &hex!("02 0001"), SIZE),
    ("half a length", &hex!("02 0001 00"), SIZE),
    ("length without parameters", &hex!("02 0001 0008"), SIZE),
    ("length too small", &hex!("02 0001 0007 3503 190100 0003 00"), SIZE),
    ("length too great", &hex!("02 0001 0009 3503 190100 0003 00"), SIZE),
    ("greatest length", &hex!("02 0001 ffff 3503 190100 0003 00"), SIZE),
    ("length 0 with parameters", &hex!("02 0001 0000 3503 190100 0003 00"), SIZE),
    ("PDU ID 0", &hex!("00 0001 0000"), SYNTAX),
    ("PDU ID 8", &hex!("08 0001 0000"), SYNTAX),
    ("PDU ID 255", &hex!("ff 0001 0001 00"), SYNTAX),
    ("an error response", &hex!("01 0001 0002 0003"), None),
    ("a service search response", &hex!("03 0001 0005 0000 0000 00"), None),
    ("a service attribute response", &hex!("05 0001 0005 0002 3500 00"), None),
    ("a service search attribute response", &hex!("07 0001 0005 0002 3500 00"), None),
];

const SEARCH: &[Row] = &[
    ("no parameters", &hex!("02 0001 0000"), SYNTAX),
    ("empty pattern", &hex!("02 0001 0005 3500 0003 00"), SYNTAX),
    ("pattern that is a UUID", &hex!("02 0001 0006 190100 0003 00"), SYNTAX),
    ("pattern that is an alternative", &hex!("02 0001 0008 3d03 190100 0003 00"), SYNTAX),
    ("pattern with a number", &hex!("02 0001 0008 3503 090100 0003 00"), SYNTAX),
    ("pattern with a UUID and a nil", &hex!("02 0001 0009 3504 190100 00 0003 00"), SYNTAX),
    ("pattern with a sequence", &hex!("02 0001 000a 3505 3503 190100 0003 00"), SYNTAX),
    ("pattern with a UUID of 1 octet", &hex!("02 0001 0007 3502 1801 0003 00"), SYNTAX),
    (
        "pattern with a UUID of 8 octets",
        &hex!("02 0001 000e 3509 1b0000000000000100 0003 00"),
        SYNTAX,
    ),
    ("pattern with half a UUID", &hex!("02 0001 0007 3502 1901 0003 00"), SYNTAX),
    ("pattern with a reserved type", &hex!("02 0001 0007 3502 4801 0003 00"), SYNTAX),
    ("pattern longer than the PDU", &hex!("02 0001 0008 35f0 190100 0003 00"), SYNTAX),
    ("pattern of 64 KiB", &hex!("02 0001 0009 36ffff 190100 0003 00"), SYNTAX),
    ("pattern of 4 GiB", &hex!("02 0001 000b 37ffffffff 190100 0003 00"), SYNTAX),
    ("pattern of a fixed size", &hex!("02 0001 0007 30 190100 0003 00"), SYNTAX),
    (
        "pattern with 13 UUIDs",
        &hex!(
            "02 0001 002c 3527 190100 190100 190100 190100 190100 190100 190100 190100 190100 190100 190100 190100 190100 0003 00"
        ),
        SYNTAX,
    ),
    ("maximum count of 0", &hex!("02 0001 0008 3503 190100 0000 00"), SYNTAX),
    ("no maximum count", &hex!("02 0001 0005 3503 190100"), SYNTAX),
    ("half a maximum count", &hex!("02 0001 0006 3503 190100 00"), SYNTAX),
    ("no continuation state", &hex!("02 0001 0007 3503 190100 0003"), SYNTAX),
    ("octets after the continuation state", &hex!("02 0001 0009 3503 190100 0003 00 00"), SYNTAX),
];

const STATE: &[Row] = &[
    ("state longer than the PDU", &hex!("02 0001 0008 3503 190100 0003 08"), SYNTAX),
    ("state shorter than the rest", &hex!("02 0001 000a 3503 190100 0003 01 0000"), SYNTAX),
    (
        "state of 17 octets",
        &hex!("02 0001 0019 3503 190100 0003 11 0000000000000000000000000000000000"),
        CONTINUATION,
    ),
    ("state of 255 octets", &hex!("02 0001 0008 3503 190100 0003 ff"), CONTINUATION),
    ("state of 1 octet", &hex!("02 0001 0009 3503 190100 0003 01 00"), CONTINUATION),
    ("forged state", &hex!("02 0001 0010 3503 190100 0003 08 0000000000000001"), CONTINUATION),
    ("state of ones", &hex!("02 0001 0010 3503 190100 0003 08 ffffffffffffffff"), CONTINUATION),
    (
        "state of 16 octets",
        &hex!("02 0001 0018 3503 190100 0003 10 00000000000000000000000000000001"),
        CONTINUATION,
    ),
    (
        "forged state for attributes",
        &hex!("04 0001 0016 00010000 ffff 3505 0a0000ffff 08 0000000000000002"),
        CONTINUATION,
    ),
    (
        "forged state for a search of attributes",
        &hex!("06 0001 0017 3503 190100 ffff 3505 0a0000ffff 08 0000000000000002"),
        CONTINUATION,
    ),
];

const ATTRIBUTES: &[Row] = &[
    ("no parameters", &hex!("04 0001 0000"), SYNTAX),
    ("half a handle", &hex!("04 0001 0002 0001"), SYNTAX),
    ("no maximum", &hex!("04 0001 0004 00010000"), SYNTAX),
    ("unknown handle", &hex!("04 0001 000c 00010003 0080 3503 090004 00"), HANDLE),
    ("reserved handle", &hex!("04 0001 000c 00000001 0080 3503 090004 00"), HANDLE),
    ("greatest handle", &hex!("04 0001 000c ffffffff 0080 3503 090004 00"), HANDLE),
    ("maximum of 0", &hex!("04 0001 000c 00010000 0000 3503 090004 00"), SYNTAX),
    ("maximum of 6", &hex!("04 0001 000c 00010000 0006 3503 090004 00"), SYNTAX),
    ("no list", &hex!("04 0001 0007 00010000 0080 00"), SYNTAX),
    ("empty list", &hex!("04 0001 0009 00010000 0080 3500 00"), SYNTAX),
    ("list that is a number", &hex!("04 0001 000a 00010000 0080 090004 00"), SYNTAX),
    ("list that is an alternative", &hex!("04 0001 000c 00010000 0080 3d03 090004 00"), SYNTAX),
    ("list with a UUID", &hex!("04 0001 000c 00010000 0080 3503 190004 00"), SYNTAX),
    ("list with an ID of 1 octet", &hex!("04 0001 000b 00010000 0080 3502 0804 00"), SYNTAX),
    (
        "list with an ID of 8 octets",
        &hex!("04 0001 0012 00010000 0080 3509 0b0000000000000004 00"),
        SYNTAX,
    ),
    ("list with a signed ID", &hex!("04 0001 000c 00010000 0080 3503 110004 00"), SYNTAX),
    ("list with half an ID", &hex!("04 0001 000b 00010000 0080 3502 0900 00"), SYNTAX),
    ("list longer than the PDU", &hex!("04 0001 000c 00010000 0080 35ff 090004 00"), SYNTAX),
    ("list with a sequence", &hex!("04 0001 000e 00010000 0080 3505 3503 090004 00"), SYNTAX),
    (
        "range that ends before it begins",
        &hex!("04 0001 000e 00010000 0080 3505 0a00050004 00"),
        SYNTAX,
    ),
    ("the same ID twice", &hex!("04 0001 000f 00010000 0080 3506 090004 090004 00"), SYNTAX),
    ("IDs in descending order", &hex!("04 0001 000f 00010000 0080 3506 090005 090004 00"), SYNTAX),
    (
        "ranges that overlap",
        &hex!("04 0001 0013 00010000 0080 350a 0a00000005 0a0005ffff 00"),
        SYNTAX,
    ),
    (
        "an ID after the last one",
        &hex!("04 0001 0011 00010000 0080 3508 0a0000ffff 09ffff 00"),
        SYNTAX,
    ),
    ("no continuation state", &hex!("04 0001 000b 00010000 0080 3503 090004"), SYNTAX),
    (
        "octets after the continuation state",
        &hex!("04 0001 000d 00010000 0080 3503 090004 0000"),
        SYNTAX,
    ),
];

const SEARCH_ATTRIBUTES: &[Row] = &[
    ("no parameters", &hex!("06 0001 0000"), SYNTAX),
    ("empty pattern", &hex!("06 0001 000a 3500 0080 3503 090004 00"), SYNTAX),
    ("pattern with a number", &hex!("06 0001 000d 3503 090100 0080 3503 090004 00"), SYNTAX),
    ("maximum of 6", &hex!("06 0001 000d 3503 190100 0006 3503 090004 00"), SYNTAX),
    ("half a maximum", &hex!("06 0001 0006 3503 190100 00"), SYNTAX),
    ("empty list", &hex!("06 0001 000a 3503 190100 0080 3500 00"), SYNTAX),
    ("list with a UUID", &hex!("06 0001 000d 3503 190100 0080 3503 190004 00"), SYNTAX),
    ("list that is missing", &hex!("06 0001 0008 3503 190100 0080 00"), SYNTAX),
    ("no continuation state", &hex!("06 0001 000c 3503 190100 0080 3503 090004"), SYNTAX),
    (
        "octets after the continuation state",
        &hex!("06 0001 000e 3503 190100 0080 3503 090004 00 ff"),
        SYNTAX,
    ),
];

#[test]
fn a_malformed_request_gets_its_error_and_the_next_one_its_answer() {
    let tables = [HEADER, SEARCH, STATE, ATTRIBUTES, SEARCH_ATTRIBUTES];
    assert!(tables.iter().map(|table| table.len()).sum::<usize>() >= 80);
    with_registry(|registry| {
        for (what, request, code) in tables.concat() {
            let expected = code.map(|code| {
                let [high, low] = code.0.to_be_bytes();
                [1, 0, 1, 0, 2, high, low].to_vec()
            });
            assert_eq!(answer(&registry.database(), request, 48), expected, "{what}");
            let good = hex!("02 0002 0008 3503 191101 0003 00");
            let right = hex!("03 0002 0009 0001 0001 00010001 00");
            assert_eq!(answer(&registry.database(), &good, 48).unwrap(), right, "{what}");
        }
    });
}

/// Returns the first response to a request for all attributes of all records, and the continuation state in it.
fn first_part(database: &crate::Database<'_>) -> ([u8; 9], usize) {
    let request = hex!("06 0001 000f 3503 190100 ffff 3505 0a0000ffff 00");
    let response = answer(database, &request, 48).unwrap();
    let count = usize::from(response[6]);
    (response[7 + count..].try_into().unwrap(), count)
}

#[test]
fn a_continuation_state_holds_only_for_its_request_and_its_range() {
    with_registry(|registry| {
        let database = registry.database();
        let (state, count) = first_part(&database);
        let next = |request: &[u8], state: &[u8]| {
            let body = [request, state].concat();
            let head = [6, 0, 1, 0, u8::try_from(body.len()).unwrap()];
            answer(&database, &[&head as &[u8], &body].concat(), 48).unwrap()
        };
        let same = hex!("3503 190100 ffff 3505 0a0000ffff");
        assert_eq!(next(&same, &state)[0], 7);
        let invalid = hex!("01 0001 0002 0005");
        for other in [
            &hex!("3503 190003 ffff 3505 0a0000ffff") as &[u8],
            &hex!("3503 190100 ffff 3505 0a0000fffe"),
            &hex!("3506 190100 190100 ffff 3505 0a0000ffff"),
            &hex!("3505 1a00000100 ffff 3505 0a0000ffff"),
        ] {
            assert_eq!(next(other, &state), invalid, "{other:02x?}");
        }
        for bit in 0..64 {
            let mut forged = state;
            forged[1 + bit / 8] ^= 1 << (bit % 8);
            let answer = next(&same, &forged);
            let offset = u32::from_be_bytes(forged[5..].try_into().unwrap());
            let is_in_range = bit >= 32 && (1..280).contains(&offset);
            assert!(answer == invalid || is_in_range, "bit {bit}: {answer:02x?}");
        }
        let at = |offset: u32| [&state[..5], &offset.to_be_bytes()].concat();
        assert_eq!(next(&same, &at(0)), invalid, "an offset of 0 is never given");
        let end = (1..1000).find(|&offset| next(&same, &at(offset)) == invalid).unwrap();
        assert!(usize::try_from(end).unwrap() > count);
        for past in [end, end + 1, end + 2, 0xffff, 0x1_0000, u32::MAX] {
            assert_eq!(next(&same, &at(past)), invalid, "{past}");
        }
    });
}

#[test]
fn a_state_of_other_records_is_stale_even_for_the_same_contents() {
    with_registry(|registry| {
        let (state, _) = first_part(&registry.database());
        let handle = registry.add(&crate::Service::new(&[], crate::Port::None)).unwrap();
        registry.remove(handle);
        let request =
            [&hex!("06 0001 0017 3503 190100 ffff 3505 0a0000ffff") as &[u8], &state].concat();
        assert_eq!(answer(&registry.database(), &request, 48).unwrap(), hex!("01 0001 0002 0005"));
    });
}

/// The longest request that L2CAP can carry, with the most ranges, ends soon.
#[test]
fn a_request_of_64_kib_is_answered() {
    let mut ranges = std::vec::Vec::new();
    for id in 0..21_000u16 {
        ranges.push(0x09);
        ranges.extend(id.to_be_bytes());
    }
    let len = u16::try_from(ranges.len()).unwrap().to_be_bytes();
    let body = [&hex!("3503 190100 ffff 36") as &[u8], &len, &ranges, &[0]].concat();
    let total = u16::try_from(body.len()).unwrap().to_be_bytes();
    let request = [&hex!("06 0001") as &[u8], &total, &body].concat();
    with_registry(|registry| {
        assert_eq!(answer(&registry.database(), &request, 48).unwrap()[0], 7);
    });
}
