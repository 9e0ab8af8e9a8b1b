use std::{string::String, vec, vec::Vec};

use bindrune_wire::time::Instant;

use embassy_time::Duration;
use hex_literal::hex;

use super::rows::{After, Before, COMMANDS, CONNECTION, OTHERS, REJECT, REQUEST, RESPONSE, Row};
use crate::classic::testing::End;
use crate::classic::{ChannelConfig, CloseReason, Link, Signal, State};

pub(super) const NOW: Instant = Instant::from_secs(100);

/// Sends a C-frame to the end.
pub(super) fn frame(end: &mut End, payload: &[u8]) {
    pdu(end, 1, payload);
}

/// Sends a PDU to the end, in fragments of 20 octets.
pub(super) fn pdu(end: &mut End, cid: u16, payload: &[u8]) {
    let len = u16::try_from(payload.len()).unwrap();
    let octets = [&len.to_le_bytes()[..], &cid.to_le_bytes()[..], payload].concat();
    for (index, part) in octets.chunks(20).enumerate() {
        end.receive(NOW, &(index == 0, part.to_vec()));
    }
}

/// Returns the payload of each C-frame that the end sends.
pub(super) fn frames(end: &mut End) -> Vec<Vec<u8>> {
    end.acl = 300;
    let mut frames = Vec::new();
    while let Some((first, octets)) = end.transmit(NOW) {
        assert!(first && octets[2..4] == [1, 0], "{octets:02x?}");
        frames.push(octets[4..].to_vec());
    }
    frames
}

pub(super) fn end(before: Before) -> End {
    let mut end = End::new(2, 1000);
    if matches!(before, Before::Idle) {
        return end;
    }
    if before == Before::Connecting {
        end.connect(NOW, ChannelConfig::BASIC);
        assert_eq!(frames(&mut end), [hex!("02010400 0110 4000")]);
        return end;
    }
    frame(&mut end, &hex!("02010400 0110 5000"));
    let (accepted, request) =
        (hex!("03010800 4000 5000 0000 0000"), hex!("04010800 5000 0000 0102a002"));
    assert_eq!(frames(&mut end), [accepted.to_vec(), request.to_vec()]);
    if before == Before::Configuring {
        return end;
    }
    frame(&mut end, &hex!("05010600 4000 0000 0000 04020400 4000 0000"));
    assert_eq!(frames(&mut end), [hex!("05020a00 5000 0000 0000 0102a002")]);
    assert!(end.channels.get(0).unwrap().is_open());
    if before == Before::Disconnecting {
        end.channels.disconnect(NOW, 0);
        assert_eq!(frames(&mut end), [hex!("06020400 5000 4000")]);
    }
    end
}

/// The end still answers an echo, and an open channel still carries data.
fn probe(end: &mut End, name: &str) {
    frame(end, &hex!("08fe0200 4849"));
    assert_eq!(frames(end), [hex!("09fe0200 4849")], "{name}");
    if end.channels.get(0).is_some_and(|channel| channel.is_open()) {
        pdu(end, 0x40, b"data");
        assert_eq!(end.recv(0).as_deref(), Some(&b"data"[..]), "{name}");
    }
    end.link.end_link(&mut end.channels);
    end.settle(NOW);
    for index in 0..2 {
        end.channels.release(NOW, index);
    }
    assert_eq!(end.channels.free(), 2, "{name}");
}

fn run(rows: &[Row]) -> usize {
    for (name, before, input, output, after) in rows {
        let mut end = end(*before);
        let state = end.channels.get(0).map(|channel| channel.state());
        frame(&mut end, input);
        let sent = frames(&mut end);
        assert_eq!(sent, *output, "{name} ({before:?})");
        let closes = sent.last().is_some_and(|frame| frame[0] == 0x06);
        let now = end.channels.get(0).map(|channel| channel.state());
        match after {
            After::Same if closes => {
                assert!(matches!(now, Some(State::Disconnecting(_))), "{name}: {now:?}");
            }
            After::Same if now == Some(State::Configuring) => {}
            After::Same => assert_eq!(now, state, "{name}"),
            After::Gone => assert!(matches!(now, Some(State::Closed(_))), "{name}: {now:?}"),
            After::Open => assert_eq!(now, Some(State::Open), "{name}"),
        }
        probe(&mut end, name);
    }
    rows.len()
}

#[test]
fn every_command_malformed_in_each_field_has_its_answer() {
    let tables = [COMMANDS, REJECT, CONNECTION, REQUEST, RESPONSE, OTHERS];
    let rows: usize = tables.into_iter().map(run).sum();
    assert!(rows >= 100, "{rows}");
}

