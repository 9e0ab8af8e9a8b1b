use std::{vec, vec::Vec};

use bindrune_wire::Handle;
use hex_literal::hex;
use proptest::prelude::*;

use super::*;
use crate::acl::Boundary;

/// Result of a deframer for a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    Packet(Kind, Vec<u8>),
    Lost(SyncLost),
}

fn deframe(d: &mut Deframer, stream: &[u8], mut chunk: impl FnMut() -> usize) -> Vec<Seen> {
    let (mut seen, mut rest) = (Vec::new(), stream);
    while !rest.is_empty() {
        let (mut input, tail) = rest.split_at(chunk().clamp(1, rest.len()));
        rest = tail;
        loop {
            match d.advance(&mut input) {
                Ok(None) => break,
                Ok(Some(Piece::Header(kind))) => seen.push(Seen::Packet(kind, Vec::new())),
                Ok(Some(Piece::Body { octets, .. })) => match seen.last_mut() {
                    Some(Seen::Packet(_, body)) => body.extend(octets),
                    other => panic!("a body after {other:?}"),
                },
                Err(lost) => seen.push(Seen::Lost(lost)),
            }
        }
    }
    seen
}

fn to_host(stream: &[u8]) -> Vec<Seen> {
    deframe(&mut Deframer::new(Direction::ToHost), stream, || usize::MAX)
}

fn event(code: u8, body: &[u8]) -> Seen {
    Seen::Packet(Kind::Event { code: EventCode(code), len: body.len() }, body.to_vec())
}

fn acl(handle: u16, boundary: Boundary, body: &[u8]) -> Seen {
    let handle = Handle::new(handle).unwrap();
    Seen::Packet(Kind::Acl(AclHeader::new(handle, boundary, body.len() as u16)), body.to_vec())
}

const RESET_DONE: Seen = Seen::Packet(Kind::ResetComplete { num_packets: 1 }, Vec::new());

#[test]
fn packets_of_every_type() {
    let stream =
        hex!("04 13 01 00  02 40 20 0300 aabbcc  03 40 00 00  05 40 00 0240 0102  04 ff 00");
    let ignored = |packet, body: &[u8]| {
        Seen::Packet(Kind::Ignored { packet, len: body.len() }, body.to_vec())
    };
    let packets = [
        event(0x13, &[0]),
        acl(0x40, Boundary::FirstFlushable, &[0xaa, 0xbb, 0xcc]),
        ignored(PacketType::SCO, &[]),
        ignored(PacketType::ISO, &[1, 2]),
        event(0xff, &[]),
    ];
    for chunk in 1..stream.len() {
        let mut d = Deframer::new(Direction::ToHost);
        assert_eq!(deframe(&mut d, &stream, || chunk), packets);
        assert_eq!((d.ignored(), d.discarded(), d.is_inside_packet()), (2, 0, false));
    }
}

/// bad_inputs T01
#[test]
fn unknown_indicators_are_discarded_until_the_reset_is_complete() {
    let seen = to_host(&hex!("00 ff 7f  04 0e 04 01 03 0c 00  04 10 01 05"));
    assert_eq!(seen, [Seen::Lost(SyncLost::Indicator(0)), RESET_DONE, event(0x10, &[5])]);
}

/// bad_inputs T02
#[test]
fn a_command_from_the_controller_is_no_packet() {
    let mut d = Deframer::new(Direction::ToHost);
    let seen = deframe(&mut d, &hex!("01 03 0c 00"), || 1);
    assert_eq!(seen, [Seen::Lost(SyncLost::Indicator(1))]);
    assert!(d.is_resyncing() && !d.is_inside_packet());
    assert_eq!(d.discarded(), 4);
}

/// bad_inputs T04
#[test]
fn an_acl_packet_that_is_too_long_is_sync_lost() {
    let mut d = Deframer::new(Direction::ToHost);
    d.set_limit(1021);
    let seen = deframe(&mut d, &hex!("02 40 20 ff ff aa aa aa aa"), || 3);
    assert_eq!(seen, [Seen::Lost(SyncLost::TooLong(0xffff))]);
    d.set_limit(0);
    assert_eq!(deframe(&mut d, &hex!("04 0e 04 01 03 0c 00"), || 2), [RESET_DONE]);
    let seen = deframe(&mut d, &[&hex!("02 40 20 1b 00")[..], &[0; 27]].concat(), || 9);
    assert_eq!(seen, [acl(0x40, Boundary::FirstFlushable, &[0; 27])]);
}

/// bad_inputs T06, T08
#[test]
fn packets_without_body_are_whole_at_once() {
    let seen = to_host(&hex!("02 40 20 0000  03 40 00 00  04 0e 00"));
    let sco = Seen::Packet(Kind::Ignored { packet: PacketType::SCO, len: 0 }, vec![]);
    assert_eq!(seen, [acl(0x40, Boundary::FirstFlushable, &[]), sco, event(0x0e, &[])]);
}

#[test]
fn a_packet_with_an_invalid_handle_is_skipped_by_its_length() {
    let seen = to_host(&hex!("02 ff 2f 0200 0102  04 10 01 05"));
    let ignored = Kind::Ignored { packet: PacketType::ACL, len: 2 };
    assert_eq!(seen, [Seen::Packet(ignored, vec![1, 2]), event(0x10, &[5])]);
}

