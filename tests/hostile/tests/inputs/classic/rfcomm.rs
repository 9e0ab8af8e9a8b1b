//! RFCOMM: frames of peers that break the rules. RFCOMM 1.2 and TS 07.10

use std::{cell::RefCell, rc::Rc};

use bindrune::{ClassicPsm, Level, Rfcomm};
use bindrune_hostile::Outcome;
use embassy_time::Duration;

use super::scene::{CID, Dual, OTHER, OTHER_LINK, Received, hex, secured};

/// Channel of the listener; the peer makes the session, so that its DLCI is 10.
const CHANNEL: u8 = 5;

const SABM: u8 = 0x3f;
const DISC: u8 = 0x53;
const UA: u8 = 0x73;
const DM: u8 = 0x1f;
const UIH: u8 = 0xef;

/// Returns the check sequence. TS 07.10, 5.2.1.6
fn fcs(octets: &[u8]) -> u8 {
    let mut crc = 0xff_u8;
    for octet in octets {
        crc ^= octet;
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xe0 } else { crc >> 1 };
        }
    }
    0xff - crc
}

/// Returns a frame. The bit C/R of the address is that of a command of the peer.
fn frame(dlci: u8, control: u8, data: &[u8]) -> Vec<u8> {
    with_address(dlci << 2 | 3, control, data)
}

fn with_address(address: u8, control: u8, data: &[u8]) -> Vec<u8> {
    let mut frame = vec![address, control];
    if data.len() < 128 {
        frame.push((data.len() as u8) << 1 | 1);
    } else {
        frame.extend([(data.len() as u8) << 1, (data.len() >> 7) as u8]);
    }
    let covered = if control & 0xef == UIH { 2 } else { frame.len() };
    let check = fcs(&frame[..covered]);
    frame.extend(data);
    frame.push(check);
    frame
}

/// A frame of this device: a response, or data of the side that did not make the session.
fn response(dlci: u8, control: u8) -> Vec<u8> {
    with_address(dlci << 2 | 3, control, &[])
}

fn message(data: &[u8]) -> Vec<u8> {
    with_address(1, UIH, data)
}

/// A peer with a channel of RFCOMM to a listener.
struct Serial {
    s: Dual,
    received: Received,
    accepted: Outcome<()>,
}

fn serial() -> Serial {
    let mut s = secured();
    let host = s.b.host;
    let received = Received::default();
    let (keep, number) = (received.clone(), CHANNEL);
    let accepted = s.b.spawn(async move {
        let mut listener = host.classic().rfcomm_listen(Some(number), Level::Encrypted).unwrap();
        loop {
            let Ok(stream) = listener.accept().await else { return };
            read(stream, &keep).await;
        }
    });
    let cid = s.request(ClassicPsm(3));
    assert_eq!(cid, CID);
    s.configure(cid, &[]);
    s.b.sent();
    Serial { s, received, accepted }
}

async fn read(stream: Rfcomm<'_>, all: &Rc<RefCell<Vec<Vec<u8>>>>) {
    let mut buffer = [0; 64];
    while let Ok(len @ 1..) = stream.read(&mut buffer).await {
        all.borrow_mut().push(buffer[..len].to_vec());
    }
}

/// A session: DLC 0 is open.
fn session() -> Serial {
    let mut p = serial();
    p.sends(&frame(0, SABM, &[]), &[&response(0, UA)]);
    p
}

/// An open connection with DLCI 10.
fn connected() -> Serial {
    let mut p = session();
    p.s.send(CID, &frame(10, SABM, &[]));
    let sent = p.frames();
    assert_eq!(sent[0], response(10, UA), "{sent:02x?}");
    // Modem Status in both directions.
    p.s.send(CID, &frame(0, UIH, &hex("e3 05 2b 8d")));
    p.s.send(CID, &frame(0, UIH, &hex("e1 05 2b 8d")));
    p.frames();
    p
}

impl Serial {
    fn frames(&mut self) -> Vec<Vec<u8>> {
        let frames = self.s.b.frames().into_iter();
        frames
            .filter(|(_, frame)| frame[2..4] == [CID as u8, 0])
            .map(|(_, f)| f[4..].to_vec())
            .collect()
    }

    #[track_caller]
    fn sends(&mut self, frame: &[u8], answers: &[&[u8]]) {
        self.s.send(CID, frame);
        assert_eq!(self.frames(), answers);
    }

