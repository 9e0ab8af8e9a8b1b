use std::vec;

use bindrune_wire::{Malformed, Uuid};

use super::*;

#[test]
fn a_short_value_takes_one_read() {
    let mut buffer = [0; 8];
    let mut read = ReadLong::new(3, &mut buffer);
    trace(&mut read, &[(&hex!("0a 0300"), &hex!("0b 64"))]);
    is_over(&mut read);
    assert_eq!((read.len(), read.is_whole()), (1, true));
    assert_eq!(buffer[0], 0x64);
}

/// GATT/CL/GAR/BV-04-C
#[test]
fn a_long_value_goes_on_until_a_part_is_short() {
    let mut server = Server::default();
    for len in [0usize, 1, 21, 22, 23, 44, 45, 511, 512] {
        let value: Vec<u8> = (0..len).map(|n| n as u8).collect();
        server.attributes.clear();
        server.add(3, Uuid::new_16(0x2a00), &value);
        let mut buffer = [0; 512];
        let mut read = ReadLong::new(3, &mut buffer);
        let mut rounds = 0;
        loop {
            let pdu = request(&mut read).unwrap();
            if pdu.is_empty() {
                break;
            }
            read.response(&server.answer(&pdu, MTU)).unwrap();
            rounds += 1;
        }
        assert_eq!((read.len(), read.is_whole()), (len, true));
        assert_eq!(rounds, if len == 512 { 24 } else { len / 22 + 1 });
        assert_eq!(buffer[..len], value);
    }
}

/// Row Q50.
#[test]
fn a_value_never_passes_512_octets() {
    let mut buffer = [0; 1000];
    let mut read = ReadLong::new(3, &mut buffer);
    let mut pdu = [0x61; 23];
    pdu[0] = 0x0b;
    let mut rounds = 0;
    while !request(&mut read).unwrap().is_empty() {
        read.response(&pdu).unwrap();
        pdu[0] = 0x0d;
        rounds += 1;
    }
    assert_eq!((rounds, read.len(), read.is_whole()), (24, 512, true));
    assert_eq!(buffer[512], 0);
}

/// The value is read to its end, so that the required buffer length is known.
#[test]
fn a_buffer_that_is_too_short_says_so() {
    for (len, whole) in [(0, false), (10, false), (22, false), (23, false), (24, true)] {
        let mut buffer = [0; 24];
        let mut read = ReadLong::new(3, &mut buffer[..len]);
        let full = [&[0x0b][..], &[1; 22]].concat();
        trace(&mut read, &[(&hex!("0a 0300"), &full), (&hex!("0c 0300 1600"), &hex!("0d 0202"))]);
        is_over(&mut read);
        assert_eq!((read.len(), read.is_whole()), (24, whole));
        let value: Vec<u8> = [vec![1; 22], vec![2; 2]].concat();
        assert_eq!((&buffer[..len], &buffer[len..]), (&value[..len], &[0; 24][len..]));
    }
}

#[test]
fn a_buffer_of_just_the_length_is_enough() {
    let mut buffer = [0; 22];
    let mut read = ReadLong::new(3, &mut buffer);
    let full = [&[0x0b][..], &[1; 22]].concat();
    trace(&mut read, &[(&hex!("0a 0300"), &full), (&hex!("0c 0300 1600"), &hex!("0d"))]);
    is_over(&mut read);
    assert_eq!((read.len(), read.is_whole()), (22, true));
}

/// Some servers refuse an offset exactly at the end. The refusal may also mean that the value became shorter, so the
/// client requests it twice.
#[test]
fn a_server_may_refuse_the_blob_behind_the_end() {
    let full = [&[0x0b][..], &[1; 22]].concat();
    let (first, blob) = (hex!("0a 0300"), hex!("0c 0300 1600"));
    let mut buffer = [0; 100];
    let mut read = ReadLong::new(3, &mut buffer);
    trace(&mut read, &[(&first, &full), (&blob, &hex!("01 0c 0300 0b"))]);
    is_over(&mut read);
    assert_eq!((read.len(), read.is_whole()), (22, true));
    let mut read = ReadLong::new(3, &mut buffer);
    let refusal = hex!("01 0c 0300 07");
    trace(&mut read, &[(&first, &full), (&blob, &refusal), (&first, &full), (&blob, &refusal)]);
    is_over(&mut read);
    assert_eq!((read.len(), read.is_whole()), (22, true));
}

/// No part of the old value is returned as part of the new one.
#[test]
fn a_value_that_became_shorter_is_read_anew() {
    let full = [&[0x0b][..], &[1; 22]].concat();
    let (first, blob) = (hex!("0a 0300"), hex!("0c 0300 1600"));
    let mut buffer = [0; 100];
    let mut read = ReadLong::new(3, &mut buffer);
    let gone = hex!("01 0c 0300 07");
    trace(&mut read, &[(&first, &full), (&blob, &gone), (&first, &hex!("0b 0203"))]);
    is_over(&mut read);
    assert_eq!((read.len(), read.is_whole()), (2, true));
    assert_eq!(buffer[..2], [2, 3]);
}

