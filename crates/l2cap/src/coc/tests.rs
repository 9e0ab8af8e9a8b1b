//! K-frames as H4, and what the application reads.

use std::{vec, vec::Vec};

use bindrune_wire::{HEADROOM, Writer};
use hex_literal::hex;

use super::*;
use crate::{
    Cid, Psm, Role, Signal,
    testing::{Did, LINK, Link, config},
};

mod bytes;
mod pair;
mod share;
mod sizes;

const MAX: usize = 64;

/// A link whose slot 0 is open: local CID 0x40, remote CID 0x41, MTU 100, MPS 64, 4 credits given.
fn open() -> Link {
    with_window(100, 64, 4)
}

fn with_window(mtu: u16, mps: u16, window: u16) -> Link {
    let mut link = Link::new(Role::Central);
    assert_eq!(link.channels.open(LINK, Psm(0x80), config(mtu, mps, window)), Ok(0));
    assert_eq!(link.transmitted().len(), 14);
    let response = hex!("15010a00 4100 6400 4000 0400 0000");
    assert_eq!(link.signal(&response), Signal::Opened(0));
    link
}

fn frame(link: &mut Link, payload: &[u8]) -> Received {
    let mut octets = vec![payload.len() as u8, 0, 0x40, 0];
    octets.extend(payload);
    received(link.fragment(true, &octets))
}

fn received(did: Did) -> Received {
    match did {
        Did::Frame(received) => received,
        Did::Nothing | Did::Signal(_) => panic!("not a K-frame"),
    }
}

/// Checks that the channel of slot 0 is being closed for this reason and that the peer gets the
/// request.
fn closes(link: &mut Link, did: Received, violation: Violation) {
    assert_eq!(did, Received::Violation(0, violation));
    assert_eq!(link.transmitted(), hex!("06020400 4100 4000"));
    let reason = CloseReason::Violation(violation);
    assert_eq!(link.channels.get(0).unwrap().state(), State::Disconnecting(reason));
    assert_eq!(link.signal(&hex!("07020400 4100 4000")), Signal::Closed(0));
    link.release(0);
    assert!(link.leaks_nothing());
}

#[test]
fn data_to_no_channel_is_discarded_k01_k12() {
    let data = hex!("0240200900050040000300616263");
    let mut link = Link::new(Role::Central);
    assert_eq!(received(link.acl(&data)), Received::Stray);
    assert_eq!(link.channels.open(LINK, Psm(0x80), config(100, 64, 4)), Ok(0));
    assert_eq!(link.transmitted().len(), 14);
    assert_eq!(received(link.acl(&data)), Received::Stray, "before the response");
    assert_eq!(link.channels.stray_frames(), 2);
    assert!(link.leaks_nothing());
}

#[test]
fn a_channel_of_another_link_is_never_reached() {
    let mut link = open();
    let mut pools = Pools { rx: &mut link.rx, tx: &mut link.tx };
    let other = LinkId(LINK.0 + 1);
    assert_eq!(
        link.channels.handle_frame(other, Cid(0x40), &[1, 0, 7], &mut pools),
        Received::Stray
    );
    assert_eq!(link.channels.find(other, Cid(0x40)), None);
    assert_eq!(link.channels.find(LINK, Cid(0x40)), Some(0));
}

#[test]
fn a_frame_without_sdu_length_closes_k02() {
    for payload in [&[][..], &[1]] {
        let mut link = open();
        let did = frame(&mut link, payload);
        closes(&mut link, did, Violation::NoLength);
    }
}

#[test]
fn an_empty_sdu_is_delivered_k04() {
    let mut link = open();
    let did = received(link.acl(&hex!("0240200600020040000000")));
    assert_eq!(did, Received::Readable(0));
    assert_eq!(link.channels.readable(0, &link.rx), Readable::Sdu(0));
    assert_eq!((link.sdu(0), link.sdu(0)), (Some(vec![]), None));
    assert_eq!(link.channels.readable(0, &link.rx), Readable::Nothing);
}

#[test]
fn an_sdu_above_the_mtu_closes_k05() {
    let mut link = open();
    let did = received(link.acl(&hex!("02402010000c004000650061616161616161616161")));
    closes(&mut link, did, Violation::SduTooLong);
}

#[test]
fn a_frame_above_the_mps_closes_k06() {
    let mut link = open();
    let mut payload = vec![0x64, 0];
    payload.resize(MAX + 3, 0x61);
    let did = frame(&mut link, &payload);
    closes(&mut link, did, Violation::FrameTooLong);
}

