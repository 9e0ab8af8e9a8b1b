use std::vec::Vec;

use bindrune_wire::zerocopy::little_endian::{U16, U128};
use hex_literal::hex;
use proptest::prelude::*;

use super::*;
use crate::ErrorCode;

const NUS: Uuid = Uuid::new_128(0x6e400001_b5a3_f393_e0a9_e50e24dcca9e);

fn written(write: impl FnOnce(&mut Writer<'_>) -> Result<(), NoRoom>) -> Vec<u8> {
    let mut buffer = [0; 600];
    let mut w = Writer::new(&mut buffer);
    write(&mut w).unwrap();
    w.written().to_vec()
}

fn request(pdu: &[u8], expected: Request<'_>) {
    assert_eq!(Request::parse(pdu), Ok(expected));
    assert_eq!(written(|w| expected.write(w)), pdu);
    assert_eq!(expected.opcode().0, pdu[0]);
}

fn response(pdu: &[u8], expected: Response<'_>) {
    assert_eq!(Response::parse(pdu), Ok(expected));
    assert_eq!(written(|w| expected.write(w)), pdu);
    assert_eq!(expected.opcode().0, pdu[0]);
}

#[test]
fn requests_golden() {
    use Request::*;
    let handles = [U16::new(3), U16::new(0x0105)];
    let handles = Handles::new(&handles).unwrap();
    request(&hex!("02 f700"), ExchangeMtu { mtu: 247 });
    request(&hex!("04 0100 ffff"), FindInformation { start: 1, end: 0xffff });
    request(
        &hex!("06 0100 ffff 0028 0f18"),
        FindByTypeValue { start: 1, end: 0xffff, attribute_type: 0x2800, value: &[0x0f, 0x18] },
    );
    request(
        &hex!("08 0100 0900 0328"),
        ReadByType { start: 1, end: 9, attribute_type: Uuid::new_16(0x2803) },
    );
    request(
        &hex!("08 0100 0900 9ecadc240ee5a9e093f3a3b50100406e"),
        ReadByType { start: 1, end: 9, attribute_type: NUS },
    );
    request(&hex!("0a 0300"), Read { handle: 3 });
    request(&hex!("0c 0300 1600"), ReadBlob { handle: 3, offset: 22 });
    request(&hex!("0e 0300 0501"), ReadMultiple { handles });
    request(
        &hex!("10 0100 ffff 0028"),
        ReadByGroupType { start: 1, end: 0xffff, group_type: Uuid::new_16(0x2800) },
    );
    request(&hex!("12 0300 01ff"), Write { handle: 3, value: &[1, 0xff] });
    request(&hex!("16 0300 1200 41"), PrepareWrite { handle: 3, offset: 18, value: b"A" });
    request(&hex!("18 01"), ExecuteWrite { write: true });
    request(&hex!("18 00"), ExecuteWrite { write: false });
    request(&hex!("20 0300 0501"), ReadMultipleVariable { handles });
    assert_eq!((handles.len(), handles.iter().collect::<Vec<_>>()), (2, [3, 0x105].to_vec()));
}

#[test]
fn responses_golden() {
    use Response::*;
    let error = ErrorResponse {
        request: Opcode::READ_BY_TYPE_REQ,
        handle: 9,
        code: ErrorCode::ATTRIBUTE_NOT_FOUND,
    };
    response(&hex!("01 08 0900 0a"), Error(error));
    assert_eq!(written(|w| error.write(w)), hex!("01 08 0900 0a"));
    response(&hex!("03 1700"), ExchangeMtu { mtu: 23 });
    let short = [HandleInformation16 { handle: U16::new(4), uuid: U16::new(0x2902) }];
    response(&hex!("05 01 0400 0229"), FindInformation(Information::Uuid16(&short)));
    let long = [HandleInformation128 { handle: U16::new(4), uuid: U128::new(NUS.as_u128()) }];
    response(
        &hex!("05 02 0400 9ecadc240ee5a9e093f3a3b50100406e"),
        FindInformation(Information::Uuid128(&long)),
    );
    assert_eq!(Information::Uuid128(&long).get(0), Some((4, NUS)));
    let range = [HandleRange { start: U16::new(1), end: U16::new(7) }];
    response(&hex!("07 0100 0700"), FindByTypeValue(&range));
    response(
        &hex!("09 03 0300 64 0500 65"),
        ReadByType(AttributeList::parse(3, &hex!("0300 64 0500 65")).unwrap()),
    );
    response(&hex!("0b 64"), Read { value: &[100] });
    response(&hex!("0d"), ReadBlob { value: &[] });
    response(&hex!("0f 0102"), ReadMultiple { values: &[1, 2] });
    response(
        &hex!("11 06 0100 0700 0018"),
        ReadByGroupType(GroupList::parse(6, &hex!("0100 0700 0018")).unwrap()),
    );
    response(
        &hex!("21 0100 64 0000"),
        ReadMultipleVariable(ValueList::parse(&hex!("0100 64 0000")).unwrap()),
    );
    response(&hex!("13"), Write);
    response(&hex!("17 0300 1200 41"), PrepareWrite { handle: 3, offset: 18, value: b"A" });
    response(&hex!("19"), ExecuteWrite);
}

#[test]
fn lists_are_walked_in_place() {
    let list = AttributeList::parse(3, &hex!("0300 64 0500 65")).unwrap();
    assert_eq!(list.iter().collect::<Vec<_>>(), [(3, &[0x64][..]), (5, &[0x65][..])]);
    let groups = GroupList::parse(6, &hex!("0100 0700 0018 0800 ffff 0f18")).unwrap();
    assert_eq!(groups.get(1), Some((8, 0xffff, &[0x0f, 0x18][..])));
    assert_eq!(groups.get(2), None);
    assert_eq!(groups.get(usize::MAX), None);
}

#[test]
fn pushes_golden() {
    let push = |pdu: &[u8], expected: Push<'_>| {
        assert_eq!(Push::parse(pdu), Ok(expected));
        assert_eq!(written(|w| expected.write(w)), pdu);
        assert_eq!(expected.opcode().0, pdu[0]);
    };
    push(&hex!("1b 0300 64"), Push::Notification { handle: 3, value: &[100] });
    push(&hex!("1d 0300"), Push::Indication { handle: 3, value: &[] });
    let list = Notifications::parse(&hex!("0300 0100 64 0500 0000")).unwrap();
    push(&hex!("23 0300 0100 64 0500 0000"), Push::MultipleNotification(list));
    assert_eq!(list.iter().collect::<Vec<_>>(), [(3, &[100][..]), (5, &[][..])]);
    assert_eq!(written(write_confirmation), hex!("1e"));
}

