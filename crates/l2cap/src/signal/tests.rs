//! Packet traces: H4 packets that arrive, and the C-frames that answer them.

use std::{vec, vec::Vec};

use bindrune_wire::Level;
use hex_literal::hex;
use proptest::prelude::*;

use super::*;
use crate::{
    Cid, CloseReason, OpenError, Psm, Security, State, Violation,
    testing::{Did, LINK, Link, config},
};

mod close;
mod connect;
mod parameters;

/// Takes an H4 packet on the signalling channel.
fn received(link: &mut Link, h4: &[u8]) -> Signal {
    match link.acl(h4) {
        Did::Signal(signal) => signal,
        Did::Nothing | Did::Frame(_) => panic!("not a C-frame"),
    }
}

/// Takes an H4 packet that changes nothing, and returns the answer.
fn answer(link: &mut Link, h4: &[u8]) -> Vec<u8> {
    assert_eq!(received(link, h4), Signal::None);
    let answer = link.transmitted();
    assert_eq!(link.transmitted(), []);
    answer
}

/// Creates a link whose slot 0 the peer opened: local CID 0x40, remote CID 0x40, MTU 100, MPS 64, 4 credits each
/// way.
fn open() -> Link {
    let mut link = Link::new(Role::Central).listening();
    let request = hex!("02402012000e00050014010a0080004000640040000400");
    assert_eq!(received(&mut link, &request), Signal::Requested(0));
    assert!(link.channels.accept(0) && link.channels.claim(0));
    assert_eq!(link.transmitted(), hex!("15010a00 4000 6400 4000 0400 0000"));
    assert_eq!(link.transmitted(), []);
    link
}

/// Creates a link with a request for the channel of slot 0 under way, identifier 1.
fn connecting() -> Link {
    let mut link = Link::new(Role::Central);
    assert_eq!(link.channels.open(LINK, Psm(0x80), config(100, 64, 4)), Ok(0));
    assert_eq!(link.transmitted(), hex!("14010a00 8000 4000 6400 4000 0400"));
    assert_eq!(link.transmitted(), []);
    link
}

#[test]
fn a_frame_shorter_than_a_command_header_is_discarded_s01() {
    let mut link = open();
    assert_eq!(answer(&mut link, &hex!("02402005000100050014")), []);
    assert_eq!(answer(&mut link, &hex!("0240200600020005001401")), []);
    assert_eq!(answer(&mut link, &hex!("02402007000300050014010a")), []);
    assert_eq!(answer(&mut link, &hex!("024020040000000500")), []);
    assert_eq!(link.signalling.discarded(), 4);
}

#[test]
fn a_command_of_the_wrong_length_is_rejected_s02_s04() {
    let mut link = Link::new(Role::Central).listening();
    let long = hex!("02402012000e00050014010b0080004000640040000400");
    assert_eq!(answer(&mut link, &long), hex!("01010200 0000"));
    let stray = hex!("02402013000f00050014010a008000400064004000040000");
    assert_eq!(answer(&mut link, &stray), hex!("01010200 0000"));
    let good = hex!("02402012000e00050014010a0080004000640040000400");
    assert_eq!(received(&mut link, &good), Signal::Requested(0));
}

#[test]
fn two_commands_in_one_frame_are_rejected() {
    let mut link = open();
    let two: [&[u8]; 3] = [
        &hex!("14020400 00000000 06030400 40004000"),
        // The second one is cut.
        &hex!("14020400 00000000 06030500 40004000"),
        &hex!("14020400 00000000 14030b00 80004000640040000400"),
    ];
    for two in two {
        assert_eq!(link.signal(two), Signal::None);
        assert_eq!(link.transmitted(), hex!("01020200 0000"));
        assert!(link.channels.get(0).unwrap().is_open());
    }
}

#[test]
fn unknown_codes_are_rejected_s05() {
    let mut link = Link::new(Role::Central);
    for h4 in [
        &hex!("0240200800040005003f070000")[..],
        &hex!("0240200c00080005000207040001004000"),
        &hex!("0240200900050005000807010078"),
        &hex!("0240200a00060005000a0702000200"),
    ] {
        assert_eq!(answer(&mut link, h4), hex!("01070200 0000"));
    }
    for code in [0x03, 0x05, 0x07, 0x09, 0x0b, 0x13, 0x15, 0x18, 0x1a] {
        assert_eq!(link.signal(&[code, 7, 0, 0]), Signal::None);
        assert_eq!(link.transmitted(), [], "a response is never answered: {code:#04x}");
    }
}

