//! Purposes of the SIG's test suite that the other tests do not have: groups CED, CFD, CMC and FOC.

use std::{collections::BTreeSet, vec, vec::Vec};

use hex_literal::hex;

use super::hostile::{NOW, end, frame, frames};
use super::rows::Before;
use crate::classic::testing::End;
use crate::classic::{ChannelConfig, CloseReason, ConnectionResult, Mode, Signal};

/// Option for Enhanced Retransmission mode: window 8, 5 transmissions, MPS 512.
const ENHANCED: [u8; 11] = hex!("0409 03 08 05 0000 0000 0002");
const STREAMING: [u8; 11] = hex!("0409 04 00 00 0000 0000 0002");

/// Payloads of the response that refuses a mode and offers Basic mode instead.
const OFFERS_BASIC: [u8; 11] = hex!("0409 00 00 00 0000 0000 0000");

/// Opens a connection with this end as the initiator. The peer has every feature, and has not configured anything.
fn connected(config: ChannelConfig) -> End {
    let mut end = End::new(2, 1000);
    end.connect(NOW, config);
    frames(&mut end);
    frame(&mut end, &hex!("0b010800 0200 0000 ffffffff"));
    frame(&mut end, &hex!("03020800 5000 4000 0000 0000"));
    end
}

/// A Configuration Request to this end.
fn request(identifier: u8, options: &[u8]) -> Vec<u8> {
    let len = u8::try_from(options.len() + 4).unwrap();
    [&[4, identifier, len, 0, 0x40, 0, 0, 0], options].concat()
}

/// A Configuration Response to this end.
fn response(identifier: u8, result: u8, options: &[u8]) -> Vec<u8> {
    let len = u8::try_from(options.len() + 6).unwrap();
    [&[5, identifier, len, 0, 0x40, 0, 0, 0, result, 0], options].concat()
}

fn mode(end: &End) -> Option<Mode> {
    let channel = end.channels.get(0)?;
    channel.is_open().then(|| channel.agreement().mode)
}

/// Returns whether one of the frames closes the channel.
fn closes(frames: &[Vec<u8>]) -> bool {
    frames.iter().any(|frame| frame[0] == 6)
}

#[test]
fn responses_with_other_identifiers_are_ignored_and_each_is_used_once() {
    let mut end = End::new(1, 1000);
    let mut used = BTreeSet::new();
    for round in 0..255 {
        end.connect(NOW, ChannelConfig::BASIC);
        let identifier = frames(&mut end)[0][1];
        assert!(identifier != 0 && used.insert(identifier), "{round}: {identifier}");
        let other = if round == 0 { 0 } else { identifier.wrapping_sub(1) };
        frame(&mut end, &[&[3, other][..], &hex!("0800 5000 4000 0000 0000")].concat());
        assert_eq!((mode(&end), frames(&mut end).len()), (None, 0));
        frame(&mut end, &[&[3, identifier][..], &hex!("0800 0000 4000 0200 0000")].concat());
        let refused = CloseReason::Refused(ConnectionResult::PSM_NOT_SUPPORTED);
        assert_eq!(end.signals().last(), Some(&Signal::Closed(0, refused)));
        end.channels.release(NOW, 0);
    }
}

#[test]
fn a_repeated_response_opens_nothing_again() {
    let mut end = end(Before::Connecting);
    let accepted = hex!("03010800 5000 4000 0000 0000");
    frame(&mut end, &accepted);
    assert_eq!(frames(&mut end), [hex!("04020800 5000 0000 0102a002")]);
    frame(&mut end, &[&request(9, &[])[..], &response(2, 0, &[])].concat());
    assert_eq!(frames(&mut end), [hex!("05090a00 5000 0000 0000 0102a002")]);
    assert_eq!(end.signals().len(), 1);
    frame(&mut end, &accepted);
    assert_eq!((end.signals(), frames(&mut end), mode(&end)), (vec![], vec![], Some(Mode::BASIC)));
}

#[test]
fn c_frames_of_one_octet_fragments_are_recombined() {
    let mut end = end(Before::Open);
    let octets = hex!("0c00 0100 08090800 0102030405060708");
    for (index, octet) in octets.iter().enumerate() {
        end.receive(NOW, &(index == 0, vec![*octet]));
    }
    assert_eq!(frames(&mut end), [hex!("09090800 0102030405060708")]);
}

/// The length of the PDU is less or more than that of its command.
#[test]
fn a_c_frame_of_a_wrong_length_is_answered_and_forgotten() {
    for len in [5u8, 7, 9, 12] {
        let mut end = end(Before::Open);
        let octets = [&[len, 0, 1, 0][..], &hex!("08090400 31323334")].concat();
        end.receive(NOW, &(true, octets));
        let answers = frames(&mut end);
        assert!(answers.len() <= 1 && answers.iter().all(|frame| frame[0] == 1), "{answers:02x?}");
        frame(&mut end, &hex!("080a0000"));
        assert_eq!(frames(&mut end), [hex!("090a0000")], "{len}");
    }
}

