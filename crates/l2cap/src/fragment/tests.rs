use std::vec::Vec;

use hex_literal::hex;

use super::*;
use crate::testing::pool;

#[test]
fn a_pdu_leaves_in_fragments() {
    let mut pool = pool(1, 32);
    let mut packet = pool.take(HEADROOM).unwrap();
    assert!(packet.extend(&hex!("010203040506")));
    let mut fragments = Fragments::new(packet, Cid::ATT).unwrap();
    assert!(fragments.is_untouched());
    let mut sent = Vec::new();
    while let Some(fragment) = fragments.next(4) {
        let header = [2, u8::from(!fragment.first), 0, fragment.payload() as u8, 0];
        fragment.octets[..5].copy_from_slice(&header);
        assert_eq!(fragments.next(99).unwrap().octets[..5], header);
        sent.push(fragments.current().unwrap().to_vec());
        fragments.advance();
    }
    assert_eq!(sent[0], hex!("0200000400 06000400"));
    assert_eq!(sent[1], hex!("0201000400 01020304"));
    assert_eq!(sent[2], hex!("0201000200 0506"));
    assert!(fragments.is_finished() && fragments.current().is_none());
    fragments.advance();
    pool.give(fragments.into_packet());
}

#[test]
fn a_packet_without_headroom_comes_back() {
    let mut pool = pool(1, 32);
    let packet = pool.take(HEADROOM - 1).unwrap();
    let packet = Fragments::new(packet, Cid::ATT).unwrap_err();
    assert_eq!(packet.headroom(), HEADROOM - 1);
    pool.give(packet);
    let mut fragments = Fragments::new(pool.take(HEADROOM).unwrap(), Cid::SMP).unwrap();
    assert_eq!(fragments.next(0), None);
    assert_eq!(fragments.next(27).unwrap().octets[5..], hex!("00000600"));
    pool.give(fragments.into_packet());
}