#[test]
fn nothing_is_answered_without_a_channel() {
    for input in [&hex!("05010600 4000 0000 0000")[..], &hex!("0701 0400 5000 4000")] {
        let mut end = end(Before::Idle);
        frame(&mut end, input);
        assert_eq!(frames(&mut end), Vec::<Vec<u8>>::new());
        assert_eq!(end.link.drops().unmatched, 1);
        probe(&mut end, "");
    }
}

#[test]
fn a_frame_beyond_the_signalling_mtu_is_rejected() {
    let rejected = hex!("0109 0400 0100 8000");
    let mut echo = vec![0x08, 9, 125, 0];
    echo.resize(129, 7);
    let mut behind_response = hex!("09030200 aabb").to_vec();
    behind_response.extend(&echo);
    for input in [&echo, &behind_response] {
        let mut end = end(Before::Open);
        frame(&mut end, input);
        assert_eq!(frames(&mut end), [rejected]);
        assert_eq!(end.link.drops().too_long, 1);
        probe(&mut end, "");
    }
    let mut end = end(Before::Open);
    frame(&mut end, &[&hex!("09037f00")[..], &[0; 127]].concat());
    assert_eq!(frames(&mut end), Vec::<Vec<u8>>::new());
    let mut longest = vec![0x08, 9, 124, 0];
    longest.resize(128, 7);
    frame(&mut end, &longest);
    assert_eq!(frames(&mut end)[0].len(), 128);
}

#[test]
fn responses_are_bounded() {
    let mut end = end(Before::Open);
    for _ in 0..4 {
        frame(&mut end, &hex!("0a090200 0200").repeat(20));
    }
    assert_eq!((frames(&mut end).len(), end.link.drops().excess), (16, 64));
    for _ in 0..3 {
        frame(&mut end, &[&hex!("08094000")[..], &[1; 64]].concat());
    }
    assert_eq!((frames(&mut end).len(), end.link.drops().excess), (2, 65));
    probe(&mut end, "");
}

#[test]
fn a_peer_that_never_agrees_is_left() {
    let mut end = end(Before::Configuring);
    for identifier in 2..5 {
        let mut request = hex!("0400 0800 4000 0000 01022f00");
        request[1] = identifier;
        frame(&mut end, &request);
        assert_eq!(frames(&mut end).len(), 1);
    }
    frame(&mut end, &hex!("0406 0800 4000 0000 01020000"));
    let sent = frames(&mut end);
    assert_eq!(sent[0], hex!("05060a00 5000 0000 0100 01023000"));
    assert_eq!(sent[1], hex!("06020400 5000 4000"));
    frame(&mut end, &hex!("0702 0400 5000 4000"));
    assert_eq!(end.signals().last(), Some(&Signal::Closed(0, CloseReason::Disagreement)));
    probe(&mut end, "");
}

#[test]
fn a_peer_that_takes_none_of_our_requests_is_left() {
    for refusal in [&hex!("0500 0600 4000 0000 0100")[..], &hex!("0500 0600 4000 0100 0000")] {
        let mut end = end(Before::Configuring);
        let mut sent = Vec::new();
        for identifier in 1..=4 {
            let mut response = refusal.to_vec();
            response[1] = identifier;
            frame(&mut end, &response);
            sent.extend(frames(&mut end));
        }
        let codes: Vec<u8> = sent.iter().map(|frame| frame[0]).collect();
        assert_eq!(codes, [4, 4, 4, 6]);
        probe(&mut end, "");
    }
}

#[test]
fn a_configuration_ends_in_time() {
    let mut end = end(Before::Configuring);
    for _ in 0..10 {
        frame(&mut end, &hex!("05010600 4000 0000 0400"));
    }
    let (at, _) = end.link.poll_timeout(&end.channels).unwrap();
    assert_eq!(at, NOW + Duration::from_secs(60));
    frame(&mut end, &hex!("05010600 4000 0000 0000"));
    let (at, _) = end.link.poll_timeout(&end.channels).unwrap();
    assert_eq!(at, NOW + Duration::from_secs(120));
    end.time(at);
    assert_eq!(frames(&mut end), [hex!("06020400 5000 4000")]);
}

