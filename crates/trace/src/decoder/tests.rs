use hex_literal::hex;
use proptest::prelude::*;

use bindrune_l2cap::{Cid, classic::mode::Fcs};
use bindrune_rfcomm::{Dlci, Frame, FrameType, Message, Parameters};
use bindrune_wire::Writer;

use super::*;
use crate::{Value, Violation};

/// A capture that a test writes by hand. Packets are one millisecond apart.
#[derive(Default)]
struct Tape {
    decoder: Decoder,
    time: u64,
}

impl Tape {
    /// A capture from the reset on, with an LE link of handle 0x040.
    fn le() -> Self {
        let mut tape = Self::default();
        tape.sent(&hex!("01 030c 00"));
        tape.received(&hex!("04 0e 04 01 030c 00"));
        tape.received(&hex!("04 3e 13 01 00 4000 00 00 010000125ec4 1800 0000 c800 00"));
        tape
    }

    /// The same, with a BR/EDR link.
    fn classic() -> Self {
        let mut tape = Self::default();
        tape.sent(&hex!("01 030c 00"));
        tape.received(&hex!("04 0e 04 01 030c 00"));
        tape.received(&hex!("04 03 0b 00 4000 010000125ec4 01 00"));
        tape
    }

    fn packet(&mut self, direction: Direction, octets: &[u8]) -> Entry {
        self.time += 1000;
        self.decoder.packet(Some(self.time), direction, octets)
    }

    fn sent(&mut self, octets: &[u8]) -> Entry {
        self.packet(Direction::ToController, octets)
    }

    fn received(&mut self, octets: &[u8]) -> Entry {
        self.packet(Direction::ToHost, octets)
    }

    /// A whole PDU in one ACL packet.
    fn pdu(&mut self, direction: Direction, cid: u16, payload: &[u8]) -> Entry {
        let len = u16::try_from(payload.len()).unwrap();
        let mut packet = vec![2, 0x40, 0x20];
        packet.extend((len + 4).to_le_bytes());
        packet.extend(len.to_le_bytes());
        packet.extend(cid.to_le_bytes());
        packet.extend(payload);
        self.packet(direction, &packet)
    }

    fn says(&mut self, cid: u16, payload: &[u8]) -> Entry {
        self.pdu(Direction::ToController, cid, payload)
    }

    fn hears(&mut self, cid: u16, payload: &[u8]) -> Entry {
        self.pdu(Direction::ToHost, cid, payload)
    }
}

#[track_caller]
fn violates(entry: &Entry, text: &str) {
    let found = entry.violations.iter().any(|violation| violation.text.contains(text));
    assert!(found, "{text:?} is not in {:?} of {:?}", entry.violations, entry.summary);
}

#[track_caller]
fn is(entry: &Entry, summary: &str) {
    assert_eq!(entry.summary, summary);
    assert_eq!(entry.violations, [], "{summary}");
}

#[test]
fn commands_are_paired_with_their_answers() {
    let mut tape = Tape::default();
    is(&tape.sent(&hex!("01 030c 00")), "Reset");
    let answer = tape.received(&hex!("04 0e 04 01 030c 00"));
    is(&answer, "Command Complete: Reset, success (1.0 ms)");
    assert_eq!(answer.field("after_us"), Some(&Value::Number(1000)));
    let unasked = tape.received(&hex!("04 0e 04 01 030c 00"));
    violates(&unasked, "the host sent no Reset");
    let scan = tape.sent(&hex!("01 0c20 02 01 00"));
    is(&scan, "LE Set Scan Enable: enable 1, filter duplicates 0");
    let unanswered = tape.decoder.finish();
    assert_eq!(unanswered.len(), 1);
    assert!(unanswered[0].summary.starts_with("no answer to LE Set Scan Enable"));
    assert_eq!(unanswered[0].time, scan.time);
}

