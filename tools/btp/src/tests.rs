use bindrune_wire::{Address, Uuid};
use proptest::prelude::*;

use crate::{
    Bytes16, Command, Decoder, Event, Field as _, MTU, NO_CONTROLLER, Packet, Response, Service,
    Status, Supported, base,
    frame::Frame,
    gap::{self, AdvertisingData, OwnAddress},
    gatt, l2cap,
};

const PEER: Address = Address::random([0xc4, 0x5e, 0x12, 0, 0, 1]);

fn data(command: impl Into<Command>) -> Vec<u8> {
    command.into().packet(0).data
}

#[test]
fn frames_have_the_documented_layout() {
    let register = Command::from(base::Command::RegisterService { service: 1 });
    assert_eq!(register.packet(NO_CONTROLLER).bytes(), [0, 3, 0xff, 1, 0, 1]);
    let ready = Event::from(base::Event::IutReady {});
    assert_eq!(ready.packet(NO_CONTROLLER).bytes(), [0, 0x80, 0xff, 0, 0]);
    assert_eq!(Packet::error(Service::GAP, 0, Status::INVALID_INDEX).bytes(), [1, 0, 0, 1, 0, 4]);
}

#[test]
fn commands_have_the_documented_layout() {
    let advertising =
        AdvertisingData { data: vec![9, 2, b'h', b'i'], scan_response: vec![1, 1, 6] };
    let own_address = OwnAddress::RESOLVABLE;
    let command =
        gap::Command::StartAdvertising { data: advertising, duration: u32::MAX, own_address };
    assert_eq!(data(command), [4, 3, 9, 2, b'h', b'i', 1, 1, 6, 255, 255, 255, 255, 1]);
    let connect = gap::Command::Connect { peer: PEER, own_address: OwnAddress::IDENTITY };
    assert_eq!(data(connect), [1, 1, 0, 0, 0x12, 0x5e, 0xc4, 0]);
    let add = gatt::Command::AddCharacteristic {
        service: 0,
        properties: 0x0a,
        permissions: 3,
        uuid: Uuid::new_16(0x2a19),
    };
    assert_eq!(data(add), [0, 0, 0x0a, 3, 2, 0x19, 0x2a]);
    let write = gatt::Command::Write { peer: PEER, handle: 3, value: Bytes16(vec![7]) };
    assert_eq!(data(write), [1, 1, 0, 0, 0x12, 0x5e, 0xc4, 3, 0, 1, 0, 7]);
}

#[test]
fn listeners_of_both_kinds_of_testers_are_understood() {
    let without = [0x80, 0, 1, 0, 2, 0, 0];
    let with = [0x80, 0, 1, 0, 2, 3, 16, 0, 0];
    for (bytes, security) in [(&without[..], None), (&with[..], Some((3, 16)))] {
        let command = l2cap::Command::parse(5, bytes).unwrap();
        let l2cap::Command::Listen { listener } = &command else { panic!("{command:?}") };
        assert_eq!((listener.psm, listener.mtu, listener.security), (0x80, 512, security));
        assert_eq!(command.data(), bytes);
    }
}

#[test]
fn wrong_lengths_values_and_opcodes_have_a_status() {
    for bytes in [&[1, 1, 2, 3, 4, 5, 6][..], &[2, 1, 2, 3, 4, 5, 6, 0], &[1; 9], &[]] {
        assert_eq!(gap::Command::parse(0x0e, bytes), Err(Status::FAIL), "{bytes:?}");
    }
    assert_eq!(gap::Command::parse(0x05, &[2]), Err(Status::FAIL));
    assert_eq!(gatt::Command::parse(0x02, &[0, 4, 1, 2, 3, 4]), Err(Status::FAIL));
    assert_eq!(gap::Command::parse(0x7f, &[]), Err(Status::UNKNOWN_COMMAND));
    let packet = Packet { service: Service(0x55), opcode: 1, index: 0, data: vec![] };
    assert_eq!(Command::parse(&packet), Err(Status::UNKNOWN_COMMAND));
}

#[test]
fn bits_of_supported_commands_have_the_documented_order() {
    let bits = Supported::of([1, 2, 9]);
    assert_eq!(bits.0, [0b110, 0b10]);
    assert!(bits.has(9) && !bits.has(0) && !bits.has(200));
}

#[test]
fn a_frame_that_is_too_long_is_skipped() {
    let long = Packet { service: Service::GATT, opcode: 6, index: 0, data: vec![7; MTU] };
    let short = Packet { service: Service::CORE, opcode: 1, index: NO_CONTROLLER, data: vec![] };
    let mut decoder = Decoder::new();
    let mut frames = Vec::new();
    for bytes in [long.bytes(), short.bytes()].concat().chunks(1000) {
        decoder.push(bytes);
        frames.extend(std::iter::from_fn(|| decoder.next_frame()));
    }
    let header = Packet { data: vec![], ..long };
    assert_eq!(frames, [Frame::TooLong(header), Frame::Packet(short)]);
}

/// Parses as every kind of message; a message that parses is written again as the same bytes.
fn parse_all(packet: &Packet) {
    if let Ok(command) = Command::parse(packet) {
        assert_eq!(command.packet(packet.index), *packet);
    }
    if let Ok(response) = Response::parse(packet) {
        assert_eq!(response.packet(packet.index), *packet);
    }
    if let Ok(event) = Event::parse(packet) {
        assert_eq!(event.packet(packet.index), *packet);
    }
}

proptest! {
    #[test]
    fn any_bytes_parse_or_have_a_status(
        service in 0..5u8, opcode in 0..0x92u8, data in proptest::collection::vec(any::<u8>(), 0..80),
    ) {
        parse_all(&Packet { service: Service(service), opcode, index: 0, data });
    }

    /// Zeros and ones are valid in more fields.
    #[test]
    fn small_numbers_parse_or_have_a_status(
        service in 0..5u8, opcode in 0..0x92u8, data in proptest::collection::vec(0..3u8, 0..40),
    ) {
        parse_all(&Packet { service: Service(service), opcode, index: 0, data });
    }

    #[test]
    fn a_stream_in_any_pieces_gives_the_same_frames(
        packets in proptest::collection::vec(
            (0..5u8, any::<u8>(), any::<u8>(), proptest::collection::vec(any::<u8>(), 0..60)), 0..6),
        piece in 1..30usize,
    ) {
        let packets: Vec<_> = packets.into_iter()
            .map(|(service, opcode, index, data)| Packet { service: Service(service), opcode, index, data })
            .collect();
        let stream: Vec<u8> = packets.iter().flat_map(Packet::bytes).collect();
        let mut decoder = Decoder::new();
        let mut frames = Vec::new();
        for bytes in stream.chunks(piece) {
            decoder.push(bytes);
            frames.extend(std::iter::from_fn(|| decoder.next_frame()));
        }
        prop_assert_eq!(frames, packets.into_iter().map(Frame::Packet).collect::<Vec<_>>());
    }

    #[test]
    fn uuids_are_written_as_they_were_read(bytes in proptest::collection::vec(any::<u8>(), 16)) {
        let mut out = Vec::new();
        let uuid = Uuid::from_le_bytes(&bytes).unwrap();
        uuid.write(&mut out);
        prop_assert_eq!(out.len(), uuid.att_len().saturating_add(1));
    }
}