#[test]
fn a_peer_without_features_gets_basic_mode() {
    for answer in ["rejected", "not supported", "short", "silent"] {
        let mut end = End::new(2, 1000);
        end.connect(NOW, ChannelConfig::ENHANCED);
        assert_eq!(frames(&mut end), [&hex!("0a010200 0200")[..], &hex!("02020400 0110 4000")]);
        frame(&mut end, &hex!("03020800 5000 4000 0000 0000"));
        assert_eq!(frames(&mut end), Vec::<Vec<u8>>::new());
        match answer {
            "rejected" => frame(&mut end, &hex!("010102000000")),
            "not supported" => frame(&mut end, &hex!("0b010400 0200 0100")),
            "short" => frame(&mut end, &hex!("0b010700 0200 0000 ffffff")),
            _ => end.time(NOW + Duration::from_secs(10)),
        }
        assert_eq!(frames(&mut end), [hex!("04030800 5000 0000 0102a002")], "{answer}");
    }
}

#[test]
fn the_longest_requests_fit_in_the_peers_signalling_mtu() {
    let mut end = End::new(2, 1000);
    let flush_timeout = Some(Duration::from_secs(1));
    let config = ChannelConfig { flush_timeout, fcs: false, ..ChannelConfig::ENHANCED };
    end.connect(NOW, config);
    assert_eq!(frames(&mut end).len(), 2);
    frame(&mut end, &hex!("0b010800 0200 0000 ffffffff 03020800 5000 4000 0000 0000"));
    let request = frames(&mut end).remove(0);
    assert!(request.len() <= 48);
    assert_eq!(
        request,
        hex!("04031a00 5000 0000 0102a002 0202e803 0409 03 20 00 0000 0000 f203 050100")
    );
}

#[test]
fn broken_pdus_are_counted_and_discarded() {
    let mut end = end(Before::Open);
    let packet = |first: bool, octets: &[u8]| (first, octets.to_vec());
    let mut receive = |packets: &[(bool, Vec<u8>)]| {
        for packet in packets {
            end.receive(NOW, packet);
        }
        end.link.drops()
    };
    let start = hex!("0600 4000 aabb");
    assert_eq!(receive(&[packet(false, b"1234"), packet(false, b"56")]).no_start, 1);
    assert_eq!(receive(&[packet(true, b"")]).empty, 1);
    assert_eq!(receive(&[packet(true, &start), packet(true, &start)]).unfinished, 1);
    assert_eq!(receive(&[packet(false, b"12345")]).overrun, 1);
    assert_eq!(receive(&[packet(true, &hex!("0100 4000 aabb"))]).overrun, 2);
    assert_eq!(receive(&[packet(true, &hex!("0100 4100 aa"))]).unknown_channel, 1);
    assert_eq!(receive(&[packet(true, &hex!("0100 0400 aa"))]).unknown_channel, 2);
    assert_eq!(receive(&[packet(true, &hex!("0100 0000 aa"))]).unknown_channel, 3);
    assert_eq!(receive(&[packet(true, &hex!("0300 0200 0110aa"))]).connectionless, 1);
    let pieces = [packet(true, &[6]), packet(false, &[0, 0x40]), packet(false, b"\0abc")];
    receive(&pieces);
    receive(&[packet(false, b""), packet(false, b"def")]);
    assert_eq!(end.recv(0).as_deref(), Some(&b"abcdef"[..]));
    assert_eq!(end.recv(0), None);
    probe(&mut end, "");
}

#[test]
fn a_packet_without_all_its_octets_is_discarded() {
    let mut end = end(Before::Open);
    let lost = |end: &mut End, len: usize| {
        end.link.start(true, len, &mut end.channels);
        end.link.push(&hex!("0200 4000 aabb"), &mut end.channels);
        end.link.end(NOW, &mut end.channels);
    };
    lost(&mut end, 7);
    assert_eq!((end.link.drops().lost, end.recv(0)), (1, None));
    end.link.start(true, 6, &mut end.channels);
    end.link.push(&hex!("0200 4000"), &mut end.channels);
    lost(&mut end, 6);
    assert_eq!((end.link.drops().lost, end.recv(0)), (2, Some(hex!("aabb").to_vec())));
    probe(&mut end, "");
}

#[test]
fn a_channel_with_a_broken_rule_closes() {
    let mut end = end(Before::Open);
    pdu(&mut end, 0x40, &[0; 673]);
    assert_eq!(frames(&mut end), [hex!("06020400 5000 4000")]);
    pdu(&mut end, 0x40, b"ignored");
    assert_eq!(end.link.drops().unknown_channel, 1);
    probe(&mut end, "");
}

#[test]
fn messages_are_plain() {
    let text = |error: &dyn core::fmt::Display| -> String { std::format!("{error}") };
    assert!(text(&crate::classic::ChannelError::NoSlot).contains("slot"));
    assert!(text(&crate::classic::EchoError::TooLong).contains("44"));
    let link = Link::new(crate::LinkId(7));
    assert_eq!((link.id(), link.features()), (crate::LinkId(7), None));
}
