use std::vec::Vec;

use hex_literal::hex;

use super::*;

fn written(message: &Message<'_>, is_command: bool) -> Vec<u8> {
    let mut buffer = [0; 130];
    let mut w = Writer::new(&mut buffer);
    message.write(is_command, &mut w).unwrap();
    w.written().to_vec()
}

fn parameters_of(dlci: u8) -> Parameters {
    let dlci = Dlci(dlci);
    Parameters { dlci, frame_type: 0, convergence: 15, priority: 7, frame_size: 667, credits: 7 }
}

#[test]
fn each_message_has_its_octets() {
    let ready = ModemStatus::READY;
    let settings = PortSettings::default();
    let rows: [(Message<'_>, bool, &[u8]); 12] = [
        (Message::Parameters(parameters_of(0x11)), true, &hex!("83 11 11 f0 07 00 9b 02 00 07")),
        (Message::Parameters(parameters_of(0x11)), false, &hex!("81 11 11 f0 07 00 9b 02 00 07")),
        (Message::Test(&[1, 2, 3]), true, &hex!("23 07 010203")),
        (Message::FlowOn, true, &hex!("a3 01")),
        (Message::FlowOff, false, &hex!("61 01")),
        (Message::Modem(Dlci(0x11), ready, None), true, &hex!("e3 05 47 8d")),
        (Message::Modem(Dlci(2), ready, Some(Break(5))), true, &hex!("e3 07 0b 8c 53")),
        (Message::NotSupported(0x43), false, &hex!("11 03 43")),
        (Message::Port(Dlci(2), None), true, &hex!("93 03 0b")),
        (
            Message::Port(Dlci(2), Some((settings, 0x3f7f))),
            false,
            &hex!("91 11 0b 03 03 00 11 13 7f 3f"),
        ),
        (
            Message::Line(Dlci(2), LineStatus::ERROR | LineStatus::OVERRUN),
            true,
            &hex!("53 05 0b 03"),
        ),
        (Message::Line(Dlci(2), LineStatus::empty()), false, &hex!("51 05 0b 00")),
    ];
    for (message, is_command, octets) in rows {
        assert_eq!(written(&message, is_command), octets, "{message:?}");
        let mut r = Reader::new(octets);
        assert_eq!(Message::read(&mut r), Ok((is_command, Ok(message))));
        assert!(r.is_empty());
    }
}

#[test]
fn each_malformed_value_is_found_and_the_next_message_is_read() {
    use Malformed::{Trailing, Truncated, Value};
    let rows: [(&str, &[u8], Malformed); 15] = [
        ("PN too short", &hex!("83 0f 11 f0 07 00 9b 02 00"), Truncated),
        ("PN too long", &hex!("83 13 11 f0 07 00 9b 02 00 07 00"), Trailing),
        ("PN about DLCI 0", &hex!("83 11 00 f0 07 00 9b 02 00 07"), Value),
        ("PN about DLCI 1", &hex!("83 11 01 f0 07 00 9b 02 00 07"), Value),
        ("PN about DLCI 62", &hex!("83 11 3e f0 07 00 9b 02 00 07"), Value),
        ("MSC without signals", &hex!("e3 03 47"), Truncated),
        ("MSC without the break that it announces", &hex!("e3 05 47 8c"), Truncated),
        ("MSC too long", &hex!("e3 09 47 8c 01 00"), Trailing),
        ("MSC about DLCI 0", &hex!("e3 05 03 8d"), Value),
        ("MSC with an address of two octets", &hex!("e3 05 46 8d"), Value),
        ("RPN of 3 octets", &hex!("93 07 0b 03 03"), Truncated),
        ("RPN about DLCI 63", &hex!("93 03 ff"), Value),
        ("RLS without status", &hex!("53 03 0b"), Truncated),
        ("FCon with a value", &hex!("a3 03 00"), Trailing),
        ("NSC without a type", &hex!("11 01"), Truncated),
    ];
    for (name, octets, error) in rows {
        let octets = [octets, &hex!("a3 01")].concat();
        let mut r = Reader::new(&octets);
        let (_, message) = Message::read(&mut r).unwrap();
        assert_eq!(message, Err(error), "{name}");
        assert_eq!(Message::read(&mut r), Ok((true, Ok(Message::FlowOn))), "{name}");
    }
}

#[test]
fn a_malformed_head_ends_the_frame() {
    let rows: [&[u8]; 5] =
        [&hex!("e3"), &hex!("e3 05 47"), &hex!("23 00"), &hex!("e2 05 47 8d"), &hex!("23 ff 00")];
    for octets in rows {
        assert!(Message::read(&mut Reader::new(octets)).is_err(), "{octets:02x?}");
    }
}

#[test]
fn unknown_types_are_read_over() {
    let mut r = Reader::new(&hex!("c3 01 43 03 00"));
    assert_eq!(Message::read(&mut r), Ok((true, Ok(Message::Unknown(MessageType(0xc1))))));
    assert_eq!(Message::read(&mut r), Ok((true, Ok(Message::Unknown(MessageType(0x41))))));
    assert!(r.is_empty());
}

#[test]
fn a_break_may_follow_signals_that_end() {
    let expected = Message::Modem(Dlci(2), ModemStatus::READY, Some(Break(5)));
    assert_eq!(Message::read(&mut Reader::new(&hex!("e3 07 0b 8d 53"))), Ok((true, Ok(expected))));
    let none = Message::Modem(Dlci(2), ModemStatus::READY, None);
    assert_eq!(Message::read(&mut Reader::new(&hex!("e3 07 0b 8c 01"))), Ok((true, Ok(none))));
}

#[test]
fn only_masked_and_valid_port_parameters_change() {
    let new = PortSettings { rate: BitRate::B115200, format: 0x3e, flow: 0x3f, xon: 1, xoff: 2 };
    let mut port = PortSettings::default();
    assert_eq!(port.apply(new, 0x0001), 0x0001);
    assert_eq!(port, PortSettings { rate: BitRate::B115200, ..PortSettings::default() });
    assert_eq!(port.apply(new, 0xffff), 0x3f7f);
    assert_eq!(port, new);
    assert_eq!(port.apply(PortSettings { rate: BitRate(9), ..new }, 0x0001), 0, "an unknown rate");
    let odd = PortSettings { format: 0x00, flow: 0, ..new };
    assert_eq!(port.apply(odd, 0x0112), 0x0112);
    assert_eq!((port.format, port.flow), (0x0c, 0x3e));
}
