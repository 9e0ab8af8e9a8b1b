use std::{vec, vec::Vec};

use hex_literal::hex;

use super::*;
use crate::Value;

fn written(value: Value<'_>) -> Vec<u8> {
    let mut buffer = vec![0; 0x2_0000];
    let mut w = Writer::new(&mut buffer);
    value.write(&mut w).unwrap();
    assert_eq!(w.len(), value.encoded_len());
    w.written().to_vec()
}

#[test]
fn each_type_is_written_as_the_specification_says_and_read_back() {
    let base = Uuid::new_128(0x6e400001_b5a3_f393_e0a9_e50e24dcca9e);
    let table: &[(Value<'_>, &[u8], Element<'_>)] = &[
        (Value::Nil, &hex!("00"), Element::Nil),
        (Value::U8(0x7f), &hex!("087f"), Element::U8(0x7f)),
        (Value::U16(0x1234), &hex!("091234"), Element::U16(0x1234)),
        (Value::U32(0x12345678), &hex!("0a12345678"), Element::U32(0x12345678)),
        (Value::U64(1), &hex!("0b0000000000000001"), Element::U64(1)),
        (Value::U128(2), &hex!("0c00000000000000000000000000000002"), Element::U128(2)),
        (Value::I8(-1), &hex!("10ff"), Element::I8(-1)),
        (Value::I16(-2), &hex!("11fffe"), Element::I16(-2)),
        (Value::I32(-3), &hex!("12fffffffd"), Element::I32(-3)),
        (Value::I64(-4), &hex!("13fffffffffffffffc"), Element::I64(-4)),
        (Value::I128(-5), &hex!("14fffffffffffffffffffffffffffffffb"), Element::I128(-5)),
        (Value::Uuid(Uuid::new_16(0x0100)), &hex!("190100"), Element::Uuid(Uuid::new_16(0x0100))),
        (
            Value::Uuid(Uuid::new_32(0x12345678)),
            &hex!("1a12345678"),
            Element::Uuid(Uuid::new_32(0x12345678)),
        ),
        (Value::Uuid(base), &hex!("1c6e400001b5a3f393e0a9e50e24dcca9e"), Element::Uuid(base)),
        (Value::Text("ab"), &hex!("25026162"), Element::Text(b"ab")),
        (Value::Octets(&[0xff]), &hex!("2501ff"), Element::Text(&[0xff])),
        (Value::Bool(true), &hex!("2801"), Element::Bool(true)),
        (Value::Bool(false), &hex!("2800"), Element::Bool(false)),
        (
            Value::Sequence(&[Value::U8(1), Value::Nil]),
            &hex!("3503080100"),
            Element::Sequence(Elements::new(&hex!("080100"))),
        ),
        (
            Value::Alternative(&[Value::U8(1)]),
            &hex!("3d020801"),
            Element::Alternative(Elements::new(&hex!("0801"))),
        ),
        (Value::Url("a:b"), &hex!("4503613a62"), Element::Url(b"a:b")),
    ];
    for (value, octets, element) in table {
        assert_eq!(written(*value), *octets);
        assert_eq!(Element::parse(octets), Ok(*element));
        let mut buffer = [0; 32];
        let mut w = Writer::new(&mut buffer);
        element.write(&mut w).unwrap();
        assert_eq!(w.written(), *octets);
    }
}

#[test]
fn headers_are_the_shortest_and_every_form_is_read() {
    let long = "x".repeat(0x1_0000);
    for (len, header) in
        [(0xff, &hex!("25ff") as &[u8]), (0x100, &hex!("260100")), (0x1_0000, &hex!("2700010000"))]
    {
        assert_eq!(&written(Value::Text(&long[..len]))[..header.len()], header);
    }
    for octets in [&hex!("25026162") as &[u8], &hex!("2600026162"), &hex!("27000000026162")] {
        assert_eq!(Element::parse(octets), Ok(Element::Text(b"ab")));
    }
}

#[test]
fn forms_of_one_uuid_are_equal() {
    let short = Element::parse(&hex!("190003"));
    assert_eq!(short, Element::parse(&hex!("1a00000003")));
    assert_eq!(short, Element::parse(&hex!("1c0000000300001000800000805f9b34fb")));
    assert_ne!(short, Element::parse(&hex!("1c0000000300001000800000805f9b34fa")));
}