#[test]
fn a_stray_octet_behind_a_request_changes_nothing() {
    let mut end = end(Before::Idle);
    frame(&mut end, &hex!("02090400 0110 5000 00"));
    let answers = frames(&mut end);
    assert_eq!(answers[0], hex!("03090800 4000 5000 0000 0000"));
    frame(&mut end, &hex!("060a0400 4000 5000"));
    assert_eq!(frames(&mut end), [hex!("070a0400 4000 5000")]);
}

#[test]
fn a_truncated_end_behind_an_echo_closes_nothing() {
    let mut end = end(Before::Open);
    frame(&mut end, &hex!("08090000 060a0000"));
    assert_eq!(frames(&mut end), [&hex!("09090000")[..], &hex!("010a02000000")]);
    assert_eq!(mode(&end), Some(Mode::BASIC));
}

#[test]
fn a_request_is_answered_while_our_own_waits() {
    let mut end = end(Before::Configuring);
    frame(&mut end, &request(9, &hex!("01024000")));
    assert_eq!(frames(&mut end), [hex!("05090a00 5000 0000 0000 01024000")]);
    assert_eq!(mode(&end), None);
    frame(&mut end, &response(1, 0, &[]));
    assert_eq!(mode(&end), Some(Mode::BASIC));
}

#[test]
fn an_mtu_of_48_is_agreed_without_further_requests() {
    let mut end = end(Before::Configuring);
    frame(&mut end, &response(1, 0, &hex!("01023000")));
    frame(&mut end, &request(9, &hex!("01023000")));
    assert_eq!(frames(&mut end), [hex!("05090a00 5000 0000 0000 01023000")]);
    assert_eq!(end.channels.get(0).unwrap().agreement().tx_mtu, 48);
}

#[test]
fn up_to_ten_unknown_options_have_their_answer() {
    for count in 1..=10u8 {
        for mandatory in 0..count {
            let mut end = end(Before::Configuring);
            let option = |n: u8| [if n == mandatory { 0x60 + n } else { 0xe0 + n }, 1, n];
            let options: Vec<u8> = (0..count).flat_map(option).collect();
            frame(&mut end, &request(9, &options));
            let refused = [&hex!("05090900 5000 0000 0300")[..], &option(mandatory)].concat();
            assert_eq!(frames(&mut end), [refused]);
        }
        let mut end = end(Before::Configuring);
        let hints: Vec<u8> = (0..count).flat_map(|n| [0xe0 + n, 1, n]).collect();
        frame(&mut end, &request(9, &hints));
        assert_eq!(frames(&mut end), [hex!("05090a00 5000 0000 0000 0102a002")]);
    }
}

#[test]
fn each_mode_is_requested_and_accepted() {
    let modes = [
        (ChannelConfig::ENHANCED, ENHANCED, Mode::ENHANCED_RETRANSMISSION),
        (ChannelConfig::STREAMING, STREAMING, Mode::STREAMING),
    ];
    for (config, option, agreed) in modes {
        let mut end = connected(config);
        let sent = frames(&mut end);
        assert_eq!(sent[0][12..15], [4, 9, agreed.0]);
        frame(&mut end, &request(9, &option));
        assert_eq!(frames(&mut end)[0][8..10], [0, 0]);
        frame(&mut end, &response(3, 0, &[]));
        assert_eq!(mode(&end), Some(agreed));
    }
}

#[test]
fn an_optional_mode_that_the_peer_refuses_becomes_basic() {
    for config in [ChannelConfig::ENHANCED, ChannelConfig::STREAMING] {
        let mut end = connected(config);
        frames(&mut end);
        frame(&mut end, &response(3, 1, &OFFERS_BASIC));
        let again = frames(&mut end);
        assert_eq!(again[0][12..15], [4, 9, 0]);
        frame(&mut end, &response(4, 0, &OFFERS_BASIC));
        frame(&mut end, &request(9, &[]));
        assert_eq!(mode(&end), Some(Mode::BASIC));
    }
}

#[test]
fn an_optional_mode_becomes_basic_if_the_peer_requests_that() {
    for config in [ChannelConfig::ENHANCED, ChannelConfig::STREAMING] {
        let mut end = connected(config);
        frames(&mut end);
        frame(&mut end, &request(9, &[]));
        frame(&mut end, &response(3, 1, &OFFERS_BASIC));
        frames(&mut end);
        frame(&mut end, &response(4, 0, &[]));
        assert_eq!(mode(&end), Some(Mode::BASIC));
    }
}

#[test]
fn a_required_mode_closes_the_channel_if_the_peer_wants_basic() {
    for config in [ChannelConfig::ENHANCED, ChannelConfig::STREAMING] {
        let required = ChannelConfig { is_mode_required: true, ..config };
        let mut refused = connected(required);
        frames(&mut refused);
        frame(&mut refused, &response(3, 1, &OFFERS_BASIC));
        assert!(closes(&frames(&mut refused)));

        let mut requested = connected(required);
        frames(&mut requested);
        frame(&mut requested, &request(9, &[]));
        assert_eq!(frames(&mut requested)[0][8..10], [1, 0]);
        frame(&mut requested, &request(10, &[]));
        assert!(closes(&frames(&mut requested)));
    }
}