#[test]
fn errors_of_the_controller_are_named() {
    let mut tape = Tape::default();
    tape.sent(&hex!("01 0c20 02 01 00"));
    let refused = tape.received(&hex!("04 0f 04 0c 01 0c20"));
    is(&refused, "Command Status: LE Set Scan Enable, command disallowed (0x0c) (1.0 ms)");
    let cut = tape.received(&hex!("04 0f 04 0c 01"));
    violates(&cut, "the length field says 4 bytes, but 2 bytes follow");
}

/// Neither fields nor the summary have keys, whether or not the packet is sound.
#[test]
fn keys_of_commands_and_events_are_hidden() {
    let key = "55555555555555555555555555555555";
    let mut tape = Tape::classic();
    for packet in [
        format!("01 1720 20 {key} 00000000000000000000000000000000"),
        format!("01 0b04 16 010000125ec4 {key}"),
        format!("01 0b04 15 010000125ec4 {}", &key[2..]),
        format!("01 0d04 17 010000125ec4 10 {key}"),
        format!("01 110c 17 01 010000125ec4 {key}"),
        format!("01 1920 1c 4000 0000000000000000 0000 {key}"),
        format!("01 1a20 12 4000 {key}"),
        format!("01 2720 27 00 010000125ec4 {key} {key}"),
        format!("01 2720 ff 00 010000125ec4 {key} {key}"),
    ] {
        let octets: Vec<u8> = octets(&packet);
        let entry = tape.sent(&octets);
        assert!(!format!("{entry:?}").contains("85, 85"), "{packet}: {entry:?}");
        assert!(!format!("{entry:?}").contains("5555"), "{packet}: {entry:?}");
    }
    for packet in [
        format!("04 18 17 010000125ec4 {key} 04"),
        format!("04 18 16 010000125ec4 {key}"),
        format!("04 15 17 01 010000125ec4 {key}"),
        format!("04 3e 21 09 {key} {key}"),
    ] {
        let octets: Vec<u8> = octets(&packet);
        let entry = tape.received(&octets);
        assert!(!format!("{entry:?}").contains("85, 85"), "{packet}: {entry:?}");
        assert!(!format!("{entry:?}").contains("5555"), "{packet}: {entry:?}");
    }
}

/// Returns the octets of hexadecimal digits.
fn octets(digits: &str) -> Vec<u8> {
    let digits = digits.replace(' ', "");
    let pair = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(pair).collect()
}

#[test]
fn links_have_peers_until_they_end() {
    let mut tape = Tape::le();
    let write = tape.says(4, &hex!("52 0300 01"));
    is(&write, "Write Command: 0003, 1 byte 01");
    assert_eq!(
        (write.handle, write.peer.as_deref()),
        (Some(0x40), Some("C4:5E:12:00:00:01/public"))
    );
    let down = tape.received(&hex!("04 05 04 00 4000 13"));
    assert_eq!(down.peer, write.peer);
    violates(&tape.says(4, &hex!("52 0300 01")), "handle 0x040 has no connection");
}

#[test]
fn attributes_have_names_once_they_were_discovered() {
    let mut tape = Tape::le();
    is(&tape.says(4, &hex!("0a 0b00")), "Read Request: 000b");
    is(&tape.hears(4, &hex!("0b 9a09")), "Read Response: 000b, 2 bytes 9a09 (1.0 ms)");
    let types = tape.says(4, &hex!("08 0900 ffff 0328"));
    is(&types, "Read By Type Request: 0009 to ffff, Characteristic");
    is(
        &tape.hears(4, &hex!("09 07 0a00 12 0b00 6e2a")),
        "Read By Type Response: 000b Temperature (1.0 ms)",
    );
    is(&tape.says(4, &hex!("04 0c00 0c00")), "Find Information Request: 000c to 000c");
    tape.hears(4, &hex!("05 01 0c00 0229"));
    is(&tape.says(4, &hex!("0a 0b00")), "Read Request: 000b Temperature");
    is(&tape.hears(4, &hex!("0b 9a09")), "Read Response: 000b Temperature, 2 bytes 9a09 (1.0 ms)");
    let subscribe = tape.says(4, &hex!("12 0c00 0100"));
    is(&subscribe, "Write Request: 000c Client Characteristic Configuration, 2 bytes 0100");
    // The host's own server has another table.
    is(&tape.hears(4, &hex!("0a 0b00")), "Read Request: 000b");
    let error = tape.says(4, &hex!("01 0a 0b00 01"));
    is(&error, "Error Response: Read Request 000b: invalid handle (0x01) (1.0 ms)");
}

