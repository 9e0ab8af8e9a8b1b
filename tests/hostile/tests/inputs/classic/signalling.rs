//! Signalling: commands of peers. [Vol 3] Part A, 4

use bindrune::{ClassicChannelConfig, ClassicCloseReason, Error, Level};
use embassy_time::Duration;

use super::scene::{CID, LINK, OPEN, PEER, SIGNALLING, event, hex, linked, secured};

const SIGNALS: (u16, u16) = (SIGNALLING, SIGNALLING);

answers! {
    linked(), SIGNALS;
    a_reserved_code: ["1f 01 0000"] => ["01 01 0200 0000"],
    code_zero: ["00 01 0000"] => ["01 01 0200 0000"],
    /// Identifier 0 is never used.
    identifier_zero: ["08 00 0000"] => [],
    /// The frame ends in a header.
    half_a_header: ["08 01"] => [],
    an_empty_frame: [""] => [],
    /// The length says 4 octets, and 2 arrive.
    a_command_longer_than_its_frame: ["08 01 0400 6162"] => ["01 01 0200 0000"],
    octets_after_a_command: ["08 01 0000 ffff"] => ["09 01 0000"],
    an_echo_with_data: ["08 01 0200 6162"] => ["09 01 0200 6162"],
    three_commands_in_a_frame: ["08 01 0000 1f 02 0000 0a 03 0200 0300"]
        => ["09 01 0000", "01 02 0200 0000", "0b 03 0c00 0300 0000 0200000000000000"],
    /// Commands of LE have no meaning here.
    a_connection_request_of_le: ["14 01 0a00 8000 4000 6400 4000 0400"] => ["01 01 0200 0000"],
    a_parameter_update_of_le: ["12 01 0800 0600 0c00 0000 6400"] => ["01 01 0200 0000"],
    the_extended_features: ["0a 01 0200 0200"] => ["0b 01 0800 0200 0000 b8000000"],
    an_unknown_kind_of_information: ["0a 01 0200 ff00"] => ["0b 01 0400 ff00 0100"],
    an_information_request_without_a_kind: ["0a 01 0000"] => ["01 01 0200 0000"],
    /// No channel has this CID.
    a_configuration_of_no_channel: ["04 01 0400 4000 0000"] => ["01 01 0600 0200 4000 0000"],
    a_disconnection_of_no_channel: ["06 01 0400 4000 4100"] => ["01 01 0600 0200 4000 4100"],
    responses_to_nothing: [
        "03 01 0800 4000 4000 0000 0000", "05 02 0600 4000 0000 0000", "07 03 0400 4000 4000",
        "09 04 0000", "0b 05 0400 0200 0100", "01 06 0200 0000"
    ] => [],
    a_psm_without_a_listener: ["02 01 0400 0310 4000"] => ["03 01 0800 0000 4000 0200 0000"],
    /// The lowest octet of a PSM is odd.
    an_even_psm: ["02 01 0400 0210 4000"] => ["03 01 0800 0000 4000 0200 0000"],
    /// Source CID 0x0001 is the signalling channel.
    a_reserved_source_cid: ["02 01 0400 0100 0100"] => ["03 01 0800 0000 0100 0600 0000"],
    a_connection_request_that_is_cut: ["02 01 0200 0100"] => ["01 01 0200 0000"],
    /// One channel of SDP for each peer.
    a_second_channel_of_sdp: ["02 01 0400 0310 4000", "02 02 0400 0310 4100"]
        => ["03 01 0800 0000 4000 0200 0000", "03 02 0800 0000 4100 0200 0000"],
}

#[test]
fn a_command_longer_than_the_signalling_mtu_is_rejected_with_the_mtu() {
    let mut s = linked();
    let command = [&[8, 1, 0xf0, 2][..], &[0; 752]].concat();
    s.b.inject(&bindrune_hostile::acl(LINK, &bindrune_hostile::l2cap(SIGNALLING, &command)));
    let sent = s.signals();
    assert!(sent.iter().all(|pdu| pdu[0] == 1 && pdu[4..6] == [1, 0]), "{sent:02x?}");
    s.answers();
    s.ends_well();
}

#[test]
fn a_source_cid_in_use_is_refused() {
    let mut s = linked();
    let open = s.open_with(OPEN, ClassicChannelConfig::BASIC.level(Level::Open), &[]);
    s.signal("02 05 0400 0110 4000");
    s.answered(&["03 05 0800 0000 4000 0700 0000"]);
    drop(open);
    s.ends_well();
}

#[test]
fn one_peer_does_not_take_every_channel() {
    let mut s = linked();
    let accepted = s.listen(OPEN, ClassicChannelConfig::BASIC.level(Level::Open));
    let mut opened = 0;
    for number in 0..8 {
        s.signal(&format!("02 {:02x} 0400 0110 {:02x}00", number + 1, 0x40 + number));
        opened += s.signals().iter().filter(|pdu| pdu[0] == 3 && pdu[8..10] == [0, 0]).count();
    }
    assert_eq!((opened, s.b.host.channels()), (3, 3), "one slot is left");
    s.up(super::scene::OTHER_LINK, super::scene::OTHER);
    s.serves(super::scene::OTHER_LINK);
    drop(accepted);
    s.ends_well();
}

