//! Captured writes: each one separate, with its writer.

use hex_literal::hex;

use super::*;
use crate::value::ValueError;

static COMMANDS: Characteristic = Characteristic::new(Uuid::new_16(0xff05))
    .read()
    .write()
    .write_without_response()
    .reliable_write()
    .max_len(20)
    .capture(40);
static OPEN: Characteristic = Characteristic::new(Uuid::new_16(0xff06)).write().capture(64);
static VALUE: Characteristic =
    Characteristic::new(Uuid::new_16(0xff07)).read().write().value(b"abc").capture(64);
static CAPTURING: &[Service] =
    &[Service::primary(Uuid::new_16(0xff00), &[&LEVEL, &COMMANDS, &OPEN, &VALUE, &BUFFER])];

const NAME: [u8; WRITER] = [1, 2, 3, 4, 5];

/// Creates a server whose peer has a name; returns the handle of a characteristic too.
fn world(c: &'static Characteristic) -> (World, [u8; 2]) {
    let mut world = World::with(CAPTURING);
    world.mtu = 100;
    world.peer.name(NAME);
    let handle = world.server.handle_of(c).unwrap().to_le_bytes();
    (world, handle)
}

fn taken(world: &mut World, c: &'static Characteristic) -> Option<([u8; WRITER], Vec<u8>)> {
    let mut buffer = [0; 64];
    let (writer, len) = world.server.poll_captured(c, &mut buffer).unwrap()?;
    Some((writer, buffer[..len].into()))
}

#[test]
fn writes_are_taken_one_by_one_with_their_writer() {
    let (mut world, [low, high]) = world(&COMMANDS);
    assert!(!world.server.take_captured());
    assert_eq!(taken(&mut world, &COMMANDS), None);
    assert_eq!(world.asks(&[0x12, low, high, b'a', b'b']), hex!("13"));
    world.peer.name([9; WRITER]);
    assert_eq!(world.commands(&[0x52, low, high]), None);
    assert_eq!(world.commands(&[0x52, low, high, b'c']), None);
    assert!(world.server.take_captured() && !world.server.take_captured());
    // The value is that of the last write; the write is reported once, and captured here.
    assert_eq!(world.asks(&[0x0a, low, high]), hex!("0b 63"));
    assert!(world.server.poll_written(&mut world.peer).is_none());
    let short = world.server.poll_captured(&COMMANDS, &mut [0]);
    assert_eq!(short, Err(ValueError::BufferTooShort));
    assert_eq!(taken(&mut world, &COMMANDS), Some((NAME, b"ab".to_vec())));
    assert_eq!(taken(&mut world, &COMMANDS), Some(([9; WRITER], vec![])));
    assert_eq!(taken(&mut world, &COMMANDS), Some(([9; WRITER], b"c".to_vec())));
    assert_eq!(taken(&mut world, &COMMANDS), None);
}

#[test]
fn a_write_without_room_is_refused_or_counted_and_changes_nothing() {
    let (mut world, [low, high]) = world(&COMMANDS);
    let mut long = vec![0x12, low, high];
    long.resize(3 + 20, 7);
    assert_eq!(world.asks(&long), hex!("13"));
    // 27 of 40 octets are taken: 6 fit.
    assert_eq!(world.asks(&[0x12, low, high, 1, 2, 3, 4, 5, 6, 7]), [1, 0x12, low, high, 0x11]);
    assert_eq!(world.server.dropped(), 0);
    assert_eq!(world.commands(&[0x52, low, high, 1, 2, 3, 4, 5, 6, 7]), None);
    assert_eq!(world.server.dropped(), 1);
    assert_eq!(world.server.value(&COMMANDS), Ok(&long[3..]));
    assert_eq!(world.asks(&[0x12, low, high, 1, 2, 3, 4, 5, 6]), hex!("13"));
    assert_eq!(taken(&mut world, &COMMANDS), Some((NAME, long[3..].into())));
    assert_eq!(world.asks(&[0x12, low, high, 8]), hex!("13"));
    assert_eq!(taken(&mut world, &COMMANDS).unwrap().1, [1, 2, 3, 4, 5, 6]);
    assert_eq!(taken(&mut world, &COMMANDS).unwrap().1, [8]);
}

#[test]
fn a_long_write_is_captured_once_and_whole() {
    let (mut world, [low, high]) = world(&COMMANDS);
    assert_eq!(world.asks(&[0x12, low, high, b'x', b'y', b'z', b'!']), hex!("13"));
    assert_eq!(taken(&mut world, &COMMANDS).unwrap().1, b"xyz!");
    // Two parts that do not continue each other.
    world.asks(&[0x16, low, high, 2, 0, b'Z']);
    world.asks(&[0x16, low, high, 0, 0, b'X']);
    world.asks(&[0x16, low, high, 1, 0, b'Y', b'Z']);
    assert_eq!(world.asks(&hex!("18 01")), hex!("19"));
    assert_eq!(taken(&mut world, &COMMANDS).unwrap().1, b"XYZ");
    assert_eq!(taken(&mut world, &COMMANDS), None);
}

#[test]
fn the_length_of_a_captured_value_is_limited() {
    assert_eq!((COMMANDS.limit(), OPEN.limit(), VALUE.limit()), (20, 64 - 7, 3));
    assert_eq!(Characteristic::new(Uuid::new_16(1)).capture(2000).limit(), 512);
    let (mut world, [low, high]) = world(&VALUE);
    assert_eq!(world.asks(&[0x12, low, high, 1, 2, 3, 4]), [1, 0x12, low, high, 0x0d]);
    let no_capture = world.server.poll_captured(&LEVEL, &mut []);
    assert_eq!(no_capture, Err(ValueError::NotHeld));
    assert_eq!(world.server.poll_captured(&STORE, &mut []), Err(ValueError::NotInTable));
}

#[test]
fn a_new_table_starts_without_captured_writes() {
    let (mut world, [low, high]) = world(&COMMANDS);
    world.asks(&[0x12, low, high, 1]);
    world.server.replace(CAPTURING, []).unwrap();
    assert_eq!(taken(&mut world, &COMMANDS), None);
}

#[test]
#[should_panic(expected = "boundaries of writes")]
fn an_append_buffer_cannot_capture() {
    let _ = Characteristic::new(Uuid::new_16(1)).append(8).capture(8);
}
