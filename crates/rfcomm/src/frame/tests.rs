use std::vec::Vec;

use hex_literal::hex;
use proptest::prelude::*;

use super::*;

fn written(frame: &Frame<'_>) -> Vec<u8> {
    let mut buffer = [0; 400];
    let mut w = Writer::new(&mut buffer);
    frame.write(&mut w).unwrap();
    w.written().to_vec()
}

fn frame(dlci: u8, command_response: bool, kind: FrameType) -> Frame<'static> {
    let poll_final = kind != FrameType::UIH;
    let dlci = Dlci(dlci);
    Frame { dlci, command_response, kind, poll_final, credits: None, information: &[] }
}

/// Each FCS was worked out apart from this code, with the table method of TS 07.10, annex B.3.5.
#[test]
fn frames_have_the_octets_of_the_specification() {
    let rows: [(Frame<'_>, &[u8]); 8] = [
        (frame(0, true, FrameType::SABM), &hex!("03 3f 01 1c")),
        (frame(0, true, FrameType::UA), &hex!("03 73 01 d7")),
        (frame(0, true, FrameType::DISC), &hex!("03 53 01 fd")),
        (frame(0, false, FrameType::DISC), &hex!("01 53 01 9c")),
        (frame(0, false, FrameType::UA), &hex!("01 73 01 b6")),
        (
            Frame {
                information: &hex!("83 11 14 f0 07 00 9b 02 00 07"),
                ..frame(0, true, FrameType::UIH)
            },
            &hex!("03 ef 15 83 11 14 f0 07 00 9b 02 00 07 70"),
        ),
        (
            Frame {
                information: &hex!("81 11 14 e0 07 00 9b 02 00 07"),
                ..frame(0, false, FrameType::UIH)
            },
            &hex!("01 ef 15 81 11 14 e0 07 00 9b 02 00 07 aa"),
        ),
        (
            Frame { poll_final: true, credits: Some(0x21), ..frame(1, true, FrameType::UIH) },
            &[0x07, 0xff, 0x01, 0x21, fcs(&[0x07, 0xff])],
        ),
    ];
    for (frame, octets) in rows {
        assert_eq!(written(&frame), octets, "{frame:?}");
        assert_eq!(Frame::parse(octets), Ok(frame));
    }
}

/// A receiver that runs over the FCS too ends at the constant 0xCF. [TS 07.10] 5.2.1.6
#[test]
fn the_fcs_leaves_the_constant_of_the_specification() {
    for octets in [hex!("03 3f 01"), hex!("01 73 01"), hex!("2b 53 01")] {
        let whole = [octets.as_slice(), &[fcs(&octets)]].concat();
        assert_eq!(!fcs(&whole), 0xcf);
    }
}

#[test]
fn the_length_takes_two_octets_from_128() {
    let data = [0x55; 300];
    for (len, field) in
        [(0, &hex!("01")[..]), (127, &hex!("ff")), (128, &hex!("00 01")), (300, &hex!("58 02"))]
    {
        let frame = Frame { information: &data[..len], ..frame(6, true, FrameType::UIH) };
        let octets = written(&frame);
        assert_eq!(&octets[2..2 + field.len()], field);
        assert_eq!(octets.len(), len + 3 + field.len());
        assert_eq!(Frame::parse(&octets), Ok(frame));
    }
    let long = hex!("1b ef 02 00 61");
    let check = [fcs(&long[..2])];
    let octets = [long.as_slice(), &check].concat();
    assert_eq!(
        Frame::parse(&octets).map(|f| f.information.len()),
        Ok(1),
        "a long form of a short length"
    );
}

#[test]
fn each_malformed_field_is_refused() {
    use Malformed::{Trailing, Truncated, Value};
    let rows: [(&str, &[u8], Malformed); 14] = [
        ("nothing", &[], Truncated),
        ("an address alone", &hex!("03"), Truncated),
        ("no length", &hex!("03 3f"), Truncated),
        ("no FCS", &hex!("03 3f 01"), Truncated),
        ("half a length", &hex!("03 ef 00"), Truncated),
        ("an address of two octets", &hex!("02 3f 01 1c"), Value),
        ("an unknown type", &hex!("03 13 01 1c"), Value),
        ("UI", &hex!("03 03 01 1c"), Value),
        ("a wrong FCS", &hex!("03 3f 01 1d"), Value),
        ("SABM with information", &hex!("03 3f 03 aa 1c"), Value),
        ("an octet after the FCS", &hex!("03 3f 01 1c 00"), Trailing),
        ("UIH longer than its length", &hex!("03 ef 01 aa bb 70"), Trailing),
        ("UIH shorter than its length", &hex!("03 ef 09 aa 70"), Truncated),
        ("a credit octet without P/F", &hex!("03 ef 01 05 70"), Trailing),
    ];
    for (name, octets, error) in rows {
        assert_eq!(Frame::parse(octets), Err(error), "{name}");
    }
}

/// The initiator's servers have odd DLCIs. [RFCOMM 1.2] 5.4
#[test]
fn the_direction_bit_names_the_device_with_the_server() {
    assert_eq!(Dlci::of_server(5, false, true), Dlci(10));
    assert_eq!(Dlci::of_server(5, true, true), Dlci(11));
    assert_eq!(Dlci::of_server(5, true, false), Dlci(10));
    assert_eq!(Dlci::of_server(30, false, false), Dlci(61));
    assert!(Dlci(10).is_ours(false) && !Dlci(10).is_ours(true));
    assert_eq!(Dlci(61).channel(), 30);
    assert!(![0, 1, 62, 63].into_iter().any(|dlci| Dlci(dlci).is_server()));
}

#[test]
fn a_buffer_without_room_stays_empty() {
    let frame = Frame { information: &[1, 2, 3], ..frame(6, true, FrameType::UIH) };
    let mut buffer = [0; 6];
    let mut w = Writer::new(&mut buffer);
    assert_eq!(frame.write(&mut w), Err(NoRoom));
    assert!(w.is_empty());
}

proptest! {
    #[test]
    fn frames_survive_the_wire(
        dlci in 0u8..64, command_response: bool, credits: Option<u8>, data in prop::collection::vec(any::<u8>(), 0..390)
    ) {
        let poll_final = credits.is_some();
        let (dlci, kind) = (Dlci(dlci), FrameType::UIH);
        let frame = Frame { dlci, command_response, kind, poll_final, credits, information: &data };
        let octets = written(&frame);
        prop_assert_eq!(Frame::parse(&octets), Ok(frame));
    }
}