#[test]
fn commands_golden() {
    let command = |pdu: &[u8], expected: Command<'_>| {
        assert_eq!(Command::parse(pdu), Ok(expected));
        assert_eq!(written(|w| expected.write(w)), pdu);
        assert_eq!(expected.opcode().0, pdu[0]);
    };
    command(&hex!("52 0300 41"), Command::Write { handle: 3, value: b"A" });
    let signature = &hex!("000000000102030405060708");
    command(
        &hex!("d2 0300 41 000000000102030405060708"),
        Command::SignedWrite { handle: 3, value: b"A", signature },
    );
}

/// Rows Q08 to Q25: malformed requests.
#[test]
fn malformed_requests() {
    let rows: [&[u8]; 17] = [
        &hex!(""),
        &hex!("0a"),
        &hex!("0a03"),
        &hex!("0a030000"),
        &hex!("0801000010"),
        &hex!("080100ffff030201"),
        &hex!("080100ffff03020100"),
        &hex!("100100ffff"),
        &hex!("0e0300"),
        &hex!("0e03000400ff"),
        &hex!("20"),
        &hex!("200300"),
        &hex!("160300"),
        &hex!("18"),
        &hex!("180100"),
        &hex!("1802"),
        &hex!("060100ffff"),
    ];
    for pdu in rows {
        assert!(Request::parse(pdu).is_err(), "{pdu:02x?}");
    }
}

