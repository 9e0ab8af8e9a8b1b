use std::vec::Vec;

use hex_literal::hex;
use proptest::prelude::*;

use super::*;
use crate::{Fragments, Role, testing::Link, testing::pool};

/// Lands the payload of one ACL packet.
fn land(
    reassembly: &mut Reassembly,
    pool: &mut Pool,
    first: bool,
    octets: &[u8],
) -> Option<(Cid, Vec<u8>)> {
    let mut packet = reassembly.landing(first, octets.len(), pool)?;
    packet.tail(octets.len()).copy_from_slice(octets);
    assert!(packet.grow(octets.len()));
    let (cid, packet) = reassembly.landed(packet, pool)?;
    let payload = packet.bytes().to_vec();
    pool.give(packet);
    Some((cid, payload))
}

struct Bed(Reassembly, Pool);

impl Bed {
    fn new() -> Self {
        Self(Reassembly::new(), pool(2, 64))
    }

    fn start(&mut self, octets: &[u8]) -> Option<(Cid, Vec<u8>)> {
        land(&mut self.0, &mut self.1, true, octets)
    }

    fn more(&mut self, octets: &[u8]) -> Option<(Cid, Vec<u8>)> {
        land(&mut self.0, &mut self.1, false, octets)
    }
}

const READ: [u8; 3] = hex!("0a0300");

fn read() -> Option<(Cid, Vec<u8>)> {
    Some((Cid::ATT, READ.to_vec()))
}

#[test]
fn a_continuation_without_a_start_is_discarded_a01() {
    let mut bed = Bed::new();
    assert_eq!(bed.more(&hex!("010203")), None);
    assert_eq!(bed.start(&hex!("030004000a0300")), read());
    assert_eq!(bed.more(&hex!("010203")), None);
    assert_eq!(bed.0.discarded(), 2);
}

#[test]
fn a_new_start_discards_the_unfinished_pdu_a02() {
    let mut bed = Bed::new();
    assert_eq!(bed.start(&hex!("140004000a")), None);
    assert_eq!(bed.start(&hex!("030004000a0300")), read());
    assert_eq!(bed.0.discarded(), 1);
    assert_eq!(bed.1.free(), 2);
}

#[test]
fn a_start_of_one_octet_is_legal_a04() {
    let mut bed = Bed::new();
    assert_eq!(bed.start(&hex!("03")), None);
    assert_eq!(bed.more(&hex!("0004000a0300")), read());
    assert_eq!(bed.0.discarded(), 0);
}

#[test]
fn a_pdu_beyond_the_packet_is_skipped_to_the_next_start_a05() {
    let mut bed = Bed::new();
    assert_eq!(bed.start(&hex!("ffff04000a0a0a")), None);
    assert_eq!(bed.1.free(), 2);
    for _ in 0..5 {
        assert_eq!(bed.more(&[0x0a; 27]), None);
    }
    assert_eq!(bed.start(&hex!("030004000a0300")), read());
    assert_eq!(bed.0.discarded(), 1);
    assert_eq!(bed.start(&[0; 65]), None);
    assert_eq!(bed.0.discarded(), 2);
}

#[test]
fn more_octets_than_announced_discard_the_pdu_a06() {
    let mut bed = Bed::new();
    assert_eq!(bed.start(&hex!("030004000a0300ffffff")), None);
    assert_eq!(bed.more(&hex!("00")), None);
    assert_eq!(bed.start(&hex!("030004000a")), None);
    assert_eq!(bed.more(&hex!("030000")), None);
    assert_eq!(bed.start(&hex!("030004000a0300")), read());
    assert_eq!(bed.0.discarded(), 2);
    assert_eq!(bed.1.free(), 2);
}

#[test]
fn nothing_survives_the_link_a08() {
    let mut bed = Bed::new();
    assert_eq!(bed.start(&hex!("14000400")), None);
    assert!(bed.0.is_busy());
    bed.0.clear(&mut bed.1);
    assert_eq!((bed.0.is_busy(), bed.1.free()), (false, 2));
    assert_eq!(bed.more(&hex!("0a0300")), None);
    assert_eq!(bed.0.discarded(), 1);
}

