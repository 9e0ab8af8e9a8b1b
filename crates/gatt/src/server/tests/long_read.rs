//! A long read while the value changes. [Vol 3] Part G, 4.8.3

use bindrune_wire::Uuid;
use hex_literal::hex;

use super::{World, leak};
use crate::{Characteristic, Service, server::Peer};

static LONG: Characteristic =
    Characteristic::new(Uuid::new_16(0xff01)).read().write().value(&[b'A'; 60]).max_len(100);
static OTHER: Characteristic =
    Characteristic::new(Uuid::new_16(0xff02)).read().write().value(&[b'X'; 60]);
static SHORT: Characteristic = Characteristic::new(Uuid::new_16(0xff03)).read().value(b"1");
static BUFFER: Characteristic = Characteristic::new(Uuid::new_16(0xff04)).read().append(100);
static SERVICES: &[Service] =
    &[Service::primary(Uuid::new_16(0xff00), &[&LONG, &OTHER, &SHORT, &BUFFER])];

impl World {
    /// A peer with `octets` of room for prepared writes, and so for values that it reads in parts.
    fn with_room(octets: usize) -> Self {
        let mut world = Self::with(SERVICES);
        world.peer = Peer::new(leak(crate::table::peer_arena_for(SERVICES, octets)));
        world
    }

    fn first(&mut self, c: &Characteristic) -> Vec<u8> {
        let [low, high] = self.server.handle_of(c).unwrap().to_le_bytes();
        let reply = self.asks(&[0x0a, low, high]);
        assert_eq!(reply[0], 0x0b);
        reply[1..].into()
    }

    /// Returns the next part, or the error.
    fn more(&mut self, c: &Characteristic, value: &mut Vec<u8>) -> Result<bool, u8> {
        let [low, high] = self.server.handle_of(c).unwrap().to_le_bytes();
        let [from, upper] = u16::try_from(value.len()).unwrap().to_le_bytes();
        let reply = self.asks(&[0x0c, low, high, from, upper]);
        if reply[0] == 1 {
            return Err(reply[4]);
        }
        value.extend(&reply[1..]);
        Ok(reply.len() == self.mtu)
    }

    fn rest(&mut self, c: &Characteristic, mut value: Vec<u8>) -> Result<Vec<u8>, u8> {
        while self.more(c, &mut value)? {}
        Ok(value)
    }
}

use std::{vec, vec::Vec};

#[test]
fn a_long_read_sees_the_value_that_it_began_with() {
    let mut world = World::with_room(64);
    let first = world.first(&LONG);
    world.server.write(&LONG, &[b'B'; 80]).unwrap();
    let mut value = first;
    assert_eq!(world.more(&LONG, &mut value), Ok(true));
    world.server.write(&LONG, b"short").unwrap();
    assert_eq!(world.first(&SHORT), b"1");
    assert_eq!(world.rest(&LONG, value), Ok([b'A'; 60].into()));
    // The next read returns the current value.
    assert_eq!(world.first(&LONG), b"short");
    world.server.write(&LONG, &[b'C'; 60]).unwrap();
    let first = world.first(&LONG);
    assert_eq!(world.rest(&LONG, first), Ok([b'C'; 60].into()));
}

/// A value that exactly fills the first response may seem to continue.
#[test]
fn a_value_that_grows_behind_a_full_response_does_not() {
    for room in [64, 0] {
        let mut world = World::with_room(room);
        world.server.write(&LONG, &[b'A'; 22]).unwrap();
        let first = world.first(&LONG);
        world.server.write(&LONG, &[b'B'; 40]).unwrap();
        let whole = if room > 0 { Ok([b'A'; 22].into()) } else { Err(0x0e) };
        assert_eq!(world.rest(&LONG, first), whole);
    }
}

#[test]
fn without_room_a_changed_value_is_refused_once() {
    let mut world = World::with_room(59);
    let first = world.first(&LONG);
    assert_eq!(world.rest(&LONG, first.clone()), Ok([b'A'; 60].into()));
    let first = world.first(&LONG);
    world.server.write(&SHORT, b"2").unwrap();
    world.server.write(&LONG, &[b'A'; 60]).unwrap();
    assert_eq!(world.rest(&LONG, first), Ok([b'A'; 60].into()), "nothing changed");
    let first = world.first(&LONG);
    world.server.write(&LONG, &[b'B'; 60]).unwrap();
    assert_eq!(world.rest(&LONG, first), Err(0x0e));
    let first = world.first(&LONG);
    assert_eq!(world.rest(&LONG, first), Ok([b'B'; 60].into()));
}

