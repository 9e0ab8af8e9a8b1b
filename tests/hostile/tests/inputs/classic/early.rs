//! Data of BR/EDR that arrives before the event that its link is up, or after the end of its link.

use bindrune_hostile::{acl, l2cap};

use super::scene::{Dual, LINK, OTHER, OTHER_LINK, PEER, SIGNALLING, ended, hex, idle, linked};

const ECHO: &str = "08 e2 0100 61";

fn echo(s: &mut Dual, handle: u16) {
    s.b.inject(&acl(handle, &l2cap(SIGNALLING, &hex(ECHO))));
}

fn strays(s: &Dual) -> u32 {
    s.b.host.stats().stray_acl
}

/// A bridge may deliver data before the event that the link is up.
#[test]
fn the_first_data_of_a_link_may_come_before_its_event() {
    let mut s = idle();
    s.b.inject(&super::scene::connection_request(PEER));
    s.b.sent();
    (0..3).for_each(|_| echo(&mut s, LINK));
    s.b.inject(&super::scene::connection_complete(0, LINK, PEER));
    let answers = s.b.frames();
    assert_eq!((answers.len(), strays(&s)), (2, 1), "{answers:02x?}");
    s.ends_well();
}

/// Late data of an ended link is of no new link, also if another one has its slot.
#[test]
fn late_data_of_a_link_is_not_delivered_to_the_next_one() {
    let mut s = linked();
    s.b.inject(&ended(LINK));
    s.up(OTHER_LINK, OTHER);
    echo(&mut s, LINK);
    assert_eq!(strays(&s), 1);
    s.b.inject(&super::scene::connection_request(PEER));
    s.b.inject(&super::scene::connection_complete(0, LINK, PEER));
    assert_eq!(s.b.frames(), []);
    s.ends_well();
}
