use super::*;
use crate::Scratch;

/// LE Connection Complete for handle 0x0040; without it, tshark objects to ACL data.
const CONNECTED: [u8; 22] =
    [4, 0x3e, 0x13, 1, 0, 0x40, 0, 0, 0, 1, 2, 3, 4, 5, 6, 0x18, 0, 0, 0, 0xc8, 0, 0];
/// Connection Complete of BR/EDR for handle 0x0040.
const CLASSIC_CONNECTED: [u8; 14] = [4, 3, 11, 0, 0x40, 0, 1, 2, 3, 4, 5, 6, 1, 0];
/// CIDs of the only channel: that of the side that connects, and that of the other.
const CIDS: [u8; 2] = [0x40, 0x41];
/// Configuration option for Enhanced Retransmission mode. [Vol 3] Part A, 5.4
const ENHANCED: [u8; 11] = [4, 9, 3, 63, 3, 0xd0, 7, 0xe0, 0x2e, 0xf2, 3];
const NO_FCS: [u8; 3] = [5, 1, 0];

/// An H4 packet, and whether it came from the controller.
type Packet = (bool, Vec<u8>);

fn sent(packet: &[u8]) -> Packet {
    (false, packet.to_vec())
}

fn received(packet: &[u8]) -> Packet {
    (true, packet.to_vec())
}

/// A btsnoop file.
fn btsnoop(packets: &[Packet]) -> Vec<u8> {
    let mut file = b"btsnoop\0\x00\x00\x00\x01\x00\x00\x03\xea".to_vec();
    for (at, (received, packet)) in (0u64..).step_by(1_000_000).zip(packets) {
        let length = u32::try_from(packet.len()).unwrap().to_be_bytes();
        let flags = [0, 0, 0, u8::from(*received) | if packet[0] == 4 { 2 } else { 0 }];
        file.extend([length, length, flags, [0; 4]].concat());
        file.extend(at.to_be_bytes());
        file.extend_from_slice(packet);
    }
    file
}

fn le(value: usize) -> [u8; 2] {
    u16::try_from(value).unwrap().to_le_bytes()
}

/// A PDU as one ACL packet.
fn pdu(cid: u8, payload: &[u8]) -> Vec<u8> {
    let pdu = [&le(payload.len())[..], &[cid, 0], payload].concat();
    [&[2, 0x40, 0x20][..], &le(pdu.len()), &pdu].concat()
}

fn signal(code: u8, data: &[&[u8]]) -> Vec<u8> {
    let data = data.concat();
    pdu(1, &[&[code, 1][..], &le(data.len()), &data].concat())
}

/// A channel in Enhanced Retransmission mode, from its connection to the end of its configuration.
fn opened(fcs: bool) -> Vec<Packet> {
    let [from, to] = CIDS;
    let options = [&ENHANCED[..], if fcs { &[] } else { &NO_FCS }].concat();
    vec![
        received(&CLASSIC_CONNECTED),
        sent(&signal(2, &[&[3, 0x10, from, 0]])),
        received(&signal(3, &[&[to, 0, from, 0, 0, 0, 0, 0]])),
        sent(&signal(4, &[&[to, 0, 0, 0], &options])),
        received(&signal(4, &[&[from, 0, 0, 0], &options])),
        received(&signal(5, &[&[from, 0, 0, 0, 0, 0], &options])),
        sent(&signal(5, &[&[to, 0, 0, 0, 0, 0], &options])),
    ]
}

/// CRC-16 of an FCS. [Vol 3] Part A, 3.3.5
fn crc(octets: &[u8]) -> u16 {
    octets.iter().fold(0, |crc, octet| {
        (0..8).fold(crc ^ u16::from(*octet), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0xa001 } else { 0 }
        })
    })
}

/// A frame on the channel.
fn frame(fcs: bool, control: u16, parts: &[&[u8]]) -> Vec<u8> {
    let [_, to] = CIDS;
    let mut payload = [&control.to_le_bytes()[..], &parts.concat()].concat();
    if fcs {
        let covered = [&le(payload.len().saturating_add(2))[..], &[to, 0], &payload].concat();
        payload.extend(crc(&covered).to_le_bytes());
    }
    pdu(to, &payload)
}

/// Checks a capture of a channel and these frames.
fn checked(name: &str, fcs: bool, frames: &[Vec<u8>]) -> Result<Capture> {
    let path = Scratch::new(&format!("tshark_{name}"))?.file("frames.btsnoop");
    let frames = frames.iter().map(|frame| sent(frame)).collect();
    std::fs::write(&path, btsnoop(&[opened(fcs), frames].concat()))?;
    check_capture(&path)
}