#[test]
fn the_order_of_att_is_checked() {
    let mut tape = Tape::le();
    tape.says(4, &hex!("0a 0b00"));
    violates(&tape.says(4, &hex!("0a 0c00")), "Read Request: 000b has no response yet");
    violates(&tape.hears(4, &hex!("13")), "Write Response answers Read Request: 000c");
    violates(&tape.hears(4, &hex!("0b")), "no request came before");
    violates(&tape.says(4, &hex!("0a 0000")), "handle 0x0000 is reserved");
    violates(&tape.says(4, &hex!("04 0500 0400")), "is no range of handles");
    violates(&tape.hears(4, &hex!("1e")), "no indication came before");
    let long = [&hex!("52 0300")[..], &[0; 21]].concat();
    violates(&tape.says(4, &long), "24 bytes for an MTU of 23");
    violates(&tape.says(4, &hex!("0a 03")), "the packet ends inside a field");
    violates(&tape.says(4, &hex!("3f 03")), "opcode 0x3f is reserved");
}

#[test]
fn the_mtu_is_what_both_ends_exchange() {
    let mut tape = Tape::le();
    is(&tape.says(4, &hex!("02 f700")), "Exchange MTU Request: MTU 247");
    is(&tape.hears(4, &hex!("03 6400")), "Exchange MTU Response: MTU 100 (1.0 ms)");
    let value = |len| [&hex!("52 0300")[..], &vec![0; len]].concat();
    assert_eq!(tape.says(4, &value(97)).violations, []);
    violates(&tape.says(4, &value(98)), "101 bytes for an MTU of 100");
}

#[test]
fn fragments_become_one_pdu() {
    let mut tape = Tape::le();
    let first = tape.received(&hex!("02 4020 0600 0600 0400 1b0b"));
    is(&first, "fragment, 6 of 10 bytes so far");
    assert_eq!(first.layer, Layer::Acl);
    let last = tape.received(&hex!("02 4010 0400 009a0900"));
    is(&last, "Notification: 000b, 3 bytes 9a0900");
    violates(&tape.received(&hex!("02 4010 0100 00")), "a fragment continues no PDU");
    tape.received(&hex!("02 4020 0600 0600 0400 1b0b"));
    violates(
        &tape.received(&hex!("02 4020 0600 0200 0400 1e00")),
        "4 bytes of the last one are missing",
    );
    tape.received(&hex!("02 4020 0500 0200 0400 1e"));
    violates(&tape.received(&hex!("02 4010 0200 0000")), "1 byte longer than the PDU");
    violates(
        &tape.received(&hex!("02 4020 0900 0200 0400 1e")),
        "the length field says 9 bytes, but 5 bytes follow",
    );
}

#[test]
fn buffers_of_the_controller_are_counted() {
    let mut tape = Tape::default();
    tape.sent(&hex!("01 030c 00"));
    tape.received(&hex!("04 0e 04 01 030c 00"));
    tape.sent(&hex!("01 0220 00"));
    let buffers = tape.received(&hex!("04 0e 07 01 0220 00 1b00 01"));
    is(
        &buffers,
        "Command Complete: LE Read Buffer Size, success, acl len 27, acl count 1 (1.0 ms)",
    );
    tape.received(&hex!("04 3e 13 01 00 4000 00 00 010000125ec4 1800 0000 c800 00"));
    assert_eq!(tape.says(4, &hex!("52 0300")).violations, []);
    violates(&tape.says(4, &hex!("52 0300")), "2 packets for the 1 buffers");
    assert_eq!(tape.received(&hex!("04 13 05 01 4000 0200")).violations, []);
    violates(&tape.received(&hex!("04 13 05 01 4000 0100")), "but 0 were sent");
    let long = tape.sent(&[&hex!("02 4000 1c00 1800 0400 52")[..], &[0; 23]].concat());
    violates(&long, "28 bytes, but the controller takes 27");
}