#[test]
fn a_frame_longer_than_its_sdu_closes_k08() {
    let mut link = open();
    let did = received(link.acl(&hex!("0240200a0006004000030061626364")));
    closes(&mut link, did, Violation::Overrun);
    let mut link = open();
    assert_eq!(frame(&mut link, &hex!("0300 6162")), Received::Kept(0));
    let did = frame(&mut link, &hex!("6364"));
    closes(&mut link, did, Violation::Overrun);
}

#[test]
fn a_frame_without_a_credit_closes_k09() {
    let mut link = open();
    for _ in 0..4 {
        let did = received(link.acl(&hex!("02402007000300400001007a")));
        assert_eq!(did, Received::Readable(0));
        assert_eq!(link.transmitted(), []);
    }
    let did = received(link.acl(&hex!("02402007000300400001007a")));
    closes(&mut link, did, Violation::NoCredit);
}

#[test]
fn an_unfinished_sdu_is_held_and_freed_k10() {
    let mut link = open();
    let mut payload = vec![0x64, 0];
    payload.resize(MAX, 0x61);
    assert_eq!(frame(&mut link, &payload), Received::Kept(0));
    assert_eq!(link.channels.readable(0, &link.rx), Readable::Part(100));
    assert_eq!(link.sdu(0), None);
    link.release(0);
    assert!(link.leaks_nothing());
}

#[test]
fn an_sdu_of_exactly_the_mps_takes_two_frames_k13() {
    let mut link = open();
    let mut payload = vec![0x40, 0];
    payload.resize(MAX, 0x61);
    assert_eq!(frame(&mut link, &payload), Received::Kept(0));
    let did = received(link.acl(&hex!("0240200600020040006161")));
    assert_eq!(did, Received::Readable(0));
    assert_eq!(link.sdu(0), Some(vec![0x61; MAX]));
}

#[test]
fn sdus_survive_the_peers_close() {
    let mut link = open();
    assert_eq!(frame(&mut link, &hex!("0200 6162")), Received::Readable(0));
    assert_eq!(frame(&mut link, &hex!("0900 6364")), Received::Kept(0));
    assert_eq!(link.signal(&hex!("06010400 4000 4100")), Signal::Closed(0));
    assert_eq!(link.transmitted(), hex!("07010400 4000 4100"));
    assert_eq!(link.sdu(0), Some(hex!("6162").to_vec()));
    assert_eq!(link.sdu(0), None);
    assert_eq!(link.channels.reserved(), 1, "what was received of the second SDU");
    link.release(0);
    assert_eq!(link.channels.reserved(), 0);
    assert!(link.leaks_nothing());
}

#[test]
fn credits_return_when_half_the_window_is_free() {
    let mut link = open();
    for _ in 0..2 {
        assert_eq!(frame(&mut link, &hex!("0100 61")), Received::Readable(0));
    }
    assert!(link.sdu(0).is_some());
    assert_eq!(link.transmitted(), []);
    assert!(link.sdu(0).is_some());
    assert_eq!(link.transmitted(), hex!("16020400 4000 0200"));
}

/// Returns the number of frames until the first credits come, if each one-frame SDU is read at once,
/// and how many credits come.
fn first_credits(mtu: u16, window: u16, whole: bool) -> (u16, u16) {
    let mut link = with_window(mtu, 64, window);
    for n in 1..=window {
        assert_eq!(frame(&mut link, &hex!("0100 61")), Received::Readable(0));
        if whole {
            assert!(link.sdu(0).is_some());
        } else {
            let chunk = link.channels.next_chunk(0, &mut link.rx).unwrap();
            link.channels.give_back(0, chunk.packet, &mut link.rx);
        }
        if let [0x16, _, _, _, _, _, low, high] = link.transmitted()[..] {
            return (n, u16::from_le_bytes([low, high]));
        }
    }
    panic!("no credits")
}

#[test]
fn credits_return_while_the_peer_can_still_send() {
    assert_eq!(first_credits(62, 8, true), (4, 4), "half of a small window");
    assert_eq!(first_credits(1000, 8, false), (4, 4), "the same with chunks");
    assert_eq!(
        first_credits(180, 8, true),
        (3, 3),
        "five are left, and the next SDU may take three"
    );
    assert_eq!(first_credits(62, 32, true), (19, 19), "three fifths of a wide window");
    assert_eq!(first_credits(62, 1, true), (1, 1));
}