#[test]
fn malformed_elements_are_refused() {
    let table: &[(&str, &[u8], Malformed)] = &[
        ("nothing", &[], Malformed::Truncated),
        ("nil with a length", &hex!("01"), Malformed::Value),
        ("nil with a length in the next octet", &hex!("0500"), Malformed::Value),
        ("number without data", &hex!("08"), Malformed::Truncated),
        ("number cut off", &hex!("0a010203"), Malformed::Truncated),
        ("number of 16 octets cut off", &hex!("0c01"), Malformed::Truncated),
        ("number with a length", &hex!("0d0101"), Malformed::Value),
        ("signed number with a length", &hex!("1700000001"), Malformed::Value),
        ("UUID of 1 octet", &hex!("1801"), Malformed::Value),
        ("UUID of 8 octets", &hex!("1b0000000000000000"), Malformed::Value),
        ("UUID cut off", &hex!("1901"), Malformed::Truncated),
        ("text of a fixed size", &hex!("2061"), Malformed::Value),
        ("text longer than the rest", &hex!("2503 6162"), Malformed::Truncated),
        ("text without a length", &hex!("25"), Malformed::Truncated),
        ("text with half a length", &hex!("2600"), Malformed::Truncated),
        ("text of 4 GiB", &hex!("27ffffffff61"), Malformed::Truncated),
        ("boolean without data", &hex!("28"), Malformed::Truncated),
        ("boolean of 2 octets", &hex!("290000"), Malformed::Value),
        ("sequence of a fixed size", &hex!("3000"), Malformed::Value),
        ("sequence longer than the rest", &hex!("35020801 00")[..3], Malformed::Truncated),
        ("sequence with half an element", &hex!("350109"), Malformed::Truncated),
        ("element longer than its sequence", &hex!("3502 0900 01"), Malformed::Truncated),
        ("sequence of 4 GiB", &hex!("37ffffffff00"), Malformed::Truncated),
        ("alternative with a reserved type", &hex!("3d0148"), Malformed::Value),
        ("URL of a fixed size", &hex!("4161"), Malformed::Value),
        ("reserved type 9", &hex!("4800"), Malformed::Value),
        ("reserved type 31", &hex!("ff00000000"), Malformed::Value),
        ("octets left over", &hex!("080100"), Malformed::Trailing),
    ];
    for (what, octets, error) in table {
        assert_eq!(Element::parse(octets), Err(*error), "{what}");
        let mut r = Reader::new(octets);
        if *error != Malformed::Trailing {
            assert!(Element::read(&mut r).is_err() && r.remaining() == octets.len(), "{what}");
        }
    }
}

/// Returns sequences in each other, `depth` deep.
fn nested(depth: u8) -> Vec<u8> {
    (0..depth).rev().flat_map(|inner| [0x35, 2 * inner]).collect()
}

#[test]
fn nesting_is_bounded() {
    let depth = u8::try_from(MAX_DEPTH).unwrap();
    assert!(Element::parse(&nested(depth)).is_ok());
    assert_eq!(Element::parse(&nested(depth + 1)), Err(Malformed::Value));
    assert_eq!(Element::parse(&nested(127)), Err(Malformed::Value));
    let uuid = hex!("190003");
    for (depth, is_found) in [(MAX_DEPTH, true), (MAX_DEPTH + 1, false), (100, false)] {
        let lens = (0..depth).rev().map(|inner| u8::try_from(2 * inner + uuid.len()).unwrap());
        let deep: Vec<_> = lens.flat_map(|len| [0x35, len]).chain(uuid).collect();
        assert_eq!(Elements::new(&deep).contains(Uuid::new_16(3)), is_found, "{depth}");
        assert_eq!(Elements::new(&deep).check().is_ok(), is_found, "{depth}");
    }
}

#[test]
fn a_uuid_is_found_at_any_depth() {
    let octets = hex!("0801 3d07 3505 25013f 0800 3508 3506 3504 190003 00");
    let elements = Elements::new(&octets);
    assert!(elements.contains(Uuid::new_16(3)));
    assert!(!elements.contains(Uuid::new_16(0x3f)), "text is not a UUID");
    assert_eq!(elements.check(), Ok(()));
}

#[test]
fn an_iterator_ends_at_a_malformed_element() {
    let octets = hex!("0801 48 0802");
    assert_eq!(Elements::new(&octets).collect::<Vec<_>>(), [Element::U8(1)]);
}

#[test]
fn numbers_convert_if_they_fit() {
    assert_eq!(Element::U8(1).as_u16(), Some(1));
    assert_eq!(Element::U32(0x1_0000).as_u16(), None);
    assert_eq!(Element::U64(0xffff).as_u16(), Some(0xffff));
    assert_eq!(Element::U64(1 << 32).as_u32(), None);
    assert_eq!(Element::U128(9).as_u32(), Some(9));
    assert_eq!(Element::I8(1).as_u32(), None);
}

#[test]
fn nothing_is_written_beyond_the_buffer() {
    let value = Value::Sequence(&[Value::U32(1), Value::Text("abc")]);
    for room in 0..value.encoded_len() {
        assert_eq!(value.write(&mut Writer::new(&mut vec![0; room])), Err(NoRoom));
    }
}