/// Rows Q46, Q47, Q53 and Q55: malformed responses and notifications.
#[test]
fn malformed_responses() {
    let rows: [&[u8]; 14] = [
        &hex!("1100"),
        &hex!("1101aa"),
        &hex!("110601000500001802"),
        &hex!("1106"),
        &hex!("0901aa"),
        &hex!("0903"),
        &hex!("0503"),
        &hex!("0501"),
        &hex!("05010300"),
        &hex!("07"),
        &hex!("07010007"),
        &hex!("03"),
        &hex!("1300"),
        &hex!("010a0000"),
    ];
    for pdu in rows {
        assert!(Response::parse(pdu).is_err(), "{pdu:02x?}");
    }
    for pdu in [&hex!("1b")[..], &hex!("1b03"), &hex!("23"), &hex!("23030009004142")] {
        assert!(Push::parse(pdu).is_err(), "{pdu:02x?}");
    }
    assert!(Command::parse(&hex!("d20300410000000000000000000000")).is_ok());
    assert!(Command::parse(&hex!("d203000000000000000000000000")).is_err());
}

#[test]
fn the_last_variable_value_may_be_cut() {
    let pdu = hex!("21 0100 64 0900 4142");
    let Ok(Response::ReadMultipleVariable(list)) = Response::parse(&pdu) else { panic!() };
    assert_eq!(list.iter().collect::<Vec<_>>(), [(1, &b"d"[..]), (9, &b"AB"[..])]);
}

#[test]
fn a_pdu_that_does_not_fit_is_not_started() {
    let mut buffer = [0; 6];
    let mut w = Writer::new(&mut buffer);
    w.u8(0xee).unwrap();
    assert_eq!(
        Request::ReadByType { start: 1, end: 2, attribute_type: NUS }.write(&mut w),
        Err(NoRoom)
    );
    assert_eq!(
        Response::PrepareWrite { handle: 1, offset: 2, value: b"AB" }.write(&mut w),
        Err(NoRoom)
    );
    assert_eq!(Push::Notification { handle: 1, value: b"ABCD" }.write(&mut w), Err(NoRoom));
    assert_eq!(Command::Write { handle: 1, value: b"ABCD" }.write(&mut w), Err(NoRoom));
    assert_eq!(w.written(), [0xee]);
}

fn uuid() -> impl Strategy<Value = Uuid> {
    prop_oneof![any::<u16>().prop_map(Uuid::new_16), any::<u128>().prop_map(Uuid::new_128)]
}

proptest! {
    #[test]
    fn requests_round_trip(
        (start, end, kind) in any::<(u16, u16, u8)>(),
        uuid in uuid(),
        value in proptest::collection::vec(any::<u8>(), 0..64),
        handles in proptest::collection::vec(any::<u16>(), 2..20),
    ) {
        let handles: Vec<_> = handles.into_iter().map(U16::new).collect();
        let handles = Handles::new(&handles).unwrap();
        let request = match kind % 12 {
            0 => Request::ExchangeMtu { mtu: start },
            1 => Request::FindInformation { start, end },
            2 => Request::FindByTypeValue { start, end, attribute_type: start, value: &value },
            3 => Request::ReadByType { start, end, attribute_type: uuid },
            4 => Request::Read { handle: start },
            5 => Request::ReadBlob { handle: start, offset: end },
            6 => Request::ReadMultiple { handles },
            7 => Request::ReadByGroupType { start, end, group_type: uuid },
            8 => Request::ReadMultipleVariable { handles },
            9 => Request::Write { handle: start, value: &value },
            10 => Request::PrepareWrite { handle: start, offset: end, value: &value },
            _ => Request::ExecuteWrite { write: start & 1 == 1 },
        };
        let pdu = written(|w| request.write(w));
        prop_assert_eq!(Request::parse(&pdu), Ok(request));
    }

    #[test]
    fn any_octets_parse_or_fail(mut pdu in proptest::collection::vec(any::<u8>(), 0..80), opcode in 0u8..0x54) {
        crate::fuzz::pdu(&pdu);
        if let Some(first) = pdu.first_mut() {
            *first = opcode;
        }
        crate::fuzz::pdu(&pdu);
    }

    /// A list whose rows fit, after each opcode that carries one.
    #[test]
    fn lists_round_trip(
        opcode in prop_oneof![Just(5u8), Just(7), Just(9), Just(0x11), Just(0x21), Just(0x23)],
        length in 0u8..24,
        rows in 0usize..5,
        fill in any::<u8>(),
    ) {
        let mut pdu = Vec::from([opcode]);
        if opcode != 7 { pdu.push(length) }
        pdu.extend(std::iter::repeat_n(fill, usize::from(length) * rows));
        crate::fuzz::pdu(&pdu);
    }
}