#[test]
fn credits_of_a_channel_are_counted() {
    let mut tape = Tape::le();
    let request = tape.says(5, &hex!("14 01 0a00 8000 4000 0002 1700 0100"));
    is(
        &request,
        "LE Credit Based Connection Request: PSM 0x0080, CID 0x0040, MTU 512, MPS 23, 1 credits",
    );
    let response = tape.hears(5, &hex!("15 01 0a00 5000 0002 1700 0200 0000"));
    is(
        &response,
        "LE Credit Based Connection Response: success, CID 0x0050, MTU 512, MPS 23, 2 credits (1.0 ms)",
    );
    is(&tape.says(0x50, &hex!("0400 0102")), "PSM 0x0080, 2 of 4 bytes of an SDU");
    is(&tape.says(0x50, &hex!("0304")), "PSM 0x0080, SDU of 4 bytes in 2 frames");
    violates(&tape.says(0x50, &hex!("0000")), "the sender has no credit left");
    is(
        &tape.hears(5, &hex!("16 02 0400 5000 0a00")),
        "Flow Control Credit: CID 0x0050, 10 credits",
    );
    assert_eq!(tape.says(0x50, &hex!("0100 01")).violations, []);
    violates(&tape.says(0x50, &hex!("ff03 01")), "an SDU of 1023 bytes for an MTU of 512");
    violates(&tape.hears(0x40, &[0; 24]), "a frame of 24 bytes for an MPS of 23");
    violates(&tape.hears(0x41, &hex!("0000")), "CID 0x0041 has no channel");
    is(
        &tape.says(5, &hex!("06 03 0400 5000 4000")),
        "Disconnection Request: PSM 0x0080, CID 0x0050 and 0x0040",
    );
    tape.hears(5, &hex!("07 03 0400 5000 4000"));
    violates(&tape.says(0x50, &hex!("0000")), "CID 0x0050 has no channel");
}

#[test]
fn signalling_pairs_by_identifier() {
    let mut tape = Tape::le();
    violates(&tape.hears(5, &hex!("07 09 0400 5000 4000")), "no request has identifier 9");
    tape.says(5, &hex!("12 01 0800 0600 0600 0000 0a00"));
    violates(
        &tape.hears(5, &hex!("15 01 0a00 5000 0002 1700 0200 0000")),
        "LE Credit Based Connection Response answers",
    );
    violates(&tape.says(5, &hex!("12 02 0800 0500 0600 0000 0a00")), "outside their ranges");
    violates(&tape.says(5, &hex!("12 00 0800 0600 0600 0000 0a00")), "identifier 0 is reserved");
    violates(&tape.says(5, &hex!("77 04 0000")), "code 0x77 is reserved");
    let unanswered = tape.decoder.finish();
    assert!(
        unanswered.iter().any(|entry| entry.summary.contains("Parameter Update Request")),
        "{unanswered:?}"
    );
}

/// A channel of BR/EDR in a mode: the host is 0x0040, the peer 0x0050.
fn channel(psm: u16, mode: u8) -> Tape {
    let mut tape = Tape::classic();
    let [low, high] = psm.to_le_bytes();
    tape.says(1, &[2, 1, 4, 0, low, high, 0x40, 0]);
    let pending = tape.hears(1, &hex!("03 01 0800 0000 4000 0100 0000"));
    assert!(pending.summary.contains("pending"), "{}", pending.summary);
    assert_eq!(tape.hears(1, &hex!("03 01 0800 5000 4000 0000 0000")).violations, []);
    let options = [0x01, 0x02, 0x30, 0x00, 0x04, 0x09, mode, 8, 3, 0, 0, 0, 0, 0x30, 0];
    let request = |cid: u8, id: u8| [&[4, id, 19, 0, cid, 0, 0, 0][..], &options].concat();
    let configure = tape.says(1, &request(0x50, 2));
    assert_eq!(
        (configure.violations.as_slice(), configure.layer),
        (&[] as &[Violation], Layer::L2cap)
    );
    tape.hears(1, &hex!("05 02 0600 4000 0000 0000"));
    tape.hears(1, &request(0x40, 3));
    tape.says(1, &hex!("05 03 0600 5000 0000 0000"));
    tape
}