#[test]
fn a_peer_that_insists_on_its_mode_is_left() {
    let mut end = end(Before::Configuring);
    frame(&mut end, &request(9, &ENHANCED));
    let offers = [&hex!("05091100 5000 0000 0100")[..], &OFFERS_BASIC].concat();
    assert_eq!(frames(&mut end), [offers]);
    frame(&mut end, &request(10, &ENHANCED));
    let sent = frames(&mut end);
    assert!(sent[0][..2] == [5, 10] && closes(&sent), "{sent:02x?}");
}

#[test]
fn a_peer_that_takes_the_offered_mode_is_not_left() {
    let mut end = end(Before::Configuring);
    frame(&mut end, &request(9, &ENHANCED));
    frames(&mut end);
    frame(&mut end, &request(10, &hex!("0102 2f00")));
    assert_eq!(frames(&mut end), [hex!("050a0a00 5000 0000 0100 01023000")]);
    frame(&mut end, &request(11, &OFFERS_BASIC));
    frame(&mut end, &response(1, 0, &[]));
    assert!(!closes(&frames(&mut end)));
    assert_eq!(mode(&end), Some(Mode::BASIC));
}

#[test]
fn a_peer_that_refuses_basic_mode_is_left() {
    let mut end = end(Before::Configuring);
    frame(&mut end, &response(1, 1, &ENHANCED));
    assert!(closes(&frames(&mut end)));
}

#[test]
fn a_channel_that_takes_any_mode_takes_the_one_that_replaces_basic_mode() {
    let mut end = End::new(2, 1000);
    end.connect(NOW, ChannelConfig { takes_any_mode: true, ..ChannelConfig::BASIC });
    frames(&mut end);
    frame(&mut end, &hex!("03010800 5000 4000 0000 0000"));
    frames(&mut end);
    frame(&mut end, &response(2, 1, &ENHANCED));
    assert_eq!(frames(&mut end), [hex!("0a030200 0200")]);
    frame(&mut end, &hex!("0b030800 0200 0000 ffffffff"));
    assert_eq!(frames(&mut end)[0][12..15], [4, 9, 3]);
    frame(&mut end, &response(4, 0, &[]));
    frame(&mut end, &request(9, &ENHANCED));
    frames(&mut end);
    assert_eq!(mode(&end), Some(Mode::ENHANCED_RETRANSMISSION));
}

#[test]
fn a_mode_that_the_peer_does_not_have_is_not_requested() {
    for config in [ChannelConfig::ENHANCED, ChannelConfig::STREAMING] {
        for is_mode_required in [false, true] {
            let mut end = End::new(2, 1000);
            end.connect(NOW, ChannelConfig { is_mode_required, ..config });
            assert_eq!(frames(&mut end)[0], hex!("0a010200 0200"));
            frame(&mut end, &hex!("0b010800 0200 0000 00000000"));
            frame(&mut end, &hex!("03020800 5000 4000 0000 0000"));
            let sent = frames(&mut end);
            assert!(sent.iter().all(|frame| !frame.windows(2).any(|pair| pair == [4, 9])));
            assert_eq!(closes(&sent), is_mode_required, "{sent:02x?}");
        }
    }
}

#[test]
fn streaming_gives_way_to_enhanced_retransmission() {
    let mut refused = connected(ChannelConfig::STREAMING);
    frames(&mut refused);
    frame(&mut refused, &response(3, 1, &ENHANCED));
    assert_eq!(frames(&mut refused)[0][12..15], [4, 9, 3]);
    frame(&mut refused, &response(4, 0, &[]));
    frame(&mut refused, &request(9, &ENHANCED));
    assert_eq!(mode(&refused), Some(Mode::ENHANCED_RETRANSMISSION));

    let mut requested = connected(ChannelConfig::STREAMING);
    frames(&mut requested);
    frame(&mut requested, &request(9, &ENHANCED));
    frame(&mut requested, &response(3, 1, &ENHANCED));
    let sent = frames(&mut requested);
    assert_eq!(sent.last().unwrap()[12..15], [4, 9, 3]);
    frame(&mut requested, &response(4, 0, &[]));
    assert_eq!(mode(&requested), Some(Mode::ENHANCED_RETRANSMISSION));
}

/// The peer requests no check sequence, requests one, or says nothing.
#[test]
fn a_check_sequence_is_used_unless_both_ends_go_without() {
    for fcs in [false, true] {
        for (option, peer) in [(&hex!("050100")[..], false), (&hex!("050101"), true), (&[], true)] {
            let mut end = connected(ChannelConfig { fcs, ..ChannelConfig::ENHANCED });
            let sent = frames(&mut end);
            assert_eq!(sent[0].ends_with(&hex!("050100")), !fcs);
            frame(&mut end, &request(9, &[&ENHANCED[..], option].concat()));
            frame(&mut end, &response(3, 0, &[]));
            frames(&mut end);
            assert_eq!(end.channels.get(0).unwrap().agreement().fcs, fcs || peer);
        }
    }
}
