use hex_literal::hex;

use super::*;

const RESET: [u8; 4] = hex!("01 030c 00");
const DONE: [u8; 7] = hex!("04 0e 04 01 030c 00");

/// 2001-09-09 01:46:40.
const TIME: u64 = 1_000_000_000_000_000;

fn read(octets: &[u8]) -> Result<Vec<Packet>, CaptureError> {
    let mut capture = Capture::new(octets)?;
    let mut packets = Vec::new();
    while let Some(packet) = capture.packet()? {
        packets.push(packet);
    }
    Ok(packets)
}

fn btsnoop(datalink: u32, records: &[(u32, &[u8])]) -> Vec<u8> {
    let mut file = [&b"btsnoop\0\0\0\0\x01"[..], &datalink.to_be_bytes()].concat();
    for (flags, octets) in records {
        let len = u32::try_from(octets.len()).unwrap();
        file.extend([len, len, *flags, 0].map(u32::to_be_bytes).concat());
        file.extend((TIME + bindrune_hci::snoop::UNIX_EPOCH).to_be_bytes());
        file.extend_from_slice(octets);
    }
    file
}

fn pcap(magic: u32, link: u32, records: &[&[u8]]) -> Vec<u8> {
    let mut file = magic.to_le_bytes().to_vec();
    file.extend(hex!("0200 0400 00000000 00000000 00000400"));
    file.extend(link.to_le_bytes());
    for octets in records {
        let len = u32::try_from(octets.len()).unwrap();
        file.extend([1_000_000_000, 0, len, len].map(u32::to_le_bytes).concat());
        file.extend_from_slice(octets);
    }
    file
}

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let mut body = body.to_vec();
    let padding = body.len().next_multiple_of(4) - body.len();
    body.extend(vec![0; padding]);
    let len = u32::try_from(body.len() + 12).unwrap();
    [&kind.to_be_bytes()[..], &len.to_be_bytes(), &body, &len.to_be_bytes()].concat()
}

/// With times in nanoseconds, big-endian.
fn pcapng(records: &[&[u8]]) -> Vec<u8> {
    let mut file = block(0x0a0d_0d0a, &hex!("1a2b3c4d 0001 0000 ffffffffffffffff"));
    file.extend(block(1, &hex!("00c9 0000 00000000 0009 0001 09000000 0000 0000")));
    for octets in records {
        let len = u32::try_from(octets.len()).unwrap();
        let time = TIME * 1000;
        let [high, low] = [time >> 32, time & 0xffff_ffff].map(|half| u32::try_from(half).unwrap());
        let head = [0, high, low, len, len].map(u32::to_be_bytes).concat();
        file.extend(block(6, &[&head, *octets].concat()));
        file.extend(block(5, &[0; 8]));
    }
    file
}

fn sound(packets: &[Packet], time: Option<u64>) {
    let [reset, done] = packets else { panic!("{packets:?}") };
    assert_eq!((reset.direction, &reset.body), (Direction::ToController, &Body::Hci(RESET.into())));
    assert_eq!((done.direction, &done.body), (Direction::ToHost, &Body::Hci(DONE.into())));
    assert_eq!((reset.time, reset.cut), (time, 0));
}

#[test]
fn every_format_has_the_same_packets() {
    sound(&read(&btsnoop(1002, &[(0, &RESET), (1, &DONE)])).unwrap(), Some(TIME));
    sound(&read(&btsnoop(1001, &[(2, &RESET[1..]), (3, &DONE[1..])])).unwrap(), Some(TIME));
    sound(&read(&btsnoop(2001, &[(2, &RESET[1..]), (3, &DONE[1..])])).unwrap(), Some(TIME));
    sound(&read(&pcap(0xa1b2_c3d4, 187, &[&RESET, &DONE])).unwrap(), Some(TIME));
    let directed = [[&[0; 4][..], &RESET].concat(), [&[0, 0, 0, 1][..], &DONE].concat()];
    let directed: Vec<_> = directed.iter().map(Vec::as_slice).collect();
    sound(&read(&pcap(0xa1b2_3c4d, 201, &directed)).unwrap(), Some(TIME));
    sound(&read(&pcapng(&directed)).unwrap(), Some(TIME));
    sound(&read(&[&RESET[..], &DONE].concat()).unwrap(), None);
}

#[test]
fn a_cut_capture_has_all_packets_before_the_end() {
    let whole = btsnoop(1002, &[(0, &RESET), (1, &DONE)]);
    let pcapng = pcapng(&[&[&[0; 4][..], &RESET].concat(), &[&[0, 0, 0, 1][..], &DONE].concat()]);
    let h4 = [&RESET[..], &DONE].concat();
    for file in [&whole, &pcapng, &h4] {
        for len in 0..file.len() {
            let mut records = 0;
            let Ok(mut capture) = Capture::new(&file[..len]) else { continue };
            let end = loop {
                match capture.packet() {
                    Ok(Some(_)) => records += 1,
                    other => break other,
                }
            };
            match end {
                Err(CaptureError::Truncated(before)) => assert_eq!(before, records),
                other => assert!(matches!(other, Ok(None)), "{other:?}"),
            }
        }
    }
    let error = read(&whole[..whole.len() - 1]).unwrap_err();
    assert_eq!(error.to_string(), "the capture ends inside record 2");
}

#[test]
fn a_wrong_file_says_what_it_is() {
    let error = |octets: &[u8]| read(octets).unwrap_err().to_string();
    assert_eq!(error(b""), "the capture is empty");
    assert_eq!(
        error(b"hello"),
        "not a capture of HCI: neither btsnoop, pcap, pcapng, nor H4 packets"
    );
    assert!(error(&btsnoop(1003, &[])).contains("datalink 1003"));
    assert!(error(&pcap(0xa1b2_c3d4, 1, &[])).contains("link type 1"));
    let mut long = btsnoop(1002, &[(0, &RESET)]);
    long[20] = 0xff;
    assert_eq!(error(&long), "record 1 is corrupt: a packet of 4278190084 bytes");
    assert_eq!(
        error(&hex!("01 030c 00 99")),
        "record 2 is corrupt: no packet begins with 0x99, at byte 4"
    );
}

#[test]
fn records_of_the_monitor_that_are_no_packets_are_notes() {
    let packets = read(&btsnoop(2001, &[(0, &[0; 16]), (4, &RESET)])).unwrap();
    assert_eq!(packets[0].body, Body::Other("controller added (monitor record 0)".into()));
    assert!(matches!(&packets[1].body, Body::Hci(octets) if octets[0] == 2));
}

#[test]
fn a_stream_has_the_packets_of_any_chunks() {
    let octets = [&RESET[..], &DONE, &hex!("02 4020 0500 0100 0400 1e")].concat();
    for size in 1..octets.len() {
        let mut stream = H4Stream::new();
        let mut packets = Vec::new();
        for chunk in octets.chunks(size) {
            stream.push(chunk);
            packets.extend(core::iter::from_fn(|| stream.packet()));
        }
        assert_eq!(packets.len(), 3, "{size}");
        assert_eq!(packets.concat(), octets);
    }
    let mut stream = H4Stream::new();
    stream.push(&[0x99, 1]);
    assert_eq!(stream.packet(), Some(vec![0x99, 1]));
    assert_eq!(stream.packet(), None);
}