#[test]
fn a_server_that_lost_the_value_is_asked_again_a_few_times() {
    let full = [&[0x0b][..], &[1; 22]].concat();
    let (first, blob) = (hex!("0a 0300"), hex!("0c 0300 1600"));
    let changed = hex!("01 0c 0300 0e");
    let mut buffer = [0; 100];
    let mut read = ReadLong::new(3, &mut buffer);
    for _ in 0..3 {
        trace(&mut read, &[(&first, &full), (&blob, &changed)]);
    }
    trace(&mut read, &[(&first, &full)]);
    request(&mut read).unwrap();
    let error = ClientError::Att { code: ErrorCode::UNLIKELY_ERROR, handle: 3 };
    assert_eq!(read.response(&changed), Err(error));
    is_over(&mut read);
    assert!(!read.is_whole());
}

/// GATT/CL/GAR/BI-12-C to BI-17-C
#[test]
fn errors_of_a_long_read_are_reported() {
    let full = [&[0x0b][..], &[1; 22]].concat();
    for code in [1u8, 2, 5, 8, 0x0c, 0x80] {
        let mut buffer = [0; 100];
        let mut read = ReadLong::new(3, &mut buffer);
        trace(&mut read, &[(&hex!("0a 0300"), &full)]);
        request(&mut read).unwrap();
        let error = ClientError::Att { code: ErrorCode(code), handle: 3 };
        assert_eq!(read.response(&[1, 0x0c, 3, 0, code]), Err(error));
        is_over(&mut read);
        assert!(!read.is_whole());
    }
    let mut buffer = [0; 100];
    let mut read = ReadLong::new(3, &mut buffer);
    request(&mut read).unwrap();
    let error = ClientError::Att { code: ErrorCode::INVALID_OFFSET, handle: 3 };
    assert_eq!(read.response(&hex!("01 0a 0300 07")), Err(error));
}

/// The response to the other kind of read is no part of the value.
#[test]
fn parts_differ_by_their_opcode() {
    let mut buffer = [0; 100];
    let mut read = ReadLong::new(3, &mut buffer);
    request(&mut read).unwrap();
    assert_eq!(read.response(&hex!("0d 41")), Err(Violation::Response.into()));
}

/// GATT/CL/GAR/BV-03-C
#[test]
fn values_by_uuid() {
    let mut read = ReadByUuid::new(1, 0xffff, Uuid::new_16(0x2a19));
    let pdu = hex!("09 03 0300 64 0700 32");
    trace(&mut read, &[(&hex!("08 0100 ffff 192a"), &pdu)]);
    assert_eq!(read.next(&pdu), Some(AttributeValue { handle: 3, value: &[0x64] }));
    assert_eq!(read.next(&pdu), Some(AttributeValue { handle: 7, value: &[0x32] }));
    assert_eq!(read.next(&pdu), None);
    trace(&mut read, &[(&hex!("08 0800 ffff 192a"), &hex!("01 08 0800 0a"))]);
    is_over(&mut read);
    let rows: [(&[u8], ClientError); 3] = [
        (&hex!("09 01 aa"), Malformed::Value.into()),
        (&hex!("09 03 0300 64 0300 64"), Violation::Order.into()),
        (&hex!("01 08 0100 02"), ClientError::Att { code: ErrorCode(2), handle: 1 }),
    ];
    refuses(&ReadByUuid::new(1, 0xffff, Uuid::new_16(0x2a19)), &rows);
}

/// GATT/CL/GAR/BV-05-C
#[test]
fn several_values_of_known_lengths() {
    let mut read = ReadMultiple::fixed(&[3, 5]);
    let pdu = hex!("0f 0102");
    assert_eq!(read.values(&pdu), None);
    trace(&mut read, &[(&hex!("0e 0300 0500"), &pdu)]);
    assert_eq!(read.values(&pdu), Some(&[1, 2][..]));
    is_over(&mut read);
    let error = ClientError::Att { code: ErrorCode(1), handle: 5 };
    refuses(&ReadMultiple::fixed(&[3, 5]), &[(&hex!("01 0e 0500 01"), error)]);
}

/// GATT/CL/GAR/BV-08-C
#[test]
fn several_values_of_any_length() {
    let handles = [3, 5, 7];
    let mut read = ReadMultiple::variable(&handles);
    let pdu = hex!("21 0100 64 0900 4142");
    trace(&mut read, &[(&hex!("20 0300 0500 0700"), &pdu)]);
    assert_eq!(read.next(&pdu), Some(VariableValue { handle: 3, length: 1, value: b"d" }));
    assert_eq!(read.next(&pdu), Some(VariableValue { handle: 5, length: 9, value: b"AB" }));
    assert_eq!(read.next(&pdu), None);
    is_over(&mut read);
    let rows: [(&[u8], ClientError); 3] = [
        (&hex!("21"), Malformed::Truncated.into()),
        (&hex!("21 0000 0000 0000 0000"), Malformed::Trailing.into()),
        (&hex!("0f 01"), Violation::Response.into()),
    ];
    refuses(&ReadMultiple::variable(&handles), &rows);
}

#[test]
fn a_set_has_two_handles_or_more_and_fits() {
    for handles in [&[][..], &[3]] {
        assert_eq!(request(&mut ReadMultiple::fixed(handles)), Err(ClientError::TooFewHandles));
    }
    let error = ClientError::TooManyHandles { max: 11 };
    assert_eq!(request(&mut ReadMultiple::fixed(&[3; 12])), Err(error));
    assert_eq!(request(&mut ReadMultiple::variable(&[3; 11])).unwrap().len(), 23);
}
