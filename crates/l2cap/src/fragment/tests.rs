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
    let mut sent = Vec::new();
    while !fragments.is_finished() {
        let octets = fragments.next(4).to_vec();
        assert_eq!(fragments.next(99)[..octets.len()], octets);
        fragments.advance(octets.len());
        sent.push((!fragments.is_first(), octets));
    }
    let [first, second, third] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(first, &(true, hex!("06000400").to_vec()));
    assert_eq!(second.1, hex!("01020304"));
    assert_eq!(third.1, hex!("0506"));
    assert!(fragments.next(4).is_empty());
    pool.give(fragments.into_packet());
}

#[test]
fn a_packet_without_headroom_comes_back() {
    let mut pool = pool(1, 32);
    let packet = pool.take(HEADROOM - 1).unwrap();
    let packet = Fragments::new(packet, Cid::ATT).unwrap_err();
    assert_eq!(packet.headroom(), HEADROOM - 1);
    pool.give(packet);
    let fragments = Fragments::new(pool.take(HEADROOM).unwrap(), Cid::SMP).unwrap();
    assert!(fragments.is_first() && fragments.next(0).is_empty());
    assert_eq!(fragments.next(27), hex!("00000600"));
    pool.give(fragments.into_packet());
}
