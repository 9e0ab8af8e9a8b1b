//! Configuration of channels. [Vol 3] Part A, 4.4, 5 and 7.1

use bindrune::{ClassicChannelConfig, ClassicCloseReason, Error, Level};
use embassy_time::Duration;

use super::scene::{Dual, OPEN, SIGNALLING, hex, linked};

const BASIC: ClassicChannelConfig = ClassicChannelConfig::BASIC.level(Level::Open);

/// A channel that the peer requested: it has not configured it, and accepted the configuration of this device.
fn requested() -> (Dual, [u8; 2], Accepted) {
    let mut s = linked();
    let accepted = s.listen(OPEN, BASIC);
    let cid = s.request(OPEN).to_le_bytes();
    s.b.sent();
    (s, cid, accepted)
}

/// The channel, once it is open.
type Accepted = bindrune_hostile::Outcome<bindrune::ClassicChannel<'static>>;

/// Sends a Configuration Request with these flags and options.
fn configured(flags: u8, options: &str) -> (Dual, Accepted) {
    let (mut s, [low, high], accepted) = requested();
    let options = hex(options);
    let request = [&[4, 9, options.len() as u8 + 4, 0, low, high, flags, 0], &options[..]].concat();
    s.send(SIGNALLING, &request);
    (s, accepted)
}

/// Checks the result and the options of the response to a Configuration Request.
#[track_caller]
fn responds(flags: u8, options: &str, result: u8, answer: &str) {
    let (mut s, accepted) = configured(flags, options);
    let answer = hex(answer);
    let expected = [&[5, 9, answer.len() as u8 + 6, 0, 0x40, 0, flags, 0, result, 0], &answer[..]];
    s.b.expect(SIGNALLING, &[&expected.concat()]);
    s.answers();
    drop(accepted);
    s.ends_well();
}

/// Options that have no end are no command.
#[test]
fn options_that_are_cut_are_rejected() {
    for options in ["01 02 30", "01 ff 3000", "01"] {
        let (mut s, _accepted) = configured(0, options);
        s.answered(&["01 09 0200 0000"]);
        s.answers();
        s.ends_well();
    }
}

/// Creates a test for each row: flags and options of the request, result and options of the response.
macro_rules! responses {
    ($($(#[$meta:meta])* $name:ident: ($flags:literal, $options:literal) => ($result:literal, $answer:literal),)*) => {
        $($(#[$meta])* #[test]
        fn $name() {
            responds($flags, $options, $result, $answer);
        })*
    };
}

responses! {
    no_option: (0, "") => (0, "01 02 a002"),
    the_smallest_mtu: (0, "01 02 3000") => (0, "01 02 3000"),
    /// An MTU below 48 is unacceptable; the response names the least.
    an_mtu_below_the_least: (0, "01 02 2f00") => (1, "01 02 3000"),
    /// Unknown options are returned, and nothing else.
    an_unknown_option: (0, "05 01 00 01 02 a002 7f 01 00") => (3, "7f 01 00"),
    /// A hint may be unknown.
    an_unknown_hint: (0, "ff 01 00") => (0, "01 02 a002"),
    an_mtu_of_three_octets: (0, "01 03 300000") => (2, ""),
    /// The mode is not one that this channel has.
    another_mode: (0, "04 09 03 08 03 d007 e02e a002") => (1, "04 09 00 00 00 0000 0000 0000"),
    a_reserved_mode: (0, "04 09 77 08 03 d007 e02e a002") => (1, "04 09 00 00 00 0000 0000 0000"),
    /// More options follow: the response comes, the configuration goes on.
    a_request_that_is_continued: (1, "01 02 3000") => (0, ""),
}

#[test]
fn a_request_that_is_continued_for_ever_ends() {
    let (mut s, [low, high], _accepted) = requested();
    for number in 0..200 {
        s.send(SIGNALLING, &[4, number | 1, 8, 0, low, high, 1, 0, 1, 2, 0x30, 0]);
        s.b.pass(Duration::from_secs(2));
    }
    assert_eq!(s.b.host.channels(), 0, "the configuration has a time limit");
    s.answers();
    s.ends_well();
}

#[test]
fn a_configuration_of_an_open_channel_is_taken_again() {
    let mut s = linked();
    let open = s.open_with(OPEN, BASIC, &[]);
    let [low, high] = open.cid.to_le_bytes();
    s.send(SIGNALLING, &[4, 7, 8, 0, low, high, 0, 0, 1, 2, 0x30, 0]);
    let sent = s.signals();
    assert!(sent.iter().any(|pdu| pdu[..2] == [5, 7] && pdu[8..10] == [0, 0]), "{sent:02x?}");
    for request in sent.iter().filter(|pdu| pdu[0] == 4) {
        s.send(SIGNALLING, &[5, request[1], 6, 0, low, high, 0, 0, 0, 0]);
    }
    s.b.sent();
    s.send(open.cid, b"abc");
    let (received, _) = s.receive(open.channel);
    assert_eq!(*received.borrow(), [b"abc"]);
    s.ends_well();
}

#[test]
fn a_mode_is_not_changed_on_an_open_channel() {
    let mut s = linked();
    let open = s.open_with(OPEN, BASIC, &[]);
    let [low, high] = open.cid.to_le_bytes();
    let option = hex("04 09 03 08 03 d007 e02e a002");
    s.send(SIGNALLING, &[&[4, 7, 15, 0, low, high, 0, 0], &option[..]].concat());
    let sent = s.signals();
    assert!(!sent.iter().any(|pdu| pdu[..2] == [5, 7] && pdu[8..10] == [0, 0]), "{sent:02x?}");
    s.b.pass(Duration::from_secs(400));
    s.answers();
    drop(open.channel);
    s.ends_well();
}

/// The peer refuses this device's configuration for ever.
#[test]
fn a_configuration_that_is_always_refused_ends() {
    let mut s = linked();
    let host = s.b.host;
    let accepted = s.listen(OPEN, BASIC);
    s.send(SIGNALLING, &hex("02 71 0400 0110 4000"));
    for _ in 0..20 {
        let sent = s.signals();
        let Some(request) = sent.iter().find(|pdu| pdu[0] == 4) else { continue };
        s.send(SIGNALLING, &[5, request[1], 10, 0, 0x40, 0, 0, 0, 1, 0, 1, 2, 0x10, 0]);
    }
    s.b.pass(Duration::from_secs(400));
    assert!(!accepted.is_done());
    assert_eq!(host.channels(), 0);
    s.answers();
    s.ends_well();
}

/// Data before the channel is open is dropped.
#[test]
fn data_before_the_configuration_is_dropped() {
    let mut s = linked();
    let accepted = s.listen(OPEN, BASIC);
    let cid = s.request(OPEN);
    s.send(cid, b"early");
    s.configure(cid, &[]);
    let (received, _) = s.receive(accepted.take());
    s.send(cid, b"abc");
    assert_eq!(*received.borrow(), [b"abc"]);
    s.ends_well();
}

#[test]
fn a_datagram_longer_than_the_mtu_is_not_received() {
    let mut s = linked();
    let open = s.open_with(OPEN, BASIC.mtu(100), &[]);
    s.send(open.cid, &[7; 101]);
    s.send(open.cid, &[8; 100]);
    let (received, end) = s.receive(open.channel);
    let all = received.borrow().clone();
    assert!(all.iter().all(|datagram| datagram[0] == 8 && datagram.len() == 100), "{all:?}");
    if end.is_done() {
        assert!(matches!(end.take(), Error::ClassicClosed(ClassicCloseReason::Violation(_))));
    }
    s.ends_well();
}