#[test]
fn a_peer_that_still_has_credits_gets_three_at_a_time() {
    let mut link = with_window(62, 64, 8);
    for _ in 0..6 {
        assert_eq!(frame(&mut link, &hex!("0100 61")), Received::Readable(0));
    }
    for _ in 0..2 {
        assert!(link.sdu(0).is_some());
        assert_eq!(link.transmitted(), []);
    }
    assert!(link.sdu(0).is_some());
    assert_eq!(link.transmitted(), hex!("16020400 4000 0300"));
}

#[test]
fn a_peer_without_credits_gets_one_at_once() {
    let mut link = open();
    for _ in 0..4 {
        assert_eq!(frame(&mut link, &hex!("0100 61")), Received::Readable(0));
    }
    assert!(link.sdu(0).is_some());
    assert_eq!(link.transmitted(), hex!("16020400 4000 0100"));
    assert_eq!(link.transmitted(), []);
}

#[test]
fn a_peer_gets_the_whole_window_for_an_sdu_that_fills_it() {
    let mut link = with_window(190, 64, 3);
    assert_eq!(frame(&mut link, &[&[190, 0][..], &[7; 62]].concat()), Received::Kept(0));
    assert_eq!(frame(&mut link, &[7; 64]), Received::Kept(0));
    assert_eq!(frame(&mut link, &[7; 64]), Received::Readable(0));
    assert_eq!(link.transmitted(), hex!("16020400 4000 0200"), "the SDU lies in one packet");
    assert_eq!(link.transmitted(), []);
    assert!(link.sdu(0).is_some());
    assert_eq!(link.transmitted(), hex!("16030400 4000 0100"));
    assert_eq!(link.channels.get(0).unwrap().rx.granted(), 3);
}

#[test]
fn a_peer_that_waits_for_the_credits_of_a_whole_sdu_gets_them() {
    for (window, frames) in (1..=16).flat_map(|window| (1..=window).map(move |n| (window, n))) {
        let mut link = with_window(frames * 64 - 2, 64, window);
        for n in 1..=3 * window {
            assert_eq!(frame(&mut link, &hex!("0100 61")), Received::Readable(0));
            assert!(link.sdu(0).is_some());
            let _credits = link.transmitted();
            let granted = link.channels.get(0).unwrap().rx.granted();
            assert!(granted >= frames, "{granted} of {frames} frames, window {window}, SDU {n}");
        }
    }
    assert_eq!(first_credits(382, 9, true), (4, 4));
    assert_eq!(first_credits(446, 10, true), (4, 4));
    assert_eq!(first_credits(318, 5, true), (1, 1));
    assert_eq!(first_credits(1000, 8, true), (4, 4), "the window never holds a whole SDU");
}

#[test]
fn inside_an_sdu_credits_do_not_return_one_by_one() {
    let mut link = with_window(318, 64, 5);
    let mut credits = Vec::new();
    for n in 0..5 {
        let length = if n == 0 { &[0x3e, 0x01][..] } else { &[] };
        let payload = [length, &[7; 64][length.len()..]].concat();
        let _kept = frame(&mut link, &payload);
        let chunk = link.channels.next_chunk(0, &mut link.rx).unwrap();
        link.channels.give_back(0, chunk.packet, &mut link.rx);
        credits.push(link.transmitted().get(6).copied());
    }
    assert_eq!(credits, [None, None, Some(3), None, Some(2)]);
}

#[test]
fn short_frames_share_a_packet_and_their_credits_return() {
    let mut link = open();
    assert_eq!(frame(&mut link, &hex!("6400 00")), Received::Kept(0));
    for n in 1..99 {
        assert_eq!(frame(&mut link, &[n]), Received::Kept(0));
        let pending = link.transmitted();
        assert!(pending.is_empty() || pending[0] == 0x16);
    }
    assert_eq!(frame(&mut link, &[99]), Received::Readable(0));
    assert_eq!(link.sdu(0), Some((0..100).collect()));
}