/// A frame with its check sequence.
fn frame(cid: u16, octets: &[u8]) -> Vec<u8> {
    let mut fcs = Fcs::new(u16::try_from(octets.len() + 2).unwrap(), Cid(cid));
    fcs.add(octets);
    [octets, &fcs.octets()].concat()
}

#[test]
fn reliable_frames_are_checked_and_reassembled() {
    let mut tape = channel(0x1001, 3);
    is(&tape.says(0x50, &frame(0x50, &hex!("0000 abcd"))), "PSM 0x1001, frame 0, SDU of 2 bytes");
    is(&tape.hears(0x40, &frame(0x40, &hex!("0101"))), "PSM 0x1001, Receiver Ready 1");
    is(
        &tape.says(0x50, &frame(0x50, &hex!("0240 0400 0102"))),
        "PSM 0x1001, frame 1, 2 of 4 bytes of an SDU",
    );
    is(
        &tape.says(0x50, &frame(0x50, &hex!("0480 0304"))),
        "PSM 0x1001, frame 2, SDU of 4 bytes in 2 frames",
    );
    let again = tape.says(0x50, &frame(0x50, &hex!("0480 0304")));
    is(&again, "PSM 0x1001, frame 2, expected frame 3");
    let mut wrong = frame(0x50, &hex!("0600 01"));
    wrong[4] ^= 1;
    violates(&tape.says(0x50, &wrong), "the FCS is 0x");
    violates(&tape.says(0x50, &[0]), "the frame ends inside its control field");
    violates(
        &tape.says(0x50, &frame(0x50, &[&hex!("0600")[..], &[0; 49]].concat())),
        "an SDU of 49 bytes for an MTU of 48",
    );
}

#[test]
fn streams_and_basic_frames_are_sdus() {
    let mut tape = channel(0x1001, 4);
    is(&tape.hears(0x40, &frame(0x40, &hex!("0800 01"))), "PSM 0x1001, frame 4, SDU of 1 byte");
    is(
        &tape.hears(0x40, &frame(0x40, &hex!("0c00 01"))),
        "PSM 0x1001, frame 6, expected frame 5, SDU of 1 byte",
    );
    let mut tape = channel(0x1001, 0);
    is(&tape.hears(0x40, &hex!("0102")), "PSM 0x1001, 2 bytes 0102");
    violates(&tape.hears(0x40, &[0; 49]), "an SDU of 49 bytes for an MTU of 48");
}

#[test]
fn sdp_is_paired_by_transaction() {
    let mut tape = channel(1, 0);
    let search = tape.says(0x50, &hex!("02 0007 0008 35031911010010 00"));
    is(&search, "Service Search Request: (1101 Serial Port)");
    let found = tape.hears(0x40, &hex!("03 0007 0009 0001 0001 00010000 00"));
    is(&found, "Service Search Response: 1 record (1.0 ms)");
    violates(
        &tape.hears(0x40, &hex!("03 0008 0009 0001 0001 00010000 00")),
        "no request has transaction 8",
    );
    violates(&tape.hears(0x40, &hex!("01 0007 0003 0003")), "the length field says 3 bytes");
    let error = tape.says(0x50, &hex!("04 0009 000e 00010000 ffff 3505 0a0000ffff 00"));
    assert!(
        error.summary.starts_with("Service Attribute Request: record 0x00010000"),
        "{}",
        error.summary
    );
    is(
        &tape.hears(0x40, &hex!("01 0009 0002 0002")),
        "Error Response: invalid record handle (1.0 ms)",
    );
}