#[test]
fn a_prepared_write_takes_the_room_and_nothing_is_torn() {
    let mut world = World::with_room(64);
    let [low, high] = world.server.handle_of(&OTHER).unwrap().to_le_bytes();
    for change in [false, true] {
        let first = world.first(&LONG);
        assert_eq!(world.asks(&[0x16, low, high, 0, 0, b'p'])[0], 0x17);
        if change {
            world.server.write(&LONG, &[b'B'; 60]).unwrap();
        }
        let rest = world.rest(&LONG, first);
        assert_eq!(rest, if change { Err(0x0e) } else { Ok([b'A'; 60].into()) });
        assert_eq!(world.asks(&hex!("18 00")), hex!("19"));
    }
}

#[test]
fn reads_that_cross_are_never_mixed() {
    let mut world = World::with_room(64);
    let (long, other) = (world.first(&LONG), world.first(&OTHER));
    assert_eq!(world.rest(&LONG, long.clone()), Ok([b'A'; 60].into()));
    let _other = world.first(&OTHER);
    world.server.write(&LONG, &[b'B'; 60]).unwrap();
    world.server.write(&OTHER, &[b'Y'; 60]).unwrap();
    assert_eq!(world.rest(&OTHER, other), Ok([b'X'; 60].into()), "the server keeps the value");
    assert_eq!(world.rest(&LONG, long), Err(0x0e));
    let first = world.first(&LONG);
    assert_eq!(world.rest(&LONG, first), Ok([b'B'; 60].into()));
}

/// The first part came in a response that lists values.
#[test]
fn the_rest_of_a_listed_value_is_of_the_same_value() {
    for list in [hex!("08 0100 ffff 01ff").to_vec(), hex!("20 1400 1400").to_vec()] {
        let mut world = World::with_room(64);
        assert_eq!(world.server.handle_of(&LONG), Some(0x14));
        let reply = world.asks(&list);
        assert_eq!(reply.len(), 23);
        let first: Vec<u8> = reply[4..].iter().copied().filter(|&o| o == b'A').collect();
        world.server.write(&LONG, &[b'B'; 60]).unwrap();
        assert_eq!(world.rest(&LONG, first), Err(0x0e));
    }
}

/// Only the value that was cut is refused. If several were cut, the server does not know which one
/// continues.
#[test]
fn a_cut_value_that_changed_refuses_no_part_of_another() {
    let (one, other) = (hex!("0e 1400 1600"), hex!("0e 1600 1400"));
    for (lists, refused) in [([one, one], false), ([one, other], true)] {
        let mut world = World::with_room(64);
        assert_eq!(world.server.handle_of(&OTHER), Some(0x16));
        for list in lists {
            assert_eq!(world.asks(&list).len(), 23);
        }
        world.server.write(&LONG, &[b'B'; 60]).unwrap();
        let mut part = vec![b'X'; 20];
        let answer = world.more(&OTHER, &mut part);
        assert_eq!(answer, if refused { Err(0x0e) } else { Ok(true) });
        assert_eq!(world.rest(&OTHER, part), Ok([b'X'; 60].into()));
    }
}

#[test]
fn the_read_is_consistent_whoever_changes_the_value() {
    let mut world = World::with_room(100);
    // The application takes octets from a buffer.
    let [low, high] = world.server.handle_of(&LONG).unwrap().to_le_bytes();
    world.server.fill(&BUFFER, &[b'A'; 50]);
    let first = world.first(&BUFFER);
    assert_eq!(world.server.take_appended(&BUFFER, &mut [0; 40]), Ok(40));
    assert_eq!(world.rest(&BUFFER, first), Ok([b'A'; 50].into()));
    // Another peer writes.
    let first = world.first(&LONG);
    let own = core::mem::replace(&mut world.peer, Peer::new(leak(100)));
    assert_eq!(world.asks(&[0x12, low, high, b'B']), hex!("13"));
    world.peer = own;
    assert_eq!(world.rest(&LONG, first), Ok([b'A'; 60].into()));
}

#[test]
fn a_replaced_table_ends_a_long_read() {
    let mut world = World::with_room(64);
    let first = world.first(&LONG);
    world.server.replace(SERVICES, [&mut world.peer]).unwrap();
    assert_eq!(world.rest(&LONG, first), Err(0x0e));
    let first = world.first(&LONG);
    assert_eq!(world.rest(&LONG, first), Ok([b'A'; 60].into()));
}

impl crate::Server {
    fn fill(&mut self, c: &Characteristic, value: &[u8]) {
        let region = self.region(c).unwrap();
        assert!(self.values.append(region, value));
    }
}