#[test]
fn an_sdu_is_read_by_chunks_and_credits_follow_what_is_given_back() {
    let mut link = with_window(1000, 64, 2);
    let mut payload = vec![0xe8, 0x03];
    payload.resize(MAX, 1);
    assert_eq!(frame(&mut link, &payload), Received::Readable(0), "longer than the window");
    let mut buffer = [0; 1000];
    let needed = ReceiveError::LongerThanWindow { needed: 1000 };
    assert_eq!(link.channels.recv_into(0, &mut buffer, &mut link.rx), Some(Err(needed)));
    let chunk = link.channels.next_chunk(0, &mut link.rx).unwrap();
    assert_eq!((chunk.first, chunk.last, chunk.left), (true, false, 938));
    assert_eq!(chunk.packet.bytes(), [1; 62]);
    assert_eq!(frame(&mut link, &[2; MAX]), Received::Readable(0));
    assert_eq!(link.transmitted(), []);
    link.channels.give_back(0, chunk.packet, &mut link.rx);
    assert_eq!(link.transmitted(), hex!("16020400 4000 0100"));
    let chunk = link.channels.next_chunk(0, &mut link.rx).unwrap();
    assert_eq!((chunk.first, chunk.last, chunk.left), (false, false, 874));
    link.channels.give_back(0, chunk.packet, &mut link.rx);
}

#[test]
fn a_small_buffer_loses_nothing() {
    let mut link = open();
    assert_eq!(frame(&mut link, &hex!("0300 616263")), Received::Readable(0));
    let needed = ReceiveError::TooSmall { needed: 3 };
    assert_eq!(link.channels.recv_into(0, &mut [0; 2], &mut link.rx), Some(Err(needed)));
    assert_eq!(link.sdu(0), Some(hex!("616263").to_vec()));
}

/// Writes one K-frame into `room` octets.
fn write(link: &mut Link, sdu: &[u8], sent: usize, room: usize) -> Result<Vec<u8>, SendError> {
    let mut buffer = vec![0; room];
    let mut w = Writer::new(&mut buffer);
    let before = link.channels.get(0).unwrap().credits();
    let taken = link.channels.write_frame(0, sdu, sent, &mut w);
    let spent = before - link.channels.get(0).unwrap().credits();
    assert_eq!(spent, u16::from(taken.is_ok()));
    taken.map(|_| w.written().to_vec())
}

#[test]
fn an_sdu_is_cut_into_frames() {
    let mut link = open();
    let sdu: Vec<u8> = (0..100).collect();
    assert_eq!(write(&mut link, &sdu, 0, 300).unwrap()[..4], [100, 0, 0, 1]);
    assert_eq!(write(&mut link, &sdu, 62, 300).unwrap(), sdu[62..]);
    assert_eq!(write(&mut link, &[], 0, 300).unwrap(), [0, 0]);
    assert_eq!(write(&mut link, &sdu, 0, 2), Err(SendError::NoRoom));
    assert_eq!(write(&mut link, &[0; 101], 0, 300), Err(SendError::TooLong { mtu: 100 }));
    assert_eq!(write(&mut link, &sdu, 0, 10).unwrap(), [100, 0, 0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(write(&mut link, &sdu, 8, 300), Err(SendError::NoCredit));
}

#[test]
fn a_whole_sdu_is_sealed_in_place() {
    let mut link = open();
    let mut packet = link.tx.take(HEADROOM + 2).unwrap();
    assert!(packet.extend(&hex!("616263")));
    assert_eq!(link.channels.seal(0, &mut packet), Ok(()));
    assert_eq!((packet.bytes(), packet.headroom()), (&hex!("0300 616263")[..], HEADROOM));
    assert_eq!(link.channels.get(0).unwrap().credits(), 3);
    assert!(link.channels.put_out(0, packet).is_ok());
    assert!(link.channels.get(0).unwrap().has_out());
    for after in [0, 1, 3, 99] {
        assert_eq!(link.channels.next_out(LINK, after), Some(0));
    }
    assert_eq!(link.channels.next_out(LinkId(0), 0), None);
    let second = link.tx.take(HEADROOM).unwrap();
    let second = link.channels.put_out(0, second).unwrap_err();
    link.tx.give(second);
    let (remote, packet) = link.channels.take_out(0).unwrap();
    assert_eq!(remote, Cid(0x41));
    link.tx.give(packet);
    let mut long = link.tx.take(HEADROOM + 2).unwrap();
    assert!(long.extend(&[0; 63]));
    assert_eq!(link.channels.seal(0, &mut long), Err(SendError::NoRoom));
    link.tx.give(long);
    link.close(0);
    assert_eq!(write(&mut link, &[], 0, 9), Err(SendError::Closed));
}