#[test]
fn rfcomm_is_decoded() {
    let mut tape = channel(3, 0);
    is(&tape.says(0x50, &hex!("03 3f 01 1c")), "SABM DLCI 0");
    is(&tape.hears(0x40, &hex!("03 73 01 d7")), "UA DLCI 0 (1.0 ms)");
    violates(&tape.hears(0x40, &hex!("03 73 01 d7")), "no SABM or DISC of DLCI 0 came before");
    violates(&tape.says(0x50, &hex!("03 3f 01 1d")), "the FCS is wrong");
}

/// Returns an RFCOMM frame.
fn rfcomm(dlci: u8, kind: FrameType, credits: Option<u8>, information: &[u8]) -> Vec<u8> {
    let mut buffer = [0; 200];
    let mut w = Writer::new(&mut buffer);
    let poll_final = kind != FrameType::UIH || credits.is_some();
    let (dlci, command_response) = (Dlci(dlci), true);
    Frame { dlci, command_response, kind, poll_final, credits, information }.write(&mut w).unwrap();
    w.written().to_vec()
}

/// Returns a Parameter Negotiation of DLCI 6.
fn negotiation(is_command: bool, convergence: u8, credits: u8) -> Vec<u8> {
    let (mut buffer, dlci, frame_size) = ([0; 20], Dlci(6), 100);
    let mut w = Writer::new(&mut buffer);
    let p = Parameters { dlci, frame_type: 0, convergence, priority: 7, frame_size, credits };
    Message::Parameters(p).write(is_command, &mut w).unwrap();
    rfcomm(0, FrameType::UIH, None, w.written())
}

#[test]
fn credits_of_rfcomm_are_counted() {
    const OVERDRAWN: &str = "the sender has no credit left";
    let data = |credits, information: &[u8]| rfcomm(6, FrameType::UIH, credits, information);
    let sound = |entry: Entry| assert_eq!(entry.violations, [], "{}", entry.summary);
    let mut tape = channel(3, 0);
    sound(tape.says(0x50, &negotiation(true, 0xf, 1)));
    sound(tape.hears(0x40, &negotiation(false, 0xe, 2)));
    sound(tape.says(0x50, &rfcomm(6, FrameType::SABM, None, &[])));
    sound(tape.hears(0x40, &rfcomm(6, FrameType::UA, None, &[])));

    // Each end has the credits that the other one granted.
    sound(tape.says(0x50, &data(None, b"a")));
    let second = tape.says(0x50, &data(None, b"b"));
    assert_eq!(second.field("credits_left"), Some(&Value::Number(0)));
    sound(second);
    violates(&tape.says(0x50, &data(None, b"c")), OVERDRAWN);
    sound(tape.hears(0x40, &data(None, b"d")));
    violates(&tape.hears(0x40, &data(None, b"e")), OVERDRAWN);

    // Credits cost none, also those that come with data.
    sound(tape.hears(0x40, &data(Some(1), &[])));
    sound(tape.says(0x50, &data(Some(2), b"f")));
    sound(tape.hears(0x40, &data(None, b"g")));

    // A negotiation of an open connection changes no credits, a new connection does.
    tape.says(0x50, &negotiation(true, 0xf, 7));
    tape.hears(0x40, &negotiation(false, 0xe, 7));
    violates(&tape.says(0x50, &data(None, b"h")), OVERDRAWN);
    tape.says(0x50, &rfcomm(6, FrameType::DISC, None, &[]));
    tape.hears(0x40, &rfcomm(6, FrameType::UA, None, &[]));
    sound(tape.says(0x50, &data(None, b"the negotiation is not in the capture")));
    tape.says(0x50, &negotiation(true, 0xf, 0));
    tape.hears(0x40, &negotiation(false, 0xe, 0));
    violates(&tape.hears(0x40, &data(None, b"i")), OVERDRAWN);

    // Without credits there is nothing to count.
    tape.hears(0x40, &rfcomm(6, FrameType::DM, None, &[]));
    tape.says(0x50, &negotiation(true, 0xf, 1));
    tape.hears(0x40, &negotiation(false, 0, 0));
    (0..3).for_each(|_| sound(tape.says(0x50, &data(None, b"j"))));
}

