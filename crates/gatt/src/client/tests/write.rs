use bindrune_wire::{Malformed, Uuid};

use super::*;

/// GATT/CL/GAW/BV-03-C, BI-02-C to BI-06-C
#[test]
fn a_write_request() {
    let mut write = Write::new(3, b"AB");
    trace(&mut write, &[(&hex!("12 0300 4142"), &hex!("13"))]);
    is_over(&mut write);
    let att = |code| ClientError::Att { code: ErrorCode(code), handle: 3 };
    let rows: [(&[u8], ClientError); 5] = [
        (&hex!("01 12 0300 03"), att(3)),
        (&hex!("01 12 0300 0c"), att(0x0c)),
        (&hex!("01 12 0300 fc"), att(0xfc)),
        (&hex!("19"), Violation::Response.into()),
        (&hex!("13 00"), Malformed::Trailing.into()),
    ];
    refuses(&Write::new(3, b"AB"), &rows);
}

#[test]
fn a_value_must_fit_into_one_pdu() {
    assert_eq!(request(&mut Write::new(3, &[0; 20])).unwrap().len(), 23);
    assert_eq!(request(&mut Write::new(3, &[0; 21])), Err(ClientError::TooLong { max: 20 }));
    assert!(Write::fits(&[0; 512], 515) && !Write::fits(&[0; 513], 517));
}

#[test]
fn a_value_of_any_length_is_written_in_one_request_if_it_fits() {
    let mut write = WriteLong::new(3, &[7; 20]);
    assert_eq!(request(&mut write).unwrap()[..3], hex!("12 0300"));
    assert!(!write.is_open());
    write.response(&hex!("13")).unwrap();
    is_over(&mut write);

    let mut write = WriteLong::new(3, &[7; 21]);
    let sent = request(&mut write).unwrap();
    assert_eq!(sent[..5], hex!("16 0300 0000"));
    assert!(write.is_open());
    assert_eq!(write.response(&hex!("01 16 0300 09")), Err(refused(ErrorCode::PREPARE_QUEUE_FULL)));
    assert!(!write.is_open());
    is_over(&mut write);

    let mut write = WriteLong::new(3, &[7; 20]);
    request(&mut write).unwrap();
    assert_eq!(
        write.response(&hex!("01 12 0300 03")),
        Err(refused(ErrorCode::WRITE_NOT_PERMITTED))
    );
    is_over(&mut write);
    let too_long = ClientError::TooLong { max: 512 };
    assert_eq!(request(&mut WriteLong::new(3, &[0; 513])), Err(too_long));
}

const fn refused(code: ErrorCode) -> ClientError {
    ClientError::Att { code, handle: 3 }
}

/// GATT/CL/GAW/BV-01-C
#[test]
fn a_write_command() {
    let mut buffer = [0; 30];
    let mut w = Writer::new(&mut buffer);
    write_command(3, b"AB", MTU, &mut w).unwrap();
    assert_eq!(w.written(), hex!("52 0300 4142"));
    let mut w = Writer::new(&mut buffer);
    assert_eq!(write_command(3, &[0; 21], MTU, &mut w), Err(ClientError::TooLong { max: 20 }));
    assert!(w.is_empty());
}

/// GATT/CL/GAW/BV-05-C
#[test]
fn a_long_write_is_prepared_and_executed() {
    let mut write = PreparedWrite::long(3, b"0123456789abcdefghABC");
    assert!(!write.is_open());
    let first = b"\x16\x03\x00\x00\x000123456789abcdefgh";
    let echo = b"\x17\x03\x00\x00\x000123456789abcdefgh";
    trace(&mut write, &[(first, echo)]);
    assert!(write.is_open());
    trace(
        &mut write,
        &[
            (&hex!("16 0300 1200 414243"), &hex!("17 0300 1200 414243")),
            (&hex!("18 01"), &hex!("19")),
        ],
    );
    assert!(!write.is_open());
    is_over(&mut write);
}