#[test]
fn the_reset_is_found_after_partial_matches() {
    let mut d = Deframer::new(Direction::ToHost);
    d.resync();
    let stream = hex!("04 04 0e 04 0e 04 04 0e 04 03 03 0c 04 0e 04 01 03 0c 00 04 10 01 05");
    let seen = deframe(&mut d, &stream, || 4);
    assert_eq!(seen, [RESET_DONE, event(0x10, &[5])]);
    assert_eq!(d.discarded(), 12);
}

#[test]
fn answers_to_encrypt_are_found_if_they_are_sought() {
    let ciphertext = [0x5a; 16];
    let answer = [&hex!("04 0e 14 01 17 20 00")[..], &ciphertext].concat();
    let mut d = Deframer::new(Direction::ToHost);
    d.resync();
    assert_eq!(deframe(&mut d, &answer, || 5), []);
    d.resync_for_answers();
    let stream = [&hex!("02 04 0e 04 04")[..], &answer, &hex!("04 10 01 00")].concat();
    let encrypted = Seen::Packet(Kind::Encrypted { num_packets: 1 }, ciphertext.to_vec());
    let hardware = Kind::Event { code: EventCode::HARDWARE_ERROR, len: 1 };
    assert_eq!(deframe(&mut d, &stream, || 3), [encrypted, Seen::Packet(hardware, vec![0])]);
    for refused in [
        &hex!("04 0e 04 01 17 20 01")[..],
        &hex!("04 0f 04 01 01 17 20"),
        &hex!("04 0e 04 01 17 20 00"),
    ] {
        d.resync_for_answers();
        assert_eq!(deframe(&mut d, refused, || 7), [Seen::Packet(Kind::EncryptRefused, vec![])]);
        d.resync_for_answers();
        assert_eq!(deframe(&mut d, &hex!("04 0e 04 01 03 0c 00"), || 1), [RESET_DONE]);
    }
}

#[test]
fn the_owner_may_give_up_a_packet() {
    let mut d = Deframer::new(Direction::ToHost);
    deframe(&mut d, &hex!("02 40 20 0a00 0102"), || 100);
    assert!(d.is_inside_packet());
    assert_eq!(d.want(), Want::Body { left: 8 });
    d.resync();
    assert!(!d.is_inside_packet());
    assert_eq!(deframe(&mut d, &hex!("00 04 0e 04 01 03 0c 00"), || 1), [RESET_DONE]);
}

#[test]
fn a_controller_receives_commands_and_acl_and_waits_for_reset_after_sync_loss() {
    let mut d = Deframer::new(Direction::ToController);
    let stream =
        hex!("01 03 0c 00  02 40 00 0100 aa  01 05 20 06 010203040506  ff 01  01 03 0c 00");
    let command = |opcode, body: &[u8]| {
        Seen::Packet(Kind::Command { opcode, len: body.len() }, body.to_vec())
    };
    let packets = [
        command(Opcode::RESET, &[]),
        acl(0x40, Boundary::FirstNonFlushable, &[0xaa]),
        command(Opcode::LE_SET_RANDOM_ADDRESS, &[1, 2, 3, 4, 5, 6]),
        Seen::Lost(SyncLost::Indicator(0xff)),
        command(Opcode::RESET, &[]),
    ];
    for chunk in 1..stream.len() {
        assert_eq!(deframe(&mut d.clone(), &stream, || chunk), packets);
    }
    assert_eq!(deframe(&mut d, &hex!("04 10 00"), || 5), [Seen::Lost(SyncLost::Indicator(4))]);
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        (any::<u8>(), proptest::collection::vec(any::<u8>(), 0..40)).prop_map(|(code, body)| [
            &[4, code, body.len() as u8][..],
            &body
        ]
        .concat()),
        (0..0x1000_u16, proptest::collection::vec(any::<u8>(), 0..60)).prop_map(
            |(handle, body)| {
                let [a, b] = handle.to_le_bytes();
                [&[2, a, b, body.len() as u8, 0][..], &body].concat()
            }
        ),
        proptest::collection::vec(any::<u8>(), 1..9),
        Just(hex!("04 0e 04 01 03 0c 00").to_vec()),
        Just(hex!("01 03 0c 00").to_vec()),
    ]
}

proptest! {
    /// The packets are the same, whatever the chunks and the garbage between them are.
    #[test]
    fn every_chunking_gives_the_same_packets(
        pieces in proptest::collection::vec(piece(), 1..12),
        chunks in proptest::collection::vec(1..20_usize, 1..30),
        to_controller in any::<bool>(),
        limit in 27..100_u16,
    ) {
        let stream = pieces.concat();
        let direction = if to_controller { Direction::ToController } else { Direction::ToHost };
        let mut whole = Deframer::new(direction);
        whole.set_limit(limit);
        let mut pieces = whole.clone();
        let mut octets = whole.clone();
        let seen = deframe(&mut whole, &stream, || usize::MAX);
        let mut sizes = chunks.iter().copied().cycle();
        prop_assert_eq!(&seen, &deframe(&mut pieces, &stream, || sizes.next().unwrap()));
        prop_assert_eq!(&seen, &deframe(&mut octets, &stream, || 1));
        prop_assert_eq!(whole.discarded(), octets.discarded());
        prop_assert_eq!(whole.want(), octets.want());
    }
}
