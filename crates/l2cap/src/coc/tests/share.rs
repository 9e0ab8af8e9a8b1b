//! No link takes the slots and packets that other links need.

use super::*;
use crate::{Listener, Signalling, signal::Context, testing::channels};

/// Creates a link of a host for `links` links, with `slots` channels and `budget` packets. The host listens on PSM 0x80
/// with a window of 4 and on PSM 0x81 with a window of 2.
fn served(links: usize, slots: usize, budget: usize) -> Link {
    let mut link = Link::new(Role::Peripheral).listening();
    link.listeners.push(Listener::new(Psm(0x81), config(100, 64, 2)));
    link.channels = channels(slots, links, budget, 255);
    link
}

/// Requests a channel from the peer of `number`; returns the result unless it is success.
fn ask(link: &mut Link, number: u8, psm: u8, cid: u8) -> Option<u8> {
    let mut signalling = Signalling::new(LinkId(number), Role::Peripheral);
    let mut context = Context {
        channels: &mut link.channels,
        listeners: &link.listeners,
        security: link.security,
        pools: Pools { rx: &mut link.rx, tx: &mut link.tx },
    };
    let request = [0x14, 1, 10, 0, psm, 0, cid, 0, 100, 0, 64, 0, 4, 0];
    if let Signal::Requested(index) = signalling.handle_pdu(link.now, &request, &mut context) {
        assert!(link.channels.accept(index));
    }
    let mut buffer = [0; 32];
    let mut w = Writer::new(&mut buffer);
    assert!(signalling.poll_transmit(link.now, &mut link.channels, &mut w));
    Some(w.written()[12]).filter(|&result| result != 0)
}

#[test]
fn one_peer_leaves_a_slot_to_each_other_link() {
    let mut link = served(3, 5, 100);
    for n in 0..3 {
        assert_eq!(ask(&mut link, 0, 0x80, 0x40 + n), None);
    }
    assert_eq!(ask(&mut link, 0, 0x80, 0x50), Some(4), "two slots are kept for the other links");
    assert_eq!(ask(&mut link, 1, 0x80, 0x40), None);
    assert_eq!(ask(&mut link, 0, 0x80, 0x50), Some(4));
    assert_eq!(ask(&mut link, 1, 0x80, 0x41), Some(4));
    assert_eq!(ask(&mut link, 2, 0x80, 0x40), None);
    assert_eq!(ask(&mut link, 2, 0x80, 0x41), Some(4), "all slots are in use");
}

#[test]
fn one_peer_leaves_a_window_to_each_other_link() {
    let mut link = served(3, 20, 14);
    assert_eq!(ask(&mut link, 0, 0x80, 0x40), None);
    assert_eq!(ask(&mut link, 0, 0x81, 0x41), None);
    assert_eq!(
        ask(&mut link, 0, 0x81, 0x42),
        Some(4),
        "the widest window is kept, not the narrowest"
    );
    assert_eq!(ask(&mut link, 1, 0x80, 0x40), None);
    assert_eq!(ask(&mut link, 2, 0x80, 0x40), None);
    assert_eq!(ask(&mut link, 2, 0x81, 0x41), Some(4), "all packets are in use");
}

#[test]
fn a_single_link_may_take_all_slots_and_scarce_memory_goes_to_the_first() {
    let mut link = served(1, 3, 12);
    for n in 0..3 {
        assert_eq!(ask(&mut link, 0, 0x80, 0x40 + n), None);
    }
    let mut link = served(3, 2, 5);
    assert_eq!(ask(&mut link, 0, 0x80, 0x40), None);
    assert_eq!(ask(&mut link, 0, 0x81, 0x41), Some(4));
    assert_eq!(ask(&mut link, 1, 0x80, 0x40), Some(4));
}

#[test]
fn received_sdus_of_an_ended_channel_wait_until_a_live_channel_needs_the_slot() {
    let mut link = served(2, 1, 4);
    assert_eq!(ask(&mut link, LINK.0, 0x80, 0x41), None);
    assert_eq!(frame(&mut link, &hex!("0200 6162")), Received::Readable(0));
    let mut pools = Pools { rx: &mut link.rx, tx: &mut link.tx };
    link.channels.link_lost(LINK, &mut pools, |_| {});
    assert_eq!((link.channels.incoming(Psm(0x80)), link.channels.reserved()), (Some(0), 1));
    assert!(link.channels.claim(0));
    assert_eq!(link.sdu(0), Some(hex!("6162").to_vec()));
    link.release(0);
    assert!(link.leaks_nothing());

    assert_eq!(ask(&mut link, LINK.0, 0x80, 0x41), None);
    assert_eq!(frame(&mut link, &hex!("0200 6162")), Received::Readable(0));
    let mut pools = Pools { rx: &mut link.rx, tx: &mut link.tx };
    link.channels.link_lost(LINK, &mut pools, |_| {});
    assert_eq!(ask(&mut link, 1, 0x80, 0x41), None);
    assert_eq!((link.channels.drops().unread, link.channels.incoming(Psm(0x80))), (1, Some(0)));
    let mut pools = Pools { rx: &mut link.rx, tx: &mut link.tx };
    link.channels.link_lost(LinkId(1), &mut pools, |_| {});
    assert!(link.leaks_nothing(), "a channel without an SDU is not kept");
}