#[test]
fn long_writes_of_any_length_arrive() {
    for len in [0usize, 1, 17, 18, 19, 36, 512] {
        let value: Vec<u8> = (0..len).map(|n| n as u8).collect();
        let mut server = Server::default();
        server.add(3, Uuid::new_16(0x2a00), b"old");
        let mut write = PreparedWrite::long(3, &value);
        loop {
            let pdu = request(&mut write).unwrap();
            if pdu.is_empty() {
                break;
            }
            assert!(pdu.len() <= MTU.into());
            write.response(&server.answer(&pdu, MTU)).unwrap();
        }
        assert_eq!(server.value(3), value);
    }
    assert_eq!(
        request(&mut PreparedWrite::long(3, &[0; 513])),
        Err(ClientError::TooLong { max: 512 })
    );
}

/// GATT/CL/GAW/BV-06-C
#[test]
fn a_reliable_write_of_several_values() {
    let values: [(u16, &[u8]); 2] = [(3, b"A"), (5, b"")];
    let mut write = PreparedWrite::reliable(&values);
    trace(
        &mut write,
        &[
            (&hex!("16 0300 0000 41"), &hex!("17 0300 0000 41")),
            (&hex!("16 0500 0000"), &hex!("17 0500 0000")),
            (&hex!("18 01"), &hex!("19")),
        ],
    );
    is_over(&mut write);
    is_over(&mut PreparedWrite::reliable(&[]));
}

/// GATT/CL/GAW/BI-32-C
#[test]
fn a_changed_echo_cancels() {
    for echo in [&hex!("17 0300 0000 42")[..], &hex!("17 0400 0000 41"), &hex!("17 0300 0100 41")] {
        let mut write = PreparedWrite::long(3, b"A");
        trace(&mut write, &[(&hex!("16 0300 0000 41"), echo)]);
        assert!(write.is_open());
        assert_eq!(request(&mut write).unwrap(), hex!("18 00"));
        assert_eq!(write.response(&hex!("19")), Err(Violation::Echo.into()));
        assert!(!write.is_open());
        is_over(&mut write);
    }
}

/// GATT/CL/GAW/BI-07-C to BI-13-C
#[test]
fn an_error_cancels_what_was_prepared_before() {
    let error = ClientError::Att { code: ErrorCode::PREPARE_QUEUE_FULL, handle: 3 };
    let mut write = PreparedWrite::long(3, b"A");
    request(&mut write).unwrap();
    assert_eq!(write.response(&hex!("01 16 0300 09")), Err(error));
    is_over(&mut write);

    let values: [(u16, &[u8]); 2] = [(5, b"A"), (3, b"B")];
    let mut write = PreparedWrite::reliable(&values);
    trace(
        &mut write,
        &[
            (&hex!("16 0500 0000 41"), &hex!("17 0500 0000 41")),
            (&hex!("16 0300 0000 42"), &hex!("01 16 0300 09")),
        ],
    );
    assert_eq!(request(&mut write).unwrap(), hex!("18 00"));
    assert_eq!(write.response(&hex!("19")), Err(error));
    is_over(&mut write);
}

#[test]
fn a_failed_execute_is_reported() {
    let mut write = PreparedWrite::long(3, b"A");
    trace(&mut write, &[(&hex!("16 0300 0000 41"), &hex!("17 0300 0000 41"))]);
    assert_eq!(request(&mut write).unwrap(), hex!("18 01"));
    let error = ClientError::Att { code: ErrorCode::INVALID_OFFSET, handle: 3 };
    assert_eq!(write.response(&hex!("01 18 0300 07")), Err(error));
    assert!(!write.is_open());
    is_over(&mut write);
}

#[test]
fn a_caller_that_gives_up_can_cancel() {
    let mut write = PreparedWrite::long(3, b"A");
    request(&mut write).unwrap();
    assert!(write.is_open(), "the part may have arrived");
    let mut buffer = [0; 2];
    assert_eq!(PreparedWrite::cancel(&mut Writer::new(&mut buffer)), Ok(Opcode::EXECUTE_WRITE_REQ));
    assert_eq!(buffer, hex!("18 00"));
}