#[test]
fn enhanced_channels_are_not_known_s20_to_s29() {
    let mut link = open();
    for (identifier, h4) in [
        (1, &hex!("02402013000f00050017010b008000640040000400400041")[..]),
        (1, &hex!("02402010000c000500170108008000640040000400")),
        (4, &hex!("02402012000e00050017040a0080006400feff04004000")),
        (1, &hex!("0240200e000a00050019010600500040004000")),
        (2, &hex!("0240200e000a00050019020600640040006000")),
    ] {
        assert_eq!(answer(&mut link, h4), [1, identifier, 2, 0, 0, 0]);
    }
    let six = hex!("0240201c0018000500170114008000640040000400400041004200430044004500");
    assert_eq!(answer(&mut link, &six), hex!("01010400 0100 1700"));
    let late = hex!("02402012000e00050018010a0064004000040000004100");
    assert_eq!(answer(&mut link, &late), []);
    assert_eq!(answer(&mut link, &hex!("0240200900050005001a01010000")), []);
}

#[test]
fn identifier_0_is_illegal_s06() {
    let mut link = Link::new(Role::Central).listening();
    let request = hex!("02402012000e00050014000a0080004000640040000400");
    assert_eq!(answer(&mut link, &request), []);
    assert_eq!(link.channels.get(0).unwrap().state(), State::Free);
}

#[test]
fn a_frame_above_the_signalling_mtu_is_rejected_s40() {
    let mut link = Link::new(Role::Central);
    let mut frame = vec![0x3f, 0x01, 0x28, 0x00];
    frame.resize(44, 0xaa);
    assert_eq!(link.signal(&frame), Signal::None);
    assert_eq!(link.transmitted(), hex!("01010400 0100 1700"));
}

#[test]
fn requests_beyond_the_pending_responses_are_dropped() {
    let mut link = Link::new(Role::Central);
    for identifier in 1..=6 {
        assert_eq!(link.signal(&[8, identifier, 0, 0]), Signal::None);
    }
    for identifier in 1..=4 {
        assert_eq!(link.transmitted(), [1, identifier, 2, 0, 0, 0]);
    }
    assert_eq!(link.transmitted(), []);
    // All are malformed, and two are beyond the maximum.
    assert_eq!(link.signalling.discarded(), 6 + 2);
}

#[test]
fn identifiers_cycle_and_skip_pending_ones() {
    let mut link = connecting();
    assert_eq!(link.channels.open(LINK, Psm(0x80), config(100, 64, 4)), Ok(1));
    assert_eq!(link.transmitted()[..2], [0x14, 2]);
    let mut used = Vec::new();
    for _ in 0..254 {
        assert_eq!(link.channels.open(LINK, Psm(0x80), config(100, 64, 4)), Ok(2));
        let sent = link.transmitted();
        used.push(sent[1]);
        assert_eq!(link.signal(&[1, sent[1], 2, 0, 0, 0]), refused(2));
        link.release(2);
    }
    assert_eq!(used[..3], [3, 4, 5]);
    assert_eq!(used[252..], [255, 3]);
}

fn refused(index: usize) -> Signal {
    Signal::Refused(index, CloseReason::NotSupported)
}

proptest! {
    #[test]
    fn any_octets_are_survived(
        frames in prop::collection::vec(
            (1..0x20u8, 0..6u8, prop::collection::vec(prop_oneof![Just(0), Just(0x40), any::<u8>()], 0..20)),
            1..60,
        ),
    ) {
        let mut link = open();
        assert_eq!(link.channels.open(LINK, Psm(0x80), config(100, 64, 4)), Ok(1));
        for (code, identifier, body) in frames {
            let mut frame = vec![code, identifier, body.len() as u8, 0];
            frame.extend(body);
            if let Signal::Requested(index) = link.signal(&frame) {
                assert!(link.channels.accept(index));
            }
            let mut bound = 0;
            while !link.transmitted().is_empty() {
                bound += 1;
                assert!(bound < 10);
            }
        }
        let mut pools = crate::Pools { rx: &mut link.rx, tx: &mut link.tx };
        link.channels.link_lost(LINK, &mut pools, |_| {});
        for index in 0..4 {
            link.channels.release(index, &mut pools);
        }
        prop_assert_eq!(link.channels.reserved(), 0);
        prop_assert!(link.leaks_nothing());
    }
}