#[test]
fn a_fault_is_found_and_a_sound_packet_is_not_one() {
    let scratch = Scratch::new("tshark").unwrap();
    let path = scratch.file("sound.btsnoop");
    let connected = received(&CONNECTED);
    let read_request = sent(&[2, 0x40, 0, 7, 0, 3, 0, 4, 0, 0x0a, 3, 0]);
    std::fs::write(&path, btsnoop(&[connected.clone(), read_request.clone()])).unwrap();
    let capture = check_capture(&path).unwrap();
    assert_eq!((capture.packets, capture.att), (2, 1));

    let path = scratch.file("faulty.btsnoop");
    let short_request = sent(&[2, 0x40, 0, 6, 0, 2, 0, 4, 0, 0x0a, 3]);
    std::fs::write(&path, btsnoop(&[connected, read_request, short_request])).unwrap();
    assert!(check_capture(&path).unwrap_err().to_string().contains("Malformed"));
}

/// Control fields of I-frames that start, continue and end an SDU, and hold a whole one.
const START: u16 = 1 << 14;
const CONTINUE: u16 = 3 << 14 | 1 << 1;
const END: u16 = 2 << 14 | 2 << 1;
const WHOLE: u16 = 3 << 1;
const RR: u16 = 0x0001;

#[test]
fn sound_frames_of_enhanced_retransmission_mode_are_no_faults() {
    let data = [7; 100];
    for fcs in [true, false] {
        let start = frame(fcs, START, &[&le(250), &data]);
        // The same in two ACL packets: 40 bytes of the PDU, and the others as a continuing fragment.
        let (first, rest) = start[5..].split_at(40);
        let mut frames = vec![
            start.clone(),
            frame(fcs, CONTINUE, &[&data]),
            frame(fcs, END, &[&data[..50]]),
            frame(fcs, WHOLE, &[&data]),
            [&[2, 0x40, 0x20][..], &le(first.len()), first].concat(),
            [&[2, 0x40, 0x10][..], &le(rest.len()), rest].concat(),
        ];
        // RR, REJ, RNR and SREJ; alone, with P, with F; up to the last sequence number.
        for control in
            (0..4).flat_map(|function| [0, 1 << 4, 1 << 7].map(|bit| function << 2 | bit))
        {
            frames.push(frame(fcs, RR | control, &[]));
            frames.push(frame(fcs, RR | control | 0x3f00, &[]));
        }
        checked(&format!("sound_{fcs}"), fcs, &frames).unwrap();
    }
}

#[test]
fn malformed_frames_of_enhanced_retransmission_mode_are_found() {
    let data = [7; 100];
    let [_, to] = CIDS;
    for fcs in [true, false] {
        let mut frames = vec![
            pdu(to, &[]),
            pdu(to, &[1]),
            // Without the length of the SDU, with half of it, and without data.
            pdu(to, &START.to_le_bytes()),
            pdu(to, &[0, 0x40, 1]),
            frame(fcs, START, &[&le(10)]),
            // An SDU that is shorter than the frame's data.
            frame(fcs, START, &[&le(50), &data]),
            frame(fcs, START, &[&le(0), &data]),
        ];
        if !fcs {
            // Each reserved bit, and P beside F. tshark objects to these frames only because they have no FCS.
            let controls = [1 << 1, 1 << 5, 1 << 6, 1 << 14, 1 << 15, 1 << 4 | 1 << 7];
            frames.extend(controls.map(|control| frame(fcs, RR | control, &[])));
        }
        // Packets are numbered from 1, and a sound frame is between two faulty ones.
        let due = (0..frames.len()).map(|at| opened(fcs).len() + 1 + 2 * at).collect::<Vec<_>>();
        let sound = frame(fcs, WHOLE, &[&data]);
        let frames =
            frames.into_iter().flat_map(|faulty| [faulty, sound.clone()]).collect::<Vec<_>>();
        let error = checked(&format!("faulty_{fcs}"), fcs, &frames).unwrap_err().to_string();
        for number in due {
            assert!(
                error.contains(&format!("\"{number:>5} ")),
                "FCS {fcs}: packet {number} in {error}"
            );
        }
    }
}

#[test]
fn a_fault_beside_a_sound_frame_is_found() {
    let sound = frame(false, START, &[&le(250), &[7; 100]]);
    // A second signalling command that is cut short.
    let faulty = pdu(1, &[0x0a, 1, 2, 0, 2, 0, 0x0a, 2, 2, 0, 2]);
    checked("beside_sound", false, std::slice::from_ref(&sound)).unwrap();
    assert!(checked("beside", false, &[sound, faulty]).is_err());
}