#[test]
fn pairing_is_decoded_without_its_keys() {
    let mut tape = Tape::le();
    let request = tape.says(6, &hex!("01 03 00 0d 10 01 01"));
    is(
        &request,
        "Pairing Request: NoInputNoOutput, bonding MITM Secure Connections, key of 16 bytes",
    );
    let response = tape.hears(6, &hex!("02 03 00 0d 06 01 01"));
    violates(&response, "an encryption key has 7 to 16 bytes");
    let key = tape.hears(6, &hex!("06 55555555555555555555555555555555"));
    assert!(!format!("{key:?}").contains("85, 85"), "{key:?}");
    violates(&tape.hears(6, &hex!("02 03 00 0d 10 01 01")), "no Pairing Request came before");
    violates(&tape.hears(6, &hex!("33")), "code 0x33 is reserved");
    let short = tape.hears(6, &hex!("06 555555"));
    assert_eq!(short.field("octets"), Some(&Value::from("hidden")));
    violates(&short, "");
    is(&tape.hears(6, &hex!("05 03")), "Pairing Failed: authentication requirements");
}

#[test]
fn a_capture_that_begins_later_is_decoded_too() {
    let mut tape = Tape::default();
    assert_eq!(tape.hears(4, &hex!("0b 9a09")).violations, []);
    assert_eq!(tape.says(0x50, &hex!("0100 01")).violations, []);
    assert_eq!(tape.received(&hex!("04 0e 04 01 030c 00")).violations, []);
}

#[test]
fn other_packets_are_shown_as_such() {
    let mut tape = Tape::default();
    is(&tape.received(&hex!("03 4000 02 0102")), "SCO data, 2 bytes");
    is(&tape.received(&hex!("05 4000 0200 0102")), "ISO data, 2 bytes");
    violates(&tape.received(&hex!("05 4000 0300 0102")), "the length field says 3 bytes");
    violates(&tape.received(&hex!("77 01")), "no packet begins with 0x77");
    violates(&tape.received(&[]), "the packet has no indicator");
    violates(&tape.received(&hex!("02 ff0f 0000")), "handle 0xfff is reserved");
    assert_eq!(tape.decoder.note(None, "system note").summary, "system note");
}

#[test]
fn memory_is_bounded() {
    let mut tape = Tape::default();
    for handle in 0..0xf00u16 {
        let [low, high] = handle.to_le_bytes();
        tape.received(&[2, low, high | 0x20, 4, 0, 0xff, 0xff, 4, 0]);
        tape.sent(&[1, low, high, 0]);
    }
    assert_eq!(tape.decoder.links.len(), MAX_LINKS);
    let unanswered = tape.decoder.finish();
    assert_eq!(unanswered.len(), 1001);
    let last = unanswered.last().unwrap();
    assert!(
        last.summary.ends_with("more requests without an answer, not listed"),
        "{}",
        last.summary
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn any_octets_decode(data in proptest::collection::vec(any::<u8>(), 0..400)) {
        crate::fuzz::decode(&data);
    }

    #[test]
    fn any_pdu_decodes(
        cid in prop_oneof![Just(1u16), Just(4), Just(5), Just(6), Just(0x50), Just(0x40)],
        pdus in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..8),
        psm in prop_oneof![Just(1u16), Just(3), Just(0x1f), Just(0x1001)],
        mode in 0u8..5,
    ) {
        let mut tape = channel(psm, mode);
        for pdu in pdus {
            let entry = tape.says(cid, &pdu);
            prop_assert!(!entry.summary.is_empty());
            tape.hears(cid, &pdu);
        }
    }
}
