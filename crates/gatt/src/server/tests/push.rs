use bindrune_wire::Writer;
use hex_literal::hex;

use super::{COMMAND, LEVEL, STORE, Security, World};
use crate::{
    Cccd,
    server::{PushError, write_indication, write_notification},
    value::ValueError,
};

#[test]
fn a_subscription_of_a_peer_is_reported() {
    let mut world = World::new();
    assert_eq!(world.asks(&hex!("12 1500 0100")), hex!("13"));
    assert_eq!(world.asks(&hex!("12 1a00 0200")), hex!("13"));
    assert_eq!(world.asks(&hex!("0a 1500")), hex!("0b 0100"));
    assert_eq!(world.server.subscribed(&world.peer, &LEVEL), Cccd::NOTIFY);
    let mut changes = std::vec![];
    while let Some(change) = world.server.poll_subscription_change(&mut world.peer) {
        changes.push((change.handle, change.cccd));
    }
    assert_eq!(changes, [(20, Cccd::NOTIFY), (25, Cccd::INDICATE)]);
    let bonded: std::vec::Vec<_> = world.server.subscriptions(&world.peer).collect();
    assert_eq!(bonded, changes);
    world.peer.reset();
    world.server.restore_subscription(&mut world.peer, 25, Cccd::INDICATE);
    world.server.restore_subscription(&mut world.peer, 24, Cccd::INDICATE);
    assert_eq!(world.server.subscribed(&world.peer, &STORE), Cccd::INDICATE);
}

/// Q41. [Vol 3] Part G, 3.3.3.3
#[test]
fn a_cccd_has_two_octets_and_two_bits() {
    let mut world = World::new();
    assert_eq!(world.asks(&hex!("12 1500 01")), hex!("01 12 1500 0d"));
    assert_eq!(world.asks(&hex!("12 1500 010000")), hex!("01 12 1500 0d"));
    assert_eq!(world.asks(&hex!("12 1500 fdff")), hex!("13"));
    assert_eq!(world.asks(&hex!("0a 1500")), hex!("0b 0100"));
    assert_eq!(world.asks(&hex!("12 1500 0200")), hex!("01 12 1500 fd"));
    assert_eq!(world.asks(&hex!("16 1500 0000 0000")), hex!("17 1500 0000 0000"));
    assert_eq!(world.asks(&hex!("18 01")), hex!("19"));
    assert_eq!(world.asks(&hex!("0a 1500")), hex!("0b 0000"));
}

#[test]
fn only_subscribed_values_are_pushed() {
    let world = World::new();
    let push = |c, kind| world.server.may_push(&world.peer, c, kind, Security::OPEN).unwrap_err();
    assert_eq!(push(&LEVEL, Cccd::NOTIFY), PushError::NotSubscribed);
    assert_eq!(push(&COMMAND, Cccd::NOTIFY), PushError::NotSubscribed);
}

#[test]
fn a_value_that_does_not_fit_is_refused() {
    let mut buffer = [0; 23];
    let mut w = Writer::new(&mut buffer);
    assert_eq!(write_notification(3, &[1; 21], &mut w), Err(ValueError::TooLong));
    assert_eq!(write_notification(3, &[1; 2], &mut w), Ok(()));
    assert_eq!(w.written(), hex!("1b 0300 0101"));
    w.truncate(0);
    assert_eq!(write_indication(3, &[1; 20], &mut w), Ok(()));
}