#[test]
fn fragments_of_two_links_do_not_mix_a12() {
    let mut bed = Bed::new();
    let mut other = Reassembly::new();
    assert_eq!(bed.start(&hex!("070004000a")), None);
    assert_eq!(land(&mut other, &mut bed.1, true, &hex!("030004000a0300")), read());
    let whole = bed.more(&hex!("030000000000"));
    assert_eq!(whole, Some((Cid::ATT, hex!("0a030000000000").to_vec())));
}

#[test]
fn frames_to_no_channel_are_discarded_a13() {
    let mut link = Link::new(Role::Peripheral);
    for cid in [0x20, 0x00, 0x3a, 0x07, 0x40, 0x7f, 0x80, 0xff] {
        let _did = link.acl(&[2, 0x40, 0x20, 5, 0, 1, 0, cid, 0, 1]);
        assert_eq!(link.transmitted(), []);
    }
    assert_eq!(link.channels.stray_frames(), 2);
    assert!(link.leaks_nothing());
}

#[test]
fn an_empty_pdu_is_whole_a14() {
    let mut bed = Bed::new();
    for cid in [Cid::ATT, Cid::SMP, Cid::SIGNALLING] {
        assert_eq!(bed.start(&[0, 0, cid.0 as u8, 0]), Some((cid, Vec::new())));
    }
}

#[test]
fn without_a_free_packet_the_pdu_is_skipped() {
    let mut bed = Bed::new();
    let (a, b) = (bed.1.take(0).unwrap(), bed.1.take(0).unwrap());
    assert_eq!(bed.start(&hex!("030004")), None);
    bed.1.give(a);
    bed.1.give(b);
    assert_eq!(bed.more(&hex!("000a0300")), None);
    assert_eq!(bed.0.discarded(), 1);
    assert_eq!(bed.start(&hex!("030004000a0300")), read());
}

#[test]
fn a_lost_landing_loses_its_pdu_only() {
    let mut bed = Bed::new();
    let packet = bed.0.landing(true, 5, &mut bed.1).unwrap();
    bed.1.give(packet);
    bed.0.abandon();
    assert_eq!(bed.more(&hex!("0300")), None);
    assert_eq!(bed.start(&hex!("030004000a0300")), read());
    let packet = bed.0.landing(true, 5, &mut bed.1).unwrap();
    bed.0.clear(&mut bed.1);
    assert!(bed.0.landed(packet, &mut bed.1).is_none());
    assert_eq!(bed.1.free(), 2);
    assert_eq!(bed.0.discarded(), 1);
    assert_eq!(bed.start(&[]), None);
    assert_eq!(bed.0.discarded(), 2);
}

proptest! {
    #[test]
    fn fragments_are_reassembled(
        payload in prop::collection::vec(any::<u8>(), 0..300),
        cid in any::<u16>(),
        first in 1..40usize,
        rest in 1..300usize,
    ) {
        let (mut tx, mut rx) = (pool(1, 320), pool(1, 304));
        let mut packet = tx.take(bindrune_wire::HEADROOM).unwrap();
        prop_assert!(packet.extend(&payload));
        let mut fragments = Fragments::new(packet, Cid(cid)).unwrap();
        let mut reassembly = Reassembly::new();
        let (mut max, mut whole) = (first, None);
        while !fragments.is_finished() {
            prop_assert!(whole.is_none());
            let octets = fragments.next(max).to_vec();
            prop_assert!(!octets.is_empty() && octets.len() <= max);
            whole = land(&mut reassembly, &mut rx, fragments.is_first(), &octets);
            fragments.advance(octets.len());
            max = rest;
        }
        prop_assert!(fragments.is_finished());
        prop_assert_eq!(whole, Some((Cid(cid), payload)));
        prop_assert_eq!((reassembly.discarded(), rx.free()), (0, 1));
        tx.give(fragments.into_packet());
    }
}