    /// Checks that the session answers a test, if it is up, and that nothing is left of it.
    #[track_caller]
    fn works(mut self) {
        self.s.b.sent();
        self.sends(&frame(0, UIH, &hex("23 05 6162")), &[&message(&hex("21 05 6162"))]);
        self.ends();
    }

    #[track_caller]
    fn ends(mut self) {
        self.s.answers();
        self.accepted.cancel();
        self.s.b.settle();
        self.s.ends_well();
    }
}

/// Creates a test for each row: the setting, a message of the multiplexer, and the messages that answer it.
macro_rules! messages {
    ($($(#[$meta:meta])* $name:ident: $setting:expr, $message:literal => [$($answer:literal),*],)*) => {
        $($(#[$meta])* #[test]
        fn $name() {
            let mut p: Serial = $setting;
            let answers: Vec<Vec<u8>> = vec![$(message(&hex($answer))),*];
            let answers: Vec<&[u8]> = answers.iter().map(|answer| &answer[..]).collect();
            p.sends(&frame(0, UIH, &hex($message)), &answers);
            p.works();
        })*
    };
}

messages! {
    an_empty_message: session(), "" => [],
    a_message_that_is_cut: session(), "23" => [],
    /// The length says 4 octets, and one arrives.
    a_message_shorter_than_its_length: session(), "23 09 61" => [],
    /// Non-Supported Command names the type.
    an_unknown_type: session(), "ff 01" => ["11 03 ff"],
    an_unknown_type_as_a_response: session(), "fd 01" => [],
    a_parameter_negotiation_that_is_cut: session(), "83 05 0a f0" => [],
    /// DLCI 0 and 62 cannot be negotiated.
    a_parameter_negotiation_of_the_session: session(), "83 11 00 f0 00 00 7f00 00 07" => [],
    modem_status_without_a_value: connected(), "e3 03 2b" => [],
    /// Remote Port Negotiation is asked for the settings of a connection that is not there.
    port_settings_of_no_connection: session(), "93 03 2b" => ["91 11 2b 03 03 00 11 13 7f3f"],
    port_settings_that_are_cut: connected(), "93 05 2b 03" => [],
    a_test_without_data: session(), "23 01" => ["21 01"],
    flow_off_and_on: session(), "63 01" => ["61 01"],
    a_response_of_a_test_that_was_not_sent: session(), "21 05 6162" => [],
    a_response_to_a_negotiation_that_was_not_sent: session(), "81 11 0a e0 00 00 7f00 00 07" => [],
    not_supported_in_return: session(), "11 03 e3" => [],
}

/// Creates a test for each row: the setting, a frame, and the frames that answer it.
macro_rules! frames {
    ($($(#[$meta:meta])* $name:ident: $setting:expr, $frame:expr => [$($answer:expr),*] $end:ident,)*) => {
        $($(#[$meta])* #[test]
        fn $name() {
            let mut p: Serial = $setting;
            let answers: Vec<Vec<u8>> = vec![$($answer),*];
            let answers: Vec<&[u8]> = answers.iter().map(|answer| &answer[..]).collect();
            p.sends(&$frame, &answers);
            p.$end();
        })*
    };
}

frames! {
    an_empty_frame: session(), [] => [] works,
    three_octets: session(), [0x03, SABM, 0x01] => [] works,
    a_bad_check_sequence: session(), [0x2b, SABM, 0x01, 0x00] => [] works,
    /// The length says 100 octets, and none arrives.
    a_frame_that_is_cut: session(), [0x2b, UIH, 0xc9, 0x00] => [] works,
    an_unknown_control: session(), frame(10, 0x13, &[]) => [] works,
    a_connection_before_the_session: serial(), frame(10, SABM, &[]) => [response(10, DM)] ends,
    data_before_the_session: serial(), frame(10, UIH, b"abc") => [response(10, DM)] ends,
    the_end_before_the_session: serial(), frame(0, DISC, &[]) => [response(0, DM)] ends,
    the_end_of_no_connection: session(), frame(10, DISC, &[]) => [response(10, DM)] works,
    /// No listener has channel 9.
    a_connection_without_a_listener: session(), frame(18, SABM, &[]) => [response(18, DM)] works,
    /// DLCI 11 is a channel of the device that made the session.
    a_connection_of_the_other_side: session(), frame(11, SABM, &[]) => [response(11, DM)] works,
    the_reserved_dlci_1: session(), frame(1, SABM, &[]) => [response(1, DM)] works,
    the_reserved_dlci_62: session(), frame(62, SABM, &[]) => [response(62, DM)] works,
    the_reserved_dlci_63: session(), frame(63, SABM, &[]) => [response(63, DM)] works,
    a_response_to_nothing: session(), frame(10, UA, &[]) => [] works,
    a_refusal_of_nothing: session(), frame(10, DM, &[]) => [] works,
    a_frame_size_of_zero: session(), frame(0, UIH, &hex("83 11 0a f0 00 00 0000 00 07"))
        => [response(10, DM)] works,
    modem_status_of_no_connection: session(), frame(0, UIH, &hex("e3 05 2b 8d"))
        => [response(10, DM)] works,
    line_status_of_no_connection: session(), frame(0, UIH, &hex("53 05 2b 00"))
        => [response(10, DM)] works,
    a_session_in_a_session: session(), frame(0, SABM, &[]) => [response(0, UA)] works,
}

#[test]
fn data_of_a_connection_without_a_request_is_refused() {
    let mut p = session();
    p.s.send(CID, &frame(10, UIH, b"abc"));
    let sent = p.frames();
    assert!(sent.is_empty() || sent == [response(10, DM)], "{sent:02x?}");
    assert!(p.received.borrow().is_empty());
    p.works();
}

#[test]
fn data_longer_than_the_frame_size_is_not_received() {
    let mut p = connected();
    p.s.send(CID, &frame(10, UIH, &[7; 200]));
    let all = p.received.borrow().concat();
    assert!(all.is_empty(), "{} octets", all.len());
    p.s.answers();
    p.ends();
}

/// The ring of a connection has 128 octets: more than the credits allow is dropped, or ends the connection.
#[test]
fn data_without_credits_does_not_grow() {
    let mut p = connected();
    for _ in 0..100 {
        p.s.send(CID, &frame(10, UIH, &[7; 100]));
    }
    p.s.b.sent();
    p.s.answers();
    p.s.up(OTHER_LINK, OTHER);
    p.s.serves(OTHER_LINK);
    p.ends();
}

#[test]
fn credits_for_ever_do_not_overflow() {
    let mut p = session();
    // A negotiation with credits, then the connection.
    p.s.send(CID, &frame(0, UIH, &hex("83 11 0a f0 00 00 7f00 00 07")));
    p.s.send(CID, &frame(10, SABM, &[]));
    p.frames();
    for _ in 0..600 {
        let mut grant = vec![0x2b, UIH | 0x10, 0x01, 0xff];
        let check = fcs(&grant[..2]);
        grant.push(check);
        p.s.send(CID, &grant);
    }
    p.s.b.sent();
    p.works();
}

#[test]
fn a_connection_is_opened_and_closed_for_ever() {
    let mut p = session();
    for _ in 0..100 {
        p.s.send(CID, &frame(10, SABM, &[]));
        p.s.send(CID, &frame(10, DISC, &[]));
    }
    p.s.b.sent();
    p.works();
}

/// Every channel at once: two connections are the most of this device.
#[test]
fn a_peer_requests_every_connection() {
    let mut p = session();
    for dlci in 2..62 {
        p.s.send(CID, &frame(dlci, SABM, &[]));
    }
    p.s.b.sent();
    p.works();
}

#[test]
fn a_session_that_never_begins_ends() {
    let p = serial();
    let mut s = p.s;
    s.b.pass(Duration::from_secs(400));
    assert_eq!(s.b.host.channels(), 0);
    p.accepted.cancel();
    s.b.settle();
    s.answers();
    s.ends_well();
}

#[test]
fn nothing_is_read_after_the_channel_has_ended() {
    let mut p = connected();
    p.s.send(CID, &frame(10, UIH, b"abc"));
    let [low, high] = CID.to_le_bytes();
    p.s.send(super::scene::SIGNALLING, &[6, 9, 4, 0, low, high, 0x40, 0]);
    p.s.send(CID, &frame(10, UIH, b"def"));
    assert_eq!(*p.received.borrow(), [b"abc"]);
    p.ends();
}