#[test]
fn a_channel_that_is_never_configured_ends() {
    let mut s = linked();
    let accepted = s.listen(OPEN, ClassicChannelConfig::BASIC.level(Level::Open));
    s.request(OPEN);
    s.b.pass(Duration::from_secs(400));
    assert!(!accepted.is_done());
    assert_eq!(s.b.host.channels(), 0);
    s.answers();
    s.ends_well();
}

#[test]
fn a_disconnection_with_the_wrong_source_is_ignored() {
    let mut s = linked();
    let open = s.open_with(OPEN, ClassicChannelConfig::BASIC.level(Level::Open), &[]);
    let [low, high] = open.cid.to_le_bytes();
    s.send(SIGNALLING, &[6, 1, 4, 0, low, high, 0x41, 0]);
    s.b.expect_silence();
    s.send(open.cid, b"abc");
    let (received, _) = s.receive(open.channel);
    assert_eq!(*received.borrow(), [b"abc"]);
    s.ends_well();
}

#[test]
fn a_disconnection_is_answered_twice() {
    let mut s = linked();
    let open = s.open_with(OPEN, ClassicChannelConfig::BASIC.level(Level::Open), &[]);
    let [low, high] = open.cid.to_le_bytes();
    s.send(SIGNALLING, &[6, 1, 4, 0, low, high, 0x40, 0]);
    s.b.expect(SIGNALLING, &[&[7, 1, 4, 0, low, high, 0x40, 0]]);
    s.send(SIGNALLING, &[6, 2, 4, 0, low, high, 0x40, 0]);
    s.b.expect(SIGNALLING, &[&[1, 2, 6, 0, 2, 0, low, high, 0x40, 0]]);
    let end = s.receive(open.channel).1;
    assert_eq!(end.take(), Error::ClassicClosed(ClassicCloseReason::Peer));
    s.ends_well();
}

#[test]
fn requests_of_this_device_have_answers_that_lie() {
    for (answer, expected) in [
        // Refused, with a reserved result.
        ("03 01 0800 4000 4000 9900 0000", None),
        // The destination CID is the signalling channel.
        ("03 01 0800 0100 4000 0000 0000", Some(ClassicCloseReason::BadResponse)),
        ("03 01 0800 0000 4000 0000 0000", Some(ClassicCloseReason::BadResponse)),
        ("01 01 0200 0000", Some(ClassicCloseReason::NotSupported)),
        // Another CID than that of the request.
        ("03 01 0800 4000 4500 0000 0000", None),
        ("03 01 0400 4000 4000", None),
    ] {
        let mut s = secured();
        let host = s.b.host;
        let opening = s.b.spawn(async move {
            host.classic().open_channel(PEER, OPEN, ClassicChannelConfig::BASIC).await.err()
        });
        let sent = s.signals();
        assert_eq!(sent.last().unwrap()[..4], [2, sent.last().unwrap()[1], 4, 0], "{sent:02x?}");
        let mut answer = hex(answer);
        answer[1] = sent.last().unwrap()[1];
        s.send(SIGNALLING, &answer);
        s.b.pass(Duration::from_secs(400));
        let end = opening.take().unwrap();
        if let Some(expected) = expected {
            assert_eq!(end, Error::ClassicClosed(expected));
        }
        s.ends_well();
    }
}

#[test]
fn a_request_that_is_pending_for_ever_ends() {
    let mut s = secured();
    let host = s.b.host;
    let opening = s.b.spawn(async move {
        host.classic().open_channel(PEER, OPEN, ClassicChannelConfig::BASIC).await.err()
    });
    let sent = s.signals();
    let id = sent.last().unwrap()[1];
    for _ in 0..40 {
        s.send(SIGNALLING, &[3, id, 8, 0, 0, 0, 0x40, 0, 1, 0, 2, 0]);
        s.b.pass(Duration::from_secs(10));
    }
    assert_eq!(opening.take(), Some(Error::ClassicClosed(ClassicCloseReason::Timeout)));
    s.ends_well();
}

#[test]
fn a_flood_of_commands_is_answered_without_a_queue() {
    let mut s = linked();
    s.b.controller().completes = false;
    for number in 0..200_u8 {
        s.send(SIGNALLING, &[8, 1 + number, 1, 0, number]);
    }
    let sent = s.signals();
    assert!(sent.len() <= 4, "{} answers", sent.len());
    s.b.controller().completes = true;
    s.b.inject(&event(0x13, &[&[1], &LINK.to_le_bytes(), &[4, 0]]));
    s.b.sent();
    s.answers();
    s.ends_well();
}

#[test]
fn data_on_no_channel_is_dropped() {
    let mut s = linked();
    for cid in [0x0000, CID, 0x1234, 0xffff, 3, 4, 5, 6, 7, 2] {
        s.send(cid, b"abcdef");
        s.b.expect_silence();
    }
    s.answers();
    s.ends_well();
}
